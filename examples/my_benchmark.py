"""A benchmark of one's own in one file: `sinan run ./my_benchmark.py -m needle/m`."""

import random

from sinan.prompts import Template
from sinan.scoring import Number
from sinan.solving import OneTurn
from sinan.statistics import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling


def read(subset, seed):
    """Sample i depends on the seed and on i alone, whatever the order they are read in."""
    for i in range(50):
        rng = random.Random(f"doubling/{seed}/{i}")
        n = rng.randint(10, 49)
        yield Sample(id=str(i), question=f"What is {n} + {n}?", target=str(2 * n))


def benchmark():
    """Called once; nothing is read here."""
    card = Card("Doubling", "Adding a number to itself.", "math", ("en",), licence="CC0", source="generated")
    prompt = Template(chat="{question}\nEnd with a line `ANSWER: X`.")  # its base form is "Question: ...\nAnswer:"
    asked = Protocol(prompt, OneTurn(), Number(), Sampling(max_tokens=16, stop=("\n",)))
    return Benchmark("doubling", card, Dataset(read, size=50), accuracy, {"default": asked})
