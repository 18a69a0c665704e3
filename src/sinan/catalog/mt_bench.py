"""MT-Bench: 80 questions in two turns; a judge grades each answer from 1 to 10.

    Zheng et al., Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena, arXiv:2306.05685 (2023).

A row of question.jsonl (made up), and of judge_prompts.jsonl:
    {"question_id": 7, "category": "writing", "turns": ["Describe a robin.", "Now in one sentence."]}
    {"name": "single-v1", "type": "single", "system_prompt": "...", "prompt_template": "...{question}...{answer}..."}
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.errors import UsageError
from sinan.prompts import FurtherTurns, Template
from sinan.scoring.judges import ByMark, Case, Graded, Heard, Judged, Opinion
from sinan.solving import ManyTurns
from sinan.statistics.averages import average
from sinan.types import Benchmark, Card, Completion, Dataset, Metric, Protocol, Sample, Sampling

REPO, REVISION = "lm-sys/FastChat", "0e6d3e4beaab66f4d3f93db72541a4abab8af28d"
FOLDER = "fastchat/llm_judge/data"
QUESTIONS = pinned(REPO, REVISION, f"{FOLDER}/mt_bench/question.jsonl")
REFERENCES = pinned(REPO, REVISION, f"{FOLDER}/mt_bench/reference_answer/gpt-4.jsonl")
PROMPTS = pinned(REPO, REVISION, f"{FOLDER}/judge_prompts.jsonl")
TURNS = ("turn_1", "turn_2")


def _rows() -> Iterator[Sample]:
    """Mathematics, reasoning and coding have reference answers, by GPT-4."""
    references = {row.fields["question_id"]: row.fields["choices"][0]["turns"] for row in jsonl(fetch(REFERENCES))}
    for row in jsonl(fetch(QUESTIONS)):
        number, (first, *further) = row.fields["question_id"], row.fields["turns"]
        metadata = {"turns": further, "reference": references.get(number)}
        yield Sample(str(number), first, "", group=row.fields["category"], metadata=metadata)


@cache
def _prompts() -> Mapping[str, Mapping[str, Any]]:
    return {row.fields["name"]: row.fields for row in jsonl(fetch(PROMPTS))}


@dataclass(frozen=True)
class SingleGrading(Graded):
    """FastChat's grading of single answers, with its prompts: one grade for each turn, with the conversation so far."""

    prompts: str = PROMPTS.sha256
    form: ByMark = ByMark(r"\[\[(?P<label>[0-9]+(?:\.[0-9]+)?)\]\]", scale=(1, 10))
    numeric: bool = True

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The mean grade over both turns, and that of each."""
        return (average.named("score", ""), *(average.named(name, name) for name in TURNS))

    def cases(self, sample: Sample, completion: Completion, draw: int) -> tuple[Case, ...]:
        """One for each turn."""
        asked = [sample.question, *sample.metadata["turns"]]
        said, right = completion.turns or (completion.text,), sample.metadata["reference"] or []
        if len(said) < len(asked):
            raise UsageError(f"sample {sample.id} asks {len(asked)} turns, and {len(said)} was answered")
        holes = {"question": asked[0], "answer": said[0]}
        for number, texts in enumerate(zip(asked, said, strict=True), 1):
            holes |= {f"question_{number}": texts[0], f"answer_{number}": texts[1]}
        holes |= {f"ref_answer_{number}": text for number, text in enumerate(right, 1)}
        kind = "single-math-v1" if right else "single-v1"
        names = (kind, f"{kind}-multi-turn")
        return tuple(self._case(name, holes, said, turn) for name, turn in zip(names, TURNS, strict=True))

    def _case(self, name: str, holes: Mapping[str, str], said: Sequence[str], turn: str) -> Case:
        prompt = _prompts()[name]
        user = prompt["prompt_template"].format(**holes)
        return Case(user, self.form, prompt["system_prompt"], judged=tuple(said), name=turn)

    def opinion(self, rulings: Sequence[Heard], sample: Sample, completion: Completion) -> Opinion:
        """The mean of both grades, and each."""
        return self.of_grades({heard.case: heard.ruling.numbers["rating"] for heard in rulings})

    def unanswered(self, sample: Sample) -> Opinion:
        """The lowest grades."""
        return self.of_grades(dict.fromkeys(TURNS, 1.0))


def benchmark() -> Benchmark:
    """FastChat's prompts for single grading, which every judge is shown as published."""
    scorer = Judged(SingleGrading(), sampling=Sampling(temperature=0.0, max_tokens=2048))
    return Benchmark(
        id="mt_bench",
        card=Card(
            title="MT-Bench",
            measures="Answers to open questions in two turns, as a judge grades them from 1 to 10.",
            dimension="instruction",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="2306.05685",
            note="Needs --judge. The published prompts do not fence the answer off, so it can speak to the judge. All "
            "answers are drawn at temperature 0; FastChat takes 0.7 for writing and roleplay.",
        ),
        dataset=Dataset(
            read=lambda subset, seed: _rows(),
            size=80,
            sources=lambda subset: (QUESTIONS, REFERENCES, PROMPTS),
        ),
        metric=average.named("score", ""),
        protocols={
            "default": Protocol(
                FurtherTurns(Template()),
                ManyTurns(),
                scorer,
                Sampling(max_tokens=1024, stop=("\nQuestion:",)),
                chat_sampling=Sampling(max_tokens=1024),
                metrics=scorer.reports,
            )
        },
    )
