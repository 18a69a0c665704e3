"""Krippendorff's alpha: how far any number of raters agree, with gaps, on any scale.

alpha = 1 - D_o / D_e (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"). Ratings of one item are paired
with each other, each pair counting 1 / (m - 1) for an item with m ratings; D_o is the mean distance of such pairs, D_e
that of pairs of any two ratings. Distances: nominal 0 or 1; interval (c - k)^2; ratio ((c - k) / (c + k))^2; ordinal
(n_c / 2 + all between + n_k / 2)^2, by how often each value was given.

The interval is from the bootstrap over items; a resample is a weight for each item, so that all of them are one product
of matrices.
"""

from typing import Any, Literal

from sinan.statistics.bootstrap import indices
from sinan.types import Estimate

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
RESAMPLES = 1_000


def estimate_alpha(raters: Any, level: Level = "nominal") -> Estimate:
    """Alpha of a row for each rater, a column for each item, None where there is no rating. n: items that two raters or
    more have rated. No value where all ratings are one and the same: there is nothing that they could agree about.

    Raises ValueError for another level.
    """
    import numpy as np

    if level not in LEVELS:
        raise ValueError(f"Krippendorff's alpha knows the levels {', '.join(LEVELS)}, not {level}")
    table = np.array([[np.nan if one is None else one for one in row] for row in raters], dtype=float)
    table = table[:, (~np.isnan(table)).sum(axis=0) > 1]
    n = table.shape[1]
    if not n:
        return Estimate(None, None, None, "none", 0)
    items = _Items(table, level)
    value = float(items.alpha(np.ones((1, n)))[0])
    if np.isnan(value):
        return Estimate(None, None, None, "none", n)
    if n < 2:
        return Estimate(value, None, None, "none", n)
    drawn = np.concatenate([items.alpha(_weights(rows, n)) for rows in indices(n, RESAMPLES)])
    if np.isnan(drawn).any():  # resamples of one value alone
        return Estimate(value, None, None, "none", n)
    low, high = (float(bound) for bound in np.percentile(drawn, (2.5, 97.5)))
    return Estimate(value, float(np.std(drawn, ddof=1)), (low, high), "bootstrap", n)


def _weights(rows: Any, n: int) -> Any:
    """(resamples, items drawn) -> (resamples, how often each item was drawn)."""
    import numpy as np

    return np.stack([np.bincount(row, minlength=n) for row in rows]).astype(float)


class _Items:
    """What each item adds to alpha. `counts`: (items, values) how often each value was given."""

    def __init__(self, table: Any, level: Level) -> None:
        import numpy as np

        self._level = level
        self._values = np.unique(table[~np.isnan(table)])
        self.counts = np.stack([(table == value).sum(axis=0) for value in self._values], axis=1).astype(float)
        self._share = 1 / (self.counts.sum(axis=1) - 1)

    def alpha(self, weights: Any) -> Any:
        """(resamples, items) weights -> (resamples,) values; NaN where all ratings are the same."""
        import numpy as np

        given = weights @ self.counts
        total = given.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            if self._level == "ordinal":
                found = [self._of(w[None], g[None], _ordinal(g)) for w, g in zip(weights, given, strict=True)]
                observed, expected = (np.concatenate(parts) for parts in zip(*found, strict=True))
            else:
                observed, expected = self._of(weights, given, _distance(self._values, self._level))
            return 1 - (total - 1) * observed / np.where(expected > 0, expected, np.nan)

    def _of(self, weights: Any, given: Any, distance: Any) -> tuple[Any, Any]:
        """Sums of distances: of pairs within items, each item's over its m - 1, and of all pairs."""
        import numpy as np

        within = np.einsum("iv,vw,iw->i", self.counts, distance, self.counts, optimize=True) * self._share
        return weights @ within, np.einsum("rv,vw,rw->r", given, distance, given, optimize=True)


def _distance(values: Any, level: Level) -> Any:
    import numpy as np

    one, other = values[:, None], values[None, :]
    if level == "nominal":
        return (one != other).astype(float)
    if level == "interval":
        return (one - other) ** 2
    both = one + other
    return np.where(both == 0, 0.0, ((one - other) / np.where(both == 0, 1, both)) ** 2)


def _ordinal(given: Any) -> Any:
    """By how often each value was given, in the order of the values."""
    import numpy as np

    middle = np.cumsum(given) - given / 2
    return (middle[:, None] - middle[None, :]) ** 2
