"""One number of many groups, as lm-evaluation-harness makes it of the tasks of a group.

By size: the mean of the groups' values weighted by their samples, with the pooled standard error
sqrt(sum((n_i - 1) n_i SE_i^2) / (sum(n_i) - k) / sum(n_i)). Plain: every group counts the same, with
sqrt(sum(SE_i^2)) / k. Where a group has no standard error, the whole has none.

The interval is ours: that of t with the pooled error, and one group's own where there is but one. Of proportions it
stays within [0, 1], and with few samples or no spread at all it is no narrower than Wilson's: groups that are all
wrong do not prove that nothing is ever right.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from sinan.statistics.clustered import cluster_error
from sinan.statistics.proportions import AT_LEAST_WILSON, mean, t_quantile, wilson
from sinan.types import Estimate, Metric


def by_size(groups: Sequence[Estimate]) -> Estimate:
    """Every sample counts the same."""
    counted = [group for group in groups if group.value is not None]
    sizes, values = _sizes(groups), _values(groups)
    n, errors = sum(sizes), _errors(groups)
    if not values:
        return Estimate(None, None, None, "none", 0)
    if len(counted) == 1:
        return counted[0]
    value = math.fsum(v * size for v, size in zip(values, sizes, strict=True)) / n
    free = n - len(values)
    if errors is None or free < 1:
        return Estimate(value, None, None, "none", n)
    pooled = math.fsum((size - 1) * e * e * size for size, e in zip(sizes, errors, strict=True)) / free
    return _with_interval(value, math.sqrt(pooled / n), free, counted, float(n))


def plain(groups: Sequence[Estimate]) -> Estimate:
    """Every group counts the same."""
    counted = [group for group in groups if group.value is not None]
    values = _values(groups)
    if not values:
        return Estimate(None, None, None, "none", 0)
    if len(counted) == 1:
        return counted[0]
    return _weighted(counted, [1 / len(values)] * len(values))


OF_OTHERS = "each group is one cluster: the error is that of groups like these"


def strata(
    groups: Sequence[Estimate], values: Sequence[float] = (), clusters: Sequence[int] = ()
) -> dict[str, Estimate]:
    """Of groups that are strata: `macro`, where each counts the same, and `micro`, where each counts as often as it has
    samples. Errors are sqrt(sum(w^2 SE^2)): the groups are these and no others, so their spread is no error. Nothing
    where there are not two of them.

    `values` and their `clusters`, one group's after the other's: groups that have clusters in common vary together, and
    the error is that of clusters (Liang and Zeger 1986). Where each group is a cluster, the groups are the data."""
    counted = [group for group in groups if group.value is not None]
    if len(counted) < 2:
        return {}
    n, h = sum(group.n for group in counted), len(counted)
    weights = {"macro": [1 / h] * h, "micro": [group.n / n for group in counted]}
    if all(group.clusters == 1 for group in counted):
        deviations = {name: _between(counted, own) for name, own in weights.items()}
        found = {name: _weighted_by(counted, own, deviations[name], range(h)) for name, own in weights.items()}
        return {name: _of_shares(replace(one, notes=(OF_OTHERS, *one.notes))) for name, one in found.items()}
    if _cross(counted, clusters):
        deviations = {name: _within(counted, own, values) for name, own in weights.items()}
        found = {name: _weighted_by(counted, own, deviations[name], clusters) for name, own in weights.items()}
    else:
        found = {name: _weighted(counted, own) for name, own in weights.items()}
    return {name: _of_shares(one) for name, one in found.items()}


def _by_group(groups: Sequence[Estimate], rows: Sequence[Any]) -> list[Sequence[Any]]:
    ends = list(accumulate(_sizes(groups)))
    return [rows[end - group.n : end] for end, group in zip(ends, groups, strict=True)]


def _cross(groups: Sequence[Estimate], clusters: Sequence[int]) -> bool:
    """Whether any cluster has samples in two groups."""
    own = [set(one) for one in _by_group(groups, clusters)]
    return sum(map(len, own)) > len(set().union(*own))


def _within(groups: Sequence[Estimate], weights: Sequence[float], values: Sequence[float]) -> list[float]:
    """What each sample adds to the deviation of a weighted sum of groups that are given."""
    of_groups = zip(weights, _by_group(groups, values), strict=True)
    return [weight * (value - mean(own)) / len(own) for weight, own in of_groups for value in own]


def _between(groups: Sequence[Estimate], weights: Sequence[float]) -> list[float]:
    """The same of groups that are drawn."""
    values = _values(groups)
    centre = math.fsum(w * v for w, v in zip(weights, values, strict=True))
    return [w * (v - centre) for w, v in zip(weights, values, strict=True)]


def _weighted_by(
    groups: Sequence[Estimate], weights: Sequence[float], parts: Sequence[float], clusters: Sequence[int]
) -> Estimate:
    """The weighted sum with the error of clusters."""
    value = math.fsum(w * v for w, v in zip(weights, _values(groups), strict=True))
    error = cluster_error(parts, clusters)
    if error.stderr is None:
        return Estimate(value, None, None, "none", sum(_sizes(groups)), error.clusters, notes=error.notes)
    alike = _alike(groups, weights) if error.stderr else float(error.clusters)
    found = _with_interval(value, error.stderr, error.df, groups, alike)
    return replace(found, clusters=error.clusters, notes=error.notes)


def _of_shares(estimate: Estimate) -> Estimate:
    """Within [0, 1]."""
    if estimate.ci is None:
        return estimate
    return replace(estimate, ci=(max(0.0, estimate.ci[0]), min(1.0, estimate.ci[1])))


def _weighted(groups: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """The weighted sum of groups that all have a value."""
    n, errors = sum(_sizes(groups)), _errors(groups)
    value = math.fsum(w * v for w, v in zip(weights, _values(groups), strict=True))
    free = sum(group.clusters or group.n for group in groups) - len(groups)
    if errors is None or free < 1:
        return Estimate(value, None, None, "none", n)
    stderr = math.sqrt(math.fsum((w * e) ** 2 for w, e in zip(weights, errors, strict=True)))
    return _with_interval(value, stderr, free, groups, _alike(groups, weights))


def _alike(groups: Sequence[Estimate], weights: Sequence[float]) -> float:
    """So many samples of one group would tell as much."""
    return 1 / math.fsum(w * w / group.n for w, group in zip(weights, groups, strict=True))


def apart(groups: Sequence[Estimate]) -> Estimate:
    """Groups that nobody adds up: each has its number, the whole has none."""
    return Estimate(None, None, None, "none", sum(_sizes(groups)))


WAYS: dict[str, Callable[[Sequence[Estimate]], Estimate]] = {"by_size": by_size, "plain": plain, "apart": apart}


def over(metric: Metric, way: str) -> Metric:
    """The metric with its groups put together in one of `WAYS`; found again by a kind of its own."""
    return replace(metric, kind=f"{metric.kind or metric.name}:{way}", over_groups=WAYS[way])


def _values(groups: Sequence[Estimate]) -> list[float]:
    return [group.value for group in groups if group.value is not None]


def _sizes(groups: Sequence[Estimate]) -> list[int]:
    return [group.n for group in groups if group.value is not None]


def _errors(groups: Sequence[Estimate]) -> list[float] | None:
    found = [group.stderr for group in groups if group.value is not None]
    known = [error for error in found if error is not None]
    return known if len(known) == len(found) else None


def _with_interval(value: float, stderr: float, free: int, groups: Sequence[Estimate], alike: float) -> Estimate:
    """`alike`: so many samples of one group would tell as much."""
    half, n = t_quantile(free) * stderr, sum(_sizes(groups))
    low, high = value - half, value + half
    clusters = sum(group.clusters or group.n for group in groups) if any(g.clusters for g in groups) else None
    if not all("wilson" in one.method or one.method == "t, clustered" or one.clusters == 1 for one in groups):
        return Estimate(value, stderr, (low, high), "t", n, clusters, free)
    if n < 30 or stderr == 0:
        least = wilson(value * alike, alike)
        ci = max(0.0, min(low, least[0])), min(1.0, max(high, least[1]))
        return Estimate(value, stderr, ci, AT_LEAST_WILSON, n, clusters)
    method = "t" if clusters is None else "t, clustered"
    return Estimate(value, stderr, (max(0.0, low), min(1.0, high)), method, n, clusters, free)
