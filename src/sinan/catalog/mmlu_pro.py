"""MMLU-Pro: harder questions of 14 fields, most with ten options.

    Wang et al., MMLU-Pro: A More Robust and Challenging Multi-Task Language Understanding Benchmark,
    arXiv:2406.01574 (2024).

The questions are read from a file of published outputs: a zip of one JSON list. A row (made up, without what the
model said):
    {"question_id": 7, "question": "Which is a prime?", "options": ["4", "6", "7"], "answer": "C", "answer_index": 2,
     "category": "math", "src": "made_up"}
"""

import json
import zipfile
from collections.abc import Iterator

from sinan.datasets import fetch, pinned
from sinan.prompts import THINK_LETTER, Template
from sinan.scoring import Letter, MmluPro
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy, strict
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "TIGER-AI-Lab/MMLU-Pro", "f418b116db00b065c2aea046518d8fcf74d39872"
HEADER = (
    "The following are multiple choice questions (with answers) about {category}. Think step by step and then finish "
    'your answer with "the answer is (X)" where X is the correct letter choice.\n\n'
)
QUESTION = "Question:\n{question}\nOptions:\n{options}\nAnswer: Let's think step by step."


def _source() -> Source:
    return pinned(REPO, REVISION, "eval_results/model_outputs_Llama-2-7b-hf_5shots.zip")


def _rows() -> Iterator[Sample]:
    with zipfile.ZipFile(fetch(_source())) as archive:
        rows = json.loads(archive.read(archive.namelist()[0]))
    for row in rows:
        yield Sample(
            id=str(row["question_id"]),
            question=row["question"].strip(),
            target=row["answer"],
            choices=tuple(row["options"]),
            group=row["category"],
            metadata={"question_id": row["question_id"], "category": row["category"], "src": row["src"]},
        )


def benchmark() -> Benchmark:
    """A chain of thought, then the letter; nothing is shown before it.

    `paper` asks in the published words and reads by the published rules, without the guess of its later scripts: what
    they do not read is unparsed. `paper-later` has the third rule of those scripts. The five worked examples of each
    field are in no file here, so that both are asked without.
    """
    stop = ("Question:",)
    paper = Template(base=QUESTION, chat=QUESTION, header=HEADER)
    return Benchmark(
        id="mmlu_pro",
        card=Card(
            title="MMLU-Pro",
            measures="Knowledge and reasoning in 14 fields, with ten options instead of four.",
            dimension="knowledge",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="2406.01574",
            chance=0.11,
            note="Mean over questions; 3 to 10 options, a few have fewer. Questions come with published outputs.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=12032, sources=lambda subset: (_source(),)),
        metric=accuracy,
        protocols={
            "default": Protocol(
                THINK_LETTER, OneTurn(), Letter(), Sampling(max_tokens=2048, stop=stop), metrics=(accuracy, strict)
            ),
            "paper": Protocol(paper, OneTurn(), MmluPro(), Sampling(max_tokens=2048, stop=stop)),
            "paper-later": Protocol(paper, OneTurn(), MmluPro(levels=3), Sampling(max_tokens=2048, stop=stop)),
        },
    )
