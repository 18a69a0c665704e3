"""Counting and rearranging letters, generated: does the model look at every letter?

A row of level 4: question `Write the letters k d p q in reverse order.`, target `q p d k`. Letters are set apart by
spaces, so that the work is on letters and not on guessing how a tokenizer cuts a word.
"""

import random
import string

from sinan.datasets.generated import Item, generated
from sinan.prompts.template import Template
from sinan.scoring import Exact
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Protocol, Sampling

PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")


def item(rng: random.Random, level: int) -> Item:
    """1: first or last letter; 2: the n-th; 3: how often one occurs; 4: reverse; 5: sort."""
    if level == 1:
        row = _letters(rng, rng.randint(3, 7))
        end = rng.choice(("first", "last"))
        return Item(f"What is the {end} letter of {' '.join(row)}?", row[0] if end == "first" else row[-1])
    if level == 2:
        row = _letters(rng, rng.randint(6, 8))
        n = rng.randrange(1, 6)
        return Item(f"What is the {PLACES[n]} letter of {' '.join(row)}?", row[n])
    if level == 3:
        few = _letters(rng, 3)
        row = [rng.choice(few) for _ in range(rng.randint(5, 9))]
        return Item(f"How many times does {few[0]} occur in {' '.join(row)}?", str(row.count(few[0])))
    row = _letters(rng, rng.randint(4, 6))
    if level == 4:
        return Item(f"Write the letters {' '.join(row)} in reverse order.", " ".join(reversed(row)))
    return Item(f"Write the letters {' '.join(row)} in alphabetical order.", " ".join(sorted(row)))


def _letters(rng: random.Random, n: int) -> list[str]:
    return rng.sample(string.ascii_lowercase, n)


def benchmark() -> Benchmark:
    """Answers are generated and compared as they are."""
    prompt = Template(chat="{question}\nReply with the answer alone, on one line, with spaces between letters.")
    return Benchmark(
        id="strings",
        card=Card(
            title="Strings",
            measures="Picking, counting, reversing and sorting letters.",
            dimension="reasoning",
            languages=("en",),
            licence="Apache-2.0",
            source="generated",
            note="Levels: 1 first or last letter; 2 the n-th; 3 how often one occurs; 4 reverse; 5 sort.",
        ),
        dataset=generated("strings", item),
        metric=accuracy,
        protocols={"default": Protocol(prompt, OneTurn(), Exact(), Sampling(max_tokens=24, stop=("\n",)))},
    )
