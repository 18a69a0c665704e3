"""Training text: the benchmarks' own generators, read from streams that no evaluation reads.

Evaluation reads the streams `0`, `1`, ... (its seeds); training reads `train/0` and above. Items of different
streams share no randomness, but a small space can still yield the same question twice, so a training item is dropped
where its question is one of the first 1,000 evaluation items of seed 0.
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
# For a network that was grown from a trained one: less of what that one can do already.
SHARES_LATER = {
    "arithmetic": 3.0,
    "ordering": 0.7,
    "strings": 0.8,
    "chinese_numerals": 1.4,
    "logic": 1.2,
    "tables": 2.2,
    "haystack": 1.2,
    "following": 0.4,
}
SHARES_LAST = {
    "arithmetic": 6.0,
    "ordering": 0.6,
    "strings": 0.9,
    "chinese_numerals": 2.0,
    "logic": 0.5,
    "tables": 0.3,
    "haystack": 0.5,
    "following": 0.3,
}
MIXES = {0: SHARES, 1: SHARES_LATER, 2: SHARES_LATER, 3: SHARES_LAST}
RECALL = 0.3  # under seed 2: share of documents that only train looking things up
WITHHELD = 1000
EASY, EASY_DOCUMENTS = (4, 2, 1, 1, 1), 60_000  # weights of the levels at first; equal afterwards
FEW_SHOT = 0.1  # share of documents that hold two or three items, so that worked examples are no strange sight

Piece = tuple[str, bool]  # a stretch of text, and whether it is an answer


def withheld(name: str) -> set[str]:
    """Questions that training may not see."""
    return {nth(name, MAKERS[name].item, "0", i).question for i in range(WITHHELD)}


def training_items(name: str, level: int, seed: int) -> Iterator[Sample]:
    """Endless: the items of one level."""
    barred = withheld(name)
    for i in itertools.count(level - 1, LEVELS):
        sample = nth(name, MAKERS[name].item, f"train/{seed}", i)
        if sample.question not in barred:
            yield sample


def documents(seed: int) -> Iterator[list[Piece]]:
    """Endless. A document is one item, now and then more of one benchmark, as pieces of prompt and answer.

    Seed 0 is where training begins, with easy levels; 1, 2 (with `recall`) and 3 (with more numbers) go on from there.
    """
    rng = random.Random(f"train/mix/{seed}")
    streams = {(name, level): training_items(name, level, seed) for name in MAKERS for level in range(1, LEVELS + 1)}
    mix = MIXES[seed]
    names, shares, levels = list(mix), list(mix.values()), range(1, LEVELS + 1)
    for n in itertools.count():
        if seed == 2 and rng.random() < RECALL:
            yield recall(rng)
            continue
        name = rng.choices(names, shares)[0]
        count = rng.choice((2, 3)) if rng.random() < FEW_SHOT else 1
        drawn = rng.choices(levels, EASY if seed == 0 and n < EASY_DOCUMENTS else None, k=count)
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


KEYS = (
    tables.NAMES,
    tables.CITIES,
    logic.KINDS,
    tuple(f"{colour} {thing}" for colour in haystack.COLOURS for thing in haystack.THINGS),
)
LINKS = (" | ", ": ", " holds ", " is a ", " = ")


def recall(rng: random.Random) -> list[Piece]:
    """Pairs, then every pair again in another order, its second half to be answered: nothing but looking up.

    In the benchmarks one answer of few tokens hangs on a look-up, and guessing among what stands there is a plateau
    that training does not leave; here every line teaches the look-up itself.
    """
    keys, link = rng.sample(rng.choice(KEYS), rng.randint(3, 9)), rng.choice(LINKS)
    if rng.random() < 0.5:
        values = [str(n) for n in rng.sample(range(10, 10_000) if rng.random() < 0.5 else range(10, 100), len(keys))]
    else:
        values = rng.sample(rng.choice(KEYS), len(keys))
    pairs = list(zip(keys, values, strict=True))
    out: list[Piece] = [("\n".join(f"{key}{link}{value}" for key, value in pairs) + "\n", False)]
    for key, value in rng.sample(pairs, len(pairs)):
        # The space before a value belongs to its token.
        out += [(f"\n{key}{link.rstrip()}", False), (link[len(link.rstrip()) :] + value, True)]
    return out
