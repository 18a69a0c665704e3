"""Does a model know how sure it may be? From the probability that it gives to each option.

Brier's score (1950) is the mean, over questions, of the sum over options of (p - [the right one])^2: from 0 to 2, less
is better. The expected calibration error (Guo et al., arXiv:1706.04599) puts questions into 15 bins of equal width by
the probability of the option that was chosen, and is the mean distance between that and the share that was right.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from sinan.statistics.averages import by_t
from sinan.statistics.intervals import accuracy, mean
from sinan.types import Estimate, Metric

BINS = 15


def estimate_brier(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """The mean with its t interval, within [0, 2]."""
    found = by_t(values, clusters)
    return found if found.ci is None else replace(found, ci=(max(0.0, found.ci[0]), min(2.0, found.ci[1])))


def estimate_ece(values: Sequence[float], k: int) -> Estimate:
    """Of rows (confidence, right), one after the other. There is no interval: the error of a small number of
    questions is too large by itself, and resampling them would add to that rather than show it."""
    n = len(values) // 2
    if not n:
        return Estimate(None, None, None, "none", 0)
    gaps: list[list[float]] = [[] for _ in range(BINS)]
    for confidence, right in zip(values[::2], values[1::2], strict=True):
        gaps[_bin(confidence)].append(right - confidence)
    return Estimate(math.fsum(abs(math.fsum(own)) for own in gaps) / n, None, None, "none", n)


def _bin(confidence: float) -> int:
    """Bins are open below and closed above; the first holds 0 as well."""
    return min(BINS - 1, max(0, math.ceil(confidence * BINS) - 1))


brier = Metric("brier", mean, estimate_brier, of="brier", clustered=estimate_brier)
ece = Metric("ece", mean, estimate_ece, of="ece", width=2)
CALIBRATED = (accuracy, brier, ece)
"""Of a protocol that compares log-likelihoods as they are."""
