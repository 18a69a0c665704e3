"""ASDiv: 2,215 word problems of primary school, of many kinds.

    Miao et al., A Diverse Corpus for Evaluating and Developing English Math Word Problem Solvers, arXiv:2106.15772.

A row of test.jsonl (made up):
    {"body": "Ann has 3 pens and Bo has 4 pens.", "question": "How many pens have they together?",
     "solution_type": "Addition", "answer": "7 (pens)", "formula": "3+4=7", "idx": 0}
"""

import re
from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts import Template
from sinan.scoring import Math
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "ZubinGou/math-evaluation-harness", "db77bc6bb2a17c90ed2d63e88ebd8c40a82858c5"
_UNIT = re.compile(r"\s*\(([^()]*)\)$")


def _source() -> Source:
    return pinned(REPO, REVISION, "data/asdiv/test.jsonl")


def _rows() -> Iterator[Sample]:
    for row in jsonl(fetch(_source())):
        fields = row.fields
        answer, unit = _UNIT.sub("", fields["answer"]), _UNIT.search(fields["answer"])
        kind = fields["solution_type"].replace("Substraction", "Subtraction")
        yield Sample(
            f"test/{fields['idx']}",
            f"{fields['body'].strip()} {fields['question'].strip()}",
            answer,
            group=kind,
            metadata={"formula": fields["formula"], "of": unit[1] if unit else ""},
        )


def benchmark() -> Benchmark:
    """Without examples: the file is the whole corpus."""
    told = Template(chat="{question}\n\nThink step by step. Put the final answer on the last line: `ANSWER: answer`.")
    asked = Protocol(told, OneTurn(), Math(), Sampling(max_tokens=1024, stop=("\nQuestion:",)))
    return Benchmark(
        id="asdiv",
        card=Card(
            title="ASDiv",
            measures="Word problems of primary school, from addition to least common multiples.",
            dimension="math",
            languages=("en",),
            licence="CC-BY-NC-4.0",
            source=f"https://github.com/{REPO}",
            paper="2106.15772",
            note="Answers are numbers, ratios, times, names and yes or no; what they count is no part of them.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=2215, sources=lambda subset: (_source(),)),
        metric=accuracy,
        protocols={"default": asked, "cot": asked},
    )
