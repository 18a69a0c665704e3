"""MathVista, testmini, the words alone: 1000 questions about figures, without the figures.

    Lu et al., MathVista: Evaluating Mathematical Reasoning of Foundation Models in Visual Contexts,
    arXiv:2310.02255 (2023).

The questions are read from a file of published outputs, the words they are asked in from query.json. A row (made up):
    {"1": {"pid": "1", "question": "How long is AB?", "choices": ["3 cm", "4 cm"], "unit": null, "precision": null,
     "answer": "4 cm", "question_type": "multi_choice", "answer_type": "text", "image": "images/1.jpg",
     "metadata": {"task": "geometry problem solving", "language": "english", ...}}}
"""

import json
from collections.abc import Iterator
from typing import Any

from sinan.datasets import fetch, pinned
from sinan.prompts import Template
from sinan.scoring import MathVista
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "lupantech/MathVista", "53d525874bdde205128e6b160b7357a88277d479"
_KEPT = ("pid", "question_type", "answer_type", "precision", "unit")


def _questions() -> Source:
    return pinned(REPO, REVISION, "results/random/output_frequent_guess.json")


def _queries() -> Source:
    return pinned(REPO, REVISION, "data/query.json")


def _rows() -> Iterator[Sample]:
    queries = json.loads(fetch(_queries()).read_text("utf-8"))
    rows: dict[str, dict[str, Any]] = json.loads(fetch(_questions()).read_text("utf-8"))
    for pid, row in rows.items():
        choices = tuple(row["choices"] or ())
        about = row["metadata"]
        metadata = {name: row[name] for name in _KEPT} | {"query": queries[pid], "language": about["language"]}
        yield Sample(
            id=pid,
            question=row["question"],
            target="ABCDEFGHIJ"[choices.index(row["answer"])] if choices else row["answer"],
            choices=choices,
            group=about["task"],
            metadata=metadata,
        )


def benchmark() -> Benchmark:
    """The published query, to which a model that sees nothing must guess or refuse: the text-only row of the paper.

    `extracted` judges what an extraction gave, as the published scores do; the default reads the response itself.
    Both fit it to the question as published.
    """
    query = Template(base="{query}\nSolution:", chat="{query}")
    return Benchmark(
        id="mathvista",
        card=Card(
            title="MathVista testmini, text only",
            measures="What can be guessed of questions about figures from their words alone.",
            dimension="multimodal",
            languages=("en", "zh", "fa"),
            licence="CC-BY-SA-4.0",
            source=f"https://github.com/{REPO}",
            paper="2310.02255",
            note="The pictures are not among these files. 540 of 1000 have options. Not to be used as training data.",
        ),
        dataset=Dataset(
            read=lambda subset, seed: _rows(), size=1000, sources=lambda subset: (_questions(), _queries())
        ),
        metric=accuracy,
        protocols={
            "default": Protocol(
                query, OneTurn(), MathVista(extracted=False), Sampling(max_tokens=1024, stop=("\nQuestion:",))
            ),
            "extracted": Protocol(query, OneTurn(), MathVista(), Sampling(max_tokens=1024, stop=("\nQuestion:",))),
        },
    )
