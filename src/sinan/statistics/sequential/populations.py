"""Values whose plain mean over the population is the number that is meant, so that a bet can be made about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sinan.statistics.sequential.betting import Numbers


@dataclass(frozen=True, eq=False)
class Scaled:
    """Values within the range of the old ones, and what their mean has to be multiplied with."""

    values: Numbers
    scale: float


def macro(values: Sequence[Sequence[float]], weights: Sequence[float] | None = None) -> Scaled:
    """Of the values of several tasks: x_i = value_i W_h N / N_h / c, with c the largest W_h N / N_h. The mean of all x
    times c is the mean of the tasks' means with these weights (None: all alike), and every x is as small as its value.
    """
    sizes = [len(task) for task in values]
    shares = [1 / len(values)] * len(values) if weights is None else [w / sum(weights) for w in weights]
    if len(shares) != len(sizes) or not all(sizes) or any(share < 0 for share in shares):
        raise ValueError(f"{len(shares)} weights for {len(sizes)} tasks; each task needs values, and a weight")
    factors = [share * sum(sizes) / size for share, size in zip(shares, sizes, strict=True)]
    scale = max(factors)
    parts = [np.asarray(task, dtype=float) * factor / scale for task, factor in zip(values, factors, strict=True)]
    return Scaled(np.concatenate(parts), scale)


def cluster_sums(values: Sequence[float], clusters: Sequence[str]) -> Mapping[str, float]:
    """Cluster -> sum of its values over the size of the largest cluster: the values of a bet about questions like
    these (`E2`), which are independent from cluster to cluster only. A null "the mean is at most 0" about the values is
    one about these sums; shuffle the clusters, and bet with `Bets(None, 0)`."""
    sums: dict[str, float] = {}
    sizes: dict[str, int] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value
        sizes[cluster] = sizes.get(cluster, 0) + 1
    largest = max(sizes.values(), default=1)
    return {cluster: total / largest for cluster, total in sums.items()}
