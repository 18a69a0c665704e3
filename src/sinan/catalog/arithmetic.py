"""Whole-number arithmetic, generated: can the model carry?

A row of level 3: question `What is 417 - 268?`, target `149`.
"""

import random

from sinan.datasets.generated import Item, generated
from sinan.prompts.template import Template
from sinan.scoring import Number
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Protocol, Sampling


def item(rng: random.Random, level: int) -> Item:
    """1: two digits and one digit; 2: two digits; 3: three digits; 4: three terms; 5: a product."""
    if level == 1:
        return _term(rng.randint(10, 99), rng.choice("+-"), rng.randint(1, 9))
    if level == 2:
        return _term(rng.randint(10, 99), rng.choice("+-"), rng.randint(10, 99))
    if level == 3:
        return _term(rng.randint(100, 999), rng.choice("+-"), rng.randint(100, 999))
    if level == 4:
        a, b, c = (rng.randint(10, 99) for _ in range(3))
        return Item(f"What is {a} + {b} - {c}?", str(a + b - c))
    a, b = rng.randint(101, 999), rng.randint(2, 9)
    return Item(f"What is {a} * {b}?", str(a * b))


def _term(a: int, sign: str, b: int) -> Item:
    if sign == "-":
        a, b = max(a, b), min(a, b)
    return Item(f"What is {a} {sign} {b}?", str(a + b if sign == "+" else a - b))


def benchmark() -> Benchmark:
    """Answers are generated and read as numbers."""
    prompt = Template(chat="{question}\nReply with the number alone, on one line.")
    return Benchmark(
        id="arithmetic",
        card=Card(
            title="Arithmetic",
            measures="Sums, differences and products of whole numbers of growing length.",
            dimension="math",
            languages=("en",),
            licence="Apache-2.0",
            source="generated",
            note="Levels: 1 two digits and one; 2 two digits; 3 three digits; 4 three terms; 5 three digits times one.",
        ),
        dataset=generated("arithmetic", item),
        metric=accuracy,
        protocols={"default": Protocol(prompt, OneTurn(), Number(), Sampling(max_tokens=16, stop=("\n",)))},
    )
