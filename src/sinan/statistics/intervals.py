"""Error bars on one score: Wilson for proportions, t for everything else, by clusters where samples share something.

Wilson's interval keeps its 95 % at any n and near 0 and 1, where the textbook p +- 1.96 SE does not
(Wilson 1927; Brown, Cai, DasGupta 2001). Repeated draws of a sample are averaged within the sample first: the
sample is the unit that was drawn from the world, the draw is not. Nor is a question that shares its passage with
others: there the cluster is the unit (`statistics.clustered`).

Means that are not single verdicts, or come from clusters, are t's; but beyond 0.1 and 0.9, where such means are skewed,
they get Wilson's interval for as many single verdicts as would vary alike (an effective size, as survey statistics
has it: Korn and Graubard 1998; Dean and Pagano 2015), with t's quantile. docs/error-bars.md has the coverage measured.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from sinan.statistics.clustered import FEW, ClusterError, cluster_error, shared, sum_error
from sinan.statistics.draws import of_mean, split
from sinan.statistics.over_groups import strata
from sinan.statistics.proportions import AT_LEAST_WILSON as AT_LEAST_WILSON
from sinan.statistics.proportions import INTERVALS, LEVEL
from sinan.statistics.proportions import mean as mean
from sinan.statistics.proportions import t_quantile as t_quantile
from sinan.statistics.proportions import wilson as wilson
from sinan.types import Estimate, Metric

FEW_SAMPLES = 30
"""Below so many samples t alone is not trusted for values in [0, 1]."""
EXTREME = 0.1
"""So near to 0 or 1 a mean is skewed."""
FEW_EVENTS = 5
"""Right answers (near 1: wrong ones), counted at the effective size, below which the spread between clusters cannot
be seen in the data."""
LEAST_ICC = 0.2
"""Correlation within clusters that is then assumed at least."""


def mean_t(values: Sequence[float], level: float = LEVEL) -> tuple[float, float | None, tuple[float, float] | None]:
    """Mean, its standard error (ddof 1) and the t interval; neither of these from fewer than two values."""
    centre, stderr = mean(values), standard_error(values)
    if stderr is None:
        return centre, None, None
    half = t_quantile(len(values) - 1, level) * stderr
    return centre, stderr, (centre - half, centre + half)


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean, with ddof 1; None for fewer than two values."""
    centre = mean(values)
    error = sum_error([v - centre for v in values])
    return None if error is None else error / len(values)


def estimate_accuracy(
    values: Sequence[float], k: int, clusters: Sequence[int] = (), *, level: float = LEVEL, how: str = "wilson"
) -> Estimate:
    """Mean of samples' values in [0, 1], each already the mean over its `k` draws.

    Every value 0 or 1, as of one draw or of draws that agree: Wilson, or another of `INTERVALS`. Otherwise t over the
    samples' values, clipped to [0, 1]; with fewer than 30 samples, or no spread at all, widened to Wilson's interval at
    the same mean, which is valid because a variable in [0, 1] never varies more than a coin of the same mean; near 0
    and 1 Wilson at the effective size. `clusters`: of each value; where two are of one, the error is that of clusters.
    """
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, "none", 0, level=level)
    if clusters and shared(clusters):
        return _of_clusters(values, clusters, level)
    if all(v in (0.0, 1.0) for v in values):  # the usual case, and it needs no table of t
        of = INTERVALS[how]
        return Estimate(mean(values), standard_error(values), of(math.fsum(values), n, level), how, n, level=level)
    value, stderr, interval = mean_t(values, level)
    if interval is None or n < FEW_SAMPLES or stderr == 0:
        low, high = wilson(value * n, n, level)
        t_low, t_high = interval or (low, high)
        ci = max(0.0, min(low, t_low)), min(1.0, max(high, t_high))
        return Estimate(value, stderr, ci, AT_LEAST_WILSON, n, level=level)
    if stderr is not None and _extreme(value):
        size = effective_size(value, stderr, n, n)
        ci = wilson(value * size, size, quantile=t_quantile(n - 1, level))
        return Estimate(value, stderr, ci, "wilson, effective n", n, df=n - 1, level=level)
    ci = max(0.0, interval[0]), min(1.0, interval[1])
    return Estimate(value, stderr, ci, "t", n, df=n - 1, level=level)


def _of_clusters(values: Sequence[float], clusters: Sequence[int], level: float) -> Estimate:
    n, value = len(values), mean(values)
    error = cluster_error([(v - value) / n for v in values], clusters)
    if error.stderr is None:
        return Estimate(value, None, None, "none", n, error.clusters, notes=error.notes, level=level)
    ci, method = _cluster_interval(value, error, n, level)
    known = error.clusters, error.df, error.deff, error.notes
    return Estimate(value, error.stderr, ci, method, n, *known, level=level)


def _cluster_interval(value: float, error: ClusterError, n: int, level: float) -> tuple[tuple[float, float], str]:
    stderr, quantile = error.stderr or 0.0, t_quantile(error.df, level)
    if stderr == 0 or _extreme(value):
        size = effective_size(value, stderr, n, error.clusters)
        return wilson(value * size, size, quantile=quantile), "wilson, clustered"
    return (max(0.0, value - quantile * stderr), min(1.0, value + quantile * stderr)), "t, clustered"


def _extreme(value: float) -> bool:
    return not EXTREME <= value <= 1 - EXTREME


def effective_size(value: float, stderr: float, n: int, clusters: int) -> float:
    """As many verdicts, each alone, whose mean would have this standard error: n / DEFF.

    Of clusters no more than n, and all their number where nothing varies. Where fewer than five of the rarer verdicts
    are behind it, the spread between clusters does not show in most samples: from ten clusters on it is then no more
    than a correlation of 0.2 within clusters would leave."""
    if stderr == 0:
        return float(clusters) if value in (0.0, 1.0) else float(n)
    size = n * value * (1 - value) / ((n - 1) * stderr**2)
    size = size if clusters == n else min(size, n)
    if clusters >= FEW and size * min(value, 1 - value) < FEW_EVENTS:
        size = min(size, n / (1 + (n / clusters - 1) * LEAST_ICC))
    return size


def of_full_run(estimate: Estimate, population: int, estimand: str) -> Estimate:
    """The same of the benchmark's own `population` of questions, of which these n were drawn at random: the error
    shrinks by sqrt(1 - n / N), and is none once all were asked (Cochran, Sampling Techniques, 1977, 2.6)."""
    rest = math.sqrt(max(0.0, 1 - estimate.n / population))
    value, ci = estimate.value, estimate.ci
    if value is not None and ci is not None:
        ci = value - (value - ci[0]) * rest, value + (ci[1] - value) * rest
    stderr = None if estimate.stderr is None else estimate.stderr * rest
    note = f"finite population: {estimate.n:,} of {population:,} questions"
    return replace(estimate, stderr=stderr, ci=ci, estimand=estimand, notes=(*estimate.notes, note), draws=None)


accuracy = Metric(
    "accuracy", mean, estimate_accuracy, clustered=estimate_accuracy, split=split, strata=strata, chance=of_mean
)
strict = accuracy.named("accuracy,strict", "strict")
"""The accuracy of answers that were given as such, beside that of answers that were inferred as well."""
