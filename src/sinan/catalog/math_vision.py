"""MATH-Vision, testmini: 304 problems of mathematics competitions that stand on a picture.

    Wang et al., Measuring Multimodal Mathematical Reasoning with MATH-Vision Dataset, arXiv:2402.14804 (2024).

A row of testmini.jsonl (made up), with its picture images/4.jpg:
    {"id": "4", "question": "How many triangles are there?\\n<image1>", "options": [], "answer": "6", "solution": null,
     "level": 1, "subject": "counting", "image": "images/4.jpg"}
"""

from collections.abc import Iterator
from typing import Any

from sinan.datasets import fetch, listed, picture, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts import ByChoices, Template
from sinan.scoring import ByChoices as Scorer
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "mathllm/MATH-V", "a1f5cc3add200c0cd080fad463e500f44ef1fb41"


def _source(path: str) -> Source:
    return pinned(REPO, REVISION, path)


def _rows() -> Iterator[Sample]:
    return (_sample(row.fields) for row in jsonl(fetch(_source("data/testmini.jsonl"))))


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(
        id=row["id"],
        question=row["question"],
        target=row["answer"],
        choices=tuple(row["options"]),
        group=row["subject"],
        images=(picture(fetch(_source(row["image"]))),),
        metadata={"level": row["level"]},
    )


def _sources(subset: str) -> tuple[Source, ...]:
    pictures = listed(REPO, REVISION, "images/", ".jpg")
    return (_source("data/testmini.jsonl"), *(_source(f"images/{name}.jpg") for name in pictures))


def benchmark() -> Benchmark:
    """Asked in messages that hold the picture; a letter where there are options, else a number or an expression."""
    prompt = ByChoices(
        choice=Template(chat="{question}\n{options}\n\nThink step by step. End with a line `ANSWER: X`, X a letter."),
        free=Template(
            chat="{question}\n\nThink step by step. End with a line `ANSWER: X`, X the number or expression."
        ),
    )
    return Benchmark(
        id="math_vision",
        card=Card(
            title="MATH-Vision testmini",
            measures="Competition mathematics that cannot be read without its picture.",
            dimension="multimodal",
            languages=("en",),
            licence="MIT",
            source=f"https://github.com/{REPO}",
            paper="2402.14804",
            modality="image",
            note="304 of 3040 problems, 190 with five options. Free answers that are no number are compared as text.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=304, sources=_sources),
        metric=accuracy,
        protocols={"default": Protocol(prompt, OneTurn(), Scorer(), Sampling(max_tokens=2048))},
    )
