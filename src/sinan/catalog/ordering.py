"""Comparing and ordering numbers, generated: does the model know which is more?

A row of level 4: question `Which number is the second smallest: 512, 498, 517, 181?`, choices those four, target
the letter of `498`. The choice with the highest likelihood is the answer, so no choice may begin another.
"""

import random

from sinan.datasets.generated import Item, choose, generated
from sinan.prompts import ASK_LETTER, Template
from sinan.scoring import Letter, MostLikely
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Protocol, Sampling

RANKS = {"smallest": 0, "second smallest": 1, "second largest": -2, "largest": -1}


def item(rng: random.Random, level: int) -> Item:
    """1: two digits; 2: three digits; 3: decimals; 4: the second of four; 5: the middle of five close decimals."""
    if level == 1:
        return _ranked(rng, [str(n) for n in rng.sample(range(10, 100), 4)], ("smallest", "largest"))
    if level == 2:
        return _ranked(rng, _close(rng, 4), ("smallest", "largest"))
    if level == 3:
        return _ranked(rng, _decimals(rng, 4, whole=rng.randint(0, 9), spread=2), ("smallest", "largest"))
    if level == 4:
        return _ranked(rng, _close(rng, 4), ("second smallest", "second largest"))
    numbers = _decimals(rng, 5, whole=rng.randint(0, 9), spread=1)
    middle = sorted(numbers, key=float)[2]
    wrong = [n for n in numbers if n != middle]
    return choose(rng, f"Which number is the middle one: {', '.join(numbers)}?", middle, rng.sample(wrong, 3))


def _ranked(rng: random.Random, numbers: list[str], ranks: tuple[str, ...]) -> Item:
    rank = rng.choice(ranks)
    gold = sorted(numbers, key=float)[RANKS[rank]]
    question = f"Which number is the {rank}: {', '.join(numbers)}?"
    return choose(rng, question, gold, [n for n in numbers if n != gold])


def _close(rng: random.Random, n: int) -> list[str]:
    """Three-digit numbers, most of them within 60 of each other, so that the first digit seldom decides."""
    low = rng.randint(100, 940)
    return [str(x) for x in rng.sample(range(low, low + 60), n)]


def _decimals(rng: random.Random, n: int, whole: int, spread: int) -> list[str]:
    """Decimals of one or two places with distinct first places or wholes, so that none begins another."""
    tenths = rng.sample(range(whole * 10, (whole + spread) * 10), n)
    return [f"{t // 10}.{t % 10}" + (str(rng.randint(1, 9)) if rng.random() < 0.5 else "") for t in tenths]


def benchmark() -> Benchmark:
    """By likelihood of the numbers themselves; `generate` asks for the letter instead."""
    return Benchmark(
        id="ordering",
        card=Card(
            title="Ordering",
            measures="Finding the smallest, largest, second or middle one of a few numbers.",
            dimension="math",
            languages=("en",),
            licence="Apache-2.0",
            source="generated",
            chance=0.25,
            note="Levels: 1 two digits; 2 three digits; 3 decimals; 4 the second of four; 5 the middle of five.",
        ),
        dataset=generated("ordering", item),
        metric=accuracy,
        protocols={
            "default": Protocol(
                Template(answer=" {answer}", continuations=" {choice}"), Likelihood(), MostLikely(), metrics=CALIBRATED
            ),
            "generate": Protocol(ASK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=16, stop=("\n",))),
        },
    )
