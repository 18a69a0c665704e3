"""ARC-Challenge: questions of school science examinations that retrieval and word statistics get wrong.

    Clark et al., Think you have Solved Question Answering? Try ARC, arXiv:1803.05457 (2018).

A row of test.json (made up; the form is that of arc_easy.py):
    {"instruction": "Please choose the correct answer to the question: Which is a source of light?\\n\\nAnswer1: a
     mirror Answer2: the Sun Answer3: the Moon Answer4: a window\\n\\nAnswer format: answer1/answer2/answer3/answer4",
     "input": "", "output": "the correct answer is answer2", "answer": "answer2"}
"""

from sinan.catalog.arc_easy import REPO, REVISION, protocols, rows
from sinan.datasets import pinned
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Dataset


def benchmark() -> Benchmark:
    """Asked and judged as ARC-Easy."""
    source = pinned(REPO, REVISION, "dataset/ARC-Challenge/test.json")
    return Benchmark(
        id="arc_challenge",
        card=Card(
            title="ARC-Challenge",
            measures="Grade school science that needs more than retrieval.",
            dimension="reasoning",
            languages=("en",),
            licence="CC-BY-SA-4.0",
            source=f"https://github.com/{REPO}",
            paper="1803.05457",
            chance=0.25,
            note="Three to five options, mostly four. Leaderboards often give `acc_norm` with 25 examples: not this.",
        ),
        dataset=Dataset(read=lambda subset, seed: rows(source), size=1172, sources=lambda subset: (source,)),
        metric=accuracy,
        protocols=protocols(),
    )
