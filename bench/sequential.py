"""The study of stopping early, on tables of known scores: those of BENCH_MATRICES (paths, separated as in PATH), or of
../shared/data/irt. Everything is drawn from SEED.
"""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sinan.datasets.outcomes import outcomes
from sinan.statistics import item_response
from sinan.statistics.sequential import replay
from sinan.statistics.sequential.betting import Bets, Numbers

SEED = 20261127
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peeking:
    """Two models that have the same score, looked at after every question."""

    method: str
    questions: int
    told_apart: float
    """Share of the runs in which they were ever called different."""


@dataclass(frozen=True)
class Adaptive:
    """Previews of models that the items were not fitted on."""

    held_out: str
    asked: int
    covered: float
    """Share of the nominal 95 % intervals that hold the full score."""
    bias: float
    runs: int


def matrices() -> list[Path]:
    named = os.environ.get("BENCH_MATRICES")
    if named:
        return [Path(one) for one in named.split(os.pathsep)]
    return sorted((HERE / "../../shared/data/irt").glob("*/correctness.csv"))


def scores(path: Path) -> tuple[str, Numbers]:
    table = outcomes(path)
    return table.benchmark.removesuffix("_matrix"), table.values


def peeking(runs: int, questions: int = 500, discordant: int = 100) -> Iterator[Peeking]:
    """Bets, and McNemar's z at 1.96 from the twentieth question that tells the models apart."""
    rng = np.random.default_rng([SEED, 3])
    half = discordant // 2
    values = np.array([1.0] * half + [-1.0] * half + [0.0] * (questions - discordant))
    drawn = rng.permuted(np.tile(values, (runs, 1)), axis=1)
    bets, apart = Bets(questions, np.zeros((runs, 2)), -1, 1), np.zeros(runs, dtype=bool)
    for t in range(questions - 1):
        bets.observe(drawn[:, t, None] * np.array([1, -1]))
        apart |= (bets.log_e >= math.log(2 / 0.05)).any(1)
    yield Peeking("bets", questions, float(apart.mean()))
    differing = np.abs(drawn).cumsum(1)
    z = drawn.cumsum(1) / np.sqrt(np.maximum(differing, 1))
    yield Peeking(
        "McNemar at 5 %, after each question", questions, float(((differing >= 20) & (np.abs(z) > 1.96)).any(1).mean())
    )


def adaptive(values: Numbers, counts: Sequence[int], models: int) -> Iterator[Adaptive]:
    """Questions chosen by information, for models that were left out of the fit: random ones, and the strongest."""
    rng = np.random.default_rng([SEED, 4])
    for name, folds in {
        "random models": np.array_split(rng.permutation(len(values)), 4),
        "the strongest fifth": [np.argsort(values.sum(1))[-max(1, len(values) // 5) :]],
    }.items():
        found: dict[int, list[tuple[bool, float]]] = {count: [] for count in counts}
        for fold in folds:
            items, _ = item_response.fit(values[np.setdiff1d(np.arange(len(values)), fold)])
            for model in fold[:models]:
                for count, seen in _previews(items, values[model], counts):
                    low, high = seen.interval
                    full = float(values[model].mean())
                    found[count].append((low <= full <= high, seen.score - full))
        for count, own in found.items():
            covered, bias = np.mean(own, axis=0)
            yield Adaptive(name, count, float(covered), float(bias), len(own))


def _previews(
    items: item_response.Items, own: Numbers, counts: Sequence[int]
) -> Iterator[tuple[int, item_response.Preview]]:
    asked: list[int] = []
    for count in range(1, max(counts) + 1):
        item = item_response.next_item(items, asked, own[asked])
        assert item is not None
        asked.append(item)
        if count in counts:
            yield count, item_response.preview(items, asked, own[asked])


def missed(values: Numbers, orders: int) -> tuple[int, int]:
    """Confidence sequences that ever left the full score out, of how many."""
    found = replay.missed(values, replay.orders(values.shape[1], orders, SEED))
    return int(found.sum()), found.size
