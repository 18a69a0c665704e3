"""How far apart two systems are by a number that is no mean of the questions' own: BLEU, F1, a ratio of sums, a median.

Test: approximate randomisation (Noreen 1989): without a difference it plays no part which system gave which answer,
so the two answers to a question are swapped at random, and the p-value is the share of swaps that make a difference as
large, what was seen counting as one. Interval: bootstrap over questions, both systems' answers drawn together,
bias-corrected and accelerated (Efron 1987), the acceleration from leaving out one unit at a time. Questions of one
cluster are swapped, drawn and left out together.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sinan.statistics.resampled import batches, bca, jackknife, numbered, replicates
from sinan.statistics.wholes import Whole, many_at_once, whole_of
from sinan.types import Metric, PairedDifference

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DRAWS = 10_000
"""At most; fewer where a draw is expensive."""
FEWEST = 200
NUMBERS, OF_CLUSTERS, BY_ESTIMATE = 400_000_000, 20_000_000, 4_000_000
"""That all draws together may read: where many are made at once, where clusters make each another length, and where
each is an estimate of its own."""


def paired_wholes(
    a: "npt.NDArray[np.float64]",
    b: "npt.NDArray[np.float64]",
    metrics: tuple[Metric, Metric],
    clusters: "Sequence[Any] | npt.NDArray[Any] | None" = None,
    seed: int = 0,
) -> PairedDifference:
    """The difference of two wholes over the same units. `a` and `b`: (units, width). Raises ValueError where the two
    metrics read rows of different widths."""
    import numpy as np

    if a.shape != b.shape:
        raise ValueError(f"rows of {a.shape} numbers cannot be paired with {b.shape}")
    place = numbered(np.arange(len(a)) if clusters is None else clusters)
    units, wholes = np.concatenate((a, b), axis=1), (whole_of(metrics[0]), whole_of(metrics[1]))
    difference = partial(_differences, wholes, a.shape[1])
    with np.errstate(all="ignore"):
        values = [float(whole(side[np.newaxis])[0]) for whole, side in zip(wholes, (a, b), strict=True)]
        if not np.isfinite(values).all():
            return _alone(values, len(a))
        # Two metrics that are not one and the same cannot change places.
        if place.max() < 1 or (metrics[0].kind or metrics[0].name) != (metrics[1].kind or metrics[1].name):
            return _alone(values, len(a))
        seen, draws = values[0] - values[1], _draws(units, place, all(map(many_at_once, metrics)))
        p_value = _randomised(units, place, difference, draws, seed, seen)
        drawn = replicates(units, place, difference, draws, seed)
        interval = bca(seen, drawn, jackknife(units, place, difference, seed))
    found = _found(values, place, draws, seed, p_value, drawn, interval)
    return replace(found, discordant=int((a != b).any(axis=1).sum()))


def _alone(values: Sequence[float], n: int) -> PairedDifference:
    """Two numbers and no more."""
    a, b = (None if value != value or value in (float("inf"), float("-inf")) else value for value in values)
    return PairedDifference(a, b, None if a is None or b is None else a - b, None, None, None, "none", n)


def _found(
    values: Sequence[float], place: Any, draws: int, seed: int, p_value: float, drawn: Any, interval: Any
) -> PairedDifference:
    count = int(place.max()) + 1
    clustered = count < len(place)
    by = " by cluster" if clustered else ""
    of = f"{draws:,} draws, seed {seed}"
    how = f"bca bootstrap{by} ({of})" if interval else "no interval"
    return PairedDifference(
        values[0],
        values[1],
        values[0] - values[1],
        float(drawn.std(ddof=1)) if interval else None,
        interval,
        p_value,
        f"approximate randomisation{by} ({of}), {how}",
        len(place),
        count if clustered else None,
        tests={"randomisation": {"p": p_value, "draws": draws, "seed": seed}},
        intervals={"bootstrap": interval} if interval else {},
    )


def _differences(wholes: tuple[Whole, Whole], width: int, drawn: Any) -> Any:
    """Of resamples of both systems' rows beside each other."""
    return wholes[0](drawn[..., :width]) - wholes[1](drawn[..., width:])


def _randomised(units: Any, place: Any, difference: Any, draws: int, seed: int, seen: float) -> float:
    """The p-value."""
    import numpy as np

    generator, hits, width = np.random.default_rng(seed), 0, units.shape[1] // 2
    turned = np.concatenate((units[:, width:], units[:, :width]), axis=1)
    for rows in batches(draws, units.size):
        swapped = generator.integers(0, 2, (rows, int(place.max()) + 1), dtype=np.int8)[:, place, np.newaxis] == 1
        hits += int((np.abs(difference(np.where(swapped, turned, units))) >= abs(seen) - 1e-12).sum())
    return (1 + hits) / (1 + draws)


def _draws(units: Any, place: Any, at_once: bool) -> int:
    budget = BY_ESTIMATE if not at_once else NUMBERS if place.max() + 1 == len(place) else OF_CLUSTERS
    return int(max(FEWEST, min(DRAWS, budget // units.size)))
