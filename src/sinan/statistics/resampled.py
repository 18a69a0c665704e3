"""The bootstrap over clusters, for numbers that are no mean: F1, BLEU, a median, and the difference of two of them.

Clusters are drawn with replacement, each with all of its units; a unit that shares nothing is a cluster of its own. The
interval is BCa (Efron 1987): percentiles that are moved by the bias of the replicates and by how the error changes with
the value, which the jackknife over clusters tells. Drawn by numpy's PCG64 from a seed that is fixed and told.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from sinan.statistics.clustered import FEW, ONE
from sinan.statistics.proportions import LEVEL
from sinan.types import Estimate

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

RESAMPLES = 10_000
SEED = 0
LEFT_OUT_AT_MOST = 500
"""Clusters, or groups of them, that are left out one after the other."""
_AT_ONCE = 1 << 21
"""Numbers of units that are held at one time."""
Statistic = Callable[[Any], Any]
"""(resamples, units, width) -> one value for each resample."""


@lru_cache(maxsize=64)  # a run that is watched asks for the same numbers again and again
def resampled(
    values: bytes, width: int, statistic: Statistic, clusters: tuple[int, ...], iterations: int = RESAMPLES
) -> Estimate:
    """The statistic of all units with the error of its clusters; `values` are rows of `width` doubles."""
    import numpy as np

    units = np.frombuffer(values, dtype=np.float64).reshape(-1, width)
    place, count, n = numbered(clusters), len(set(clusters)), len(units)
    with np.errstate(all="ignore"):
        value = float(statistic(units[np.newaxis])[0])
        if not math.isfinite(value):
            return Estimate(None, None, None, "none", n)
        if count < 2:
            return Estimate(value, None, None, "none", n, count, notes=(ONE,))
        drawn = replicates(units, place, statistic, iterations)
        interval = bca(value, drawn, jackknife(units, place, statistic))
    notes: tuple[str, ...] = (f"{iterations:,} resamples of clusters, seed {SEED}",)
    if count < FEW:
        notes += (f"only {count} clusters: the error itself is uncertain",)
    stderr = float(drawn.std(ddof=1)) if np.isfinite(drawn).all() else None
    return Estimate(value, stderr, interval, "bca bootstrap, clustered" if interval else "none", n, count, notes=notes)


def numbered(clusters: "Sequence[Any] | npt.NDArray[Any]") -> "npt.NDArray[np.intp]":
    """Of each unit the number of its cluster, from 0, in the order in which they first come."""
    import numpy as np

    _, first, of = np.unique(np.asarray(clusters), return_index=True, return_inverse=True)
    found: npt.NDArray[np.intp] = np.argsort(np.argsort(first))[of]
    return found


def replicates(
    units: "npt.NDArray[np.float64]",
    place: "npt.NDArray[np.intp]",
    statistic: Statistic,
    iterations: int = RESAMPLES,
    seed: int = SEED,
) -> "npt.NDArray[np.float64]":
    """The statistic of each resample. `place`: of each unit its cluster, `numbered`."""
    import numpy as np

    rng, count = np.random.default_rng(seed), int(place.max()) + 1
    if count == len(units):
        drawn = (rng.integers(count, size=(rows, count)) for rows in batches(iterations, units.size))
        return np.concatenate([statistic(units[chosen]) for chosen in drawn])
    rows, sizes = np.argsort(place, kind="stable"), np.bincount(place)
    starts = np.cumsum(sizes) - sizes
    found = np.empty(iterations)
    for number in range(iterations):  # clusters differ in size, and so do resamples
        own = rng.integers(count, size=count)
        ends = np.cumsum(sizes[own])
        within = np.arange(ends[-1]) - np.repeat(ends - sizes[own], sizes[own])
        found[number] = statistic(units[rows[np.repeat(starts[own], sizes[own]) + within]][np.newaxis])[0]
    return found


def batches(draws: int, size: int) -> list[int]:
    """How many resamples are made at a time, of `size` numbers each."""
    most = max(1, _AT_ONCE // size)
    return [min(most, draws - done) for done in range(0, draws, most)]


def jackknife(
    units: "npt.NDArray[np.float64]", place: "npt.NDArray[np.intp]", statistic: Statistic, seed: int = SEED
) -> "npt.NDArray[np.float64]":
    """The statistic without each cluster in turn; where there are many, without one random group of them each."""
    import numpy as np

    count = int(place.max()) + 1
    if count > LEFT_OUT_AT_MOST:
        group = np.empty(count, dtype=np.intp)
        group[np.random.default_rng([seed, 2]).permutation(count)] = np.arange(count) % LEFT_OUT_AT_MOST
        place, count = group[place], LEFT_OUT_AT_MOST
    return np.concatenate([statistic(units[place != one][np.newaxis]) for one in range(count)])


def jackknife_error(without: "npt.NDArray[np.float64]") -> float:
    """Standard error from the values without each cluster: sqrt((G - 1) / G * sum((t_g - mean t)^2))."""
    count = len(without)
    return math.sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum()))


def bca(
    value: float, drawn: "npt.NDArray[np.float64]", without: "npt.NDArray[np.float64]", level: float = LEVEL
) -> tuple[float, float] | None:
    """The interval of a value from its replicates, and the values without each cluster; None where one of them is no
    number, or nothing varies."""
    import numpy as np

    if not (np.isfinite(drawn).all() and np.isfinite(without).all()) or drawn.std() == 0:
        return None
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
