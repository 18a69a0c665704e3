"""Did asking again give the same result? The rule by which a run is verified, decided before anything is asked.

Of the questions that were asked twice, the mean difference of the scores (again less before) has an interval, and there
is a margin within which a difference does not matter:

    confirmed       the whole interval lies within the margin
    contradicted    the whole interval lies beyond it
    undecided       all else: more questions may tell

Few questions never confirm: with none that differs, the interval of Bonett and Price is within five points from 54
questions on. A model that answers at random differs question by question and may still be confirmed: what is verified
is the number, and the share of equal scores stands beside it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sinan.statistics.paired import paired
from sinan.types import PairedDifference

Verdict = Literal["confirmed", "contradicted", "undecided"]
MARGIN = 0.05
"""Of scores that are shares of right answers: five points."""
OF_SPREAD = 0.2
"""Of other scores: this part of the standard deviation that they had."""
ORDER: tuple[Verdict, ...] = ("contradicted", "undecided", "confirmed")
"""Of several verdicts the first of these is that of all."""


@dataclass(frozen=True)
class Reproduced:
    """One number, asked for again."""

    verdict: Verdict
    n: int
    """Questions that have a score both times."""
    equal: int
    """Of them, with the same score."""
    margin: float
    paired: PairedDifference

    def to_json(self) -> dict[str, Any]:
        """As it is stored and shown."""
        found = self.paired
        return {
            "verdict": self.verdict,
            "n": self.n,
            "equal": self.equal,
            "margin": self.margin,
            "before": found.value_b,
            "again": found.value_a,
            "difference": found.difference,
            "ci": list(found.ci) if found.ci else None,
            "method": found.method,
        }


def reproduced(
    before: Sequence[float], again: Sequence[float], clusters: Sequence[Any] | None = None, single: bool = True
) -> Reproduced:
    """The verdict on scores of the same questions in the same order. `clusters` and `single`: as of `paired`."""
    found = paired(again, before, clusters=clusters, single=single)
    limit = margin(before)
    equal = sum(a == b for a, b in zip(before, again, strict=True))
    return Reproduced(verdict(found.ci, limit), found.n, equal, limit, found)


def margin(scores: Sequence[float]) -> float:
    """Within which a difference does not matter."""
    if all(0 <= one <= 1 for one in scores):
        return MARGIN
    mean = sum(scores) / len(scores)
    return OF_SPREAD * math.sqrt(sum((one - mean) ** 2 for one in scores) / len(scores))


def verdict(ci: tuple[float, float] | None, limit: float) -> Verdict:
    """By the interval of the difference alone."""
    if ci is None:
        return "undecided"
    if -limit <= ci[0] and ci[1] <= limit:
        return "confirmed"
    return "contradicted" if ci[0] > limit or ci[1] < -limit else "undecided"


def overall(verdicts: Mapping[Any, Verdict] | Sequence[Verdict]) -> Verdict:
    """Of several numbers: contradicted where one is, confirmed where all are."""
    each = list(verdicts.values()) if isinstance(verdicts, Mapping) else list(verdicts)
    return min(each, key=ORDER.index) if each else "undecided"
