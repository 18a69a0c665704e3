"""Bootstrap replicates that are drawn as lm-evaluation-harness draws them, so that its standard errors come out again.

Its rule: 100,000 resamples (100 where the metric is of a corpus of texts), in chunks of at most 1,000; chunk i draws
with `random.Random(i).choices(units, k=n)`, resample after resample. Here numpy's Mersenne Twister, begun in the very
same state, gives the same indices a thousand at a time.

The standard error is the sample standard deviation (n - 1) of the replicates. The interval is ours, as of
`statistics.resampled`: BCa from the same replicates, or from more of them where the rule has too few for one.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sinan.statistics.clustered import shared
from sinan.statistics.resampled import RESAMPLES, SEED, bca, jackknife, resampled
from sinan.statistics.resampled import replicates as drawn_anew
from sinan.types import Estimate

if TYPE_CHECKING:
    import numpy as np

CHUNK = 1_000
ITERATIONS = 100_000
OF_TEXTS = 100
"""Resamples of a metric over texts."""

_AT_ONCE = 1 << 21
"""Numbers of units that are held at one time."""

FEWEST, NUMBERS = 1_000, 100_000_000
"""Resamples for an interval, at least; and what all of them may read, where the harness's own are too few."""

Statistic = Callable[[Any], Any]
"""(resamples, units, width) -> one value for each resample."""


def indices(n: int, iterations: int, width: int = 1) -> "Iterator[np.ndarray[Any, Any]]":
    """The drawn places, (resamples, n) at a time, in the order of the draws; each stands for `width` numbers."""
    import numpy as np

    chunk = min(CHUNK, iterations)
    for seed in range(iterations // chunk):
        stream = np.random.RandomState([seed])  # a list seeds as Python's random does
        left = chunk
        while left:
            rows = min(left, max(1, _AT_ONCE // (n * width)))
            yield (stream.random_sample((rows, n)) * n).astype(np.intp)
            left -= rows


def replicates(
    units: "np.ndarray[Any, Any]", statistic: Statistic, iterations: int = ITERATIONS
) -> "np.ndarray[Any, Any]":
    """The statistic of every resample of the units (n, width)."""
    import numpy as np

    return np.concatenate([statistic(units[places]) for places in indices(len(units), iterations, units.shape[1])])


def bootstrapped(
    values: Sequence[float],
    width: int,
    statistic: Statistic,
    iterations: int | None = None,
    clusters: Sequence[int] = (),
) -> Estimate:
    """The statistic of all units, its standard error and interval from the bootstrap; no error of a single unit.

    `values` are rows of `width` numbers, one after the other; `iterations` None: `ITERATIONS`. Where a value is no
    number (a perplexity that overflows), so is the estimate. `clusters`: of each row; where two are of one, clusters
    are drawn instead, as `statistics.resampled` has it.
    """
    if clusters and shared(clusters):
        return resampled(_bytes(values), width, statistic, tuple(clusters))
    return _bootstrapped(_bytes(values), width, statistic, iterations or ITERATIONS)


def _bytes(values: Sequence[float]) -> bytes:
    from array import array

    return array("d", values).tobytes()


@lru_cache(maxsize=64)  # a run that is watched asks for the same numbers again and again
def _bootstrapped(values: bytes, width: int, statistic: Statistic, iterations: int) -> Estimate:
    import numpy as np

    units = np.frombuffer(values, dtype=np.float64).reshape(-1, width)
    n = len(units)
    if n == 0:
        return Estimate(None, None, None, "none", 0)
    with np.errstate(all="ignore"):
        value = float(statistic(units[np.newaxis])[0])
        drawn = replicates(units, statistic, iterations) if n > 1 else np.empty(0)
    if not math.isfinite(value):
        return Estimate(None, None, None, "none", n)
    if n < 2 or not np.isfinite(drawn).all():
        return Estimate(value, None, None, "none", n)
    stderr, seeds = float(drawn.std(ddof=1)), f"seeds 0 to {max(0, iterations // CHUNK - 1)}"
    place = np.arange(n)
    with np.errstate(all="ignore"):
        if iterations < FEWEST:
            iterations, seeds = max(FEWEST, min(RESAMPLES, NUMBERS // units.size)), f"seed {SEED}"
            drawn = drawn_anew(units, place, statistic, iterations)
        interval = bca(value, drawn, jackknife(units, place, statistic))
    if interval is None:
        return Estimate(value, stderr, None, "none", n)
    return Estimate(value, stderr, interval, "bca bootstrap", n, notes=(f"{iterations:,} resamples, {seeds}",))
