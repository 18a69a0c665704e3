"""Judged by the other: what becomes of a verdict when the right answer, the completion or the scorer is swapped.

From a's verdict towards b's, and from b's towards a's, every set of swaps is tried. What belongs to a smallest set
that gets there is needed. A scorer that alone makes the difference is found so although the prompts differ, and is
acquitted where either completion is judged alike by both.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from sinan.causes.side import Answer, Reason, Side
from sinan.engine.sample import judge
from sinan.store.record import Record
from sinan.types import Completion, Question, Score

Part = Literal["target", "completion", "scorer"]


@dataclass(frozen=True)
class Judging:
    """Two answers that can be judged again, each by either scorer."""

    a: Side
    b: Side
    x: Answer
    y: Answer

    @classmethod
    def of(cls, a: Side, b: Side, x: Answer, y: Answer) -> "Judging | None":
        """None where a question or scorer is not at hand, where words cannot be judged by a scorer of likelihoods, or
        where today's scorer no longer gives the verdict that is stored."""
        if a.asked is None or b.asked is None or x.question is None or y.question is None:
            return None
        if x.compares != y.compares:
            return None
        judging = cls(a, b, x, y)
        own = judging.score(a, x.question, x.completion), judging.score(b, y.question, y.completion)
        same = [
            _whole(side, _row(score)) == _whole(side, one.row)
            for side, score, one in zip((a, b), own, (x, y), strict=True)
        ]
        return judging if all(same) else None

    def score(self, side: Side, question: Question, completion: Completion) -> Score:
        """The verdict of one run's scorer."""
        assert side.asked is not None
        return judge(side.asked, question, completion)

    def needed(self) -> set[Part]:
        """The parts that it takes to turn one verdict into the other."""
        parts = self._differing()
        return {part for turned in (False, True) for smallest in self._smallest(parts, turned) for part in smallest}

    def reaches(self, from_a: bool, completion: Completion, whole: bool) -> bool:
        """Whether this completion, judged as the one run judges, gets the other run's verdict; `whole`: its outcome
        and its answer as well as its score."""
        here, there = (self.a, self.b) if from_a else (self.b, self.a)
        own, goal = (self.x, self.y) if from_a else (self.y, self.x)
        assert own.question is not None
        row = _row(self.score(here, own.question, completion))
        if whole:
            return _whole(here, row) == _whole(there, goal.row)
        return bool(self._mark(here, row) == self._mark(there, goal.row))

    def reading(self) -> Reason:
        """How the two scorers part over one and the same completion."""
        for number, completion in enumerate((self.x.completion, self.y.completion)):
            question = (self.x, self.y)[number].question
            assert question is not None
            one, other = self.score(self.a, question, completion), self.score(self.b, question, completion)
            if one.answer != other.answer and not self.x.compares:
                return Reason("extraction", f"of the same completion a reads {read(_row(one))}, b {read(_row(other))}")
        return Reason("scorer", f"a takes {read(self.x.row)}, b {read(self.y.row)}{self._metrics()}")

    def _metrics(self) -> str:
        return "" if self.a.metric.of == self.b.metric.of else f" by {self.a.metric.name} | {self.b.metric.name}"

    def _differing(self) -> list[Part]:
        parts: list[Part] = []
        assert self.a.asked and self.b.asked and self.x.question and self.y.question
        if self.x.question.sample != self.y.question.sample:
            parts.append("target")
        if not same_answer(self.x.completion, self.y.completion):
            parts.append("completion")
        if self.a.asked.protocol.scorer != self.b.asked.protocol.scorer or self.a.metric.of != self.b.metric.of:
            parts.append("scorer")
        return parts

    def _smallest(self, parts: list[Part], turned: bool) -> list[tuple[Part, ...]]:
        """The sets of swaps that get to the other verdict and hold no smaller one that does."""
        goal = self._mark(self.a, self.x.row) if turned else self._mark(self.b, self.y.row)
        found: list[tuple[Part, ...]] = []
        for size in range(1, len(parts) + 1):
            for chosen in combinations(parts, size):
                held = any(set(smaller) <= set(chosen) for smaller in found)
                if not held and self._swapped(chosen, turned) == goal:
                    found.append(chosen)
        return found

    def _swapped(self, parts: tuple[Part, ...], turned: bool) -> Any:
        """The verdict with these parts taken from the other side; `turned`: beginning from b."""
        target, completion, scorer = ((name in parts) != turned for name in ("target", "completion", "scorer"))
        question = (self.y if target else self.x).question
        assert question is not None
        side = self.b if scorer else self.a
        answer = (self.y if completion else self.x).completion
        return self._mark(side, _row(self.score(side, question, answer)))

    def _mark(self, side: Side, row: Record) -> Any:
        """What has to be explained: the score where the scores differ, else the outcome and the answer."""
        if self.a.value(self.x.row) != self.b.value(self.y.row):
            return side.value(row)
        return _whole(side, row)


def same_answer(one: Completion, other: Completion) -> bool:
    """Whether a scorer is shown the same by both."""
    return (one.text, one.finish_reason, one.loglikelihoods, one.tool_calls, one.turns) == (
        other.text,
        other.finish_reason,
        other.loglikelihoods,
        other.tool_calls,
        other.turns,
    )


def read(row: Record) -> str:
    """`'18' (after the last ####)`, or `nothing (no answer could be read)`."""
    answer = "nothing" if row["answer"] is None else _quoted(row["answer"])
    return f"{answer} ({row['explanation']})" if row["explanation"] else answer


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 40 else flat[:39] + "…")


def _row(score: Score) -> Record:
    """A verdict as the columns of a row."""
    return {
        "score": score.value,
        "outcome": score.outcome.value,
        "answer": score.answer,
        "explanation": score.explanation,
        "scores": {k: list(v) if isinstance(v, tuple) else v for k, v in score.values.items()},
    }


def _whole(side: Side, row: Record) -> tuple[Any, ...]:
    return side.value(row), row["outcome"], row["answer"]
