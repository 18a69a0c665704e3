"""MATH-500: the 500 problems of MATH that were kept for testing when process supervision was studied.

    Lightman et al., Let's Verify Step by Step, arXiv:2305.20050 (2023).

A row of test.jsonl (made up):
    {"problem": "What is $1+1$?", "solution": "We add: $\\boxed{2}$.", "answer": "2", "subject": "Prealgebra",
     "level": 1, "unique_id": "test/prealgebra/1.json"}
"""

from collections.abc import Iterator
from dataclasses import replace

from sinan.catalog.math import REPO, REVISION, protocols, subset_of
from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Sample, Source


def _source() -> Source:
    return pinned(REPO, REVISION, "data/math_oai/test.jsonl")


def _rows(by: str = "subject") -> Iterator[Sample]:
    for row in jsonl(fetch(_source())):
        fields = row.fields
        level = f"Level {fields['level']}"
        metadata = {"level": level, "subject": fields["subject"], "worked": fields["solution"]}
        group = level if by == "level" else subset_of(fields["subject"])
        yield Sample(fields["unique_id"], fields["problem"], fields["answer"], group=group, metadata=metadata)


def benchmark() -> Benchmark:
    """Asked as MATH is; `levels` gives the same answers by level instead of by subject."""
    dataset = Dataset(read=lambda subset, seed: _rows(), size=500, sources=lambda subset: (_source(),))
    return Benchmark(
        id="math_500",
        card=Card(
            title="MATH-500",
            measures="Competition mathematics of American high schools, to the final answer.",
            dimension="math",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2305.20050",
            note="A part of MATH's test split: running both asks these questions twice.",
        ),
        dataset=dataset,
        metric=accuracy,
        protocols=protocols(replace(dataset, read=lambda subset, seed: _rows("level"))),
    )
