"""Rows of two cells side by side, counted one after the other and without their texts."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import orjson

from sinan import store
from sinan.causes import Side
from sinan.statistics import paired
from sinan.statistics.scales import in_percent
from sinan.store import frames
from sinan.types import Estimate, Metric, PairedDifference

COLUMNS = ("unit", "sample_id", "draw", "score", "scores", "outcome", "answer", "target")

Key = tuple[str, int]
"""Sample id and draw."""


def units(folder: store.RunFolder, side: Side) -> Iterator[tuple[str, list["Row"]]]:
    """The rows of a cell by unit, in the order of the units' names."""
    rows = map(Row.of, frames.of_cell(folder, side.benchmark, side.model, COLUMNS))
    return ((unit, list(own)) for unit, own in groupby(rows, key=lambda row: row.unit))


@dataclass(frozen=True, slots=True)
class Row:
    """One draw, without its texts."""

    unit: str
    key: Key
    score: float | None
    scores: Mapping[str, Any]
    outcome: str
    answer: str | None
    target: str

    @classmethod
    def of(cls, columns: tuple[Any, ...]) -> "Row":
        """From the values of `COLUMNS`."""
        unit, sample_id, draw, score, scores, outcome, answer, target = columns
        values = orjson.loads(scores) if scores and scores != "{}" else {}
        return cls(unit or sample_id, (sample_id, draw), score, values, outcome, answer, target)

    def value(self, metric: Metric) -> Any:
        """What the metric reads; None where there is no such number."""
        return self.scores.get(metric.of) if metric.of else self.score


def joined(
    a: Iterator[tuple[str, list[Row]]], b: Iterator[tuple[str, list[Row]]]
) -> Iterator[tuple[list[Row], list[Row]]]:
    """Both runs' rows of each unit; empty on one side where only the other has it."""
    one, other = next(a, None), next(b, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield one[1], []
            one = next(a, None)
        elif one is None or other[0] < one[0]:
            yield [], other[1]
            other = next(b, None)
        else:
            yield one[1], other[1]
            one, other = next(a, None), next(b, None)


@dataclass
class Beside:
    """Two cells, counted row by row."""

    sides: tuple[Side, Side]
    values: tuple[list[Any], list[Any]] = field(default_factory=lambda: ([], []))
    """Of each unit that has a number in both."""
    single: bool = True
    flips: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    targets: int = 0
    """Rows whose right answer differs."""
    differing: dict[Key, bool] = field(default_factory=dict)
    """Rows that differ, and whether one of them is right and the other is not."""

    def unit(self, rows_a: list[Row], rows_b: list[Row]) -> None:
        """The rows of one unit."""
        both = [_unit_value(side.metric, rows) for side, rows in zip(self.sides, (rows_a, rows_b), strict=True)]
        if None not in both:
            self.values[0].append(both[0])
            self.values[1].append(both[1])
            self.single = self.single and len(rows_a) == len(rows_b) == 1
        others = {row.key: row for row in rows_b}
        for row in rows_a:
            other = others.pop(row.key, None)
            if other is None:
                self.left_out["only_a"] += 1
            else:
                self._pair(row, other)
        self.left_out["only_b"] += len(others)

    def _pair(self, row: Row, other: Row) -> None:
        value, beside = row.value(self.sides[0].metric), other.value(self.sides[1].metric)
        if "failed" in (row.outcome, other.outcome):  # no answer, or none that could be judged, is no verdict
            self.left_out["failed"] += 1
            return
        self.targets += row.target != other.target
        if (value, row.outcome, row.answer) == (beside, other.outcome, other.answer):
            return
        right = _right(row, value), _right(other, beside)
        self.differing[row.key] = right[0] != right[1]
        if right[0] != right[1]:
            self.flips["a" if right[0] else "b"] += 1

    def paired(self) -> PairedDifference:
        """The mean difference. Of a metric that is no mean there is the difference of the two wholes, and no more."""
        a, b = self.values
        if all(side.metric.width == 1 for side in self.sides):
            return paired(a, b, single=self.single)
        whole = [_whole(side.metric, own) for side, own in zip(self.sides, (a, b), strict=True)]
        difference = None if None in whole else whole[0] - whole[1]
        return PairedDifference(whole[0], whole[1], difference, None, None, None, "none", len(a))

    def in_percent(self) -> bool:
        """Whether both wholes are shares of one."""
        found = self.paired()
        wholes = [Estimate(value, None, None, "none", found.n) for value in (found.value_a, found.value_b)]
        return all(in_percent(side.metric.kind or side.metric.name, wholes) for side in self.sides)


def _right(row: Row, value: Any) -> bool:
    """By its number where that is 0 or 1, else by its outcome."""
    return bool(value) if value in (0, 1) and row.outcome != "measured" else row.outcome == "correct"


def _unit_value(metric: Metric, rows: Iterable[Row]) -> Any:
    """The unit's number: of its draws and forms, as the metric takes them together. None where none has a number."""
    found = [(value, row.answer) for row in rows if (value := row.value(metric)) is not None]
    if not found:
        return None
    if metric.width > 1:
        return [sum(parts) / len(found) for parts in zip(*(value for value, _ in found), strict=True)]
    values = [value for value, _ in found]
    number = metric.vote(values, [answer for _, answer in found]) if metric.vote else metric.reduce(values)
    return None if math.isnan(number) else number


def _whole(metric: Metric, units: Sequence[Any]) -> Any:
    flat = [number for unit in units for number in (unit if metric.width > 1 else (unit,))]
    return metric.estimate(flat, 1).value if flat else None
