"""GSM-Hard: the questions of GSM8K with larger numbers, answered by a program.

    Gao et al., PAL: Program-aided Language Models, arXiv:2211.10435 (2022).

A row of test.jsonl (made up):
    {"input": "Ann has 31,234 boxes of 4 pens. How many pens has she?", "code": "def solution(): ...",
     "target": 124936.0, "idx": 0}
"""

from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts import Template
from sinan.scoring import Math
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "ZubinGou/math-evaluation-harness", "db77bc6bb2a17c90ed2d63e88ebd8c40a82858c5"


def _source() -> Source:
    return pinned(REPO, REVISION, "data/gsm_hard/test.jsonl")


def _rows() -> Iterator[Sample]:
    for row in jsonl(fetch(_source())):
        fields = row.fields
        written = row.written.get("target", repr(fields["target"]))
        yield Sample(f"test/{fields['idx']}", fields["input"].strip(), written, metadata={"program": fields["code"]})


def benchmark() -> Benchmark:
    """Without examples. An answer may be off by 0.001, as in the paper: the targets are a program's floats."""
    told = Template(
        chat="{question}\n\nThink step by step. Put the final answer, a number, on the last line: `ANSWER: number`."
    )
    asked = Protocol(told, OneTurn(), Math(within=0.001), Sampling(max_tokens=1024, stop=("\nQuestion:",)))
    return Benchmark(
        id="gsm_hard",
        card=Card(
            title="GSM-Hard",
            measures="Multi-step arithmetic with large numbers in grade school word problems.",
            dimension="math",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2211.10435",
            note="Numbers were replaced by a program: some questions make no sense, and some answers are negative.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=1319, sources=lambda subset: (_source(),)),
        metric=accuracy,
        protocols={"default": asked, "cot": asked},
    )
