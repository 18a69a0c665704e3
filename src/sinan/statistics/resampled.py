"""The bootstrap over clusters, for numbers that are no mean: F1, BLEU, a median.

Clusters are drawn with replacement, each with all of its units. The interval is BCa (Efron 1987): percentiles that are
moved by the bias of the replicates and by how the error changes with the value, which the jackknife over clusters
tells. 10,000 resamples, drawn by numpy's PCG64 from a seed that is fixed and told.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from sinan.statistics.clustered import FEW, ONE
from sinan.types import Estimate

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 10_000
SEED = 0
LEVEL = 0.95
Statistic = Callable[[Any], Any]
"""(resamples, units, width) -> one value for each resample."""


@lru_cache(maxsize=64)  # a run that is watched asks for the same numbers again and again
def resampled(
    values: bytes, width: int, statistic: Statistic, clusters: tuple[int, ...], iterations: int = RESAMPLES
) -> Estimate:
    """The statistic of all units with the error of its clusters; `values` are rows of `width` doubles."""
    import numpy as np

    units = np.frombuffer(values, dtype=np.float64).reshape(-1, width)
    places, count, n = _places(clusters), len(set(clusters)), len(units)
    with np.errstate(all="ignore"):
        value = float(statistic(units[np.newaxis])[0])
        if not math.isfinite(value):
            return Estimate(None, None, None, "none", n)
        if count < 2:
            return Estimate(value, None, None, "none", n, count, notes=(ONE,))
        drawn = replicates(units, places, statistic, iterations)
        without = jackknife(units, places, statistic)
    notes: tuple[str, ...] = (f"{iterations:,} resamples of clusters, seed {SEED}",)
    if count < FEW:
        notes += (f"only {count} clusters: the error itself is uncertain",)
    if not (np.isfinite(drawn).all() and np.isfinite(without).all()):
        return Estimate(value, None, None, "none", n, count, notes=notes)
    stderr = float(drawn.std(ddof=1))
    if not stderr:
        return Estimate(value, stderr, None, "none", n, count, notes=notes)
    return Estimate(value, stderr, bca(value, drawn, without), "bca bootstrap, clustered", n, count, notes=notes)


def replicates(
    units: "np.ndarray[Any, Any]",
    places: "Sequence[np.ndarray[Any, Any]]",
    statistic: Statistic,
    iterations: int = RESAMPLES,
    seed: int = SEED,
) -> "np.ndarray[Any, Any]":
    """The statistic of each resample. `places`: of each cluster the rows of its units."""
    import numpy as np

    rng = np.random.default_rng(seed)
    rows, sizes = np.concatenate(places), np.array([len(own) for own in places])
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    found = np.empty(iterations)
    for number in range(iterations):
        drawn = rng.integers(len(places), size=len(places))
        ends = np.cumsum(sizes[drawn])
        within = np.arange(ends[-1]) - np.repeat(ends - sizes[drawn], sizes[drawn])
        chosen = rows[np.repeat(starts[drawn], sizes[drawn]) + within]
        found[number] = statistic(units[chosen][np.newaxis])[0]
    return found


def jackknife(
    units: "np.ndarray[Any, Any]", places: "Sequence[np.ndarray[Any, Any]]", statistic: Statistic
) -> "np.ndarray[Any, Any]":
    """The statistic without each cluster in turn."""
    import numpy as np

    kept, found = np.ones(len(units), dtype=bool), np.empty(len(places))
    for number, own in enumerate(places):
        kept[own] = False
        found[number] = statistic(units[kept][np.newaxis])[0]
        kept[own] = True
    return found


def jackknife_error(without: "np.ndarray[Any, Any]") -> float:
    """Standard error from the values without each cluster: sqrt((G - 1) / G * sum((t_g - mean t)^2))."""
    count = len(without)
    return math.sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum()))


def bca(
    value: float, drawn: "np.ndarray[Any, Any]", without: "np.ndarray[Any, Any]", level: float = LEVEL
) -> tuple[float, float]:
    """The interval of a value from its replicates, and the values without each cluster."""
    import numpy as np

    normal = NormalDist()
    below = (float((drawn < value).sum()) + float((drawn == value).sum()) / 2) / len(drawn)
    below = min(max(below, 0.5 / len(drawn)), 1 - 0.5 / len(drawn))
    bias, lean = normal.inv_cdf(below), without.mean() - without
    under = float((lean**2).sum())
    speed = float((lean**3).sum()) / (6 * under**1.5) if under else 0.0
    bounds = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal.inv_cdf(tail)
        bounds.append(normal.cdf(bias + z / (1 - speed * z)))
    low, high = np.quantile(drawn, bounds)
    return float(low), float(high)


def _places(clusters: Sequence[int]) -> "list[np.ndarray[Any, Any]]":
    """The rows of each cluster, clusters in the order in which they first come."""
    import numpy as np

    _, first, of = np.unique(np.asarray(clusters), return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    by_cluster = np.argsort(rank[of], kind="stable")
    return np.split(by_cluster, np.cumsum(np.bincount(rank[of]))[:-1])
