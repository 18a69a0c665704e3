"""F1 and Matthews' correlation over pairs of (right class, predicted class), with bootstrapped standard errors.

F1 is that of class 1 among two classes; Matthews' coefficient that of any number of classes (Gorodkin 2004). Where a
quotient is of nothing by nothing, both are 0. As lm-evaluation-harness (through scikit-learn) has them.
"""

from collections.abc import Sequence
from typing import Any

from sinan.statistics.bootstrap import bootstrapped
from sinan.statistics.intervals import accuracy, mean
from sinan.types import Estimate, Metric


def estimate_f1(values: Sequence[float], k: int) -> Estimate:
    """Rows of (gold, predicted), each 0 or 1. Of more classes there is no F1 without a way to average: no value."""
    if any(value not in (0.0, 1.0) for value in values):
        return Estimate(None, None, None, "none", len(values) // 2)
    return bootstrapped(values, 2, _f1)


def estimate_mcc(values: Sequence[float], k: int) -> Estimate:
    """Rows of (gold, predicted), classes as whole numbers."""
    return bootstrapped(values, 2, _mcc)


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


f1 = Metric("f1", mean, estimate_f1, width=2, ordered=True)
mcc = Metric("mcc", mean, estimate_mcc, width=2, ordered=True)
YES_NO = (
    accuracy,
    accuracy.named("precision", "precision"),
    accuracy.named("recall", "recall"),
    f1.named("f1", "f1"),
    accuracy.named("yes_ratio", "yes_ratio"),
)
"""Of the scorers that read yes or no. Precision and recall are shares of the samples that they are about, so that their
n is the number of those."""
