"""What a model wrote, through one or more pipelines of filters, compared in one or more ways.

Each pipeline gives every metric once: `exact_match,strict-match` and `exact_match,flexible-extract`; of the pipeline
`none` the metric has its bare name. The numbers are those of lm-evaluation-harness; the outcome says besides whether
nothing could be read, and whether that was because the answer was cut or refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sinan.scoring.exact_match import ExactMatch
from sinan.scoring.filters import Filter, TakeFirst
from sinan.scoring.overlap import Overlap
from sinan.scoring.verdict import Reading, nothing, verdict
from sinan.statistics import corpus
from sinan.types import Completion, Outcome, Sample, Score

PLAIN = "none"

Compare = Callable[[Any, Any], Mapping[str, Any]]
"""(gold, answer) -> numbers by the name of their metric: one, or as many as the metric of the whole takes."""


@dataclass(frozen=True)
class Pipeline:
    """Filters, one after the other."""

    name: str = PLAIN
    filters: tuple[Filter, ...] = (TakeFirst(),)

    def __call__(self, answers: list[str], sample: Sample) -> Any:
        """What is compared: a text, or a list where no filter chose one."""
        for step in self.filters:
            answers = step(answers, sample)
        return answers

    def metric(self, name: str) -> str:
        """A metric's name behind this pipeline, as in results."""
        return name if self.name == PLAIN else f"{name},{self.name}"

    def found_nothing(self, answer: Any) -> bool:
        """Whether the answer is what a filter gives where it finds none."""
        read = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
        return any(read == getattr(step, "fallback", None) for step in self.filters if hasattr(step, "fallback"))


@dataclass(frozen=True)
class Filtered:
    """The gold is the sample's target, or its metadata's `gold`: a text, or a list of texts of which any will do."""

    pipelines: tuple[Pipeline, ...] = (Pipeline(),)
    compare: tuple[Compare, ...] = (ExactMatch(),)
    """The first pipeline's first metric is the score's value."""
    until: tuple[str, ...] = ()
    """Where the answer ends, should the model's side have passed over it."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        said = self.said(completion)
        answers = [pipeline(list(said), sample) for pipeline in self.pipelines]
        values: dict[str, Any] = {}
        for pipeline, answer in zip(self.pipelines, answers, strict=True):
            gold = gold_like(answer, sample)
            for compare in self.compare:
                values |= {pipeline.metric(name): value for name, value in compare(gold, answer).items()}
        unread = not any(said) or self.pipelines[0].found_nothing(answers[0])
        return self._score(completion, answers[0], unread, values)

    def said(self, completion: Completion) -> list[str]:
        """The answers, each up to its first stop."""
        return [self._cut(text) for text in completion.turns or (completion.text,)]

    def _score(self, completion: Completion, answer: Any, unread: bool, values: Mapping[str, Any]) -> Score:
        value = self._number(next(iter(values.values()), None))
        text = answer if isinstance(answer, str) else str(answer)
        score = verdict(completion, Reading(text, f"filter {self.pipelines[0].name}"), value == 1)
        if unread and value != 1:
            score = nothing(completion)
        if value not in (0.0, 1.0) or isinstance(self.compare[0], Overlap):
            score = Score(value, Outcome.MEASURED, text, score.explanation)
        return replace(score, values=dict(values))

    def _number(self, value: Any) -> float:
        """One number of an answer whose first metric takes more: its own overlap in [0, 1] (of TER edits by words), or
        whether a pair agrees."""
        if isinstance(self.compare[0], Overlap) and isinstance(value, tuple):
            return corpus.score(self.compare[0].kind, value) / 100
        if isinstance(value, list | tuple):
            return float(len(value) == 2 and value[0] == value[1])
        return 0.0 if value is None else float(value)

    def _cut(self, text: str) -> str:
        for stop in self.until:
            text = text.partition(stop)[0] if stop else text
        return text


def gold_like(answer: Any, sample: Sample) -> Any:
    """The gold, as the type of the answer where that is one answer and the gold no list."""
    gold = sample.metadata.get("gold", sample.target)
    if isinstance(answer, str) and not isinstance(gold, str | list | tuple):
        return str(gold)
    if isinstance(answer, int | float) and isinstance(gold, str):
        return _as_number(gold)
    return gold


def _as_number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
