"""BIG-Bench Hard: 27 tasks of BIG-Bench on which models fell behind people, asked with a chain of thought.

    Suzgun et al., Challenging BIG-Bench Tasks and Whether Chain-of-Thought Can Solve Them, arXiv:2210.09261 (2022).

One example of navigate.json (made up), and the published prompt navigate.txt: a canary line, `-----`, three examples.
    {"canary": "...", "examples": [{"input": "If you follow these instructions, do you return to the starting point?
     Take 2 steps. Turn around. Take 2 steps.\\nOptions:\\n- Yes\\n- No", "target": "Yes"}]}
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sinan.datasets import fetch, listed, pinned
from sinan.datasets.readers import json_list
from sinan.prompts import InContext, Template
from sinan.scoring import After, Filtered, Pipeline
from sinan.scoring.filters import Regex, TakeFirst
from sinan.solving import OneTurn
from sinan.statistics.averages import average
from sinan.statistics.intervals import accuracy
from sinan.statistics.over_groups import over
from sinan.types import Benchmark, Card, Dataset, Form, Message, Prompt, Protocol, Sample, Sampling, Source

CUE = "A: Let's think step by step."
STOPS = ("</s>", "Q", "\n\n")
GET_ANSWER = Pipeline("get-answer", (Regex("(?<=the answer is )(.*)(?=.)"), TakeFirst()))
REPO, REVISION = "suzgunmirac/BIG-Bench-Hard", "9ee07bd481feebf959a6b59d61ea57bdcf30964d"


def _questions(task: str) -> Source:
    return pinned(REPO, REVISION, f"bbh/{task}.json")


def _prompt(task: str) -> Source:
    return pinned(REPO, REVISION, f"cot-prompts/{task}.txt")


@cache
def _examples(task: str) -> str:
    """The published examples, without the canary line, which no model should be shown."""
    return fetch(_prompt(task)).read_text("utf-8").partition("\n-----\n")[2].strip()


def _rows(task: str) -> Iterator[Sample]:
    for number, row in enumerate(json_list(fetch(_questions(task)), "examples")):
        yield Sample(f"{task}/{number}", row.fields["input"], row.fields["target"], group=task)


def _described(task: str) -> Iterator[Sample]:
    """The questions, each with what its task is about."""
    for sample in _rows(task):
        yield replace(sample, metadata={"said": _examples(task).partition("\n\nQ: ")[0]})


@cache
def _worked(task: str) -> Sequence[Sample]:
    """The published examples one by one."""
    pairs = [example.split(f"\n{CUE}\n") for example in _examples(task).split("\n\nQ: ")[1:]]
    return tuple(
        Sample(f"example/{task}/{number}", question, "", group=task, metadata={"worked": worked})
        for number, (question, worked) in enumerate(pairs)
    )


@dataclass(frozen=True)
class ChainOfThought:
    """The published prompt of the task, then the question; the same text for a chat, as one message."""

    cue: str = "Let's think step by step."

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt. Its examples are part of it, whatever number of shots is asked for."""
        text = f"{_examples(sample.group)}\n\nQ: {sample.question}\nA: {self.cue}"
        return Prompt(text=text) if form == "base" else Prompt(messages=(Message("user", text),))


def benchmark() -> Benchmark:
    """Three fixed examples with their reasoning, as published; `cot` and `paper` are other names for that. `lm-eval`
    ends the answer at any capital Q, as that harness does, and drops its last character."""
    published = Protocol(ChainOfThought(), OneTurn(), After(), Sampling(max_tokens=512, stop=("\n\nQ:", "\nQ:")))
    dataset = Dataset(
        read=lambda task, seed: _rows(task),
        subsets=listed(REPO, REVISION, "bbh/", ".json"),
        size=6511,
        sources=lambda task: (_questions(task), _prompt(task)),
    )
    return Benchmark(
        id="bbh",
        card=Card(
            title="BIG-Bench Hard",
            measures="Multi-step reasoning: logic, dates, tables, order, words, arithmetic.",
            dimension="reasoning",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2210.09261",
            note="Three worked examples are part of the prompt; `--shots` does not change them. Mean over questions.",
        ),
        dataset=dataset,
        metric=accuracy,
        protocols={
            "default": published,
            "cot": published,
            "paper": published,
            "lm-eval": Protocol(
                InContext("answer", Template(base="Q: {question}\n" + CUE + "\n", answer="{worked}"), "{said}\n\n", ""),
                OneTurn(),
                Filtered((GET_ANSWER,), until=STOPS),
                Sampling(max_tokens=1024, stop=STOPS),
                shots=3,
                chat_sampling=Sampling(max_tokens=1024, stop=STOPS),
                metrics=(over(average.named("exact_match,get-answer", "exact_match,get-answer"), "by_size"),),
                dataset=replace(
                    dataset, read=lambda task, seed: _described(task), pool=lambda task, seed: _worked(task)
                ),
            ),
        },
    )
