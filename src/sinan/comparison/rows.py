"""Rows of two cells side by side: what is counted of them, the units' numbers, and the mean of their differences."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sinan.causes import Side
from sinan.statistics import paired
from sinan.statistics.intervals import mean
from sinan.statistics.paired_macro import paired_macro
from sinan.statistics.paired_wholes import paired_wholes
from sinan.statistics.repeats import all_right
from sinan.statistics.scales import in_percent
from sinan.statistics.wholes import is_mean
from sinan.store.beside import Counts, Half, Joined
from sinan.types import Estimate, Metric, PairedDifference
from sinan.types.sample import form_of

if TYPE_CHECKING:
    from sinan.store import RunFolder

Sides = tuple[Side, Side]


def half(folder: "RunFolder", side: Side) -> Half:
    """The cell, as the store is asked for it."""
    return Half(folder, side.benchmark, side.model, side.metric.of, side.metric.width)


def needs_answers(sides: Sides) -> bool:
    """Whether a metric takes a vote."""
    return any(side.metric.vote for side in sides)


@dataclass(frozen=True, eq=False)
class Numbers:
    """Of each unit that has a number in both cells, these; in the order of the units' names."""

    a: Any
    b: Any
    """(units,), or (units, width); of a metric that reads rows of any length a list of rows."""
    single: bool
    """Whether each is one verdict: of one draw, or of all forms together as right or not."""
    clusters: Any = None
    groups: Any = None
    """Whole numbers, one for each unit; None where nothing is clustered or grouped."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Of the groups."""

    @classmethod
    def of(cls, joined: Joined, sides: Sides, counts: Counts) -> "Numbers":
        """Of joined cells."""
        if not all(_is_plain(side.metric) for side in sides):
            return cls._one_by_one(joined, sides)
        found = joined.columns(counts.alone)
        whole = [side.metric.reduce is all_right for side in sides]
        single = all(
            one or bool((found[rows] == 1).all()) for one, rows in zip(whole, ("rows_a", "rows_b"), strict=True)
        )
        names = {} if found["grp"] is None else dict(enumerate(joined.group_names(counts.alone), 1))
        return cls(found["a"], found["b"], single, found["cluster"], found["grp"], names)

    @classmethod
    def _one_by_one(cls, joined: Joined, sides: Sides) -> "Numbers":
        """Where a unit's number is not the mean of its rows'."""
        import numpy as np

        values: tuple[list[Any], list[Any]] = ([], [])
        names: tuple[dict[str, int], dict[str, int]] = ({}, {})
        codes: tuple[list[int], list[int]] = ([], [])
        single = True
        for unit, *of_sides, cluster, group in joined.units():
            halves = of_sides[:3], of_sides[3:]
            both = [_unit_value(side, unit, own[0], own[2]) for side, own in zip(sides, halves, strict=True)]
            if None in both:
                continue
            single = single and all(_single(side.metric, own[1]) for side, own in zip(sides, halves, strict=True))
            for column, value in zip(values, both, strict=True):
                column.append(value)
            for known, code, name in zip(names, codes, (f"c{cluster}" if cluster else f"u{unit}", group), strict=True):
                code.append(known.setdefault(name, len(known)))
        clustered = np.array(codes[0]) if len(names[0]) < len(codes[0]) else None
        grouped = np.array(codes[1]) if names[1].keys() - {""} else None
        if any(side.metric.width == 0 for side in sides):
            return cls(*values, single)
        a, b = (np.array(column, dtype=np.float64) for column in values)
        return cls(a, b, single, clustered, grouped, {code: name for name, code in names[1].items()})

    def by_group(self) -> "Iterator[tuple[str, Numbers]]":
        """Every group by itself, in the order of their names; none where nothing is grouped."""
        for code, name in sorted(self.names.items(), key=lambda one: one[1]) if self.groups is not None else ():
            own = self.groups == code
            clusters = None if self.clusters is None else self.clusters[own]
            yield name, Numbers(self.a[own], self.b[own], self.single, clusters)

    def paired(self, sides: Sides) -> PairedDifference:
        """How far they are apart: by the mean of the differences where the metric is a mean, by macro average where
        every group counts the same, else by the two wholes."""
        one, other = metrics = tuple(side.metric for side in sides)
        if not len(self.a) or one.width == 0 or other.width == 0 or one.width != other.width:
            return _two_wholes(metrics, self.a, self.b)
        if not all(map(is_mean, metrics)):
            return paired_wholes(self._rows(self.a), self._rows(self.b), (one, other), self.clusters)
        ways = {metric.kind.partition(":")[2] for metric in metrics} if self.groups is not None else set()
        if "apart" in ways:
            return PairedDifference(None, None, None, None, None, None, "none", len(self.a))
        if ways == {"plain"}:
            return paired_macro(self.a, self.b, self.groups, self.clusters)
        return paired(self.a, self.b, single=self.single, clusters=self.clusters)

    @staticmethod
    def _rows(column: Any) -> Any:
        return column.reshape(len(column), -1)


def shares(sides: Sides, found: PairedDifference) -> bool:
    """Whether both wholes are shares of one."""
    wholes = [Estimate(value, None, None, "none", found.n) for value in (found.value_a, found.value_b)]
    return all(in_percent(side.metric.kind or side.metric.name, wholes) for side in sides)


def _is_plain(metric: Metric) -> bool:
    """Whether a unit's number is the mean of its rows', however many there are."""
    return metric.width == 1 and metric.reduce is mean and not (metric.vote or metric.forms or metric.whole)


def _single(metric: Metric, rows: int) -> bool:
    return rows == 1 or metric.reduce is all_right


def _unit_value(side: Side, unit: str, rows: Sequence[dict[str, Any]], size: int) -> Any:
    """The unit's number: of its draws and forms, as the metric takes them together. None where there is none."""
    metric = side.metric
    if metric.forms:
        places = {row["id"]: form_of(row["id"], unit if size > 1 else "") for row in rows}
        rows = [row for row in rows if places[row["id"]] in metric.forms]
        rows.sort(key=lambda row: metric.forms.index(places[row["id"]]))
    if not rows or (metric.whole and len(rows) != side.spec.draws * (len(metric.forms) or size)):
        return None
    values = [row["value"] for row in rows]
    if metric.width == 0:
        return sorted(values)
    if metric.width > 1:
        return [math.fsum(parts) / len(values) for parts in zip(*values, strict=True)]
    number = metric.vote(values, [row["answer"] for row in rows]) if metric.vote else metric.reduce(values)
    return None if math.isnan(number) else number


def _two_wholes(metrics: Sequence[Metric], a: Iterable[Any], b: Iterable[Any]) -> PairedDifference:
    """The difference of two wholes, and no more."""
    columns = [list(a), list(b)]
    whole = [_whole(metric, own) for metric, own in zip(metrics, columns, strict=True)]
    difference = None if None in whole else whole[0] - whole[1]
    return PairedDifference(whole[0], whole[1], difference, None, None, None, "none", len(columns[0]))


def _whole(metric: Metric, units: Sequence[Any]) -> Any:
    if not units:
        return None
    if metric.width == 0:
        flat = [number for rows in units for row in rows for number in (len(row), *row)]
    else:
        flat = [number for unit in units for number in (unit if metric.width > 1 else (unit,))]
    return metric.estimate(flat, 1).value
