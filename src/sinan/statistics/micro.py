"""A share over parts of samples: of the instructions of all prompts, how many were followed.

Every part counts the same, and a sample with more parts counts for more. The parts of one sample depend on each other,
so the sample stays the unit: the standard error is that of a ratio of two means, by linearization (Cochran, Sampling
Techniques, 1977, 6.4), and the interval that of t. With fewer than 30 samples, or no spread at all, it is no narrower
than Wilson's at as many samples.
"""

import math
from collections.abc import Sequence

from sinan.statistics.clustered import shared, sum_error
from sinan.statistics.intervals import AT_LEAST_WILSON, mean, t_quantile, wilson
from sinan.statistics.ratio import linearised
from sinan.types import Estimate, Metric


def estimate_micro(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """Of rows (parts that count, parts), one after the other."""
    good, parts = values[::2], values[1::2]
    n, total = len(parts), math.fsum(parts)
    if total == 0:
        return Estimate(None, None, None, "none", n)
    value = math.fsum(good) / total
    deviations = [(g - value * p) / total for g, p in zip(good, parts, strict=True)]
    if clusters and shared(clusters):
        return linearised(value, deviations, 0.0, 1.0, clusters)
    stderr = sum_error(deviations)
    if stderr is None:
        return Estimate(value, None, wilson(value * n, n), "wilson", n)
    half = t_quantile(n - 1) * stderr
    low, high, method = value - half, value + half, "t"
    if n < 30 or stderr == 0:
        least = wilson(value * n, n)
        low, high, method = min(low, least[0]), max(high, least[1]), AT_LEAST_WILSON
    return Estimate(value, stderr, (max(0.0, low), min(1.0, high)), method, n)


micro = Metric("micro", mean, estimate_micro, width=2, clustered=estimate_micro)
