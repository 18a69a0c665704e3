"""A rule first, and a judge only where the rule is not sure: what the judge did not have to be asked is told.

Taking either of two verdicts that says `right` can only raise a score. Here one decides: the rule where it read an
answer that was given as such, the judge where nothing was read or what was read was inferred. A text that is not the
right one letter by letter may still say it in other words: that too is for the judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sinan.scoring.by_choices import ByChoices
from sinan.scoring.golds import golds
from sinan.scoring.judges.judged import Judged
from sinan.scoring.number import is_number
from sinan.statistics.averages import average
from sinan.types import Completion, Metric, Model, Outcome, Sample, Score, Scorer


@dataclass(frozen=True)
class Cascade:
    """`judged` in the score's values is 1 where the judge decided: its mean is the share that had to be paid for."""

    inner: Scorer = ByChoices()
    """The rule."""
    judged: Judged = Judged()
    words: bool = True
    """Whether the judge is asked where a rule that compares texts found another one: where the right answer is neither
    a choice nor a number."""

    @property
    def reports(self) -> tuple[Metric, ...]:
        """Those of the judge, and the share of answers that it was asked about."""
        return (*self.judged.reports, average.named("judged", "judged"))

    def refusal(self, sample: Sample) -> str:
        """Why a sample could not be judged, whatever were answered; empty where it can."""
        return self.judged.refusal(sample)

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The rule's verdict, where it is sure. Raises Unsupported where a judge is needed."""
        ruled = self.inner(sample, completion)
        return _by_rule(ruled) if self._decides(ruled, sample, completion) else self.judged(sample, completion)

    async def judge(self, sample: Sample, completion: Completion, judges: Sequence[Model]) -> Score:
        """The verdict. Raises ModelError where a judge was needed and gave none."""
        ruled = self.inner(sample, completion)
        if self._decides(ruled, sample, completion):
            return _by_rule(ruled)
        score = await self.judged.judge(sample, completion, judges)
        agrees = {} if ruled.value is None else {"rule_agrees": float(ruled.value == score.value)}
        readings = tuple(replace(one, name=one.name or "rule") for one in ruled.readings)
        return replace(
            score,
            explanation=f"{score.explanation}; the rule was not sure: {ruled.explanation}",
            values={**score.values, **agrees, "judged": 1.0},
            readings=(*score.readings, *readings),
            evidence={**score.evidence, "cascade": _told("judge", ruled)},
        )

    def _decides(self, ruled: Score, sample: Sample, completion: Completion) -> bool:
        """Whether the rule's verdict stands. What was refused, cut or empty is nothing that a judge could read
        better."""
        if (
            ruled.outcome is Outcome.WRONG
            and self.words
            and not sample.choices
            and not all(map(is_number, golds(sample)))
        ):
            return False
        if ruled.outcome in (Outcome.CORRECT, Outcome.WRONG):
            return not ruled.readings or ruled.readings[0].sure
        return ruled.outcome is not Outcome.UNPARSED or not completion.text.strip()


def _by_rule(ruled: Score) -> Score:
    values = {**ruled.values, "judged": 0.0}
    return replace(ruled, values=values, evidence={**ruled.evidence, "cascade": _told("rule", ruled)})


def _told(by: str, ruled: Score) -> Mapping[str, Any]:
    return {"decided_by": by, "rule": {"outcome": ruled.outcome.value, "answer": ruled.answer}}
