"""Several comparisons that were asked for together share one error budget: adjusted p-values, and wider margins."""

from collections.abc import Sequence
from dataclasses import replace

from sinan.errors import UsageError
from sinan.statistics.multiplicity import WAYS, Way
from sinan.statistics.proportions import LEVEL
from sinan.types import Comparison, PairedDifference
from sinan.types.comparison import Equivalence, Family

ONE_POINT = 0.01
"""The margin of shares."""


def as_family(found: Sequence[Comparison], way: Way, epsilon: float | None) -> tuple[Comparison, ...]:
    """The same, judged together. `epsilon`: the margin below which a difference does not matter, in the metrics' own
    numbers; None: one point for shares, none for other numbers. A comparison without a test is no member. Raises
    UsageError for a margin that no two shares lie beyond."""
    tested = [one.paired.p_value for one in found if one.paired.p_value is not None]
    if epsilon is not None and epsilon >= 1 and any(one.in_percent for one in found):
        points = f"{100 * epsilon:g}"
        raise UsageError(
            f"a margin of {epsilon:g} makes all shares equivalent: it is {points} points. Remedy: 0.01 or 1% for one "
            "point; --metric for metrics that are no shares"
        )
    adjusted = iter(WAYS[way](tested))
    family = Family(len(tested), way)
    return tuple(
        replace(
            one,
            adjusted_p=None if one.paired.p_value is None else next(adjusted),
            family=family,
            equivalence=_equivalence(one, epsilon, max(1, len(tested))),
        )
        for one in found
    )


def _equivalence(one: Comparison, epsilon: float | None, size: int) -> Equivalence | None:
    margin = epsilon if epsilon is not None else ONE_POINT if one.in_percent else None
    return None if margin is None else Equivalence(margin, widened(one.paired, size))


def widened(found: PairedDifference, size: int) -> tuple[float, float] | None:
    """The interval, so wide that this many of its kind hold together (Bonferroni): its half-width grows as the quantile
    of t does, or the normal one where the interval rests on that."""
    from scipy.special import ndtri, stdtrit

    if found.ci is None or size == 1:
        return found.ci
    shares = [1 - (1 - LEVEL) / 2 / size, (1 + LEVEL) / 2]
    of_t = found.df is not None and found.ci == found.intervals.get("t")
    wide, usual = (stdtrit(found.df, share) if of_t else ndtri(share) for share in shares)
    centre, half = (found.ci[0] + found.ci[1]) / 2, (found.ci[1] - found.ci[0]) / 2 * float(wide / usual)
    return centre - half, centre + half
