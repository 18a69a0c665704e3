"""Stored cells, those that were asked alike together: what one board is made of.

What differs in benchmark, version, protocol, metric or data is another shelf: nothing is mixed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sinan import catalog, store
from sinan.causes import Side, differences
from sinan.causes.side import data_differ
from sinan.errors import StoreError
from sinan.ranking.benchmark_board import Scored, cluster_numbers, own_estimate
from sinan.statistics import accuracy, metrics
from sinan.statistics.intervals import mean
from sinan.statistics.scales import in_percent, less_is_better
from sinan.store import description, frames
from sinan.store.tables import StoredCell, table
from sinan.types import CellResult, Metric
from sinan.types.table import ScoreTable

FINISHED = ("complete", "partial")


@dataclass(frozen=True)
class Stored:
    """One cell of one run."""

    folder: store.RunFolder
    side: Side
    result: CellResult | None
    """None where the run has no results.json."""

    @cached_property
    def conditions(self) -> tuple[Any, ...]:
        """What must be equal on one board."""
        side, entry = self.side, self.side.entry
        told = [side.told(part) for part in ("prompt", "solver", "scorer", "few_shot", "needs")]
        asked = [getattr(side.spec, name) for name in ("system", "prefill", "rotate", "perturb", "shots_as")]
        named = [entry[name] for name in ("benchmark", "version", "protocol", "metric")]
        return (*named, entry.get("shots"), *told, *asked, side.judges, side.fingerprint)


@dataclass
class Shelf:
    """Cells that may stand on one board, the newest first."""

    cells: list[Stored] = field(default_factory=list)
    models: set[str] = field(default_factory=set)
    older: int = 0
    """Runs of a model that has a newer one."""

    def add(self, cell: Stored) -> None:
        """One more, which is no newer than those that are there."""
        if cell.side.model in self.models:
            self.older += 1
        else:
            self.models.add(cell.side.model)
            self.cells.append(cell)

    @property
    def by_model(self) -> list[Stored]:
        """The cells in the order of their models' names."""
        return sorted(self.cells, key=lambda cell: cell.side.model)


def stored(runs: Path, named: Sequence[str], notice: Callable[[str], None]) -> Iterator[Stored]:
    """Cells of runs, the newest run first."""
    folders = [store.find(runs, name) for name in named] if named else store.listed(runs)
    opened = []
    for folder in folders:
        try:
            opened.append((folder, folder.about(), folder.results()))
        except StoreError as error:
            if named:
                raise
            notice(f"{error}; it is passed over")
    unfinished = [folder.id for folder, about, _ in opened if about["status"] not in FINISHED]
    if unfinished:
        what = "only what they hold is ranked" if named else "they are passed over; name them to rank what they hold"
        notice(f"not finished: {', '.join(unfinished)}; {what}")
    parts = [folder.id for folder, about, _ in opened if about.get("part")]
    if parts and not named:
        notice(f"only a part of the questions was asked: {', '.join(parts)}; they are passed over")
    opened = [one for one in opened if named or (one[1]["status"] in FINISHED and not one[1].get("part"))]
    for folder, about, cells in sorted(opened, key=lambda one: str(one[1]["created"]), reverse=True):
        yield from of_run(folder, about, cells, notice)


def of_run(
    folder: store.RunFolder,
    about: Mapping[str, Any],
    cells: Sequence[CellResult] | None,
    notice: Callable[[str], None] = lambda line: None,
) -> Iterator[Stored]:
    """The cells of one run that may stand on a board."""
    results = {(one.benchmark, one.model): one for one in cells or ()}
    early = description.stopped_early(about, cells)
    for entry in about["cells"]:
        side = Side(folder.id, about, entry, _metric(entry))
        result = results.get((side.benchmark, side.model))
        what = f"{side.model} on {side.benchmark} of run {folder.id}"
        if (side.benchmark, side.model) in early:
            why = "ends by a rule, and has not" if result is None else "was stopped by a rule, after a part"
            notice(f"{what} {why}; it is not ranked")
            continue
        yield Stored(folder, side, result)


def _metric(entry: Mapping[str, Any]) -> Metric:
    try:
        return metrics(entry)[0]
    except KeyError:
        return accuracy.named(entry["metric"], (entry.get("metrics") or [{}])[0].get("of", ""))


def shelved(cells: Iterable[Stored]) -> list[Shelf]:
    """Every cell with those that were asked alike; of a model its newest run."""
    found: dict[tuple[Any, ...], list[Shelf]] = {}
    for cell in cells:
        alike = found.setdefault(cell.conditions, [])
        shelf = next((one for one in alike if _same_questions(one.cells[0], cell)), None)
        if shelf is None:
            alike.append(shelf := Shelf())
        shelf.add(cell)
    return [shelf for alike in found.values() for shelf in alike]


def _same_questions(one: Stored, other: Stored) -> bool:
    """Whether equal ids are equal questions. Generated ones depend on the seed: with another seed the right answers
    are held against each other."""
    if data_differ(one.side, other.side):
        return False
    if one.side.spec.seed == other.side.spec.seed:
        return True
    targets, others = _targets(one), _targets(other)
    return all(others.get(name, target) == target for name, target in targets.items())


def _targets(cell: Stored) -> dict[str, str]:
    return dict(frames.of_cell(cell.folder, cell.side.benchmark, cell.side.model, ("sample_id", "target")))


def names_of(sides: Sequence[Side]) -> list[str]:
    """The benchmark, as far as it tells boards apart; with protocol, version and a number where it does not."""
    tried = [
        [side.benchmark for side in sides],
        [f"{side.benchmark} ({side.entry['protocol']})" for side in sides],
        [f"{side.benchmark} (seed {side.spec.seed})" for side in sides],
        [f"{side.benchmark} ({side.entry['protocol']}, {side.entry['version'][:8]})" for side in sides],
    ]
    names: list[str] = []
    for at in range(len(sides)):
        name = next((own[at] for own in tried if own.count(own[at]) == 1), tried[-1][at])
        names.append(
            name
            if name not in names
            else f"{name} #{names.count(name) + sum(n.startswith(name + ' #') for n in names) + 1}"
        )
    return names


def table_of(cells: Sequence[Stored]) -> ScoreTable:
    """The numbers of cells of one shelf, read from their runs."""
    side = cells[0].side
    metric = side.metric
    reduce = None if metric.reduce is mean else metric.reduce
    return table(
        [StoredCell(one.folder, one.side.benchmark, one.side.model, metric.of, reduce) for one in cells],
        version=side.entry["version"],
        protocol=side.entry["protocol"],
        metric=metric.name,
    )


def scored_of(name: str, shelf: Shelf, chances: Mapping[str, float], read: ScoreTable | None = None) -> Scored:
    """The shelf's numbers. `read`: its table, where it has been read."""
    cells = shelf.by_model
    side = cells[0].side
    read = table_of(cells) if read is None else read
    metric = side.metric
    clusters = cluster_numbers(read)
    estimates = [
        cell.result.estimate if cell.result else own_estimate(row, clusters, read.draws)
        for cell, row in zip(cells, read.values, strict=True)
    ]
    known = side.fingerprint is None and not side.spec.rotate
    return Scored(
        read,
        name,
        estimates,
        [dict(cell.result.outcomes) if cell.result else {} for cell in cells],
        chances.get(side.benchmark, catalog.chance(side.benchmark) if known else None),
        in_percent(metric.kind or metric.name, estimates),
        less_is_better(metric.kind or metric.name),
        tuple(notes_of(shelf, name != side.benchmark)),
        {"benchmark": side.benchmark, "version": read.version, "protocol": read.protocol},
    )


def notes_of(shelf: Shelf, several: bool) -> Iterator[str]:
    """What a reader of its board must know. `several`: the benchmark has other boards besides."""
    first, *others = (cell.side for cell in shelf.cells)
    unlike = {str(one): None for other in others for one in differences(first, other) if one.unfair}
    if unlike:
        more = f"; and {len(unlike) - 3} more" if len(unlike) > 3 else ""
        yield f"not all models were asked alike: {'; '.join(list(unlike)[:3])}{more}"
    if shelf.older:
        yield f"the newest run of a model counts; older ones, passed over: {shelf.older:,}"
    if several:
        yield "this benchmark was run in ways that are not compared: each has its own board"
