"""How often 95 % intervals hold the truth: the functions that runs report with, beside the textbook's.

Verdicts that stand alone are enumerated: of each n and p every number of right answers is weighed by its probability,
and nothing is drawn. Clusters and repeated draws are simulated from a fixed seed: a cluster's (or a question's) own
probability is Beta with the mean p and the correlation that is told, and its verdicts are drawn with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sinan.statistics.intervals import estimate_accuracy

SEED = 20261127
Z = 1.959963984540054
SHARES = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98)
SIZES = (30, 100, 300, 1_000, 3_000, 10_000)


@dataclass(frozen=True)
class Cell:
    """One design, and the shares of samples whose interval holds p."""

    kind: str
    """`alone`, `clusters`, `draws`."""
    n: int
    p: float
    icc: float
    """Correlation of verdicts within a cluster, or of the draws of one question; 0 where they stand alone."""
    clusters: int
    k: int
    held: float
    wald: float
    """Of p +- 1.96 sqrt(p (1 - p) / rows), with every row for itself."""


def alone(n: int, p: float) -> Cell:
    """Exactly, but for what lies beyond eight standard deviations."""
    from scipy.stats import binom

    reach = 8 * (n * p * (1 - p)) ** 0.5 + 8
    right = np.arange(max(0, int(n * p - reach)), min(n, int(n * p + reach)) + 1)
    weights = binom.pmf(right, n, p)
    held = [_holds(estimate_accuracy([1.0] * int(x) + [0.0] * (n - int(x)), 1).ci, p) for x in right]
    return Cell("alone", n, p, 0.0, n, 1, float(weights @ held), float(weights @ _wald(right / n, n, p)))


def clusters(n: int, count: int, icc: float, p: float, times: int, rng: np.random.Generator) -> Cell:
    """`count` clusters of n / count questions each."""
    size = n // count
    own = rng.beta(*_beta(p, icc), size=(times, count))
    right = rng.binomial(size, own)
    of = [cluster for cluster in range(count) for _ in range(size)]
    held = [_holds(estimate_accuracy(_verdicts(row, size), 1, of).ci, p) for row in right]
    means = right.sum(axis=1) / (size * count)
    return Cell("clusters", n, p, icc, count, 1, float(np.mean(held)), float(_wald(means, size * count, p).mean()))


def draws(n: int, k: int, icc: float, p: float, times: int, rng: np.random.Generator) -> Cell:
    """`k` draws of each of n questions."""
    right = rng.binomial(k, rng.beta(*_beta(p, icc), size=(times, n)))
    held = [_holds(estimate_accuracy((row / k).tolist(), k).ci, p) for row in right]
    return Cell("draws", n, p, icc, n, k, float(np.mean(held)), float(_wald(right.mean(axis=1) / k, n * k, p).mean()))


def cells(small: bool) -> Iterator[Cell]:
    """The whole grid, its designs one after the other; `small`: a corner of it."""
    rng, times = np.random.default_rng(SEED), 100 if small else 1_500
    sizes, shares = (SIZES[:2], (0.05, 0.5)) if small else (SIZES, SHARES)
    for n in sizes:
        for p in shares:
            yield alone(n, p)
    shares = (0.05, 0.5) if small else (0.02, 0.1, 0.5, 0.9, 0.98)
    for n, count in DESIGNS[:2] if small else DESIGNS:
        for icc in (0.1, 0.3):
            for p in shares:
                yield clusters(n, count, icc, p, times if n <= 1_000 else times // 2, rng)
    for n in sizes if small else (30, 100, 1_000, 10_000):
        for icc in (0.3, 0.7):
            for p in shares:
                yield draws(n, 4, icc, p, times if n <= 1_000 else times // 2, rng)


DESIGNS = (
    *((30, 10), (100, 10), (100, 50)),
    *((1_000, 10), (1_000, 50), (1_000, 200)),
    *((10_000, 10), (10_000, 50), (10_000, 1_000)),
)
"""(questions, clusters)."""


def _beta(p: float, icc: float) -> tuple[float, float]:
    return p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc


def _verdicts(right: Any, size: int) -> list[float]:
    found = np.zeros((len(right), size))
    found[np.arange(size) < np.asarray(right)[:, None]] = 1.0
    return list(found.ravel().tolist())


def _holds(ci: tuple[float, float] | None, p: float) -> bool:
    return ci is not None and ci[0] <= p <= ci[1]


def _wald(mean: Any, rows: int, p: float) -> Any:
    half = Z * np.sqrt(mean * (1 - mean) / rows)
    return (mean - half <= p) & (p <= mean + half)
