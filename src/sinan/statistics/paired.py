"""How far apart are two columns of numbers of the same samples? The pairs' differences are looked at, never two
intervals: where both columns find the same samples hard, most of their spread is common to them and falls out.

Few pairs that differ, each 0 or 1: McNemar's test in its exact form (the signs of the pairs that differ are a fair
coin's), and the interval of Bonett and Price (2012), which keeps its level there and has a width also where no pair
differs. Otherwise Student's t over the differences.
"""

import math
from collections.abc import Sequence

from sinan.statistics.intervals import mean, mean_t
from sinan.types import PairedDifference

FEW_PAIRS, FEW_DISCORDANT = 100, 25
"""Below either, t is no longer to be trusted for numbers that are 0 or 1."""


def paired(a: Sequence[float], b: Sequence[float], *, single: bool = True) -> PairedDifference:
    """The mean of a - b over pairs. `single`: every number comes from one draw, so that 0 and 1 are all there is;
    means of several draws are no such numbers, even where all of them are 0 or 1."""
    differences = [x - y for x, y in zip(a, b, strict=True)]
    if not differences:
        return PairedDifference(None, None, None, None, None, None, "none", 0)
    difference, stderr, interval = mean_t(differences)
    p_value: float | None = None
    n, method = len(differences), "none"
    if single and all(v in (0.0, 1.0) for column in (a, b) for v in column):
        only_a, only_b = differences.count(1.0), differences.count(-1.0)
        if n < FEW_PAIRS or only_a + only_b < FEW_DISCORDANT:
            method = "exact mcnemar, bonett-price interval"
            interval, p_value = bonett_price(only_a, only_b, n), exact_mcnemar(only_a, only_b)
    if method == "none" and stderr:
        method, p_value = "paired t", _two_sided_t(difference / stderr, n - 1)
    elif method == "none":
        interval = None  # differences that are all the same, or a single one, tell nothing of their spread
    return PairedDifference(mean(a), mean(b), difference, stderr, interval, p_value, method, n)


def exact_mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p-value of `only_a` and `only_b` discordant pairs (McNemar 1947, with the binomial itself)."""
    from scipy.special import bdtr

    discordant = only_a + only_b
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), discordant, 0.5))) if discordant else 1.0


def bonett_price(only_a: int, only_b: int, n: int) -> tuple[float, float]:
    """95 % interval of the difference of two paired proportions: Wald's after one pair was added to each side."""
    p_a, p_b = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    difference = p_a - p_b
    half = 1.959963984540054 * math.sqrt((p_a + p_b - difference**2) / (n + 2))
    return max(-1.0, difference - half), min(1.0, difference + half)


def _two_sided_t(t: float, df: int) -> float:
    from scipy.special import stdtr

    return 2 * float(stdtr(df, -abs(t)))
