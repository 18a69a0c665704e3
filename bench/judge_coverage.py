"""How often intervals of corrected shares and differences cover the truth: `python bench/judge_coverage.py`.

Worlds are drawn with a seed: labels of a share `rate`, a judge of known sensitivity and specificity, 1,000 further
verdicts. Every interval is the product's own.
"""

from collections.abc import Iterator

import numpy as np

from sinan.statistics.intervals import mean_t
from sinan.statistics.prediction_powered import prediction_powered

SEED, WORLDS, FURTHER = 6, 4_000, 1_000
JUDGES = ((0.9, 0.85), (0.95, 0.9), (0.8, 0.7))
RATES = (0.02, 0.1, 0.5, 0.8, 0.9, 0.95, 0.98)


def judged(rng: np.random.Generator, truth: np.ndarray, judge: tuple[float, float]) -> np.ndarray:
    return np.where(truth, rng.random(truth.shape) < judge[0], rng.random(truth.shape) > judge[1]).astype(float)


def of_shares(labels: int, rate: float, judge: tuple[float, float]) -> float:
    """Share of worlds whose interval covers the rate."""
    rng, covered = np.random.default_rng(SEED), 0
    says = rate * judge[0] + (1 - rate) * (1 - judge[1])
    for _ in range(WORLDS):
        truth = rng.random(labels) < rate
        right = int(rng.binomial(FURTHER, says))
        further = [1.0] * right + [0.0] * (FURTHER - right)
        known = judged(rng, truth, judge).tolist()
        low, high = prediction_powered(truth.astype(float).tolist(), known, further).estimate.ci or (0.0, 0.0)
        covered += low <= rate <= high
    return covered / WORLDS


def of_differences(labels: int, only_a: float, only_b: float, judge: tuple[float, float]) -> tuple[float, float]:
    """The same of a difference, with the judge and by the labels alone."""
    rng, covered = np.random.default_rng(SEED), np.zeros(2)
    truth_gap = only_a - only_b
    for _ in range(WORLDS // 4):
        kind = rng.choice(4, p=[only_a, only_b, 0.6, 0.4 - only_a - only_b], size=labels + FURTHER)
        a, b = (kind == 0) | (kind == 2), (kind == 1) | (kind == 2)
        gap, said = a.astype(float) - b, judged(rng, a, judge) - judged(rng, b, judge)
        own = gap[:labels].tolist()
        both = prediction_powered(own, said[:labels].tolist(), said[labels:].tolist()).estimate.ci
        for place, ci in enumerate((both, mean_t(own)[2])):
            covered[place] += ci is not None and ci[0] <= truth_gap <= ci[1]
    return tuple(covered / (WORLDS // 4))


def lines() -> Iterator[str]:
    yield f"shares: {WORLDS:,} worlds a cell, seed {SEED}; least and most over rates {RATES} and judges {JUDGES}"
    for labels in (30, 50, 100, 200):
        found = {(rate, judge): of_shares(labels, rate, judge) for rate in RATES for judge in JUDGES}
        worst = min(found, key=lambda cell: found[cell])
        yield f"  {labels} labels: {min(found.values()):.3f} to {max(found.values()):.3f}, least at {worst}"
    yield f"differences: {WORLDS // 4:,} worlds a cell; with the judge, by the labels alone"
    for labels in (50, 100, 200):
        for only_a, only_b in ((0.1, 0.1), (0.12, 0.06), (0.05, 0.01)):
            with_, alone = of_differences(labels, only_a, only_b, JUDGES[0])
            yield f"  {labels} labels, {only_a:g} and {only_b:g} in one alone: {with_:.3f}, {alone:.3f}"


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
