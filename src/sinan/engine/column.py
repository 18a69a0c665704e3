"""The values of one metric while answers come: by group, a few numbers for each unit, and the estimate made of them.

A unit is a sample, or all forms of a question; its draws are kept apart until the last of them has come.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sinan.types import Estimate, Further, Metric

ALONE = -1
"""In place of a cluster's number: the unit shares nothing with any other."""
BLIND = "questions share something (their clusters), which this error does not take into account"


class Counted(NamedTuple):
    """Of one draw what its numbers are made from; no text but the answer that was read."""

    sample_id: str
    group: str
    outcome: str
    score: float | None
    values: Mapping[str, Any]
    answer: str | None
    unit: str
    unit_size: int
    position: int | None
    form: str = ""
    cluster: str = ""


class _Draw(NamedTuple):
    """What a metric reads of one draw."""

    value: Any
    answer: str | None
    place: int
    """Of its question in the benchmark; -1 where the order plays no part."""
    form: str
    cluster: int


@dataclass
class _Units:
    """The units of one group, in the order in which they were complete."""

    values: "array[float]" = field(default_factory=lambda: array("d"))
    """`Metric.width` numbers for each."""
    places: "array[int]" = field(default_factory=lambda: array("q"))
    """Empty where the order plays no part."""
    clusters: "array[int]" = field(default_factory=lambda: array("i"))
    """Empty until the first unit that has one; shorter than `n` where the last ones have none."""
    means: "array[float]" = field(default_factory=lambda: array("d"))
    """Of the units whose draws were taken apart, beside their variances."""
    variances: "array[float]" = field(default_factory=lambda: array("d"))
    n: int = 0

    def add(self, values: Sequence[float], place: int | None, cluster: int) -> None:
        """One unit."""
        self.values.extend(values)
        if place is not None:
            self.places.append(place)
        if cluster != ALONE:
            self.clusters.extend([ALONE] * (self.n - len(self.clusters)))
            self.clusters.append(cluster)
        self.n += 1

    def copy(self) -> "_Units":
        """To which more may be added."""
        return _Units(self.values[:], self.places[:], self.clusters[:], self.means[:], self.variances[:], self.n)

    def join(self, other: "_Units") -> None:
        """Those of another group as well."""
        if other.clusters:
            self.clusters.extend([ALONE] * (self.n - len(self.clusters)))
            self.clusters.extend(other.clusters)
        self.values.extend(other.values)
        self.places.extend(other.places)
        self.means.extend(other.means)
        self.variances.extend(other.variances)
        self.n += other.n

    def clustered(self) -> list[int]:
        """The cluster of each unit, those that stand alone with a number of their own; empty where all of them do."""
        if not self.clusters:
            return []
        whole = [*self.clusters, *[ALONE] * (self.n - len(self.clusters))]
        return [-2 - place if cluster == ALONE else cluster for place, cluster in enumerate(whole)]

    def in_order(self, width: int) -> "_Units":
        """The same in the benchmark's order."""
        order = sorted(range(len(self.places)), key=self.places.__getitem__)
        if width == 0:
            rows = _rows(self.values)
            values = array("d", (number for place in order for number in rows[place]))
        elif len(self.values) != width * len(self.places):
            return self
        else:
            values = array("d", (self.values[width * i + j] for i in order for j in range(width)))
        clusters = array("i")
        if self.clusters:
            clusters = array("i", (self.clusters[i] if i < len(self.clusters) else ALONE for i in order))
        return _Units(values, array("q", sorted(self.places)), clusters, self.means, self.variances, self.n)


class Column:
    """The values of one metric."""

    def __init__(self, metric: Metric, draws: int) -> None:
        self._metric, self._draws = metric, draws
        self._units: dict[str, _Units] = defaultdict(_Units)
        self._open: dict[tuple[str, str], list[_Draw]] = defaultdict(list)

    def add(self, one: Counted, cluster: int = ALONE) -> None:
        """One draw; `cluster`: the number of its sample's."""
        metric = self._metric
        value = one.values.get(metric.of) if metric.of else one.score
        if value is None:
            return
        if metric.forms and one.form not in metric.forms:
            return
        draw = _Draw(value, one.answer, -1 if one.position is None else one.position, one.form, cluster)
        size = self._draws * (len(metric.forms) or one.unit_size)
        if size == 1:
            self._close(one.group, [draw], self._units)
            return
        key = one.group, one.unit or one.sample_id
        draws = self._open[key]
        draws.append(draw)
        if len(draws) == size:
            units = self._units
            if metric.chance and one.unit_size == 1:
                _take_apart(metric, [float(draw.value) for draw in draws], units[one.group])
            self._close(one.group, self._open.pop(key), units)

    def _close(self, group: str, draws: "list[_Draw]", into: "dict[str, _Units]") -> None:
        """The value of a unit from its draws. It stands where the first of them does."""
        metric, units = self._metric, into[group]
        if metric.forms:
            draws = sorted(draws, key=lambda draw: metric.forms.index(draw.form))
        place, cluster = min(draw.place for draw in draws), max(draw.cluster for draw in draws)
        if metric.width == 0:
            for row in sorted(tuple(draw.value) for draw in draws):
                units.add((len(row), *row), place, cluster)
            return
        at = place if metric.ordered else None
        if metric.width > 1:
            means = [math.fsum(parts) / len(draws) for parts in zip(*(d.value for d in draws), strict=True)]
            units.add(means, at, cluster)
            return
        scores = [draw.value for draw in draws]
        value = metric.vote(scores, [draw.answer for draw in draws]) if metric.vote else metric.reduce(scores)
        if not math.isnan(value) or metric.ordered:
            units.add((value,), at, cluster)

    def whole(self) -> Further:
        """The estimate over all, and by group in the order of their names; none where nothing is grouped."""
        metric, units = self._metric, self._in_order()
        named = () if set(units) <= {""} else tuple(sorted(units))
        groups = tuple((name, self._estimate(units[name])) for name in named)
        estimates = [estimate for _, estimate in groups]
        if metric.over_groups and groups:
            return Further(metric.name, metric.over_groups(estimates), groups, metric.kind)
        everything = _Units()
        for name in sorted(units):
            everything.join(units[name])
        if metric.ordered and named:
            everything = everything.in_order(metric.width)
        over = metric.strata(estimates, everything.values, everything.clustered()) if metric.strata else {}
        return Further(metric.name, self._estimate(everything, True), groups, metric.kind, tuple(over.items()))

    def _estimate(self, units: _Units, whole: bool = False) -> Estimate:
        metric, clusters = self._metric, units.clustered()
        if clusters and metric.clustered is not None:
            found = metric.clustered(units.values, self._draws, clusters)
        else:
            found = metric.estimate(units.values, self._draws)
            if found.ci is not None and len(set(clusters)) < len(clusters):
                found = replace(found, notes=(*found.notes, BLIND))
        if whole and metric.split and units.means:
            found = replace(found, draws=metric.split(units.means, units.variances, self._draws, found))
        return found

    def _in_order(self) -> "Mapping[str, _Units]":
        """The units by group, with those of which only some draws have come (the others failed, or will come)."""
        units = self._units
        if self._open and not self._metric.whole:
            units = defaultdict(_Units, {name: own.copy() for name, own in units.items()})
            for (group, _), draws in self._open.items():
                self._close(group, draws, units)
        if not self._metric.ordered:
            return units
        return {name: own.in_order(self._metric.width) for name, own in units.items()}


def _take_apart(metric: Metric, scores: Sequence[float], units: _Units) -> None:
    """Keep the value of a sample and its variance by the chance in drawing, where it has both."""
    value, variance = metric.reduce(scores), metric.chance(scores) if metric.chance else math.nan
    if not math.isnan(value + variance):
        units.means.append(value)
        units.variances.append(variance)


def _rows(values: "array[float]") -> "list[array[float]]":
    """Rows of any length that stand one after the other, each with its length in front."""
    rows, at = [], 0
    while at < len(values):
        end = at + 1 + int(values[at])
        rows.append(values[at:end])
        at = end
    return rows
