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

from sinan.statistics.intervals import AT_LEAST_WILSON, t_quantile, wilson
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
    sizes, values = _sizes(groups), _values(groups)
    n, errors = sum(sizes), _errors(groups)
    if not values:
        return Estimate(None, None, None, "none", 0)
    if len(counted) == 1:
        return counted[0]
    value, free = math.fsum(values) / len(values), n - len(values)
    if errors is None or free < 1:
        return Estimate(value, None, None, "none", n)
    stderr = math.sqrt(math.fsum(e * e for e in errors)) / len(values)
    return _with_interval(value, stderr, free, counted, len(values) ** 2 / math.fsum(1 / size for size in sizes))


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
    if not all("wilson" in group.method for group in groups):
        return Estimate(value, stderr, (low, high), "t", n)
    if n < 30 or stderr == 0:
        least = wilson(value * alike, alike)
        return Estimate(
            value, stderr, (max(0.0, min(low, least[0])), min(1.0, max(high, least[1]))), AT_LEAST_WILSON, n
        )
    return Estimate(value, stderr, (max(0.0, low), min(1.0, high)), "t", n)
