"""The last word of a paragraph, in the manner of LAMBADA: does the model write the very word that the author wrote?

    Paperno et al., The LAMBADA dataset: Word prediction requiring a broad discourse context, arXiv:1606.06031 (2016),
    for the task; here on paragraphs of The Great Gatsby (see gatsby.py).

A sample (made up): the context is `... and in the silence that followed we could all hear the`, the target ` rain`.
"""

import re
from collections.abc import Iterator

from sinan.catalog.gatsby import REPO, SOURCE, paragraphs
from sinan.prompts import InContext, Template
from sinan.scoring import GreedyMatch
from sinan.solving import Likelihood
from sinan.statistics.averages import average, perplexity
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample

LAST = re.compile(r"(.{200,})\s([A-Za-z]+)[.!?]", re.S)
"""A paragraph long enough to tell its last word, which is one word and ends a sentence."""


def _rows() -> Iterator[Sample]:
    number = 0
    for paragraph in paragraphs():
        if match := LAST.fullmatch(paragraph):
            yield Sample(str(number), match[1], match[2])
            number += 1


def benchmark() -> Benchmark:
    """Right where every token of the word is the model's first choice; and the perplexity of whole words."""
    published = Protocol(
        InContext("target", Template(base="{question}", answer=" {target}")),
        Likelihood(),
        GreedyMatch(),
        metrics=(average.named("acc", "acc"), perplexity.named("perplexity", "perplexity")),
    )
    return Benchmark(
        id="gatsby_last_word",
        card=Card(
            title="The Great Gatsby, last words",
            measures="Predicting the last word of a paragraph from all before it.",
            dimension="language",
            languages=("en",),
            licence="public domain",
            source=f"https://github.com/{REPO}",
            note="Not LAMBADA, whose passages were chosen so that people need the whole of them; the same form of "
            "question on a text that is free.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=316, sources=lambda subset: (SOURCE,)),
        metric=average.named("acc", "acc"),
        protocols={"default": published, "lm-eval": published},
    )
