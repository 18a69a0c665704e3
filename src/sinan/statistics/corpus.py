"""BLEU, chrF, chrF++ and TER of a whole corpus, from counts that every sample brings, through sacrebleu.

A sample brings what sacrebleu counts of one segment; the counts are summed and scored once. Settings are those of
sacrebleu's `corpus_bleu`, `corpus_chrf` and `corpus_ter` (BLEU with the tokenizer 13a, `bleu-zh` with zh, and
smoothing `exp`).
"""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from sinan.errors import MissingExtra
from sinan.statistics.bootstrap import OF_TEXTS, bootstrapped
from sinan.statistics.intervals import mean
from sinan.types import Estimate, Metric

WIDTHS = {"bleu": 10, "bleu-zh": 10, "chrf": 18, "chrf++": 24, "ter": 2}
"""Counts of one sample."""


@cache
def scale(name: str) -> Any:
    """sacrebleu's metric of a name. Raises MissingExtra."""
    try:
        from sacrebleu.metrics import BLEU, CHRF, TER
    except ImportError:
        raise MissingExtra(f"the metric {name}", "sacrebleu", "text") from None
    chinese, words_too = partial(BLEU, tokenize="zh"), partial(CHRF, word_order=2)
    return {"bleu": BLEU, "bleu-zh": chinese, "chrf": CHRF, "chrf++": words_too, "ter": TER}[name]()


@cache
def signature(name: str, references: int) -> str:
    """sacrebleu's own words for its settings, with so many references to a sample."""
    of = scale(name)
    told: Any = of._SIGNATURE_TYPE(vars(of) | {"num_refs": references})
    return str(told)


def counts(name: str, said: str, references: Sequence[str]) -> tuple[float, ...]:
    """What one sample brings: the statistics of its text against its references."""
    of = scale(name)
    (row,) = of._extract_corpus_statistics([said], [[reference] for reference in references])
    return tuple(map(float, row))


def score(name: str, sums: Sequence[float]) -> float:
    """The score of counts, of one sample or summed over many: 100 is the whole (of TER, where 0 is best, as many edits
    as words)."""
    return float(scale(name)._compute_score_from_stats(list(sums)).score)


def _scores(name: str, drawn: Any) -> Any:
    import numpy as np

    return np.array([score(name, sums) for sums in drawn.sum(axis=1)])


_STATISTICS = {name: partial(_scores, name) for name in WIDTHS}


def _estimate(name: str, values: Sequence[float], k: int, clusters: Sequence[int] = ()) -> Estimate:
    return bootstrapped(values, WIDTHS[name], _STATISTICS[name], OF_TEXTS, clusters)


def _metric(name: str) -> Metric:
    estimate = partial(_estimate, name)
    return Metric(name, mean, estimate, width=WIDTHS[name], ordered=True, clustered=estimate)


bleu, bleu_zh, chrf, chrfpp, ter = (_metric(name) for name in WIDTHS)
METRICS = {metric.name: metric for metric in (bleu, bleu_zh, chrf, chrfpp, ter)}
