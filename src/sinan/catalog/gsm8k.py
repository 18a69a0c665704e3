"""GSM8K: grade school mathematics in words.

    Cobbe et al., Training Verifiers to Solve Math Word Problems, arXiv:2110.14168 (2021).

A row of test.jsonl (made up):
    {"question": "Ann has 3 boxes of 4 pens and gives away 5 pens. How many pens are left?",
     "answer": "There are 3*4=<<3*4=12>>12 pens.\\n12-5=<<12-5=7>>7 pens are left.\\n#### 7"}
"""

from collections.abc import Iterator, Sequence
from functools import cache

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts import InContext, Template, few_shot
from sinan.scoring import ExactMatch, Filtered, Number, Pipeline
from sinan.scoring.filters import Regex, TakeFirst
from sinan.solving import OneTurn
from sinan.statistics.averages import average
from sinan.statistics.intervals import accuracy, strict
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "openai/grade-school-math", "3101c7d5072418e28b9008a6636bde82a006892c"


BOXED = "{question}\nPlease reason step by step, and put your final answer within \\boxed{{}}."
LM_EVAL = Sampling(max_tokens=256, stop=("Question:", "</s>", "<|im_end|>"))
STRICT = Pipeline("strict-match", (Regex(r"#### (\-?[0-9\.\,]+)"), TakeFirst()))
FLEXIBLE = Pipeline("flexible-extract", (Regex(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", -1), TakeFirst()))
SAME = ExactMatch((",", r"\$", "(?s).*#### ", r"\.$"), ignore_case=True)


def _source(split: str) -> Source:
    return pinned(REPO, REVISION, f"grade_school_math/data/{split}.jsonl")


def _rows(split: str) -> Iterator[Sample]:
    for number, row in enumerate(jsonl(fetch(_source(split)))):
        worked = row.fields["answer"]
        target = worked.rpartition("####")[2].strip()
        # `gold` is what lm-evaluation-harness compares with: the whole solution, from which it cuts all but the number.
        metadata = {"worked": worked, "gold": worked}
        yield Sample(f"{split}/{number}", row.fields["question"], target, metadata=metadata)


@cache
def _train() -> Sequence[Sample]:
    return tuple(_rows("train"))


def benchmark() -> Benchmark:
    """Five worked examples from the training split, drawn per question; `zero-shot` has an instruction instead.
    All of it is a chain of thought: `cot` is another name for `default`.

    `lm-eval` replays that harness's draws and reads the answer in its two ways; `opencompass` is its gsm8k_0shot_v2,
    judged by the number in the box.
    """
    shown = Template(answer=" {worked}", chat="{question}")
    told = Template(
        chat="{question}\n\nThink step by step. Put the final answer, a number, on the last line: `ANSWER: number`."
    )
    stop = ("Question:",)
    worked = Protocol(shown, OneTurn(), Number(), Sampling(max_tokens=400, stop=stop), 5, few_shot.random)
    return Benchmark(
        id="gsm8k",
        card=Card(
            title="GSM8K",
            measures="Multi-step arithmetic in grade school word problems.",
            dimension="math",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2110.14168",
            note="Worked examples keep their calculator marks <<...>> and end in `#### number`, as published.",
        ),
        dataset=Dataset(
            read=lambda subset, seed: _rows("test"),
            size=1319,
            sources=lambda subset: (_source("test"), _source("train")),
            pool=lambda subset, seed: _train(),
        ),
        metric=accuracy,
        protocols={
            "default": worked,
            "cot": worked,
            "lm-eval": Protocol(
                InContext("answer", Template(answer="{worked}")),
                OneTurn(),
                Filtered((STRICT, FLEXIBLE), (SAME,), ("Question:", "</s>", "<|im_end|>")),
                LM_EVAL,
                5,
                few_shot.replayed(lambda group: _rows("test")),
                LM_EVAL,
                (
                    average.named("exact_match,strict-match", "exact_match,strict-match"),
                    average.named("exact_match,flexible-extract", "exact_match,flexible-extract"),
                ),
            ),
            "opencompass": Protocol(
                Template(base=BOXED, chat=BOXED),
                OneTurn(),
                Number(),
                Sampling(max_tokens=2048, stop=stop),
                chat_sampling=Sampling(max_tokens=2048),
            ),
            "zero-shot": Protocol(
                told, OneTurn(), Number(), Sampling(max_tokens=1024, stop=stop), metrics=(accuracy, strict)
            ),
        },
    )
