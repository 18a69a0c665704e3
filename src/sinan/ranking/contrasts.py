"""All differences between several numbers that rest on the same units, with what they have in common.

Everything here is linear: a number is a mean, and a unit (a cluster of items, or an item by itself) pulls it up or
down by its influence. Given the data, the sum of influences times independent normal multipliers is itself normal, with
the covariance of the influences. So the covariance is what is kept, and a multiplier bootstrap over a million items
costs what one over ten does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]

FEW_DISCORDANT = 25
"""With clusters: below so many items that differ, the floor of Bonett and Price is held under a standard error."""
AT_ONCE = 512
"""Draws."""
MANY = 60
"""Models beyond which draws are compared in single precision: it moves the seventh digit of a critical value."""
MOST_PAIRS = 2_000
"""Of models that lack items: beyond it the pairs' own covariance is not computed."""


@dataclass(frozen=True)
class Contrasts:
    """The differences j - k of every pair j < k of M numbers, as rows of P = M (M - 1) / 2."""

    first: Indices
    """(P,) j."""
    second: Indices
    """(P,) k."""
    difference: Numbers
    """(P,)"""
    stderr: Numbers
    """(P,) 0 or NaN where it cannot be said."""
    n: Indices
    """(P,) items that a difference rests on."""
    df: float
    """Of the standard errors: clusters less one, of the pair that has the fewest; below 1 where nothing can be said."""
    root: Numbers | None = None
    """(P, r) A square root of the pairs' covariance, where it is not that of the numbers."""
    clustered: bool = False
    """Whether the units are clusters of several items."""
    plain: Numbers | None = None
    """(P,) standard errors without the floor; None where there is none."""
    whole: Numbers | None = None
    """(M, r) A square root of the numbers' covariance: the differences of its rows are the pairs'. Without it and
    `root` the joint distribution is not known."""

    @property
    def models(self) -> int:
        """M."""
        return int(self.second.max(initial=0)) + 1

    @property
    def varies(self) -> NDArray[np.bool_]:
        """(P,) whether a pair's numbers differ from item to item by more than a constant."""
        rows = self.rows
        if rows is None:
            return np.isfinite(self.stderr)
        found: NDArray[np.bool_] = np.einsum("pr,pr->p", rows, rows) > 1e-24
        return found

    @property
    def rows(self) -> Numbers | None:
        """(P, r) A square root of the pairs' covariance; None where it is not known."""
        return self.root if self.whole is None else self.whole[self.first] - self.whole[self.second]

    def among(self, models: Sequence[int]) -> "Contrasts":
        """Of these models alone, in this order."""
        at = np.zeros((self.models, self.models), dtype=np.int64)
        at[self.first, self.second] = at[self.second, self.first] = np.arange(len(self.first))
        chosen = np.asarray(models, dtype=np.int64)
        first, second = pairs(len(chosen))
        row = at[chosen[first], chosen[second]]
        turned = np.where(chosen[first] < chosen[second], 1.0, -1.0)
        return replace(
            self,
            first=first,
            second=second,
            difference=self.difference[row] * turned,
            stderr=self.stderr[row],
            n=self.n[row],
            root=None if self.root is None else self.root[row] * turned[:, None],
            plain=None if self.plain is None else self.plain[row],
            whole=None if self.whole is None else self.whole[chosen],
        )

    def largest(self, normal: Numbers, among: NDArray[np.bool_]) -> Numbers:
        """(draws, r) standard normal numbers -> (draws,) the largest absolute error among these pairs, each over its
        own standard deviation."""
        rows = self.rows
        assert rows is not None
        spread = np.sqrt(np.einsum("pr,pr->p", rows, rows))
        scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=(spread > 0) & among)
        most = np.zeros(len(normal))
        if self.whole is None:
            used = scale > 0
            found: Numbers = np.abs((rows[used] * scale[used, None]) @ normal.T).max(axis=0, initial=0.0)
            return found
        kind = np.float32 if self.models > MANY else np.float64
        square = np.zeros((self.models, self.models), kind)
        square[self.first, self.second] = scale
        for start in range(0, len(normal), AT_ONCE):  # what is made of a few draws stays near the processor
            drawn = (self.whole @ normal[start : start + AT_ONCE].T).astype(kind)
            _raise_to_largest(most[start : start + AT_ONCE], drawn, square)
        return most


def _raise_to_largest(most: Numbers, drawn: NDArray[Any], square: NDArray[Any]) -> None:
    """By model: the errors of all pairs at once are more than memory is for."""
    for model, own in enumerate(square):
        others = np.flatnonzero(own)
        if not len(others):
            continue
        dense = 2 * len(others) > len(own) - model
        chosen = slice(model + 1, None) if dense else others
        apart = drawn[chosen] - drawn[model]
        np.abs(apart, out=apart)
        apart *= own[chosen, None]
        np.maximum(most, apart.max(axis=0, initial=0.0), out=most)


def pairs(models: int) -> tuple[Indices, Indices]:
    """Every j < k."""
    first, second = np.triu_indices(models, 1)
    return first.astype(np.int64), second.astype(np.int64)


def of_items(values: Numbers, clusters: Indices) -> Contrasts:
    """Of the means of M models over N items, paired by item, each pair on the items that both have.

    `values`: (M, N), NaN where a model has no number for an item. `clusters`: (N,) numbers from 0; items of one
    cluster are not independent. Standard errors are the sandwich's, with the factor G / (G - 1); of differences of
    numbers in [0, 1] never below those of Bonett and Price (2012), which are above 0 also where no item differs.
    """
    there = ~np.isnan(values)
    first, second = pairs(len(values))
    n = (there.astype(np.float32) @ there.astype(np.float32).T)[first, second].astype(np.int64)
    if there.all():
        influence = _summed(values - values.mean(axis=1, keepdims=True), clusters) / max(1, values.shape[1])
        whole: Numbers | None = _root(influence)
        assert whole is not None
        difference = values.mean(axis=1)[first] - values.mean(axis=1)[second]
        apart: Numbers = whole[first] - whole[second]
        root: Numbers | None = None
        groups = np.full(len(first), influence.shape[1])
        variance = np.einsum("pr,pr->p", apart, apart)
    else:
        whole = None
        difference, variance, groups, root = _on_intersections(values, there, clusters, first, second)
    with np.errstate(invalid="ignore", divide="ignore"):
        stderr = np.sqrt(variance * np.where(groups > 1, groups / (groups - 1.0), np.nan))
    clustered = len(np.unique(clusters)) < values.shape[1]
    floored = _no_less_than_bonett_price(stderr, values, there, first, second, n, clustered)
    df = float(groups.min(initial=values.shape[1])) - 1
    return Contrasts(first, second, difference, floored, n, df, root, clustered, stderr, whole)


def of_covariance(
    values: Numbers, covariance: Numbers, n: Indices, df: float, clustered: bool, stderr: Numbers | None = None
) -> Contrasts:
    """Of M numbers with a joint covariance. `stderr`: of the pairs, where not the covariance's own."""
    first, second = pairs(len(values))
    own, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    whole = vectors * np.sqrt(np.maximum(own, 0))
    if stderr is None:
        root = whole[first] - whole[second]
        stderr = np.sqrt(np.einsum("pr,pr->p", root, root))
    return Contrasts(first, second, values[first] - values[second], stderr, n, df, None, clustered, whole=whole)


def weighted(parts: Sequence[Contrasts], weights: Sequence[float]) -> Contrasts:
    """Of weighted sums over independent parts, such as benchmarks; degrees of freedom by Welch and Satterthwaite."""
    squares = np.array([(w * part.stderr) ** 2 for part, w in zip(parts, weights, strict=True)])
    frees = np.array([max(part.df, 1e-9) for part in parts])
    with np.errstate(invalid="ignore", divide="ignore"):
        free = squares.sum(axis=0) ** 2 / (squares**2 / frees[:, None]).sum(axis=0)
    whole = _side_by_side([part.whole for part in parts], weights)
    root = _side_by_side([part.rows for part in parts], weights) if whole is None else None
    difference = np.sum([w * part.difference for part, w in zip(parts, weights, strict=True)], axis=0)
    n = np.sum([part.n for part in parts], axis=0)
    least = float(np.nanmin(free, initial=np.inf)) if np.isfinite(free).any() else float(frees.min())
    clustered = any(part.clustered for part in parts)
    return Contrasts(
        parts[0].first,
        parts[0].second,
        difference,
        np.sqrt(squares.sum(axis=0)),
        n,
        least,
        root,
        clustered,
        whole=whole,
    )


def _side_by_side(roots: Sequence[Numbers | None], weights: Sequence[float]) -> Numbers | None:
    """A square root of the covariance of a weighted sum of independent parts; None where one is not known."""
    known = [w * root for w, root in zip(weights, roots, strict=True) if root is not None]
    return _root(np.hstack(known)) if len(known) == len(roots) else None


def _summed(influence: Numbers, clusters: Indices) -> Numbers:
    """(M, N) by item -> (M, G) by cluster."""
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    return np.add.reduceat(influence[:, order], starts, axis=1) if len(order) else influence


def _root(influence: Numbers) -> Numbers:
    """(M, G) -> (M, r), r <= M, with the same products of rows."""
    if influence.shape[1] <= influence.shape[0]:
        return influence
    own, vectors = np.linalg.eigh(influence @ influence.T)
    root: Numbers = vectors * np.sqrt(np.maximum(own, 0))
    return root


def _on_intersections(
    values: Numbers, there: NDArray[np.bool_], clusters: Indices, first: Indices, second: Indices
) -> tuple[Numbers, Numbers, Indices, Numbers | None]:
    """Difference, sum of squared influences, clusters and root of every pair, each on the items that both have."""
    wide = len(first) <= MOST_PAIRS
    difference, variance, groups = (np.full(len(first), np.nan) for _ in range(3))
    rows: list[Numbers] = []
    for at, (j, k) in enumerate(zip(first, second, strict=True)):
        both = there[j] & there[k]
        apart = np.where(both, values[j] - values[k], 0.0)
        n = int(both.sum())
        difference[at] = apart.sum() / n if n else np.nan
        influence = np.bincount(clusters, np.where(both, apart - difference[at], 0.0)) / max(n, 1)
        variance[at], groups[at] = influence @ influence, np.count_nonzero(np.bincount(clusters, both))
        if wide:
            rows.append(influence)
    return difference, variance, groups.astype(np.int64), _root(np.array(rows)) if wide else None


def _no_less_than_bonett_price(
    stderr: Numbers,
    values: Numbers,
    there: NDArray[np.bool_],
    first: Indices,
    second: Indices,
    n: Indices,
    clustered: bool,
) -> Numbers:
    """One pair is added to each side, which also draws the difference nearer to 0: the floor is scaled by (n + 2) / n,
    so that a difference over it is that of the two, as they are. Of graded numbers the floor stands in where nothing
    varies; of numbers beyond [0, 1] nothing does."""
    known = np.where(there, values, 0.0)
    if known.min(initial=0.0) < 0 or known.max(initial=0.0) > 1:
        return stderr
    single = bool(((known == 0) | (known == 1)).all())
    ahead = known @ there.T.astype(np.float64) - _least_sums(known, single)
    up, down = ahead[first, second], ahead.T[first, second]
    plus, minus = (up + 1) / (n + 2), (down + 1) / (n + 2)
    floor = np.sqrt((plus + minus - (plus - minus) ** 2) / (n + 2)) * (n + 2) / np.maximum(n, 1)
    held = np.full(len(stderr), single) & (not clustered or (up + down < FEW_DISCORDANT)) | (stderr == 0)
    return np.where(held, np.maximum(stderr, floor), stderr)


def _least_sums(known: Numbers, single: bool) -> Numbers:
    """(M, M) sums over the items of the smaller of two models' numbers."""
    if single:
        return known @ known.T
    return np.array([np.minimum(row, known).sum(axis=1) for row in known])
