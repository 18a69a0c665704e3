"""A sum by a sum, as errors by words: no mean of the samples' own ratios, so that long samples weigh more.

The standard error is that of the linearised ratio (Cochran, Sampling Techniques, 1977, chapter 6): with R = sum(x) /
sum(y), sqrt(n / (n - 1) * sum((x - R y)^2)) / sum(y); the interval that of t. No interval where nothing varies.
"""

import math
from collections.abc import Sequence

from sinan.statistics.intervals import mean, t_quantile
from sinan.types import Estimate, Metric


def estimate_ratio(values: Sequence[float], k: int) -> Estimate:
    """Of rows (x, y), one after the other; none where the y are 0 in sum."""
    above, below = values[::2], values[1::2]
    n, under = len(below), math.fsum(below)
    if not under:
        return Estimate(None, None, None, "none", n)
    ratio = math.fsum(above) / under
    parts = [(x - ratio * y) / under for x, y in zip(above, below, strict=True)]
    return linearised(ratio, parts)


def linearised(value: float, parts: Sequence[float], low: float = 0.0, high: float = math.inf) -> Estimate:
    """The estimate of a value from what each sample adds to its deviation; an interval within `low` and `high`."""
    n = len(parts)
    stderr = math.sqrt(n / (n - 1) * math.fsum(part * part for part in parts)) if n > 1 else None
    if not stderr:
        return Estimate(value, stderr, None, "none", n)
    half = t_quantile(n - 1) * stderr
    return Estimate(value, stderr, (max(low, value - half), min(high, value + half)), "t, linearised", n)


error_rate = Metric("error_rate", mean, estimate_ratio, width=2)
