"""Which differences are sure, all together, and where that leaves each model: an interval of ranks.

A model's own interval says nothing of its rank. So every pair is tested on its difference, and the tests share one
level: the chance that any of them is wrong stays below alpha. A model's rank is then surely behind all that are surely
better, and before all that are surely worse (Mogstad, Romano, Shaikh and Wilhelm 2024). The critical value is that of
the largest of all |t|, found by drawing their joint distribution, and found again for the pairs that are left once some
are decided (Romano and Wolf 2005).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from sinan.ranking.contrasts import Contrasts, Numbers

DRAWS = 10_000
FEW = 29
"""Degrees of freedom below which the normal distribution is not near enough."""

Method = Literal["max-t", "bonferroni"]


@dataclass(frozen=True)
class Decided:
    """What is sure of M models."""

    sign: NDArray[np.int8]
    """(M, M) 1 where the row's model is surely above the column's, -1 where it is surely below, else 0."""
    critical: float
    """Standard errors that a difference of all pairs must exceed, before any is decided: the half-width of
    simultaneous intervals. Infinite where nothing can be said."""
    unvaried: float
    """The same of a difference that is alike for all items, and has but a stand-in for an error."""

    @property
    def intervals(self) -> list[tuple[int, int]]:
        """Of each model the first and the last rank that it may have."""
        models = len(self.sign)
        better, worse = (self.sign < 0).sum(axis=1), (self.sign > 0).sum(axis=1)
        return [(1 + int(b), models - int(w)) for b, w in zip(better, worse, strict=True)]

    @property
    def reversed(self) -> "Decided":
        """Where the smaller number is the better one."""
        return replace(self, sign=-self.sign)


def max_t(contrasts: Contrasts, alpha: float = 0.05, seed: int = 0, draws: int = DRAWS) -> Decided:
    """Step-down with the joint distribution of all t. With few clusters their common tail is Student's: the normal
    draws are divided by the root of a chi-square over its degrees of freedom."""
    t = _t(contrasts)
    if (rows := contrasts.rows) is None or contrasts.df < 1 or not len(t):
        return bonferroni(contrasts, alpha)
    random = np.random.default_rng(seed)
    normal = random.standard_normal((draws, rows.shape[1]))
    if contrasts.df < 1e6:
        normal /= np.sqrt(random.chisquare(contrasts.df, draws) / contrasts.df)[:, None]
    left = np.isfinite(contrasts.stderr)
    critical = first = _quantile(contrasts, normal, left, alpha)
    # Where nothing varies there is nothing to draw: what stands in for an error there has a critical value of its own.
    unvaried = max(first, _alone(contrasts, alpha, few=True))
    own = np.where(contrasts.varies, 0.0, unvaried)
    while (surely := left & (np.abs(t) > np.maximum(critical, own))).any() and (left := left & ~surely).any():
        critical = _quantile(contrasts, normal, left, alpha)
    return Decided(_signs(contrasts, np.where(left, 0.0, t)), first, unvaried)


def bonferroni(contrasts: Contrasts, alpha: float = 0.05) -> Decided:
    """Every pair at alpha / P, with no draws: a little wider, and the same on every machine. Quantiles are the normal
    distribution's; of clusters, and of fewer than 30 items, Student's. Where numbers vary it takes their errors as they
    are, without a floor."""
    critical = _alone(contrasts, alpha, contrasts.clustered or contrasts.df < FEW)
    if contrasts.plain is not None:
        contrasts = replace(contrasts, stderr=np.where(contrasts.varies, contrasts.plain, contrasts.stderr))
    t = _t(contrasts)
    return Decided(_signs(contrasts, np.where(np.abs(t) > critical, t, 0.0)), critical, critical)


def _alone(contrasts: Contrasts, alpha: float, few: bool) -> float:
    """The critical value of one pair among all, whatever the others do. `few`: Student's."""
    level = 1 - alpha / 2 / max(1, len(contrasts.difference))
    if contrasts.df < 1:
        return float(np.inf)
    return float(stdtrit(min(contrasts.df, 1e9), level) if few else ndtri(level))


def _t(contrasts: Contrasts) -> Numbers:
    """0 where there is no standard error: nothing is sure there."""
    known = np.isfinite(contrasts.stderr) & (contrasts.stderr > 0) & np.isfinite(contrasts.difference)
    return np.divide(contrasts.difference, contrasts.stderr, out=np.zeros(len(known)), where=known)


def _quantile(contrasts: Contrasts, normal: Numbers, among: NDArray[np.bool_], alpha: float) -> float:
    """The 1 - alpha quantile of the largest error among these pairs."""
    return float(np.quantile(contrasts.largest(normal, among), 1 - alpha, method="higher"))


def _signs(contrasts: Contrasts, sure: Numbers) -> NDArray[np.int8]:
    models = contrasts.models
    sign = np.zeros((models, models), np.int8)
    sign[contrasts.first, contrasts.second] = np.sign(sure)
    sign[contrasts.second, contrasts.first] = -np.sign(sure)
    return sign
