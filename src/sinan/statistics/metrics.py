"""Metrics by kind: what a stored run names is found again here, so that its numbers can be made from its journal."""

from collections.abc import Mapping
from typing import Any

from sinan.statistics import repeats
from sinan.statistics.calibration import brier, ece
from sinan.statistics.intervals import accuracy
from sinan.types import Metric

KINDS: dict[str, Metric] = {metric.kind or metric.name: metric for metric in (accuracy, repeats.circular, brier, ece)}
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
