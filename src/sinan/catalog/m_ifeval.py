"""M-IFEval: instructions that a program can check in Spanish, French and Japanese, beside those of IFEval in English.

    Dussolle et al., M-IFEval: Multilingual Instruction-Following Evaluation, arXiv:2502.04688 (2025).

A row of fr_input_data.jsonl (made up):
    {"key": 7, "prompt": "Citez trois fleuves, sans accents.",
     "instruction_id_list": ["fr:special_character:no_accents"], "kwargs": [{}]}
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from sinan.catalog.ifeval import ASKED, REPO, STOP, rows, source
from sinan.scoring.instructions import Instructions, levels
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.statistics.over_groups import over
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling

LANGUAGES = ("en", "es", "fr", "ja")


def _rows(subset: str, seed: int, japanese: str = "ja") -> Iterator[Sample]:
    for language in [subset] if subset else LANGUAGES:
        for sample in rows(language, f"{language}/", language):
            yield _checked_as(japanese, sample) if language == "ja" else sample


def _checked_as(japanese: str, sample: Sample) -> Sample:
    """The sample with its instructions checked by the rules of another time."""
    asked = [{**one, "id": one["id"].replace("ja:", f"{japanese}:", 1)} for one in sample.metadata["instructions"]]
    return replace(sample, metadata={**sample.metadata, "instructions": asked})


def benchmark() -> Benchmark:
    """The prompt is all that is asked, in its own language. Every language counts the same in the whole.

    `paper` checks Japanese as the paper did, before the repository changed its rules.
    """
    metrics = tuple(over(metric, "plain") for metric in levels(accuracy))
    sampling = Sampling(max_tokens=2048, stop=STOP)
    default = Protocol(ASKED, OneTurn(), Instructions(LANGUAGES), sampling, metrics=metrics)
    dataset = Dataset(
        read=_rows,
        subsets=LANGUAGES,
        size=1063,
        sources=lambda subset: tuple(map(source, [subset] if subset else LANGUAGES)),
    )
    of_the_paper = replace(dataset, read=partial(_rows, japanese="ja-2024"))
    return Benchmark(
        id="m_ifeval",
        card=Card(
            title="M-IFEval",
            measures="Following instructions that a program can check, in four languages.",
            dimension="instruction",
            languages=LANGUAGES,
            licence="Apache-2.0",
            source=f"https://github.com/{REPO}",
            paper="2502.04688",
            note="English is IFEval itself. Words and sentences of Spanish are counted without spaCy, which the "
            "published checker uses. Japanese follows the rules of the data's revision; `paper`, those of the paper.",
        ),
        dataset=dataset,
        metric=accuracy,
        protocols={"default": default, "paper": replace(default, dataset=of_the_paper)},
    )
