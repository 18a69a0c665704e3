"""TruthfulQA, MC1: which statement is true, where a common misconception says otherwise?

    Lin, Hilton, Evans, TruthfulQA: Measuring How Models Mimic Human Falsehoods, arXiv:2109.07958 (2021).

A row of TruthfulQA.csv (made up; the mirror renamed two columns):
    Type,Category,question,answer,Best Incorrect Answer,Correct Answers,Incorrect Answers,Source
    Adversarial,Myths,Do bees fear smoke?,Smoke calms bees,Bees fear smoke,Smoke calms bees; No,They do; They die,https://...
"""

import random
from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import csv_rows
from sinan.prompts import ASK_LETTER, Template
from sinan.scoring import Letter, MostLikely
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "eyezkes/benchmarking-system", "b81eed9814e57a1944c7f88e081d3232fd689606"


def _rows(source: Source) -> Iterator[Sample]:
    for number, row in enumerate(csv_rows(fetch(source))):
        best = row.fields["answer"].strip()
        wrong = (text.strip() for text in row.fields["Incorrect Answers"].split(";"))
        choices = list(dict.fromkeys([best, *filter(None, wrong)]))
        random.Random(f"truthfulqa_mc1/{number}").shuffle(choices)  # else the right one would always stand first
        letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[choices.index(best)]
        yield Sample(str(number), row.fields["question"].strip(), letter, tuple(choices), row.fields["Category"])


def benchmark() -> Benchmark:
    """The likelihood of each statement; `generate` asks for the letter."""
    source = pinned(REPO, REVISION, "TruthfulQA.csv")
    return Benchmark(
        id="truthfulqa_mc1",
        card=Card(
            title="TruthfulQA MC1",
            measures="Choosing the true statement against popular falsehoods.",
            dimension="knowledge",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="2109.07958",
            note="The 790 questions of the 2025 revision; options are the best answer and the incorrect answers, in a "
            "fixed random order; asked without the six example pairs of the paper.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(source), size=790, sources=lambda subset: (source,)),
        metric=accuracy,
        protocols={
            "default": Protocol(
                Template(base="Q: {question}\nA:", continuations=" {choice}"),
                Likelihood(),
                MostLikely(),
                metrics=CALIBRATED,
            ),
            "generate": Protocol(ASK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=1024, stop=("\nQuestion:",))),
        },
    )
