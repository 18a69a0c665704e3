"""Intervals of a proportion, and the quantiles that intervals are made with.

Wilson (1927), Jeffreys (Beta(x + 1/2, n - x + 1/2), with 0 as the lower bound where x is 0 and 1 as the upper where x
is n) and Clopper and Pearson (1934). Brown, Cai and DasGupta (2001) compare them.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

LEVEL = 0.95
AT_LEAST_WILSON = "t, at least wilson"
"""How an interval was computed that is widened to Wilson's."""


def wilson(successes: float, n: float, level: float = LEVEL, *, quantile: float | None = None) -> tuple[float, float]:
    """Wilson's interval; `successes` and `n` may be fractional (a mean times an effective size). `quantile`: how many
    standard errors it reaches, where that is not the normal one."""
    z = normal_quantile(level) if quantile is None else quantile
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(max(0.0, p * (1 - p)) / n + z * z / (4 * n * n))
    # At 0 and n the bound is exactly the end of the scale; rounding must not leave it beside it.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def jeffreys(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The equal-tailed interval of Bayes with Jeffreys' prior, with its rule at 0 and n."""
    from scipy.special import betaincinv

    a, b, tail = successes + 0.5, n - successes + 0.5, (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(a, b, tail))
    high = 1.0 if successes == n else float(betaincinv(a, b, 1 - tail))
    return low, high


def clopper_pearson(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The exact interval: never below its level, and wider than need be."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


Interval = Callable[[float, float, float], tuple[float, float]]
INTERVALS: dict[str, Interval] = {"wilson": wilson, "jeffreys": jeffreys, "clopper-pearson": clopper_pearson}
"""(successes, n, level) -> the interval."""


def normal_quantile(level: float = LEVEL) -> float:
    """How many standard errors an interval at this level reaches to either side."""
    return 1.959963984540054 if level == LEVEL else NormalDist().inv_cdf(0.5 + level / 2)


def t_quantile(df: float, level: float = LEVEL) -> float:
    """As `normal_quantile`, with `df` degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2))


def mean(values: Sequence[float]) -> float:
    """The mean, correctly rounded: the same in any order of the values."""
    return math.fsum(values) / len(values)
