"""How far apart two systems are by a number that is no mean of the questions' own: BLEU, F1, a ratio of sums, a median.

Test: approximate randomisation (Noreen 1989): without a difference it plays no part which system gave which answer,
so the two answers to a question are swapped at random, and the p-value is the share of swaps that make a difference as
large, what was seen counting as one. Interval: bootstrap over questions, both systems' answers drawn together,
bias-corrected and accelerated (Efron 1987), the acceleration from leaving out one unit at a time. Questions of one
cluster are swapped, drawn and left out together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sinan.statistics.proportions import LEVEL
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
_AT_ONCE = 1 << 21
LEFT_OUT_AT_MOST = 500
"""Units, or groups of them, that are left out one after the other."""


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
    wholes = _Wholes(a, b, (whole_of(metrics[0]), whole_of(metrics[1])), _places(clusters, len(a)))
    with np.errstate(all="ignore"):
        values = [float(whole(side[np.newaxis])[0]) for whole, side in zip(wholes.of, (a, b), strict=True)]
        if not np.isfinite(values).all():
            return _alone(values, len(a))
        # Two metrics that are not one and the same cannot change places.
        if wholes.count < 2 or (metrics[0].kind or metrics[0].name) != (metrics[1].kind or metrics[1].name):
            return _alone(values, len(a))
        draws = _draws(wholes, all(map(many_at_once, metrics)))
        p_value = wholes.randomised(values[0] - values[1], draws, seed)
        drawn = wholes.resampled(draws, seed)
        interval = _bca(drawn, values[0] - values[1], wholes.left_out(seed))
    return _found(values, wholes, draws, seed, p_value, drawn, interval)


def _alone(values: Sequence[float], n: int) -> PairedDifference:
    """Two numbers and no more."""
    a, b = (None if value != value or value in (float("inf"), float("-inf")) else value for value in values)
    return PairedDifference(a, b, None if a is None or b is None else a - b, None, None, None, "none", n)


def _found(
    values: Sequence[float], wholes: "_Wholes", draws: int, seed: int, p_value: float, drawn: Any, interval: Any
) -> PairedDifference:
    clustered = wholes.count < len(wholes.a)
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
        len(wholes.a),
        wholes.count if clustered else None,
        tests={"randomisation": {"p": p_value, "draws": draws, "seed": seed}},
        intervals={"bootstrap": interval} if interval else {},
    )


@dataclass(frozen=True, eq=False)
class _Wholes:
    """Both systems' rows, and which rows go together."""

    a: Any
    b: Any
    of: tuple[Whole, Whole]
    place: Any
    """Of each row its unit, counted from 0."""

    @property
    def count(self) -> int:
        """Units."""
        return int(self.place.max()) + 1 if len(self.place) else 0

    def _differences(self, a: Any, b: Any) -> Any:
        return self.of[0](a) - self.of[1](b)

    def randomised(self, seen: float, draws: int, seed: int) -> float:
        """The p-value."""
        import numpy as np

        generator, hits = np.random.default_rng(seed), 0
        for rows in _batches(draws, 2 * self.a.size):
            swapped = generator.integers(0, 2, (rows, self.count), dtype=np.int8)[:, self.place, np.newaxis] == 1
            differences = self._differences(np.where(swapped, self.b, self.a), np.where(swapped, self.a, self.b))
            hits += int((np.abs(differences) >= abs(seen) - 1e-12).sum())
        return (1 + hits) / (1 + draws)

    def resampled(self, draws: int, seed: int) -> Any:
        """The differences of resamples."""
        import numpy as np

        generator, found = np.random.default_rng([seed, 1]), []
        for rows in _batches(draws, 2 * self.a.size):
            chosen = generator.integers(0, self.count, (rows, self.count))
            if self.count == len(self.a):
                found.append(self._differences(self.a[chosen], self.b[chosen]))
            else:  # clusters differ in size, and so do resamples
                found += [self._of_rows(np.concatenate([self._members[unit] for unit in units])) for units in chosen]
        return np.concatenate(found)

    def left_out(self, seed: int) -> Any:
        """The differences without one unit each; where there are many units, without one group of them each."""
        import numpy as np

        order = np.random.default_rng([seed, 2]).permutation(self.count)
        group = np.empty(self.count, dtype=np.intp)
        group[order] = np.arange(self.count) % min(self.count, LEFT_OUT_AT_MOST)
        of_row = group[self.place]
        return np.concatenate([self._of_rows(np.flatnonzero(of_row != one)) for one in range(int(group.max()) + 1)])

    def _of_rows(self, rows: Any) -> Any:
        return self._differences(self.a[rows][None], self.b[rows][None])

    @cached_property
    def _members(self) -> list[Any]:
        import numpy as np

        order = np.argsort(self.place, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.place))[:-1])


def _places(clusters: Any, n: int) -> Any:
    import numpy as np

    return np.arange(n) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]


def _draws(wholes: _Wholes, at_once: bool) -> int:
    budget = BY_ESTIMATE if not at_once else NUMBERS if wholes.count == len(wholes.a) else OF_CLUSTERS
    return int(max(FEWEST, min(DRAWS, budget // (2 * wholes.a.size))))


def _batches(draws: int, size: int) -> list[int]:
    most = max(1, _AT_ONCE // size)
    return [min(most, draws - done) for done in range(0, draws, most)]


def _bca(drawn: Any, seen: float, left_out: Any) -> tuple[float, float] | None:
    """None where a resample has no number, or nothing varies."""
    import numpy as np
    from scipy.special import ndtr, ndtri

    if not (np.isfinite(drawn).all() and np.isfinite(left_out).all()) or drawn.std() == 0:
        return None
    below = ((drawn < seen).sum() + 0.5 * (drawn == seen).sum()) / len(drawn)
    bias = ndtri(np.clip(below, 0.5 / len(drawn), 1 - 0.5 / len(drawn)))
    apart = left_out.mean() - left_out
    squares = (apart**2).sum()
    speed = (apart**3).sum() / (6 * squares**1.5) if squares > 0 else 0.0
    shares = []
    for z in ndtri([0.5 - LEVEL / 2, 0.5 + LEVEL / 2]):
        moved = bias + (bias + z) / (1 - speed * (bias + z))
        shares.append(float(ndtr(moved)))
    low, high = (float(bound) for bound in np.quantile(drawn, shares))
    return low, high
