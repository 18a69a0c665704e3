"""Leaderboards from what is stored: runs, tables of outcomes, votes.

runs -> cells -> cells that may stand on one board, the newest run of each model -> a table of numbers -> a board
                                                                              -> the overall of several boards

What differs in benchmark, version, protocol, metric or data is another board: nothing is mixed.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sinan import catalog
from sinan.datasets.outcomes import TABLES, outcomes
from sinan.datasets.votes import Fields, votes
from sinan.errors import UnknownName, UsageError
from sinan.ranking.arena import Arena, arena_board
from sinan.ranking.benchmark_board import Scored, board
from sinan.ranking.overall import Missing, overall
from sinan.ranking.rank_intervals import Method
from sinan.ranking.standings import Ways
from sinan.shelves import Shelf, names_of, notes_of, scored_of, shelved, stored, table_of
from sinan.types import Run
from sinan.types.leaderboard import Leaderboard
from sinan.types.table import ScoreTable


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
    cells = stored(Path(runs), named, notice) if named or not tables else ()
    found = [*_of_runs(shelved(cells), given), *(_of_table(path, given) for path in tables)]
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
    shelves = [shelf for shelf in shelved(stored(runs, named, notice)) if len(shelf.cells) > 1]
    if not shelves:
        raise UsageError(
            f"{', '.join(named)}: no two models were asked the same questions alike. Remedy: name more runs"
        )
    names = names_of([shelf.cells[0].side for shelf in shelves])
    for name, shelf in zip(names, shelves, strict=True):
        yield replace(table_of(shelf.by_model), benchmark=name, notes=tuple(notes_of(shelf, several=False)))


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


def _of_runs(shelves: Sequence[Shelf], chances: Mapping[str, float]) -> Iterator[Scored]:
    names = names_of([shelf.cells[0].side for shelf in shelves])
    for name, shelf in zip(names, shelves, strict=True):
        yield scored_of(name, shelf, chances)


def _of_table(path: Path, chances: Mapping[str, float]) -> Scored:
    read = outcomes(path)
    told = {"benchmark": read.benchmark, "version": "", "protocol": "", "file": str(path)}
    chance = chances.get(read.benchmark, catalog.chance(read.benchmark))
    return Scored(read, read.benchmark, chance=chance, further=told)
