"""Of wins and lengths: a share of weighted games, and a win rate at equal lengths.

A share is sum(part) / sum(whole) over rows of (part, whole). Its standard error is that of a ratio of means,
sqrt(sum((part - share * whole)^2) / (n (n - 1))) / mean(whole); its interval is t's, within [0, 1], and with few rows
or no spread at all no narrower than Wilson's for (sum whole)^2 / sum(whole^2) games.

The win rate at equal lengths fits log-odds(win) = a + b tanh(d / s) to rows of (won, d), d the difference of the
answers' lengths and s its standard deviation, and is 1 / (1 + exp(-a)): what the judge is expected to say where both
are as long. b has a standard normal prior, so that few rows cannot run away with it. It is an estimate of ours.
AlpacaEval's length-controlled win rate (Dubois et al., arXiv:2404.04475) has one more term, the difficulty of each
instruction, which is fitted on all models of its leaderboard: the two are not the same number.
"""

import math
from collections.abc import Sequence
from typing import Any

from sinan.statistics.bootstrap import bootstrapped
from sinan.statistics.clustered import shared
from sinan.statistics.intervals import AT_LEAST_WILSON, mean, t_quantile, wilson
from sinan.statistics.ratio import linearised
from sinan.types import Estimate, Metric

RESAMPLES = 1_000
STEPS = 25
"""Of Newton's method; it has converged after ten."""
FARTHEST = 12.0
"""Log-odds beyond which a fit does not go: where all is won there is no finite one."""


def estimate_share(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """Of rows of (part, whole)."""
    parts, wholes = values[::2], values[1::2]
    n, whole = len(wholes), math.fsum(wholes)
    if not whole:
        return Estimate(None, None, None, "none", n)
    value = min(1.0, max(0.0, math.fsum(parts) / whole))
    if clusters and shared(clusters):
        deviations = [(part - value * one) / whole for part, one in zip(parts, wholes, strict=True)]
        return linearised(value, deviations, 0.0, 1.0, clusters)
    games = whole**2 / math.fsum(one * one for one in wholes)
    least = wilson(value * games, games)
    if n < 2:
        return Estimate(value, None, least, AT_LEAST_WILSON, n)
    spread = math.fsum((part - value * one) ** 2 for part, one in zip(parts, wholes, strict=True))
    stderr = math.sqrt(spread / (n * (n - 1))) * n / whole
    low, high = value - t_quantile(n - 1) * stderr, value + t_quantile(n - 1) * stderr
    if n < 30 or stderr == 0:
        return Estimate(
            value, stderr, (max(0.0, min(low, least[0])), min(1.0, max(high, least[1]))), AT_LEAST_WILSON, n
        )
    return Estimate(value, stderr, (max(0.0, low), min(1.0, high)), "t", n)


def estimate_at_equal_lengths(values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    """Of rows of (won, difference of lengths); the interval is from the bootstrap."""
    return bootstrapped(values, 2, _at_equal_lengths, RESAMPLES, clusters)


def _at_equal_lengths(drawn: Any) -> Any:
    """(resamples, rows, 2) -> one rate for each resample."""
    import numpy as np

    won, apart = drawn[:, :, 0], drawn[:, :, 1]
    spread = apart.std(axis=1, keepdims=True)
    x = np.tanh(apart / np.where(spread == 0, 1, spread))
    a = b = np.zeros((len(drawn), 1))
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(a + b * x)))
        weight = np.maximum(p * (1 - p), 1e-9)
        up_a, up_b = (won - p).sum(axis=1, keepdims=True), ((won - p) * x).sum(axis=1, keepdims=True) - b
        aa, ab = weight.sum(axis=1, keepdims=True), (weight * x).sum(axis=1, keepdims=True)
        bb = (weight * x * x).sum(axis=1, keepdims=True) + 1
        below = aa * bb - ab * ab
        a = np.clip(a + np.clip((bb * up_a - ab * up_b) / below, -2, 2), -FARTHEST, FARTHEST)
        b = np.clip(b + np.clip((aa * up_b - ab * up_a) / below, -2, 2), -FARTHEST, FARTHEST)
    return (1 / (1 + np.exp(-a)))[:, 0]


share = Metric("share", mean, estimate_share, width=2, clustered=estimate_share)
at_equal_lengths = Metric(
    "win_rate_at_equal_lengths",
    mean,
    estimate_at_equal_lengths,
    width=2,
    ordered=True,
    clustered=estimate_at_equal_lengths,
)
