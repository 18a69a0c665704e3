"""Do intervals that a judge and a few labels give hold the truth? Simulated worlds, shares and differences."""

from collections.abc import Iterator

import numpy as np

from sections import Size
from sinan.statistics.intervals import mean_t
from sinan.statistics.prediction_powered import prediction_powered

TITLE = "Coverage of corrected intervals"
SEED, FURTHER = 6, 1_000
WORLDS = {"small": 40, "usual": 4_000, "long": 20_000}
JUDGES = ((0.9, 0.85), (0.95, 0.9), (0.8, 0.7))
"""Shares of right and of wrong items that the judge sees as such."""
RATES = (0.02, 0.1, 0.5, 0.8, 0.9, 0.95, 0.98)
APART = ((0.1, 0.1), (0.12, 0.06), (0.05, 0.01))
"""Shares of the items that only a has right, and only b."""


def lines(size: Size) -> Iterator[str]:
    worlds = WORLDS[size]
    yield (
        f"Labels of people, and a judge's verdicts of {FURTHER:,} further items; the functions of `sinan judge audit`, "
        f"seed {SEED}. In how many of {worlds:,} worlds the 95 % interval of the share holds it, least and most over "
        f"the rates {', '.join(f'{rate:g}' for rate in RATES)} and {len(JUDGES)} judges:\n"
    )
    yield "| labels | least | most | least at the rate | of the judge (sensitivity, specificity) |"
    yield "|--:|--:|--:|--:|---|"
    for labels in (30, 50, 100, 200):
        found = {(rate, judge): _of_shares(labels, rate, judge, worlds) for rate in RATES for judge in JUDGES}
        rate, judge = min(found, key=lambda cell: found[cell])
        held = f"{_percent(min(found.values()))} | {_percent(max(found.values()))}"
        yield f"| {labels} | {held} | {rate:g} | {judge[0]:g}, {judge[1]:g} |"
    yield f"\nThe same of the difference of two models, in {worlds // 4:,} worlds:\n"
    yield "| labels | only a right | only b right | labels and judge | labels alone |"
    yield "|--:|--:|--:|--:|--:|"
    for labels in (50, 100, 200):
        for only_a, only_b in APART:
            both, alone = _of_differences(labels, only_a, only_b, JUDGES[0], worlds // 4)
            yield f"| {labels} | {only_a:g} | {only_b:g} | {_percent(both)} | {_percent(alone)} |"


def _judged(rng: np.random.Generator, truth: np.ndarray, judge: tuple[float, float]) -> np.ndarray:
    return np.where(truth, rng.random(truth.shape) < judge[0], rng.random(truth.shape) > judge[1]).astype(float)


def _of_shares(labels: int, rate: float, judge: tuple[float, float], worlds: int) -> float:
    """Share of the worlds whose interval holds the rate."""
    rng, held = np.random.default_rng(SEED), 0
    says = rate * judge[0] + (1 - rate) * (1 - judge[1])
    for _ in range(worlds):
        truth = rng.random(labels) < rate
        right = int(rng.binomial(FURTHER, says))
        further = [1.0] * right + [0.0] * (FURTHER - right)
        known = _judged(rng, truth, judge).tolist()
        low, high = prediction_powered(truth.astype(float).tolist(), known, further).estimate.ci or (0.0, 0.0)
        held += low <= rate <= high
    return held / worlds


def _of_differences(
    labels: int, only_a: float, only_b: float, judge: tuple[float, float], worlds: int
) -> tuple[float, float]:
    """The same of a difference, with the judge and by the labels alone."""
    rng, held = np.random.default_rng(SEED), [0, 0]
    for _ in range(worlds):
        kind = rng.choice(4, p=[only_a, only_b, 0.6, 0.4 - only_a - only_b], size=labels + FURTHER)
        a, b = (kind == 0) | (kind == 2), (kind == 1) | (kind == 2)
        gap, said = a.astype(float) - b, _judged(rng, a, judge) - _judged(rng, b, judge)
        own = gap[:labels].tolist()
        both = prediction_powered(own, said[:labels].tolist(), said[labels:].tolist()).estimate.ci
        for place, ci in enumerate((both, mean_t(own)[2])):
            held[place] += ci is not None and ci[0] <= only_a - only_b <= ci[1]
    return held[0] / worlds, held[1] / worlds


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
