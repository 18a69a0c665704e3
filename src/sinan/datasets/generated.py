"""Samples that are computed, not stored: item i of a benchmark depends on (seed, i) alone.

Each item has its own random generator, seeded from the text `id/seed/i`, so what item 7 is cannot depend on item 6,
on the order of reading, or on how many are read. Other uses of the same generator take another stream in place of
the seed (`pool/0` for worked examples, `train/0` for training text) and so never share an item's randomness.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sinan.types import Dataset, Sample

LEVELS = 5
POOL = 25


@dataclass(frozen=True, slots=True)
class Item:
    """A question and its answer, before it has a place in a dataset."""

    question: str
    target: str
    """The answer; for multiple choice the letter of the right one."""
    choices: tuple[str, ...] = ()


Maker = Callable[[random.Random, int], Item]
"""(source of randomness, level 1 easy .. 5 hard) -> one item."""


def choose(rng: random.Random, question: str, gold: str, wrong: Sequence[str]) -> Item:
    """A multiple-choice item whose right answer stands at a random place."""
    choices = [gold, *wrong]
    rng.shuffle(choices)
    return Item(question, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[choices.index(gold)], tuple(choices))


def nth(name: str, item: Maker, stream: str, i: int) -> Sample:
    """Item i of a stream; evaluation reads the stream that is its seed. Levels take turns: 1, 2, 3, 4, 5, 1, ..."""
    level = i % LEVELS + 1
    made = item(random.Random(f"{name}/{stream}/{i}"), level)
    return _sample(i, level, made)


def _sample(i: int, level: int, made: Item) -> Sample:
    sample = Sample(str(i), made.question, made.target, made.choices, group=f"level {level}")
    # The answer in words, for worked examples of benchmarks whose target is a letter.
    answer = made.choices[sample.gold] if made.choices else made.target
    return replace(sample, metadata={"answer": answer})


def generated(name: str, item: Maker, size: int = 200) -> Dataset:
    """The dataset of a generator: `size` items for every seed, and a pool of worked examples beside them."""

    def read(subset: str, seed: int) -> Iterator[Sample]:
        return (nth(name, item, str(seed), i) for i in range(size))

    def pool(subset: str, seed: int) -> Sequence[Sample]:
        asked = {sample.question for sample in read(subset, seed)}
        drawn = (nth(name, item, f"pool/{seed}", i) for i in range(POOL))
        return [sample for sample in drawn if sample.question not in asked]

    return Dataset(read=read, size=size, pool=pool)
