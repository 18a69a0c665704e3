"""MMLU: 57 subjects from elementary mathematics to law, four options each.

    Hendrycks et al., Measuring Massive Multitask Language Understanding, arXiv:2009.03300 (2020).

A row of astronomy_test.csv (made up; this mirror has a header, and the answer as an index from 0):
    question,choice0,choice1,choice2,choice3,answer
    Which planet is the largest?,Mars,Venus,Jupiter,Earth,2
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from sinan.datasets import fetch, listed, pinned
from sinan.datasets.readers import csv_rows
from sinan.prompts import ASK_LETTER, LETTERED, THINK_LETTER, InContext, Template
from sinan.scoring import Filtered, Letter, LikelihoodChoices, MostLikely, Pipeline
from sinan.scoring.filters import Regex, TakeFirst
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.averages import average
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.statistics.over_groups import over
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

HEADER = "The following are multiple choice questions (with answers) about{blank}{{subject}}.\n\n"
IN_CONTEXT = Template(base=LETTERED + "Answer:", answer="{target}", continuations="{letter}")
SIMPLE_EVALS = (
    "Answer the following multiple choice question. The last line of your response should be of the following format: "
    "'ANSWER: $LETTER' (without quotes) where LETTER is one of ABCD. Think step by step before answering.\n\n"
    "{question}\n\n{options}"
)
REPO, REVISION = "HaeChan0305/MLILAB-FedLLM", "d92730e8bacd7b3a61e551e015e40588e10234b4"


def _source(subject: str, split: str) -> Source:
    return pinned(REPO, REVISION, f"data/mmlu/{split}/{subject}_{split}.csv")


def _rows(subject: str, split: str) -> Iterator[Sample]:
    for number, row in enumerate(csv_rows(fetch(_source(subject, split)))):
        fields = row.fields
        yield Sample(
            id=f"{subject}/{number}" if split == "test" else f"{split}/{subject}/{number}",
            question=fields["question"].strip(),
            target="ABCD"[int(fields["answer"])],
            choices=tuple(fields[f"choice{i}"] for i in range(4)),
            group=subject,
            metadata={"subject": subject.replace("_", " ")},
        )


@cache
def _dev(subject: str) -> Sequence[Sample]:
    return tuple(_rows(subject, "dev"))


def benchmark() -> Benchmark:
    """Five examples of the subject and the likelihood of the letters, as published; `generate` asks for the letter,
    `cot` for thoughts before it.

    `lm-eval` has the same prompt and that harness's standard error over subjects (its own default is `--shots 0`);
    `opencompass` is its mmlu_ppl_ac766d, whose header has two blanks; `simple-evals` asks for `ANSWER: X`.
    """
    published = Template(
        header=HEADER.format(blank=" "),
        base=LETTERED + "Answer:",
        continuations=" {letter}",
    )
    return Benchmark(
        id="mmlu",
        card=Card(
            title="MMLU",
            measures="Knowledge and problem solving in 57 subjects of school, university and professions.",
            dimension="knowledge",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2009.03300",
            chance=0.25,
            note="The mean over all questions, not over subjects. The files are a mirror of hendrycks/test.",
        ),
        dataset=Dataset(
            read=lambda subject, seed: _rows(subject, "test"),
            subsets=listed(REPO, REVISION, "data/mmlu/test/", "_test.csv"),
            size=14042,
            sources=lambda subject: (_source(subject, "test"), _source(subject, "dev")),
            pool=lambda subject, seed: _dev(subject),
        ),
        metric=accuracy,
        protocols={
            "default": Protocol(published, Likelihood(), MostLikely(), shots=5, metrics=CALIBRATED),
            "paper": Protocol(published, Likelihood(), MostLikely(), shots=5, metrics=CALIBRATED),
            "lm-eval": Protocol(
                InContext("choices", IN_CONTEXT, HEADER.format(blank=" ")),
                Likelihood(),
                LikelihoodChoices(("acc",)),
                shots=5,
                metrics=(over(average.named("acc", "acc"), "by_size"),),
            ),
            "opencompass": Protocol(
                replace(published, header=HEADER.format(blank="  ")), Likelihood(), MostLikely(), shots=5
            ),
            "simple-evals": Protocol(
                Template(base=SIMPLE_EVALS, chat=SIMPLE_EVALS, option="{letter}) {choice}"),
                OneTurn(),
                Filtered((Pipeline(filters=(Regex(r"(?i)ANSWER\s*:\s*([A-D])", fallback=""), TakeFirst())),)),
                Sampling(temperature=0.5, max_tokens=2048, stop=("\nQuestion:",)),
                chat_sampling=Sampling(temperature=0.5, max_tokens=2048),
                metrics=(accuracy,),
            ),
            "generate": Protocol(ASK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=1024, stop=("\nQuestion:",))),
            "cot": Protocol(THINK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=1024, stop=("\nQuestion:",))),
        },
    )
