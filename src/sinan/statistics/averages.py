"""Averages and what is made of them, as lm-evaluation-harness aggregates: value and standard error are its own.

The standard error of a mean is stddev (n - 1) / sqrt(n); of a median, a perplexity and a mean that passes over what
is no number it is from the bootstrap; weighted perplexities and Brier scores get none there, and none here.
"""

import math
from collections.abc import Sequence
from typing import Any

from sinan.statistics.bootstrap import bootstrapped
from sinan.statistics.intervals import estimate_accuracy, mean, mean_t
from sinan.types import Estimate, Metric


def estimate_mean(values: Sequence[float], k: int) -> Estimate:
    """The mean: of zeros and ones with Wilson's interval, of anything else with that of t."""
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, "none", 0)
    if k == 1 and all(value in (0.0, 1.0) for value in values):
        return estimate_accuracy(values, k)
    value, stderr, ci = mean_t(values)
    return Estimate(value, stderr, ci, "t" if ci else "none", n)


def estimate_median(values: Sequence[float], k: int) -> Estimate:
    """The middle value; of an even number of them the upper of the two."""
    return bootstrapped(values, 1, _medians)


def estimate_nanmean(values: Sequence[float], k: int) -> Estimate:
    """The mean of the units that have a number: rows of (number, 1), or (0, 0) where there is none."""
    return bootstrapped(values, 2, _present_means)


def estimate_perplexity(values: Sequence[float], k: int) -> Estimate:
    """exp of minus the mean log-likelihood."""
    return bootstrapped(values, 1, _perplexities)


def estimate_weighted_perplexity(values: Sequence[float], k: int) -> Estimate:
    """exp of minus the sum of log-likelihoods by the sum of words or bytes: rows of (log-likelihood, weight)."""
    return _of_ratio(values, lambda ratio: math.exp(-ratio))


def estimate_bits_per_byte(values: Sequence[float], k: int) -> Estimate:
    """Minus the sum of log-likelihoods by the sum of bytes, in bits: rows of (log-likelihood, bytes)."""
    return _of_ratio(values, lambda ratio: -ratio / math.log(2))


def estimate_without_error(values: Sequence[float], k: int) -> Estimate:
    """The mean alone, where the harness gives no standard error."""
    return Estimate(mean(values) if values else None, None, None, "none", len(values))


def _of_ratio(values: Sequence[float], of: Any) -> Estimate:
    n = len(values) // 2
    below = math.fsum(values[1::2])
    if n == 0 or below == 0:
        return Estimate(None, None, None, "none", n)
    try:
        return Estimate(of(math.fsum(values[::2]) / below), None, None, "none", n)
    except OverflowError:
        return Estimate(None, None, None, "none", n)


def _medians(drawn: Any) -> Any:
    import numpy as np

    middle = drawn.shape[1] // 2
    return np.partition(drawn[:, :, 0], middle, axis=1)[:, middle]


def _present_means(drawn: Any) -> Any:
    sums = drawn.sum(axis=1)
    return sums[:, 0] / sums[:, 1]


def _perplexities(drawn: Any) -> Any:
    import numpy as np

    return np.exp(-drawn[:, :, 0].mean(axis=1))


average = Metric("mean", mean, estimate_mean)
fault_rate = Metric("fault_rate", mean, estimate_mean)
"""A mean of which less is better: how often something happens that ought not to."""
median = Metric("median", mean, estimate_median, ordered=True)
nanmean = Metric("nanmean", mean, estimate_nanmean, width=2, ordered=True)
perplexity = Metric("perplexity", mean, estimate_perplexity, ordered=True)
weighted_perplexity = Metric("weighted_perplexity", mean, estimate_weighted_perplexity, width=2)
bits_per_byte = Metric("bits_per_byte", mean, estimate_bits_per_byte, width=2)
brier = Metric("brier_score", mean, estimate_without_error)
