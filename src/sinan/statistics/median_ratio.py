"""How many times one column of positive numbers is the other, pair by pair: the median of the ratios.

What answers cost, and how long they take, has a few values that are many times the others: a mean is theirs alone. The
interval of a median needs no draws and assumes nothing: the j-th and (n + 1 - j)-th smallest ratio hold it with the
probability of a binomial (Conover 1999, section 3.2). Of pairs in clusters it is that of the bootstrap over clusters.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sinan.statistics.proportions import LEVEL, normal_quantile

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DRAWS, MOST = 1_000, 100_000
"""Resamples of clusters, and the pairs beyond which they would take too long."""
FEW_CLUSTERS = 10


@dataclass(frozen=True, slots=True)
class MedianRatio:
    """Of a to b."""

    value: float | None
    """None where no pair has two positive numbers."""
    ci: tuple[float, float] | None
    """At least 95 %. None of fewer than 6 pairs, or of too few clusters."""
    method: str
    n: int
    """Pairs whose two numbers are positive: of others there is no ratio."""


def median_ratio(
    a: "npt.NDArray[np.float64]", b: "npt.NDArray[np.float64]", clusters: Any = None, seed: int = 0
) -> MedianRatio:
    """The median of a / b over pairs. `clusters`: of each pair what it shares with others."""
    import numpy as np

    there = (a > 0) & (b > 0)
    ratios, n = a[there] / b[there], int(there.sum())
    if not n:
        return MedianRatio(None, None, "none", 0)
    value = float(np.median(ratios))
    own = None if clusters is None else np.asarray(clusters)[there]
    if own is not None and len(np.unique(own)) < n:
        return _of_clusters(value, ratios, own, seed)
    place = _place(n)
    if place is None:
        return MedianRatio(value, None, "none", n)
    ordered = np.partition(ratios, (place, n - 1 - place))
    return MedianRatio(value, (float(ordered[place]), float(ordered[n - 1 - place])), "order statistics", n)


def _place(n: int) -> int | None:
    """How many of the smallest lie below the interval; None where even the whole range holds the median too rarely."""
    from scipy.special import bdtr

    tail = (1 - LEVEL) / 2
    place = math.floor(n / 2 - normal_quantile(LEVEL) * math.sqrt(n) / 2) + 1
    while place >= 0 and bdtr(place, n, 0.5) > tail:
        place -= 1
    return place if place >= 0 else None


def _of_clusters(value: float, ratios: Any, clusters: Any, seed: int) -> MedianRatio:
    """The percentiles of the medians of resampled clusters."""
    import numpy as np

    names, place = np.unique(clusters, return_inverse=True)
    if len(names) < FEW_CLUSTERS or len(ratios) > MOST:
        return MedianRatio(value, None, "none", len(ratios))
    order = np.argsort(ratios)
    ordered, place = ratios[order], place[order]
    drawn = np.random.default_rng(seed)
    medians = []
    for _ in range(DRAWS):
        counts = np.bincount(drawn.integers(0, len(names), len(names)), minlength=len(names))[place].cumsum()
        medians.append(ordered[np.searchsorted(counts, counts[-1] / 2)])
    low, high = np.quantile(medians, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return MedianRatio(value, (float(low), float(high)), "bootstrap over clusters", len(ratios))
