"""MBPP: short Python programs from a sentence and three tests.

    Austin et al., Program Synthesis with Large Language Models, arXiv:2108.07732 (2021).

A row of mbpp.jsonl (made up):
    {"task_id": 990, "text": "Write a function that doubles a number.", "code": "def twice(n):\\r\\n  return 2 * n",
     "test_setup_code": "", "test_list": ["assert twice(4) == 8", "assert twice(0) == 0", "assert twice(-1) == -2"]}
"""

from collections.abc import Iterator, Sequence
from functools import cache

from sinan.datasets import fetch, pinned
from sinan.datasets.programs import mbpp
from sinan.datasets.readers import jsonl
from sinan.prompts import InContext, Programming, Template
from sinan.scoring import Code
from sinan.solving import OneTurn
from sinan.statistics.repeats import PASS_AT_1, by_kind
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "OckBench/OckBench", "b72752a0ba5989d3c212675ec60d3eedcd838628"
PROMPTS, TEST = range(2, 5), range(11, 511)
"""Task ids: the worked examples that harnesses show (of 1 to 10, which are set aside for that), and the test split."""
TOLD = (
    "You are an expert Python programmer, and here is your task: {question} Your code should pass these tests:\n\n"
    "{test_0}\n{test_1}\n{test_2}\n[BEGIN]\n"
)


def _source() -> Source:
    return pinned(REPO, REVISION, "data/mbpp.jsonl")


def _rows(tasks: range) -> Iterator[Sample]:
    for row in jsonl(fetch(_source())):
        if row.fields["task_id"] in tasks:
            yield mbpp(row.fields, row.place)


@cache
def _examples() -> Sequence[Sample]:
    return tuple(_rows(PROMPTS))


def benchmark() -> Benchmark:
    """Three worked examples, the tasks 2, 3 and 4. `lm-eval` is that harness's task mbpp: its prompt, and the whole
    completion up to `[DONE]`."""
    done = Sampling(max_tokens=1024, stop=("[DONE]",))
    lm_eval = Sampling(max_tokens=256, stop=("[DONE]",))
    return Benchmark(
        id="mbpp",
        card=Card(
            title="MBPP",
            measures="Short Python programs from a sentence and three tests.",
            dimension="code",
            languages=("en",),
            licence="CC BY 4.0",
            source="https://github.com/google-research/google-research/tree/master/mbpp",
            paper="2108.07732",
            note="The 500 tasks of the test split. The tests that judge are the ones the model is shown.",
        ),
        dataset=Dataset(
            read=lambda subset, seed: _rows(TEST),
            size=500,
            sources=lambda subset: (_source(),),
            pool=lambda subset, seed: _examples(),
        ),
        metric=by_kind(PASS_AT_1),
        protocols={
            "default": Protocol(Programming(), OneTurn(), Code(), done, shots=3),
            "zero-shot": Protocol(Programming(), OneTurn(), Code(), done),
            "lm-eval": Protocol(
                InContext(template=Template(base=TOLD, answer="{target}\n[DONE]"), target_delimiter=""),
                OneTurn(),
                Code("continuation", seconds=3.0),
                lm_eval,
                shots=3,
                chat_sampling=lm_eval,
                metrics=(by_kind(PASS_AT_1).named("pass_at_1,none"),),
            ),
        },
    )
