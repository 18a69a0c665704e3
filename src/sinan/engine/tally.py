"""The numbers of a run while it goes on and when it ends: outcomes, tokens, and one estimate per cell and group.

One float per sample is kept (the estimates must not depend on the order in which answers arrive); texts are not.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sinan.engine.plan import Done
from sinan.types import Cell, CellResult, Estimate, Further, JudgeCost, Metric, Outcome, SampleResult
from sinan.types.answered import Key
from sinan.types.sample import form_of


class Tally:
    """Counts a whole run, cell by cell, and knows which questions are answered."""

    def __init__(self, cells: Iterable[Cell], draws: int, done: Done) -> None:
        self.cells = {
            (cell.benchmark, cell.model.name): CellTally(
                cell.metrics, draws, tuple(judge.model.name for judge in cell.judges)
            )
            for cell in cells
        }
        self.done = done
        self.repeated = False
        """Whether the journal holds, or is about to hold, a question more than once."""
        self.unjudged: dict[Key, Mapping[str, Any]] = {}
        """Records of answers that still wait for their verdict."""
        self.resumed = self.sent = self.retried = self.cached = 0

    def replay(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take over an earlier process's records, named as the columns of samples.parquet.

        What was answered counts once and is done; a failure is no answer, and is left to be asked again.
        """
        for record in records:
            cell = self.cells.get((record["benchmark"], record["model"]))
            key = record["benchmark"], record["model"], record["sample_id"], record["draw"]
            # No cell: of a journal that was joined to this one and asked more than this run does.
            if cell is None or record["finish_reason"] is None or key in self.done:
                self.repeated = True
                continue
            if not record["judged"]:
                self.unjudged[key], self.repeated = record, True
                continue
            self.unjudged.pop(key, None)
            self.resumed += 1
            self.done.add(key)
            cell.replay(record)

    def count(self, result: SampleResult) -> "CellTally":
        """One result of this process; returns the tally of its cell."""
        cell = self.cells[result.benchmark, result.model]
        cell.add(counted(result))
        completion = result.completion
        if completion:
            cell.spent(completion.usage.tokens_in, completion.usage.tokens_out, result.cost_usd)
        if result.judging is not None:
            cell.judging += result.judging
        if completion and completion.cached:
            self.cached += 1
        else:
            self.sent += completion.requests if completion else 1
            self.retried += result.attempts - 1
        return cell

    @property
    def failed(self) -> int:
        """Results without a score, for whatever reason they failed."""
        return sum(cell.outcomes[Outcome.FAILED.value] for cell in self.cells.values())

    @property
    def cost_usd(self) -> float | None:
        """What the run has cost so far, earlier processes' share included; None where no price is known."""
        known = [cell.cost_usd for cell in self.cells.values() if cell.cost_usd is not None]
        return math.fsum(known) if known else None

    def requests(self) -> dict[str, int]:
        """Requests of this process (retries apart), answers from the cache, and those of an earlier process."""
        return {"sent": self.sent, "cached": self.cached, "resumed": self.resumed, "retried": self.retried}

    def results(self, versions: Mapping[str, str], protocols: Mapping[str, str]) -> tuple[CellResult, ...]:
        """The numbers as they stand; versions and names of protocols by benchmark."""
        return tuple(
            cell.result(benchmark, versions[benchmark], protocols[benchmark], model)
            for (benchmark, model), cell in self.cells.items()
        )


class CellTally:
    """Counts one (benchmark, model) cell: outcomes, tokens, and a column of values for each metric."""

    def __init__(self, metrics: Sequence[Metric], draws: int, judges: Sequence[str] = ()) -> None:
        self._draws, self._judges = draws, tuple(judges)
        self.judging = JudgeCost()
        self._columns = [_Column(metric, draws) for metric in metrics]
        self.outcomes = dict.fromkeys((outcome.value for outcome in Outcome), 0)
        self.tokens_in = self.tokens_out = 0
        self.cost_usd: float | None = None
        self._sum = 0.0
        self._n = 0

    def add(self, one: "Counted") -> None:
        """One draw. Without a score it is counted by its outcome and stays outside n."""
        self.outcomes[one.outcome] += 1
        if one.score is None:
            return
        self._sum, self._n = self._sum + one.score, self._n + 1
        for column in self._columns:
            column.add(one)

    def replay(self, record: Mapping[str, Any]) -> None:
        """One draw, as a record of the journal."""
        self.add(
            Counted(
                record["sample_id"],
                record["group"],
                record["outcome"],
                record["score"],
                record["scores"],
                record["answer"],
                record["unit"],
                record["unit_size"],
                record["position"],
                form_of(record["sample_id"], record["unit"]),
                record["cluster"],
            )
        )
        self.spent(record["tokens_in"], record["tokens_out"], record["cost_usd"])
        if record["judging"]:
            self.judging += JudgeCost(**record["judging"])

    def spent(self, tokens_in: int | None, tokens_out: int | None, cost_usd: float | None) -> None:
        """Tokens of one call, and USD where they are known."""
        self.tokens_in += tokens_in or 0
        self.tokens_out += tokens_out or 0
        if cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + cost_usd

    @property
    def running(self) -> float | None:
        """The mean score so far."""
        return self._sum / self._n if self._n else None

    def estimate(self) -> Estimate:
        """Over all samples, by the cell's first metric."""
        return self._columns[0].whole().estimate

    def result(self, benchmark: str, version: str, protocol: str, model: str) -> CellResult:
        """The cell's entry in the results."""
        first, *further = (column.whole() for column in self._columns)
        return CellResult(
            benchmark,
            version,
            protocol,
            model,
            first.metric,
            first.estimate,
            self._draws,
            dict(self.outcomes),
            first.groups,
            self.tokens_in,
            self.tokens_out,
            self.cost_usd,
            tuple(further),
            first.kind,
            self._judges,
            self.judging if self._judges else None,
        )


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


def counted(result: SampleResult) -> Counted:
    """What counts of a result."""
    sample, score = result.question.sample, result.score
    return Counted(
        sample.id,
        sample.group,
        score.outcome.value,
        score.value,
        score.values,
        score.answer,
        sample.unit,
        sample.unit_size,
        result.question.position,
        sample.form,
        sample.cluster,
    )


class _Draw(NamedTuple):
    """What a metric reads of one draw."""

    value: Any
    answer: str | None
    place: int
    """Of its question in the benchmark; -1 where the order plays no part."""
    form: str


class _Column:
    """The values of one metric: by group, `width` numbers for each unit. A unit is a sample, or all forms of a
    question; its draws are kept apart until the last of them has come."""

    def __init__(self, metric: Metric, draws: int) -> None:
        self._metric, self._draws = metric, draws
        self._values: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self._places: dict[str, array[int]] = defaultdict(lambda: array("q"))
        """Of each unit's value; empty where the order plays no part."""
        self._open: dict[tuple[str, str], list[_Draw]] = defaultdict(list)

    def add(self, one: Counted) -> None:
        metric = self._metric
        value = one.values.get(metric.of) if metric.of else one.score
        if value is None:
            return
        if metric.forms and one.form not in metric.forms:
            return
        draw = _Draw(value, one.answer, -1 if one.position is None else one.position, one.form)
        size = self._draws * (len(metric.forms) or one.unit_size)
        if size == 1:
            self._close(one.group, [draw], self._values, self._places)
            return
        key = one.group, one.unit or one.sample_id
        draws = self._open[key]
        draws.append(draw)
        if len(draws) == size:
            self._close(one.group, self._open.pop(key), self._values, self._places)

    def _close(
        self, group: str, draws: "list[_Draw]", into: "dict[str, array[float]]", places: "dict[str, array[int]]"
    ) -> None:
        """The value of a unit from its draws. It stands where the first of them does."""
        metric = self._metric
        if metric.forms:
            draws = sorted(draws, key=lambda draw: metric.forms.index(draw.form))
        place = min(draw.place for draw in draws)
        if metric.width == 0:
            for row in sorted(tuple(draw.value) for draw in draws):
                into[group].extend((len(row), *row))
                places[group].append(place)
            return
        if metric.ordered:
            places[group].append(place)
        if metric.width > 1:
            into[group].extend(math.fsum(parts) / len(draws) for parts in zip(*(d.value for d in draws), strict=True))
            return
        scores = [draw.value for draw in draws]
        value = metric.vote(scores, [draw.answer for draw in draws]) if metric.vote else metric.reduce(scores)
        if not math.isnan(value) or metric.ordered:
            into[group].append(value)

    def whole(self) -> Further:
        """The estimate over all, and by group in the order of their names; none where nothing is grouped."""
        metric, (values, places) = self._metric, self._in_order()
        named = () if set(values) <= {""} else tuple(sorted(values))
        groups = tuple((name, metric.estimate(values[name], self._draws)) for name in named)
        if metric.over_groups and groups:
            return Further(metric.name, metric.over_groups([estimate for _, estimate in groups]), groups, metric.kind)
        if metric.ordered and named:
            everything = self._sorted(*self._joined(values, places))
        else:
            everything = array("d")
            for own in values.values():
                everything.extend(own)
        return Further(metric.name, metric.estimate(everything, self._draws), groups, metric.kind)

    def _in_order(self) -> "tuple[Mapping[str, array[float]], Mapping[str, array[int]]]":
        """The values by group and their places, with units of which only some draws have come (the others failed, or
        will come)."""
        values: dict[str, array[float]] = self._values
        places: dict[str, array[int]] = self._places
        if self._open and not self._metric.whole:
            values = defaultdict(lambda: array("d"), {name: array("d", own) for name, own in values.items()})
            places = defaultdict(lambda: array("q"), {name: array("q", own) for name, own in places.items()})
            for (group, _), draws in self._open.items():
                self._close(group, draws, values, places)
        if not self._metric.ordered:
            return values, places
        return {name: self._sorted(own, places[name]) for name, own in values.items()}, places

    def _sorted(self, values: "array[float]", places: "array[int]") -> "array[float]":
        width, order = self._metric.width, sorted(range(len(places)), key=places.__getitem__)
        if width == 0:
            rows = _rows(values)
            return array("d", (number for place in order for number in rows[place]))
        if len(values) != width * len(places):
            return values
        return array("d", (values[width * i + j] for i in order for j in range(width)))

    def _joined(
        self, values: "Mapping[str, array[float]]", places: "Mapping[str, array[int]]"
    ) -> "tuple[array[float], array[int]]":
        everything, of_all = array("d"), array("q")
        for name, own in values.items():
            everything.extend(own)
            of_all.extend(sorted(places[name]))
        return everything, of_all


def _rows(values: "array[float]") -> "list[array[float]]":
    """Rows of any length that stand one after the other, each with its length in front."""
    rows, at = [], 0
    while at < len(values):
        end = at + 1 + int(values[at])
        rows.append(values[at:end])
        at = end
    return rows
