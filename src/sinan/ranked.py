"""Leaderboards from what is stored: runs, tables of outcomes, votes.

runs -> cells -> cells that may stand on one board, the newest run of each model -> a table of numbers -> a board
                                                                              -> the overall of several boards

What differs in benchmark, version, protocol, metric or data is another board: nothing is mixed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sinan import catalog, store
from sinan.causes import Side, differences
from sinan.causes.side import data_differ
from sinan.datasets.outcomes import TABLES, outcomes
from sinan.datasets.votes import Fields, votes
from sinan.errors import StoreError, UnknownName, UsageError
from sinan.ranking.arena import Arena, arena_board
from sinan.ranking.benchmark_board import Scored, board, cluster_numbers, own_estimate
from sinan.ranking.overall import Missing, overall
from sinan.ranking.rank_intervals import Method
from sinan.ranking.standings import Ways
from sinan.statistics import accuracy, metrics
from sinan.statistics.intervals import mean
from sinan.statistics.scales import in_percent, less_is_better
from sinan.store import description, frames
from sinan.store.tables import StoredCell, table
from sinan.types import CellResult, Metric, Run
from sinan.types.leaderboard import Leaderboard
from sinan.types.table import ScoreTable

FINISHED = ("complete", "partial")


def rank(
    sources: Sequence[str | Path | Run] | str | Path | Run = (),
    *,
    runs: Path | str = Path("runs"),
    benchmarks: Collection[str] = (),
    weights: Mapping[str, float] | None = None,
    chances: Mapping[str, float] | None = None,
    missing: Missing = "refuse",
    alpha: float = 0.05,
    method: Method = "max-t",
    seed: int = 0,
    notice: Callable[[str], None] = lambda line: None,
) -> tuple[Leaderboard, ...]:
    """A board for every benchmark, and an overall where there are several.

    `sources`: runs (id, beginning of an id, path, `last`, or what `sinan.run` returned) and tables of outcomes (.csv,
    .tsv); without any, all finished runs of the folder. `benchmarks`: only these. `weights`: of benchmarks in the
    overall, 1 where none is given. `chances`: levels of guessing, from 0 to below 1, where not the card's. `missing`:
    what becomes of a model that lacks a benchmark of the overall (`refuse`, `additive`). `alpha`: the chance that any
    pair of a board is put in the wrong order. `notice` hears what is passed over.

    Raises UnknownName for a run or benchmark that is not there, UsageError where there is nothing to rank or a number
    is out of its range, BadFile and StoreError for what cannot be read.
    """
    if not 0 < alpha < 0.5:
        raise UsageError(f"alpha {alpha:g}: it is above 0 and below 0.5, such as 0.05")
    given = dict(chances or {})
    for name, level in given.items():
        if not 0 <= level < 1:
            raise UsageError(f"--chance {name}={level:g}: a level of guessing is from 0 to below 1")
    sources = (sources,) if isinstance(sources, (str, Path, Run)) else sources
    names = list(dict.fromkeys(str(Path(one.path if isinstance(one, Run) else one)) for one in sources))
    tables = [Path(name) for name in names if Path(name).suffix.lower() in TABLES]
    named = [name for name in names if Path(name).suffix.lower() not in TABLES]
    stored = _stored(Path(runs), named, notice) if named or not tables else []
    shelves = _shelves(stored)
    found = [*_of_runs(shelves, given), *(_of_table(path, given) for path in tables)]
    held = list(dict.fromkeys(str(one.further["benchmark"]) for one in found))
    for name in (*benchmarks, *given):
        if name not in held:
            raise UnknownName(name, "ranked benchmark", held, f"There: {', '.join(held) or 'none'}")
    kept = [one for one in found if not benchmarks or one.further["benchmark"] in benchmarks]
    if not kept:
        what = "none of the runs named holds a whole result" if named else f"no finished run is in {runs}"
        raise UsageError(f"{what}: nothing to rank. Remedy: sinan run TARGET -m MODEL -m MODEL")
    return _boards(kept, Ways(alpha, method, seed), weights or {}, missing, notice)


def tables_of(named: Sequence[str], runs: Path, notice: Callable[[str], None]) -> Iterator[ScoreTable]:
    """The scores of stored runs, a table for the models that were asked the same questions alike, as on a board.

    Raises UnknownName for a run that is not there, UsageError where no two models were asked alike."""
    shelves = [shelf for shelf in _shelves(_stored(runs, named, notice)) if len(shelf.cells) > 1]
    if not shelves:
        raise UsageError(
            f"{', '.join(named)}: no two models were asked the same questions alike. Remedy: name more runs"
        )
    names = _names([shelf.cells[0].side for shelf in shelves])
    for name, shelf in zip(names, shelves, strict=True):
        yield replace(_table(shelf.by_model), benchmark=name, notes=tuple(_notes(shelf, several=False)))


def rank_votes(
    file: Path, fields: Fields | None = None, arena: Arena | None = None, ways: Ways | None = None
) -> Leaderboard:
    """The ratings that a file of votes gives. Raises BadFile, UsageError."""
    return replace(arena_board(votes(file, fields or Fields()), ways or Ways(), arena or Arena()), name=file.stem)


def _boards(
    scored: Sequence[Scored],
    ways: Ways,
    weights: Mapping[str, float],
    missing: Missing,
    notice: Callable[[str], None],
) -> tuple[Leaderboard, ...]:
    boards = [board(one, ways) for one in scored]
    chosen: dict[str, Scored] = {}
    for one in scored:  # of several boards of one benchmark the one with the most models, the newest first
        name = str(one.further["benchmark"])
        if name not in chosen or len(one.table.models) > len(chosen[name].table.models):
            chosen[name] = one
    if weights and len(chosen) < 2:
        raise UsageError(f"--weight: there is no overall, for {', '.join(chosen)} is the only benchmark")
    whole = None
    if len(chosen) > 1:
        whole = overall([replace(one, name=name) for name, one in chosen.items()], weights, ways, missing)
    if whole is None:
        if len(chosen) > 1:
            notice(f"no overall: no model has comparable scores on all of {', '.join(chosen)}. Remedy: --benchmark ID")
        return tuple(boards)
    passed = [one.name for one in scored if one not in chosen.values()]
    note = (f"not part of the overall: {', '.join(passed)}",) if passed else ()
    return (*boards, replace(whole, notes=(*whole.notes, *note)))


@dataclass(frozen=True)
class _Stored:
    """One cell of one run."""

    folder: store.RunFolder
    side: Side
    result: CellResult | None
    """None where the run has no results.json."""

    @property
    def conditions(self) -> tuple[Any, ...]:
        """What must be equal on one board."""
        side, entry = self.side, self.side.entry
        told = [side.told(part) for part in ("prompt", "solver", "scorer", "few_shot", "needs")]
        asked = [getattr(side.spec, name) for name in ("system", "prefill", "rotate", "perturb", "shots_as")]
        named = [entry[name] for name in ("benchmark", "version", "protocol", "metric")]
        return (*named, entry.get("shots"), *told, *asked, side.judges, side.fingerprint)


@dataclass
class _Shelf:
    """Cells that may stand on one board, the newest first."""

    cells: list[_Stored] = field(default_factory=list)
    older: int = 0
    """Runs of a model that has a newer one."""

    @property
    def by_model(self) -> list[_Stored]:
        """The cells in the order of their models' names."""
        return sorted(self.cells, key=lambda cell: cell.side.model)


def _stored(runs: Path, named: Sequence[str], notice: Callable[[str], None]) -> Iterator[_Stored]:
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
    opened = [one for one in opened if named or one[1]["status"] in FINISHED]
    for folder, about, cells in sorted(opened, key=lambda one: str(one[1]["created"]), reverse=True):
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
            yield _Stored(folder, side, result)


def _metric(entry: Mapping[str, Any]) -> Metric:
    try:
        return metrics(entry)[0]
    except KeyError:
        return accuracy.named(entry["metric"], (entry.get("metrics") or [{}])[0].get("of", ""))


def _shelves(cells: Iterable[_Stored]) -> list[_Shelf]:
    """Every cell with those that were asked alike; of a model its newest run."""
    found: dict[tuple[Any, ...], list[_Shelf]] = {}
    for cell in cells:
        alike = found.setdefault(cell.conditions, [])
        shelf = next((one for one in alike if _same_questions(one.cells[0], cell)), None)
        if shelf is None:
            alike.append(_Shelf([cell]))
        elif any(one.side.model == cell.side.model for one in shelf.cells):
            shelf.older += 1
        else:
            shelf.cells.append(cell)
    return [shelf for alike in found.values() for shelf in alike]


def _same_questions(one: _Stored, other: _Stored) -> bool:
    """Whether equal ids are equal questions. Generated ones depend on the seed: with another seed the right answers
    are held against each other."""
    if data_differ(one.side, other.side):
        return False
    if one.side.spec.seed == other.side.spec.seed:
        return True
    targets, others = _targets(one), _targets(other)
    return all(others.get(name, target) == target for name, target in targets.items())


def _targets(cell: _Stored) -> dict[str, str]:
    return dict(frames.of_cell(cell.folder, cell.side.benchmark, cell.side.model, ("sample_id", "target")))


def _of_runs(shelves: Sequence[_Shelf], chances: Mapping[str, float]) -> Iterator[Scored]:
    names = _names([shelf.cells[0].side for shelf in shelves])
    for name, shelf in zip(names, shelves, strict=True):
        yield _scored(name, shelf, chances)


def _names(sides: Sequence[Side]) -> list[str]:
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


def _table(cells: Sequence[_Stored]) -> ScoreTable:
    side = cells[0].side
    metric = side.metric
    reduce = None if metric.reduce is mean else metric.reduce
    return table(
        [StoredCell(one.folder, one.side.benchmark, one.side.model, metric.of, reduce) for one in cells],
        version=side.entry["version"],
        protocol=side.entry["protocol"],
        metric=metric.name,
    )


def _scored(name: str, shelf: _Shelf, chances: Mapping[str, float]) -> Scored:
    cells = shelf.by_model
    side, read = cells[0].side, _table(cells)
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
        tuple(_notes(shelf, name != side.benchmark)),
        {"benchmark": side.benchmark, "version": read.version, "protocol": read.protocol},
    )


def _notes(shelf: _Shelf, several: bool) -> Iterator[str]:
    first, *others = (cell.side for cell in shelf.cells)
    unlike = {str(one): None for other in others for one in differences(first, other) if one.unfair}
    if unlike:
        more = f"; and {len(unlike) - 3} more" if len(unlike) > 3 else ""
        yield f"not all models were asked alike: {'; '.join(list(unlike)[:3])}{more}"
    if shelf.older:
        yield f"the newest run of a model counts; older ones, passed over: {shelf.older:,}"
    if several:
        yield "this benchmark was run in ways that are not compared: each has its own board"


def _of_table(path: Path, chances: Mapping[str, float]) -> Scored:
    read = outcomes(path)
    told = {"benchmark": read.benchmark, "version": "", "protocol": "", "file": str(path)}
    chance = chances.get(read.benchmark, catalog.chance(read.benchmark))
    return Scored(read, read.benchmark, chance=chance, further=told)
