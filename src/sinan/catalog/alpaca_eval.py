"""AlpacaEval: instructions of five origins; is the answer better than a baseline's, as a judge sees it?

    Li et al., AlpacaEval (2023); Dubois et al., Length-Controlled AlpacaEval, arXiv:2404.04475 (2024).

A row of model_outputs.json (made up):
    {"dataset": "helpful_base", "instruction": "Name a bird.", "output": "A robin.", "generator": "text_davinci_003"}
"""

from collections.abc import Iterator
from dataclasses import replace

from sinan.datasets import fetch, pinned
from sinan.datasets.readers import json_list
from sinan.prompts import Template
from sinan.scoring.judges import Judged, Pairwise
from sinan.solving import OneTurn
from sinan.statistics.averages import average
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling

REPO, REVISION = "tatsu-lab/alpaca_eval", "cd543a149df89434d8a54582c0151c0b945c3d20"
DAVINCI = pinned(REPO, REVISION, "results/text_davinci_003/model_outputs.json")
"""The baseline of AlpacaEval 1.0."""
GPT_4_TURBO = pinned(REPO, REVISION, "results/vicuna-7b/weighted_alpaca_eval_gpt4_turbo/annotations.json")
"""Comparisons with the baseline of AlpacaEval 2.0, gpt4_1106_preview, whose answers are in them."""


def _rows(answers: str) -> Iterator[Sample]:
    """`answers`: where a row holds the baseline's answer."""
    for number, row in enumerate(json_list(fetch(DAVINCI if answers == "output" else GPT_4_TURBO))):
        fields = row.fields
        metadata = {"baseline": fields[answers]}
        yield Sample(str(number), fields["instruction"], "", group=fields["dataset"], metadata=metadata)


def benchmark() -> Benchmark:
    """Against text_davinci_003, both orders asked; `gpt4-turbo` against gpt4_1106_preview; `weighted` against that one
    too, by the judge's log-likelihoods of its verdict, in the order that AlpacaEval draws for each instruction."""
    both_files = (DAVINCI, GPT_4_TURBO)
    dataset = Dataset(read=lambda subset, seed: _rows("output"), size=805, sources=lambda subset: both_files)
    second = replace(dataset, read=lambda subset, seed: _rows("output_1"))
    both, weighed = Judged(Pairwise()), Judged(Pairwise(("A", "B"), "drawn", weighed=True))
    default = Protocol(
        Template(base="# Instruction\n{question}\n\n# Response\n"),
        OneTurn(),
        both,
        Sampling(max_tokens=2048, stop=("\n# Instruction",)),
        chat_sampling=Sampling(max_tokens=2048),
        metrics=both.reports,
    )
    return Benchmark(
        id="alpaca_eval",
        card=Card(
            title="AlpacaEval",
            measures="How often a judge prefers the answer to a baseline's.",
            dimension="instruction",
            languages=("en",),
            licence="CC BY-NC 4.0",
            source=f"https://github.com/{REPO}",
            paper="2404.04475",
            note="Needs --judge. The judge's prompt is ours. `win_rate_at_equal_lengths` is our own estimate, and not "
            "AlpacaEval's length-controlled win rate, which rests on difficulties that are not in these files.",
        ),
        dataset=dataset,
        metric=average.named("win_rate", ""),
        protocols={
            "default": default,
            "gpt4-turbo": replace(default, dataset=second),
            "weighted": replace(default, dataset=second, scorer=weighed, metrics=weighed.reports),
        },
    )
