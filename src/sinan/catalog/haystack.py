"""Finding a needle in a short haystack, generated: one sentence holds the answer, others look like it.

A row of level 2: question `Ann left the market. The red box holds 4821. ... What number does the red box hold?`,
target `4821`.
"""

import random

from sinan.datasets.generated import Item, generated
from sinan.prompts.template import Template
from sinan.scoring import Number
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Protocol, Sampling

NAMES = ("Ann", "Bob", "Cal", "Dan", "Eva", "Fay", "Gus", "Hal", "Ian", "Joy", "Kim", "Leo", "Max", "Ned", "Pam", "Ray")
VERBS = ("left", "saw", "found", "liked", "passed", "painted")
PLACES = ("market", "river", "garden", "school", "bridge", "tower", "museum", "station")
COLOURS = ("red", "blue", "green", "black", "white", "pink", "grey", "brown")
THINGS = ("box", "jar", "bag", "tin", "cup", "pot", "case", "drawer")

# level: (sentences in all, sentences that say what something else holds)
SIZES = {1: (3, 0), 2: (5, 1), 3: (7, 2), 4: (10, 4), 5: (15, 7)}


def item(rng: random.Random, level: int) -> Item:
    """Levels differ in the number of sentences, and of those that hold another thing's number."""
    total, decoys = SIZES[level]
    things = rng.sample([f"{colour} {thing}" for colour in COLOURS for thing in THINGS], decoys + 1)
    numbers = rng.sample(range(1000, 10_000), decoys + 1)
    holds = [f"The {thing} holds {number}." for thing, number in zip(things, numbers, strict=True)]
    others = [_filler(rng) for _ in range(total - len(holds))]
    sentences = [*holds, *others]
    rng.shuffle(sentences)
    return Item(f"{' '.join(sentences)} What number does the {things[0]} hold?", str(numbers[0]))


def _filler(rng: random.Random) -> str:
    return f"{rng.choice(NAMES)} {rng.choice(VERBS)} the {rng.choice(PLACES)}."


def benchmark() -> Benchmark:
    """Answers are generated and read as numbers."""
    prompt = Template(chat="{question}\nReply with the number alone, on one line.")
    return Benchmark(
        id="haystack",
        card=Card(
            title="Haystack",
            measures="Finding one fact among 3 to 15 sentences, up to 7 of which look like it.",
            dimension="long-context",
            languages=("en",),
            licence="Apache-2.0",
            source="generated",
            note="Levels: 3, 5, 7, 10 and 15 sentences with 0, 1, 2, 4 and 7 decoys.",
        ),
        dataset=generated("haystack", item),
        metric=accuracy,
        protocols={"default": Protocol(prompt, OneTurn(), Number(), Sampling(max_tokens=16, stop=("\n",)))},
    )
