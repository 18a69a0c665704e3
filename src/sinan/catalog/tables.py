"""Reading a short table, generated: finding a cell, and the row with the most.

A row of level 1: question `name | age\\nAnn | 34\\nLeo | 71\\nKim | 25\\nRay | 52\\nHow old is Kim?`, choices the four
ages, target the letter of `25`.
"""

import random
from collections.abc import Sequence

from sinan.datasets.generated import Item, choose, generated
from sinan.prompts import ASK_LETTER, Template
from sinan.scoring import Letter, MostLikely
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Protocol, Sampling

NAMES = ("Ann", "Bob", "Cal", "Dan", "Eva", "Fay", "Gus", "Hal", "Ian", "Joy", "Kim", "Leo", "Max", "Ned", "Pam", "Ray")
CITIES = ("Rome", "Oslo", "Lima", "Cairo", "Paris", "Delhi", "Kyoto", "Quito", "Tunis", "Hanoi")
PETS = ("cat", "dog")

Row = tuple[str, str, str]


def item(rng: random.Random, level: int) -> Item:
    """1: a cell by name; 2: a name by cell; 3: a cell by another; 4: oldest or youngest; 5: oldest with a pet."""
    if level == 1:
        rows = _rows(rng, 4)
        one = rng.choice(rows)
        return _ask(rng, rows, "name | age", f"How old is {one[0]}?", one[1], [r[1] for r in rows])
    if level in (2, 3):
        rows = _rows(rng, level + 2)
        one = rng.choice(rows)
        question = f"Who lives in {one[2]}?" if level == 2 else f"How old is the one who lives in {one[2]}?"
        column = 0 if level == 2 else 1
        return _ask(rng, rows, "name | age | city", question, one[column], [r[column] for r in rows])
    most = rng.choice((max, min))
    word = "oldest" if most is max else "youngest"
    if level == 4:
        rows = _rows(rng, 4)
        one = most(rows, key=lambda r: int(r[1]))
        return _ask(rng, rows, "name | age", f"Who is the {word}?", one[0], [r[0] for r in rows])
    rows = _rows(rng, 5, pets=True)
    pet = rng.choice(PETS)
    one = most((r for r in rows if r[2] == pet), key=lambda r: int(r[1]))
    return _ask(rng, rows, "name | age | pet", f"Who is the {word} with a {pet}?", one[0], [r[0] for r in rows])


def _rows(rng: random.Random, n: int, pets: bool = False) -> list[Row]:
    """Names, ages and cities differ in every row; of pets, both kinds occur at least twice."""
    names, ages = rng.sample(NAMES, n), rng.sample(range(11, 99), n)
    last = rng.sample(CITIES, n)
    if pets:
        last = [PETS[i % 2] for i in range(n)]
        rng.shuffle(last)
    return [(name, str(age), cell) for name, age, cell in zip(names, ages, last, strict=True)]


def _ask(rng: random.Random, rows: Sequence[Row], header: str, question: str, gold: str, column: Sequence[str]) -> Item:
    width = header.count("|") + 1
    table = [header, *(" | ".join(row[:width]) for row in rows)]
    wrong = [cell for cell in column if cell != gold]
    return choose(rng, "\n".join([*table, question]), gold, rng.sample(wrong, 3))


def benchmark() -> Benchmark:
    """By likelihood of the cells; `generate` asks for the letter instead."""
    return Benchmark(
        id="tables",
        card=Card(
            title="Tables",
            measures="Looking up, joining and comparing cells of a table of four or five rows.",
            dimension="reasoning",
            languages=("en",),
            licence="Apache-2.0",
            source="generated",
            chance=0.25,
            note="Levels: 1 a cell by name; 2 a name by cell; 3 a cell by another; 4 the oldest; 5 the oldest of some.",
        ),
        dataset=generated("tables", item),
        metric=accuracy,
        protocols={
            "default": Protocol(
                Template(answer=" {answer}", continuations=" {choice}"), Likelihood(), MostLikely(), metrics=CALIBRATED
            ),
            "generate": Protocol(ASK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=16, stop=("\n",))),
        },
    )
