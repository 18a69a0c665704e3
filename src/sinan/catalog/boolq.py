"""BoolQ: yes/no questions that people typed into a search engine; here without the passage that answers them.

    Clark et al., BoolQ: Exploring the Surprising Difficulty of Natural Yes/No Questions, arXiv:1905.10044 (2019).

A row of test.json (made up; this mirror leaves the passage out):
    {"instruction": "Please answer the following question with true or false, question: is honey made by bees?\\n\\n
     Answer format: true/false", "input": "", "output": "the correct answer is true", "answer": "true"}
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import json_list
from sinan.errors import DataError
from sinan.prompts import InContext, Template
from sinan.scoring import Letter, LikelihoodChoices, MostLikely
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.averages import average
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "AGI-Edgerunners/LLM-Adapters", "816657208af4db747803f87ba40a4c71383fed7a"
WRAPPED = re.compile(
    r"Please answer the following question with true or false, question: (.*)\n\nAnswer format: .*", re.S
)
CHOICES = ("true", "false")


def _rows(source: Source) -> Iterator[Sample]:
    for number, row in enumerate(json_list(fetch(source))):
        match = WRAPPED.fullmatch(row.fields["instruction"])
        if match is None:
            raise DataError(f"{source.path} {row.place} is not of the form that this benchmark reads")
        yield Sample(str(number), match[1].strip(), "AB"[CHOICES.index(row.fields["answer"])], CHOICES)


def _no_yes(source: Source) -> Iterator[Sample]:
    """The same questions with the options of lm-evaluation-harness, and without a question mark of their own."""
    for sample in _rows(source):
        target = "B" if sample.target == "A" else "A"
        yield replace(sample, question=sample.question.rstrip("?"), choices=("no", "yes"), target=target)


def benchmark() -> Benchmark:
    """The likelihood of `true` and `false`; `lm-eval` has `no` and `yes`; `generate` asks for the word."""
    source = pinned(REPO, REVISION, "dataset/boolq/test.json")
    dataset = Dataset(read=lambda subset, seed: _rows(source), size=3270, sources=lambda subset: (source,))
    ending = "\n\nAnswer with true or false. End with a line `ANSWER: true` or `ANSWER: false`."
    return Benchmark(
        id="boolq",
        card=Card(
            title="BoolQ (closed book)",
            measures="Yes/no questions from what the model knows: the pinned form has no passage.",
            dimension="knowledge",
            languages=("en",),
            licence="CC-BY-SA-3.0",
            source=f"https://github.com/{REPO}",
            paper="1905.10044",
            chance=0.5,
            note="Not comparable with BoolQ as published, which shows a passage. Always `true` scores 62.2 %.",
        ),
        dataset=dataset,
        metric=accuracy,
        protocols={
            "default": Protocol(Template(continuations=" {choice}"), Likelihood(), MostLikely(), metrics=CALIBRATED),
            "generate": Protocol(
                Template(base="Question: {question} (true or false)\nAnswer:", chat="{question}" + ending),
                OneTurn(),
                Letter(),
                Sampling(max_tokens=1024, stop=("\nQuestion:",)),
            ),
            "lm-eval": Protocol(
                InContext("choices", Template(base="Question: {question}?\nAnswer:", continuations="{choice}")),
                Likelihood(),
                LikelihoodChoices(("acc",)),
                metrics=(average.named("acc", "acc"),),
                dataset=replace(dataset, read=lambda subset, seed: _no_yes(source)),
            ),
        },
    )
