"""HumanEval: functions in Python, from their heads and descriptions, judged by tests.

    Chen et al., Evaluating Large Language Models Trained on Code, arXiv:2107.03374 (2021).

A row of HumanEval.jsonl.gz (made up):
    {"task_id": "HumanEval/900", "entry_point": "twice", "canonical_solution": "    return 2 * n\\n",
     "prompt": "def twice(n: int) -> int:\\n    \\"\\"\\" Twice the number.\\n    \\"\\"\\"\\n",
     "test": "\\n\\nMETADATA = {}\\n\\n\\ndef check(candidate):\\n    assert candidate(4) == 8\\n"}
"""

from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.datasets.programs import human_eval
from sinan.datasets.readers import jsonl
from sinan.prompts import InContext, Programming, Template
from sinan.scoring import Code
from sinan.solving import OneTurn
from sinan.statistics.repeats import PASS_AT_1, by_kind
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "openai/human-eval", "6d43fb980f9fee3c892a914eda09951f772ad10d"
STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
"""Where a continuation ends: as published."""
TOLD = "Write a solution to the following problem and make sure that it passes the tests:\n```python\n{question}\n```\n"


def _source() -> Source:
    return pinned(REPO, REVISION, "data/HumanEval.jsonl.gz")


def _rows() -> Iterator[Sample]:
    for row in jsonl(fetch(_source())):
        yield human_eval(row.fields, row.place)


def benchmark() -> Benchmark:
    """A chat model is told to complete the function, a base model goes on from the prompt. `base` takes whatever comes
    as what goes on from the prompt; `lm-eval` and `lm-eval-instruct` are that harness's tasks humaneval and
    humaneval_instruct."""
    goes_on = Sampling(max_tokens=1024, stop=STOPS)
    as_it_is = Template(base="{question}", chat="{question}")
    begun = InContext(template=Template(base=TOLD), gen_prefix="Here is the completed function:\n```python\n{prompt}\n")
    fence = Sampling(max_tokens=1024, stop=(*STOPS, "```"))
    filtered = (by_kind(PASS_AT_1).named("pass@1,create_test"),)
    return Benchmark(
        id="humaneval",
        card=Card(
            title="HumanEval",
            measures="Short Python functions from their descriptions, by whether they pass tests.",
            dimension="code",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2107.03374",
            note="Programs run in a sandbox, for up to 10 s each; without one the run is refused.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=164, sources=lambda subset: (_source(),)),
        metric=by_kind(PASS_AT_1),
        protocols={
            "default": Protocol(Programming(), OneTurn(), Code(), goes_on),
            "base": Protocol(as_it_is, OneTurn(), Code("continuation"), goes_on, chat_sampling=goes_on),
            "lm-eval": Protocol(
                InContext(),
                OneTurn(),
                Code("continuation", seconds=3.0),
                goes_on,
                chat_sampling=goes_on,
                metrics=filtered,
            ),
            "lm-eval-instruct": Protocol(
                begun, OneTurn(), Code("continuation", seconds=3.0), fence, chat_sampling=fence, metrics=filtered
            ),
        },
    )
