"""MathQA: word problems of entrance examinations with five options each.

    Amini et al., MathQA: Towards Interpretable Math Word Problem Solving, arXiv:1905.13319 (2019).

A row of test.jsonl (made up; a few rows write their options as a list):
    {"problem": "what is half of 8 ?", "rationale": "8 / 2 = 4", "options": "a ) 2 , b ) 4 , c ) 6 , d ) 8 , e ) 16",
     "correct": "b", "annotated_formula": "divide(8, 2)", "linear_formula": "divide(n0,2)", "type": "general"}
"""

import re
from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.errors import DataError
from sinan.prompts import ASK_LETTER, THINK_LETTER, Template
from sinan.scoring import Letter, MostLikely
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "ZubinGou/math-evaluation-harness", "db77bc6bb2a17c90ed2d63e88ebd8c40a82858c5"
_BEFORE_AN_OPTION = re.compile(r"(?:^|\s?,\s)'?[a-e] \) (?:[a-e] \) )?")


def _source() -> Source:
    return pinned(REPO, REVISION, "data/mathqa/test.jsonl")


def _rows() -> Iterator[Sample]:
    for number, row in enumerate(jsonl(fetch(_source()))):
        fields = row.fields
        written = fields["options"].removeprefix("[").removesuffix("]")
        choices = tuple(text.strip(" '") for text in _BEFORE_AN_OPTION.split(written)[1:])
        if len(choices) != 5:
            raise DataError(f"{_source().path} {row.place} has {len(choices)} options, where five were expected")
        metadata = {"rationale": fields["rationale"], "formula": fields["annotated_formula"]}
        letter = fields["correct"].upper()
        yield Sample(str(number), fields["problem"].strip(), letter, choices, fields["type"], metadata=metadata)


def benchmark() -> Benchmark:
    """The likelihood of the options' texts; `acc_norm` the same per character; `generate` asks for the letter, `cot`
    for thoughts before it."""
    published = Template(base="Question: {question}\nAnswer:", continuations=" {choice}")
    sampling = Sampling(max_tokens=1024, stop=("\nQuestion:",))
    return Benchmark(
        id="mathqa",
        card=Card(
            title="MathQA",
            measures="Word problems of entrance examinations, chosen from five answers.",
            dimension="math",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="1905.13319",
            chance=0.2,
            note="The 1,000 test questions that the source repository kept; the published split has 2,985.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=1000, sources=lambda subset: (_source(),)),
        metric=accuracy,
        protocols={
            "default": Protocol(published, Likelihood(), MostLikely(), metrics=CALIBRATED),
            "acc_norm": Protocol(published, Likelihood(), MostLikely("chars")),
            "generate": Protocol(ASK_LETTER, OneTurn(), Letter(), sampling),
            "cot": Protocol(THINK_LETTER, OneTurn(), Letter(), sampling),
        },
    )
