"""Two systems that are each right or wrong on the same questions: what the discordant pairs alone can tell.

`b` pairs are right in a only, `c` in b only. The exact test takes them for the throws of a fair coin (McNemar 1947,
with the binomial itself); the mid-p value counts half of the probability of what was seen, and holds its level better
(Lancaster 1961; Fagerland, Lydersen and Laake 2013). Intervals of the difference of the two shares: that of Bonett and
Price (2012), which has a width also where no pair differs, and Tango's (1998), which inverts the score test.
"""

import math
from dataclasses import dataclass
from typing import Any

Z = 1.959963984540054
"""Standard normal quantile of 0.975."""


@dataclass(frozen=True, slots=True)
class McNemar:
    """The tests of no difference. `chi2` and `chi2_cc` (with Edwards' continuity correction) are None where no pair
    differs."""

    b: int
    c: int
    exact: float
    midp: float
    chi2: float | None
    p_chi2: float | None
    chi2_cc: float | None
    p_chi2_cc: float | None

    def to_json(self) -> dict[str, Any]:
        """Under `tests` of a comparison."""
        return {name: getattr(self, name) for name in self.__slots__}


def mcnemar(b: int, c: int) -> McNemar:
    """All forms of the test; p-values are two-sided."""
    chi2, chi2_cc = None, None
    if b + c:
        chi2, chi2_cc = (b - c) ** 2 / (b + c), max(0, abs(b - c) - 1) ** 2 / (b + c)
    return McNemar(b, c, exact_mcnemar(b, c), midp_mcnemar(b, c), chi2, _chi2(chi2), chi2_cc, _chi2(chi2_cc))


def exact_mcnemar(b: int, c: int) -> float:
    """Twice the probability of as few on the rarer side, at most 1."""
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(b, c), b + c, 0.5))) if b + c else 1.0


def midp_mcnemar(b: int, c: int) -> float:
    """Twice the probability of fewer on the rarer side and half of that of as many; 1 where both sides are equal."""
    from scipy.special import bdtr

    if b == c:
        return 1.0
    few, n = min(b, c), b + c
    below = float(bdtr(few - 1, n, 0.5)) if few else 0.0
    return min(1.0, float(bdtr(few, n, 0.5)) + below)


def bonett_price(b: float, c: float, n: float, quantile: float = Z) -> tuple[float, float]:
    """95 % interval of the difference of two paired proportions: Wald's after one pair was added to each side. Counts
    may be fractional (of an effective size, with its `quantile`)."""
    p_a, p_b = (b + 1) / (n + 2), (c + 1) / (n + 2)
    difference = p_a - p_b
    half = quantile * math.sqrt((p_a + p_b - difference**2) / (n + 2))
    return max(-1.0, difference - half), min(1.0, difference + half)


def tango(b: int, c: int, n: int) -> tuple[float, float]:
    """95 % interval of the difference of two paired proportions: the differences that the score test does not reject,
    with the other share at its most likely value under each of them."""
    centre = (b - c) / n
    return _end(b, c, n, centre, -1.0), _end(b, c, n, centre, 1.0)


def _end(b: int, c: int, n: int, centre: float, limit: float) -> float:
    """Where the score statistic reaches the quantile, between the estimate and the end of the scale."""
    from scipy.optimize import brentq

    def excess(difference: float) -> float:
        spread = n * (2 * _rarer(b, c, n, difference) + difference * (1 - difference))
        return abs(b - c - n * difference) - Z * math.sqrt(max(0.0, spread))

    beside = centre + 1e-9 * (limit - centre)  # at the estimate itself both sides may be 0
    if excess(limit) <= 0 or excess(beside) >= 0:
        return limit
    return float(brentq(excess, beside, limit, xtol=1e-14, rtol=8.9e-16))


def _rarer(b: int, c: int, n: int, difference: float) -> float:
    """The most likely share of pairs that are right in b only, given the difference."""
    first, second = 2 * n, -b - c + (2 * n - b + c) * difference
    root = math.sqrt(max(0.0, second**2 + 4 * first * c * difference * (1 - difference)))
    return (root - second) / (2 * first)


def _chi2(statistic: float | None) -> float | None:
    from scipy.special import chdtrc

    return None if statistic is None else float(chdtrc(1, statistic))
