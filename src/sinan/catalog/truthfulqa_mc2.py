"""TruthfulQA, MC2: how much of the probability of all statements lies on the true ones?

    Lin, Hilton, Evans, TruthfulQA: Measuring How Models Mimic Human Falsehoods, arXiv:2109.07958 (2021).

A row of TruthfulQA.csv (made up; see truthfulqa_mc1.py). Here all correct answers are options as well:
    Adversarial,Myths,Do bees fear smoke?,Smoke calms bees,Bees fear smoke,Smoke calms bees; No,They do; They die,https://...
"""

from collections.abc import Iterator

from sinan.catalog.truthfulqa_mc1 import IN_CONTEXT, REPO, SOURCE, parted
from sinan.datasets import fetch
from sinan.datasets.readers import csv_rows
from sinan.prompts import Template
from sinan.scoring import TrueMass
from sinan.solving import Likelihood
from sinan.statistics.averages import average
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample


def _rows() -> Iterator[Sample]:
    for number, row in enumerate(csv_rows(fetch(SOURCE))):
        right, wrong = parted(row.fields["Correct Answers"]), parted(row.fields["Incorrect Answers"])
        yield Sample(
            id=str(number),
            question=row.fields["question"].strip(),
            target="A",
            choices=(*right, *wrong),
            group=row.fields["Category"],
            metadata={"gold": list(range(len(right)))},
        )


def benchmark() -> Benchmark:
    """The mean share of probability, not normalised by the statements' lengths; `lm-eval` and `paper` put the six
    pairs of the paper before the question."""
    mass = average.named("acc", "acc")
    published = Protocol(IN_CONTEXT, Likelihood(), TrueMass(), metrics=(mass,))
    return Benchmark(
        id="truthfulqa_mc2",
        card=Card(
            title="TruthfulQA MC2",
            measures="Probability of true statements among true and false ones.",
            dimension="knowledge",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="2109.07958",
            note="The 790 questions of the 2025 revision. Longer statements are less likely, whatever they say: the "
            "measure is that of the paper.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=790, sources=lambda subset: (SOURCE,)),
        metric=mass,
        protocols={
            "default": Protocol(
                Template(base="Q: {question}\nA:", continuations=" {choice}"), Likelihood(), TrueMass(), metrics=(mass,)
            ),
            "paper": published,
            "lm-eval": published,
        },
    )
