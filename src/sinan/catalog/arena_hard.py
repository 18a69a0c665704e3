"""Arena-Hard v0.1: 500 hard prompts of real users; is the answer better than GPT-4's (0314), as a judge sees it?

    Li et al., From Crowdsourced Data to High-Quality Benchmarks, arXiv:2406.11939 (2024).

A row of question.jsonl (made up), and the baseline's answer to it:
    {"uid": "0a1b", "category": "arena-hard-v0.1", "cluster": "Birds", "prompt": "Why do robins sing at night?"}
    {"uid": "0a1b", "model": "gpt-4-0314", "messages": [{"role": "user", "content": "Why do robins sing at night?"},
     {"role": "assistant", "content": {"answer": "Street lamps..."}}]}
"""

from collections.abc import Iterator
from dataclasses import replace

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import jsonl
from sinan.prompts import Template
from sinan.scoring.judges import FIVE, Judged, Pairwise
from sinan.solving import OneTurn
from sinan.statistics.preference import share
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling

REPO, REVISION = "lmarena/arena-hard-auto", "196f6b826783b3da7310e361a805fa36f0be83f3"
QUESTIONS = pinned(REPO, REVISION, "data/arena-hard-v0.1/question.jsonl")
BASELINE = pinned(REPO, REVISION, "data/arena-hard-v0.1/model_answer/gpt-4-0314.jsonl")


def _rows() -> Iterator[Sample]:
    answers = {row.fields["uid"]: row.fields["messages"][-1]["content"]["answer"] for row in jsonl(fetch(BASELINE))}
    for row in jsonl(fetch(QUESTIONS)):
        uid, cluster = row.fields["uid"], row.fields["cluster"]
        yield Sample(uid, row.fields["prompt"], "", metadata={"baseline": answers[uid], "cluster": cluster})


def benchmark() -> Benchmark:
    """Both orders, five verdicts, of which much better and much worse count three times. `marks` asks the judge for
    `[[A>>B]]` on its last line instead of a JSON object."""
    scorer, marks = Judged(Pairwise(FIVE)), Judged(Pairwise(FIVE, marks=True))
    default = Protocol(
        Template(),
        OneTurn(),
        scorer,
        Sampling(max_tokens=4096, stop=("\nQuestion:",)),
        chat_sampling=Sampling(max_tokens=4096),
        metrics=scorer.reports,
    )
    return Benchmark(
        id="arena_hard",
        card=Card(
            title="Arena-Hard v0.1",
            measures="How often a judge prefers the answer to GPT-4's, on hard prompts of users.",
            dimension="instruction",
            languages=("en",),
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="2406.11939",
            note="Needs --judge. The judge's prompt is ours. The win rate is that of games weighted as in v0.1: the "
            "Bradley-Terry estimate where every game is against the one baseline.",
        ),
        dataset=Dataset(read=lambda subset, seed: _rows(), size=500, sources=lambda subset: (QUESTIONS, BASELINE)),
        metric=share.named("win_rate", "weighted"),
        protocols={"default": default, "marks": replace(default, scorer=marks)},
    )
