"""A sum by a sum, as errors by words: no mean of the samples' own ratios, so that long samples weigh more.

The standard error is that of the linearised ratio (Cochran, Sampling Techniques, 1977, chapter 6): with R = sum(x) /
sum(y), sqrt(n / (n - 1) * sum((x - R y)^2)) / sum(y); the interval that of t. No interval where nothing varies.
"""

import math
from collections.abc import Sequence

from sinan.statistics.clustered import cluster_error, shared, sum_error
from sinan.statistics.intervals import mean, t_quantile
from sinan.types import Estimate, Metric


def estimate_ratio(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """Of rows (x, y), one after the other, neither of them below 0; none where the y are 0 in sum."""
    return ratio_of(values, clusters, 0.0)


def ratio_of(values: Sequence[float], clusters: Sequence[int] = (), low: float = -math.inf) -> Estimate:
    """Of rows (x, y); the interval does not go below `low`."""
    above, below = values[::2], values[1::2]
    n, under = len(below), math.fsum(below)
    if not under:
        return Estimate(None, None, None, "none", n)
    ratio = math.fsum(above) / under
    parts = [(x - ratio * y) / under for x, y in zip(above, below, strict=True)]
    return linearised(ratio, parts, low, clusters=clusters)


def linearised(
    value: float, parts: Sequence[float], low: float = 0.0, high: float = math.inf, clusters: Sequence[int] = ()
) -> Estimate:
    """The estimate of a value from what each sample adds to its deviation; an interval within `low` and `high`.
    `clusters`: of each sample."""
    n = len(parts)
    if clusters and shared(clusters):
        error = cluster_error(parts, clusters)
        known = error.clusters, error.df, error.deff, error.notes
        if not error.stderr:
            return Estimate(value, error.stderr, None, "none", n, *known)
        half = t_quantile(error.df) * error.stderr
        ci = max(low, value - half), min(high, value + half)
        return Estimate(value, error.stderr, ci, "t, linearised, clustered", n, *known)
    stderr = sum_error(parts)
    if not stderr:
        return Estimate(value, stderr, None, "none", n)
    half = t_quantile(n - 1) * stderr
    ci = max(low, value - half), min(high, value + half)
    return Estimate(value, stderr, ci, "t, linearised", n, df=n - 1)


error_rate = Metric("error_rate", mean, estimate_ratio, width=2, clustered=estimate_ratio)
