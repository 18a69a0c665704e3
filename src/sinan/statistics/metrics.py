"""Metrics by kind: what a stored run names is found again here, so that its numbers can be made from its journal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sinan.statistics import agreement, averages, corpus, preference, repeats
from sinan.statistics.calibration import brier, ece
from sinan.statistics.intervals import accuracy, mean
from sinan.statistics.micro import micro
from sinan.statistics.over_groups import WAYS, over
from sinan.types import Estimate, Metric

_OF_SAMPLES = (
    accuracy,
    repeats.circular,
    repeats.alike,
    brier,
    ece,
    micro,
    averages.average,
    averages.median,
    averages.nanmean,
    averages.perplexity,
    averages.weighted_perplexity,
    averages.bits_per_byte,
    averages.brier,
    agreement.f1,
    agreement.mcc,
    agreement.kappa,
    preference.share,
    preference.at_equal_lengths,
    corpus.bleu,
    corpus.chrf,
    corpus.chrfpp,
    corpus.ter,
)


def by_function(estimate: Callable[[Sequence[float], int], Estimate]) -> Metric:
    """A metric that a function makes of all values, which are rows of any length. They are in the benchmark's order:
    what a stranger's function makes of them may depend on it."""
    return Metric("function", mean, estimate, width=0, ordered=True)


def _elsewhere(values: Sequence[float], k: int) -> Estimate:
    """Of a stored run whose function is not loaded: no number."""
    return Estimate(None, None, None, "none", 0)


_ALONE = (*_OF_SAMPLES, by_function(_elsewhere))
_OF_GROUPS = tuple(over(metric, way) for metric in _ALONE for way in WAYS)

KINDS: dict[str, Metric] = {metric.kind or metric.name: metric for metric in (*_ALONE, *_OF_GROUPS)}
"""Kinds with a number in their name (`pass@4`) are found by `repeats.by_kind`."""


def metric(described: Mapping[str, Any]) -> Metric:
    """The metric of an entry of run.json: `{"name": ..., "kind": ..., "of": ...}`. Raises KeyError for a kind that is
    not known here, such as that of another package."""
    kind = described.get("kind") or described["name"]
    found = KINDS[kind] if kind in KINDS else repeats.by_kind(kind)
    return found.named(described["name"], described.get("of", ""))


def metrics(cell: Mapping[str, Any]) -> tuple[Metric, ...]:
    """The metrics of a cell of run.json. Raises KeyError."""
    return tuple(map(metric, cell.get("metrics") or [{"name": cell["metric"]}]))
