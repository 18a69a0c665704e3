"""M-IFEval: instructions that a program can check in Spanish, French and Japanese, beside those of IFEval in English.

    Dussolle et al., M-IFEval: Multilingual Instruction-Following Evaluation, arXiv:2502.04688 (2025).

A row of fr_input_data.jsonl (made up):
    {"key": 7, "prompt": "Citez trois fleuves, sans accents.",
     "instruction_id_list": ["fr:special_character:no_accents"], "kwargs": [{}]}
"""

from itertools import chain

from sinan.catalog.ifeval import ASKED, REPO, STOP, rows, source
from sinan.scoring.instructions import Instructions, levels
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.statistics.over_groups import over
from sinan.types import Benchmark, Card, Dataset, Protocol, Sampling

LANGUAGES = ("en", "es", "fr", "ja")


def benchmark() -> Benchmark:
    """The prompt is all that is asked, in its own language. Every language counts the same in the whole."""
    metrics = tuple(over(metric, "plain") for metric in levels(accuracy))
    sampling = Sampling(max_tokens=2048, stop=STOP)
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
            "published checker uses; Japanese follows the checker of the data's revision, not that of the paper.",
        ),
        dataset=Dataset(
            read=lambda subset, seed: chain.from_iterable(
                rows(language, f"{language}/", language) for language in ([subset] if subset else LANGUAGES)
            ),
            subsets=LANGUAGES,
            size=1063,
            sources=lambda subset: tuple(map(source, [subset] if subset else LANGUAGES)),
        ),
        metric=accuracy,
        protocols={"default": Protocol(ASKED, OneTurn(), Instructions(LANGUAGES), sampling, metrics=metrics)},
    )
