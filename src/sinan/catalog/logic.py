"""Syllogisms and orders, generated, with made-up nouns: does the conclusion follow?

A row of level 2: question `Every wug is a dax. Ann is not a dax. Is Ann a wug?`, choices yes, no, unknown, target `B`.
Nouns mean nothing, so that what follows can only be read from the premises.
"""

import itertools
import random

from sinan.datasets.generated import Item, generated
from sinan.prompts import ASK_LETTER, Template
from sinan.scoring import Letter, MostLikely
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Protocol, Sampling

CHOICES = ("yes", "no", "unknown")
NAMES = ("Ann", "Bob", "Cal", "Dan", "Eva", "Fay", "Gus", "Hal", "Ian", "Joy", "Kim", "Leo", "Max", "Ned", "Pam", "Ray")
KINDS = (
    "wug",
    "dax",
    "fep",
    "zorp",
    "mib",
    "tove",
    "gorp",
    "lum",
    "rax",
    "snib",
    "plon",
    "krel",
    "vim",
    "quab",
    "drem",
)

# (the last link, what is known of the one asked about): what follows about the other end of the chain.
# `first` and `last` are the ends of the chain of kinds.
FOLLOWS = {
    "yes": [("every", "first")],
    "no": [("every", "not last"), ("no", "first"), ("no", "last")],
    "unknown": [("every", "last"), ("every", "not first"), ("no", "not first"), ("no", "not last")],
}
EASY = {"yes": [("every", "first")], "no": [("no", "first")], "unknown": [("every", "last")]}


def item(rng: random.Random, level: int) -> Item:
    """1: one plain link; 2: one link, with negations; 3: two links; 4: who is taller; 5: three links, shuffled."""
    answer = rng.choice(CHOICES)
    if level == 4:
        return _item(_taller(rng, answer), answer)
    last, known = rng.choice((EASY if level == 1 else FOLLOWS)[answer])
    links = {1: 1, 2: 1, 3: 2, 5: 3}[level]
    return _item(_chain(rng, links, last, known, shuffled=level == 5), answer)


def _item(question: str, answer: str) -> Item:
    return Item(question, "ABC"[CHOICES.index(answer)], CHOICES)


def _chain(rng: random.Random, links: int, last: str, known: str, shuffled: bool) -> str:
    kinds, name = rng.sample(KINDS, links + 1), rng.choice(NAMES)
    premises = [f"Every {a} is a {b}." for a, b in itertools.pairwise(kinds)]
    if last == "no":
        premises[-1] = f"No {kinds[-2]} is a {kinds[-1]}."
    if shuffled:
        rng.shuffle(premises)
    given, asked = (kinds[0], kinds[-1]) if known.endswith("first") else (kinds[-1], kinds[0])
    negation = "not " if known.startswith("not") else ""
    return f"{' '.join(premises)} {name} is {negation}a {given}. Is {name} a {asked}?"


def _taller(rng: random.Random, answer: str) -> str:
    """Three people in a row answer yes or no; two that are both compared to a third alone leave it unknown."""
    a, b, c = rng.sample(NAMES, 3)
    pairs = [(a, b), (b, c)] if answer != "unknown" else rng.choice(([(a, b), (a, c)], [(b, a), (c, a)]))
    facts = [f"{x} is taller than {y}." if rng.random() < 0.5 else f"{y} is shorter than {x}." for x, y in pairs]
    rng.shuffle(facts)
    asked = {"yes": (a, c), "no": (c, a), "unknown": (b, c)}[answer]
    return f"{' '.join(facts)} Is {asked[0]} taller than {asked[1]}?"


def benchmark() -> Benchmark:
    """By likelihood of yes, no and unknown; `generate` asks for the letter instead."""
    return Benchmark(
        id="logic",
        card=Card(
            title="Logic",
            measures="Telling what follows from a few premises from what contradicts them and what they leave open.",
            dimension="reasoning",
            languages=("en",),
            licence="Apache-2.0",
            source="generated",
            chance=1 / 3,
            note="Levels: 1 one link; 2 with negation; 3 two links; 4 who is taller; 5 three links, shuffled.",
        ),
        dataset=generated("logic", item),
        metric=accuracy,
        protocols={
            "default": Protocol(
                Template(answer=" {answer}", continuations=" {choice}"), Likelihood(), MostLikely(), metrics=CALIBRATED
            ),
            "generate": Protocol(ASK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=16, stop=("\n",))),
        },
    )
