"""ARC-Easy: questions of school science examinations that simple retrieval can answer.

    Clark et al., Think you have Solved Question Answering? Try ARC, arXiv:1803.05457 (2018).

A row of test.json (made up; this mirror wraps question and options into an instruction):
    {"instruction": "Please choose the correct answer to the question: What do bees make?\\n\\nAnswer1: milk
     Answer2: honey Answer3: silk Answer4: wool\\n\\nAnswer format: answer1/answer2/answer3/answer4",
     "input": "", "output": "the correct answer is answer2", "answer": "answer2"}
"""

import re
from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import json_list
from sinan.errors import DataError
from sinan.prompts import ASK_LETTER, THINK_LETTER, InContext, Template
from sinan.scoring import Letter, LikelihoodChoices, MostLikely
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.averages import average
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "AGI-Edgerunners/LLM-Adapters", "816657208af4db747803f87ba40a4c71383fed7a"
WRAPPED = re.compile(
    r"Please choose the correct answer to the question: (.*)\n\n(Answer1: .*)\n\nAnswer format: .*", re.S
)


def rows(source: Source) -> Iterator[Sample]:
    """The samples of a file in the mirror's form."""
    for number, row in enumerate(json_list(fetch(source))):
        match = WRAPPED.fullmatch(row.fields["instruction"])
        if match is None:
            raise DataError(f"{source.path} {row.place} is not of the form that this benchmark reads")
        choices = tuple(text.strip() for text in re.split(r"Answer\d: ", match[2])[1:])
        letter = "ABCDE"[int(row.fields["answer"].removeprefix("answer")) - 1]
        yield Sample(str(number), match[1].strip(), letter, choices)


def protocols() -> dict[str, Protocol]:
    """The likelihood of the options' texts; `acc_norm` the same per character; `generate` asks for the letter,
    `cot` for thoughts before it; `lm-eval` gives both `acc` and `acc_norm` of one run."""
    published = Template(base="Question: {question}\nAnswer:", continuations=" {choice}")
    in_context = InContext("choices", Template(base="Question: {question}\nAnswer:", continuations="{choice}"))
    metrics = (average.named("acc", "acc"), average.named("acc_norm", "acc_norm"))
    return {
        "default": Protocol(published, Likelihood(), MostLikely(), metrics=CALIBRATED),
        "acc_norm": Protocol(published, Likelihood(), MostLikely("chars")),
        "generate": Protocol(ASK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=1024, stop=("\nQuestion:",))),
        "lm-eval": Protocol(in_context, Likelihood(), LikelihoodChoices(), metrics=metrics),
        "cot": Protocol(THINK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=1024, stop=("\nQuestion:",))),
    }


def benchmark() -> Benchmark:
    """Without examples: the mirror has the test split alone."""
    source = pinned(REPO, REVISION, "dataset/ARC-Easy/test.json")
    return Benchmark(
        id="arc_easy",
        card=Card(
            title="ARC-Easy",
            measures="Grade school science, the questions that word statistics can answer.",
            dimension="knowledge",
            languages=("en",),
            licence="CC-BY-SA-4.0",
            source=f"https://github.com/{REPO}",
            paper="1803.05457",
            chance=0.25,
            note="Three to five options, mostly four. Read back from a mirror that wraps them into instructions.",
        ),
        dataset=Dataset(read=lambda subset, seed: rows(source), size=2376, sources=lambda subset: (source,)),
        metric=accuracy,
        protocols=protocols(),
    )
