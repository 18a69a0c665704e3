"""Training text: the benchmarks' own generators, read from streams that no evaluation reads.

Evaluation reads the streams `0`, `1`, ... (its seeds); training reads `train/0`. Items of different streams share no
randomness, but a small space can still yield the same question twice, so a training item is dropped where its
question is one of the first 1,000 evaluation items of seed 0.
"""

import itertools
import random
from collections.abc import Iterator

from sinan.catalog import arithmetic, chinese_numerals, following, haystack, logic, ordering, strings, tables
from sinan.datasets.generated import LEVELS, nth
from sinan.prompts.template import Template
from sinan.types import Sample

MAKERS = {
    "arithmetic": arithmetic,
    "ordering": ordering,
    "strings": strings,
    "chinese_numerals": chinese_numerals,
    "logic": logic,
    "tables": tables,
    "haystack": haystack,
    "following": following,
}
PROMPTS = {name: module.benchmark().protocols["default"].prompt for name, module in MAKERS.items()}
# Share of each benchmark among the documents: more for what is learned slowly, less for what is long.
SHARES = {
    "arithmetic": 3.0,
    "ordering": 1.2,
    "strings": 1.2,
    "chinese_numerals": 1.6,
    "logic": 1.0,
    "tables": 1.3,
    "haystack": 0.8,
    "following": 1.2,
}
WITHHELD = 1000
EASY, EASY_DOCUMENTS = (4, 2, 1, 1, 1), 60_000  # weights of the levels at first; equal afterwards
FEW_SHOT = 0.1  # share of documents that hold two or three items, so that worked examples are no strange sight

Piece = tuple[str, bool]  # a stretch of text, and whether it is an answer


def withheld(name: str) -> set[str]:
    """Questions that training may not see."""
    return {nth(name, MAKERS[name].item, "0", i).question for i in range(WITHHELD)}


def training_items(name: str, level: int) -> Iterator[Sample]:
    """Endless: the items of one level."""
    barred = withheld(name)
    for i in itertools.count(level - 1, LEVELS):
        sample = nth(name, MAKERS[name].item, "train/0", i)
        if sample.question not in barred:
            yield sample


def documents(seed: int) -> Iterator[list[Piece]]:
    """Endless. A document is one item, now and then more of one benchmark, as pieces of prompt and answer."""
    rng = random.Random(f"train/mix/{seed}")
    streams = {(name, level): training_items(name, level) for name in MAKERS for level in range(1, LEVELS + 1)}
    names, shares, levels = list(SHARES), list(SHARES.values()), range(1, LEVELS + 1)
    for n in itertools.count():
        name = rng.choices(names, shares)[0]
        count = rng.choice((2, 3)) if rng.random() < FEW_SHOT else 1
        drawn = rng.choices(levels, EASY if n < EASY_DOCUMENTS else None, k=count)
        yield _document(PROMPTS[name], [next(streams[name, level]) for level in drawn])


def pieces(prompt: Template, sample: Sample) -> tuple[str, str]:
    """The prompt as evaluation asks it, and its right answer."""
    return prompt(sample, "base", ()).text, prompt.answer.format(target=sample.target, **sample.metadata)


def _document(prompt: Template, samples: list[Sample]) -> list[Piece]:
    out: list[Piece] = []
    for sample in samples:
        text, answer = pieces(prompt, sample)
        out += [((prompt.separator if out else "") + text, False), (answer, True)]
    return out
