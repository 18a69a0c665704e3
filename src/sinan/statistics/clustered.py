"""Errors of sums over units that come in clusters: questions of one passage, turns of one dialogue.

A value that is a sum of parts, one for each unit, deviates by what the clusters' sums of parts do. With u_c the sum of
cluster c's parts and G clusters its standard error is sqrt(G / (G - 1) * sum(u_c^2)): the sandwich of Liang and Zeger
(1986) with the correction that statsmodels and Stata call CR1. Where every cluster is a single unit it is the usual
standard error. Intervals take t with G - 1 degrees of freedom.

Sums are correctly rounded, so that neither the order of the units nor the clusters' numbers change a digit.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

ONE = "all of one cluster: its error is not estimable"
FEW = 10
"""Clusters below which their error is told to be uncertain itself."""


@dataclass(frozen=True, slots=True)
class ClusterError:
    """The error of a sum."""

    stderr: float | None
    """None for a single cluster."""
    clusters: int
    deff: float | None
    """(stderr / what it would be if every unit stood alone)^2; None where that is 0."""

    @property
    def df(self) -> int:
        """Degrees of freedom."""
        return self.clusters - 1

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        if self.clusters == 1:
            return (ONE,)
        return (f"only {self.clusters} clusters: the error itself is uncertain",) if self.clusters < FEW else ()


def shared(clusters: Sequence[Hashable]) -> bool:
    """Whether any two units are of one cluster."""
    return len(set(clusters)) < len(clusters)


def cluster_error(parts: Sequence[float], clusters: Sequence[Hashable]) -> ClusterError:
    """Of a value whose deviation is the sum of `parts`, which add up to 0: of a mean, (v - mean) / n."""
    sums = totals(parts, clusters)
    stderr, alone = sum_error(sums), sum_error(parts)
    return ClusterError(stderr, len(sums), (stderr / alone) ** 2 if stderr is not None and alone else None)


def totals(parts: Sequence[float], clusters: Sequence[Hashable]) -> list[float]:
    """The sum of each cluster's parts."""
    held: dict[Hashable, list[float]] = defaultdict(list)
    for part, cluster in zip(parts, clusters, strict=True):
        held[cluster].append(part)
    return [math.fsum(own) for own in held.values()]


def sum_error(independent: Sequence[float]) -> float | None:
    """Standard error of a sum of independent deviations, each a cluster's or a unit's; None of fewer than two."""
    count = len(independent)
    return math.sqrt(count / (count - 1) * math.fsum(one * one for one in independent)) if count > 1 else None
