"""MATH: 5,000 problems of American mathematics competitions, in seven subjects and five levels.

    Hendrycks et al., Measuring Mathematical Problem Solving With the MATH Dataset, arXiv:2103.03874 (2021).

A row of test.jsonl (made up):
    {"problem": "What is $1+1$?", "level": "Level 1", "type": "Prealgebra", "solution": "$\\boxed{2}$.", "idx": 0}
"""

from collections.abc import Iterator
from dataclasses import replace

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.errors import DataError
from sinan.prompts import Template
from sinan.scoring import Math
from sinan.scoring.mathematics.reading import boxed
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "ZubinGou/math-evaluation-harness", "db77bc6bb2a17c90ed2d63e88ebd8c40a82858c5"
SUBJECTS = (
    "Algebra",
    "Counting & Probability",
    "Geometry",
    "Intermediate Algebra",
    "Number Theory",
    "Prealgebra",
    "Precalculus",
)
PROMPT = Template(
    base="Problem:\n{question}\n\nSolution:",
    chat="{question}\n\nPlease reason step by step, and put your final answer within \\boxed{{}}.",
)
SAMPLING, CHAT_SAMPLING = Sampling(max_tokens=2048, stop=("\n\nProblem:",)), Sampling(max_tokens=4096)


def _source() -> Source:
    return pinned(REPO, REVISION, "data/math/test.jsonl")


def subset_of(subject: str) -> str:
    """`Counting & Probability` as a name for the command line."""
    return subject.lower().replace(" & ", "_and_").replace(" ", "_")


def _rows(subset: str, by: str = "subject") -> Iterator[Sample]:
    for row in jsonl(fetch(_source())):
        fields = row.fields
        if subset_of(fields["type"]) != subset:
            continue
        answer = boxed(fields["solution"])
        if answer is None:
            raise DataError(f"{_source().path} {row.place} has a solution without an answer in a box")
        metadata = {"level": fields["level"], "subject": fields["type"], "worked": fields["solution"]}
        group = metadata["level"] if by == "level" else subset
        target = " ".join(answer.split())  # a few solutions break their line inside the box
        yield Sample(f"test/{fields['idx']}", fields["problem"], target, group=group, metadata=metadata)


def protocols(by_level: Dataset) -> dict[str, Protocol]:
    """One way of asking; `levels` gives the same answers by level instead of by subject."""
    asked = Protocol(PROMPT, OneTurn(), Math(), SAMPLING, chat_sampling=CHAT_SAMPLING)
    return {"default": asked, "cot": asked, "levels": replace(asked, dataset=by_level)}


def benchmark() -> Benchmark:
    """Without worked examples: the mirror has the test split alone."""
    dataset = Dataset(
        read=lambda subset, seed: _rows(subset),
        subsets=tuple(map(subset_of, SUBJECTS)),
        size=5000,
        sources=lambda subset: (_source(),),
    )
    return Benchmark(
        id="math",
        card=Card(
            title="MATH",
            measures="Competition mathematics of American high schools, to the final answer.",
            dimension="math",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2103.03874",
            note="The answer is what the last box of the published solution holds, also where it boxes several.",
        ),
        dataset=dataset,
        metric=accuracy,
        protocols=protocols(replace(dataset, read=lambda subset, seed: _rows(subset, "level"))),
    )
