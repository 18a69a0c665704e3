"""How far do two or more agree? Over pairs of (right class, predicted class), or of what two or more raters say.

F1 is that of class 1 among two classes; Matthews' coefficient that of any number of classes (Gorodkin 2004). Where a
quotient is of nothing by nothing, both are 0. As lm-evaluation-harness (through scikit-learn) has them.

Cohen's kappa is (p_o - p_e) / (1 - p_e), p_o the share of pairs that agree and p_e what it would be by chance, by each
rater's own shares (Cohen 1960); weighted, a disagreement counts |i - j| or (i - j)^2 of the classes in their order
(Cohen 1968). Gwet's AC1 takes p_e = sum q_c (1 - q_c) / (C - 1), q_c the mean share of a class among both raters (Gwet
2008): where nearly all are of one class, kappa falls to 0 though nearly all agree, and AC1 does not.

All intervals are from the bootstrap over items.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from sinan.statistics.bootstrap import bootstrapped
from sinan.statistics.intervals import accuracy, mean
from sinan.types import Estimate, Metric


def estimate_f1(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """Rows of (gold, predicted), each 0 or 1. Of more classes there is no F1 without a way to average: no value."""
    if any(value not in (0.0, 1.0) for value in values):
        return Estimate(None, None, None, "none", len(values) // 2)
    return bootstrapped(values, 2, _f1, clusters=clusters)


def estimate_mcc(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """Rows of (gold, predicted), classes as whole numbers."""
    return bootstrapped(values, 2, _mcc, clusters=clusters)


def _f1(drawn: Any) -> Any:
    import numpy as np

    gold, predicted = drawn[:, :, 0], drawn[:, :, 1]
    hits = 2 * (gold * predicted).sum(axis=1)
    all_ = gold.sum(axis=1) + predicted.sum(axis=1)
    return np.where(all_ == 0, 0.0, hits / np.where(all_ == 0, 1, all_))


def _mcc(drawn: Any) -> Any:
    import numpy as np

    gold, predicted = drawn[:, :, 0], drawn[:, :, 1]
    n = drawn.shape[1]
    true = [(gold == one).sum(axis=1) for one in np.unique(drawn)]
    said = [(predicted == one).sum(axis=1) for one in np.unique(drawn)]
    both = (gold == predicted).sum(axis=1).astype(float) * n - sum(t * s for t, s in zip(true, said, strict=True))
    spread = (float(n) * n - sum(t * t for t in true)) * (float(n) * n - sum(s * s for s in said))
    return np.where(spread == 0, 0.0, both / np.sqrt(np.where(spread == 0, 1, spread)))


Weights = Literal["", "linear", "quadratic"]


def estimate_kappa(values: Sequence[float], k: int = 1, weights: Weights = "", pairs: int = 1) -> Estimate:
    """Cohen's kappa of rows (rater 1, rater 2), classes as numbers. No value where chance alone agrees always.

    `pairs` of one item stand one after the other and are drawn together; NaN fills up an item that has fewer."""
    return bootstrapped(values, 2 * pairs, partial(_kappa, weights, _classes(values)), RESAMPLES)


def estimate_ac1(values: Sequence[float], k: int = 1, pairs: int = 1) -> Estimate:
    """Gwet's AC1 of rows (rater 1, rater 2), classes as numbers; `pairs` as of `estimate_kappa`."""
    return bootstrapped(values, 2 * pairs, partial(_ac1, _classes(values)), RESAMPLES)


def _classes(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(sorted({value for value in values if not math.isnan(value)}))


def _pairs(drawn: Any) -> tuple[Any, Any, Any]:
    """(resamples, items, 2 pairs) -> what rater 1 and rater 2 say in each pair, and the weight of the pair in the mean
    over all pairs that there are."""
    import numpy as np

    pairs = drawn.reshape(len(drawn), -1, 2)
    there = (~np.isnan(pairs[:, :, 0])).astype(float)
    return pairs[:, :, 0], pairs[:, :, 1], there / there.sum(axis=1, keepdims=True)


def _shares(said: Any, weight: Any, classes: Sequence[float]) -> Any:
    """(resamples, classes)."""
    import numpy as np

    return np.stack([((said == one) * weight).sum(axis=1) for one in classes], axis=1)


def _kappa(weights: str, classes: Sequence[float], drawn: Any) -> Any:
    import numpy as np

    first, second, weight = _pairs(drawn)
    power = {"": 0, "linear": 1, "quadratic": 2}[weights]
    apart = np.abs(np.searchsorted(classes, first) - np.searchsorted(classes, second)).astype(float)
    places = np.arange(len(classes))
    cost = np.abs(np.subtract.outer(places, places)).astype(float)
    apart, cost = (np.where(one == 0, 0.0, one**power) for one in (apart, cost))
    seen = (apart * weight).sum(axis=1)
    chance = np.einsum("ri,ij,rj->r", _shares(first, weight, classes), cost, _shares(second, weight, classes))
    return np.where(chance <= 1e-12, np.nan, 1 - seen / np.where(chance <= 1e-12, 1, chance))


def _ac1(classes: Sequence[float], drawn: Any) -> Any:
    first, second, weight = _pairs(drawn)
    q = (_shares(first, weight, classes) + _shares(second, weight, classes)) / 2
    chance = (q * (1 - q)).sum(axis=1) / max(1, len(classes) - 1)
    agree = ((first == second) * weight).sum(axis=1)
    return (agree - chance) / (1 - chance)


RESAMPLES = 1_000
f1 = Metric("f1", mean, estimate_f1, width=2, ordered=True, clustered=estimate_f1)
mcc = Metric("mcc", mean, estimate_mcc, width=2, ordered=True, clustered=estimate_mcc)
kappa = Metric("kappa", mean, estimate_kappa, width=2, ordered=True)
YES_NO = (
    accuracy,
    accuracy.named("precision", "precision"),
    accuracy.named("recall", "recall"),
    f1.named("f1", "f1"),
    accuracy.named("yes_ratio", "yes_ratio"),
)
"""Of the scorers that read yes or no. Precision and recall are shares of the samples that they are about, so that their
n is the number of those."""
