"""BoolQ: yes/no questions that people typed into a search engine; here without the passage that answers them.

    Clark et al., BoolQ: Exploring the Surprising Difficulty of Natural Yes/No Questions, arXiv:1905.10044 (2019).

A row of test.json (made up; this mirror leaves the passage out):
    {"instruction": "Please answer the following question with true or false, question: is honey made by bees?\\n\\n
     Answer format: true/false", "input": "", "output": "the correct answer is true", "answer": "true"}
"""

import re
from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import json_list
from sinan.errors import DataError
from sinan.prompts import Template
from sinan.scoring import Letter, MostLikely
from sinan.solving import Likelihood, OneTurn
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


def benchmark() -> Benchmark:
    """The likelihood of `true` and `false`; `generate` asks for the word."""
    source = pinned(REPO, REVISION, "dataset/boolq/test.json")
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
        dataset=Dataset(read=lambda subset, seed: _rows(source), size=3270, sources=lambda subset: (source,)),
        metric=accuracy,
        protocols={
            "default": Protocol(Template(continuations=" {choice}"), Likelihood(), MostLikely(), metrics=CALIBRATED),
            "generate": Protocol(
                Template(base="Question: {question} (true or false)\nAnswer:", chat="{question}" + ending),
                OneTurn(),
                Letter(),
                Sampling(max_tokens=1024, stop=("\nQuestion:",)),
            ),
        },
    )
