"""Error bars on one score: Wilson for proportions, t for everything else.

Wilson's interval keeps its 95 % at any n and near 0 and 1, where the textbook p +- 1.96 SE does not
(Wilson 1927; Brown, Cai, DasGupta 2001). Repeated draws of a sample are averaged within the sample first: the
sample is the unit that was drawn from the world, the draw is not.
"""

import math
from collections.abc import Sequence

from sinan.types import Estimate, Metric

LEVEL = 0.95
AT_LEAST_WILSON = "t, at least wilson"
"""How an interval was computed that is widened to Wilson's."""


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval for a proportion; `successes` may be fractional (a mean times n)."""
    z2 = _normal_quantile() ** 2
    p = successes / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _normal_quantile() / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # At 0 and n the bound is exactly the end of the scale; rounding must not leave it beside it.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def mean_t(values: Sequence[float]) -> tuple[float, float | None, tuple[float, float] | None]:
    """Mean, its standard error (ddof 1) and the t interval; neither of these from fewer than two values."""
    centre, stderr = mean(values), standard_error(values)
    if stderr is None:
        return centre, None, None
    half = t_quantile(len(values) - 1) * stderr
    return centre, stderr, (centre - half, centre + half)


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean, with ddof 1; None for fewer than two values."""
    n, centre = len(values), mean(values)
    if n < 2:
        return None
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values) / (n - 1) / n)


def mean(values: Sequence[float]) -> float:
    """The mean, correctly rounded: the same in any order of the values."""
    return math.fsum(values) / len(values)


def estimate_accuracy(values: Sequence[float], k: int) -> Estimate:
    """Mean of samples' values in [0, 1], each already the mean over its `k` draws.

    One draw and every value 0 or 1: Wilson. Otherwise t over the samples' values, clipped to [0, 1]; with fewer than
    30 samples, or no spread at all, widened to Wilson's interval at the same mean, which is valid because a variable
    in [0, 1] never varies more than a coin of the same mean.
    """
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, "none", 0)
    if k == 1 and all(v in (0.0, 1.0) for v in values):  # the usual case, and it needs no table of t
        return Estimate(mean(values), standard_error(values), wilson(math.fsum(values), n), "wilson", n)
    value, stderr, interval = mean_t(values)
    if interval is None or n < 30 or stderr == 0:
        low, high = wilson(value * n, n)
        t_low, t_high = interval or (low, high)
        return Estimate(value, stderr, (max(0.0, min(low, t_low)), min(1.0, max(high, t_high))), AT_LEAST_WILSON, n)
    return Estimate(value, stderr, (max(0.0, interval[0]), min(1.0, interval[1])), "t", n)


accuracy = Metric("accuracy", mean, estimate_accuracy)
strict = accuracy.named("accuracy,strict", "strict")
"""The accuracy of answers that were given as such, beside that of answers that were inferred as well."""


def _normal_quantile() -> float:
    return 1.959963984540054


def t_quantile(df: float) -> float:
    """How many standard errors the 95 % interval reaches to either side, with `df` degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + LEVEL / 2))
