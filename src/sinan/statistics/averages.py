"""Averages and what is made of them, as lm-evaluation-harness aggregates: value and standard error are its own.

The standard error of a mean is stddev (n - 1) / sqrt(n); of a median, a perplexity and a mean that passes over what
is no number it is from the bootstrap; weighted perplexities and Brier scores get none there, and none here.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sinan.statistics.bootstrap import bootstrapped
from sinan.statistics.clustered import cluster_error, shared
from sinan.statistics.intervals import estimate_accuracy, mean, mean_t, t_quantile
from sinan.statistics.ratio import ratio_of
from sinan.types import Estimate, Metric


def estimate_mean(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """The mean: of zeros and ones with Wilson's interval, of anything else with that of t."""
    if values and all(value in (0.0, 1.0) for value in values):
        return estimate_accuracy(values, k, clusters)
    return by_t(values, clusters)


def by_t(values: Sequence[float], clusters: Sequence[int] = ()) -> Estimate:
    """The mean of any numbers with the interval of t; by clusters where two values are of one."""
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, "none", 0)
    if not clusters or not shared(clusters):
        value, stderr, ci = mean_t(values)
        return Estimate(value, stderr, ci, "t" if ci else "none", n, df=n - 1 if ci else None)
    value = mean(values)
    error = cluster_error([(one - value) / n for one in values], clusters)
    if error.stderr is None:
        return Estimate(value, None, None, "none", n, error.clusters, notes=error.notes)
    half = t_quantile(error.df) * error.stderr
    known = error.clusters, error.df, error.deff, error.notes
    return Estimate(value, error.stderr, (value - half, value + half), "t, clustered", n, *known)


def estimate_median(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """The middle value; of an even number of them the upper of the two."""
    return bootstrapped(values, 1, _medians, clusters=clusters)


def estimate_nanmean(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """The mean of the units that have a number: rows of (number, 1), or (0, 0) where there is none."""
    return bootstrapped(values, 2, _present_means, clusters=clusters)


def estimate_perplexity(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """exp of minus the mean log-likelihood."""
    return bootstrapped(values, 1, _perplexities, clusters=clusters)


def estimate_weighted_perplexity(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """exp of minus the sum of log-likelihoods by the sum of words or bytes: rows of (log-likelihood, weight)."""
    return _of_ratio(values, lambda ratio: math.exp(-ratio), clusters)


def estimate_bits_per_byte(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """Minus the sum of log-likelihoods by the sum of bytes, in bits: rows of (log-likelihood, bytes)."""
    return _of_ratio(values, lambda ratio: -ratio / math.log(2), clusters)


def estimate_without_error(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """The mean without a standard error, where the harness gives none; the interval is ours, that of t."""
    return replace(by_t(values, clusters), stderr=None)


def _of_ratio(values: Sequence[float], of: Any, clusters: Sequence[int]) -> Estimate:
    """A falling function of the ratio of two sums. The harness gives no standard error, and there is none here; the
    interval is that of the ratio, by linearization, carried through the function."""
    n = len(values) // 2
    below = math.fsum(values[1::2])
    if n == 0 or below == 0:
        return Estimate(None, None, None, "none", n)
    try:
        value = of(math.fsum(values[::2]) / below)
    except OverflowError:
        return Estimate(None, None, None, "none", n)
    found = ratio_of(values, clusters)
    try:
        ci = (of(found.ci[1]), of(found.ci[0])) if found.ci else None
    except OverflowError:
        ci = None
    return replace(found, value=value, stderr=None, ci=ci, method=found.method if ci else "none")


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


average = Metric("mean", mean, estimate_mean, clustered=estimate_mean)
fault_rate = Metric("fault_rate", mean, estimate_mean, clustered=estimate_mean)
"""A mean of which less is better: how often something happens that ought not to."""
median = Metric("median", mean, estimate_median, ordered=True, clustered=estimate_median)
nanmean = Metric("nanmean", mean, estimate_nanmean, width=2, ordered=True, clustered=estimate_nanmean)
perplexity = Metric("perplexity", mean, estimate_perplexity, ordered=True, clustered=estimate_perplexity)
weighted_perplexity = Metric(
    "weighted_perplexity", mean, estimate_weighted_perplexity, width=2, clustered=estimate_weighted_perplexity
)
bits_per_byte = Metric("bits_per_byte", mean, estimate_bits_per_byte, width=2, clustered=estimate_bits_per_byte)
brier = Metric("brier_score", mean, estimate_without_error, clustered=estimate_without_error)
