"""The numbers behind a board on disk, so that one more run costs the reading of that run alone.

One file for each shelf: the table of models by items, and what an overall needs of it (`ranking.parts`). Arrays of
numbers and texts only: nothing in such a file is ever carried out.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sinan.errors import StoreError
from sinan.ranking.benchmark_board import Scored, scored_contrasts
from sinan.ranking.contrasts import Contrasts, pairs
from sinan.ranking.parts import Part, part
from sinan.shelves import Shelf, Stored, table_of
from sinan.statistics.intervals import mean
from sinan.store.folder import RunFolder
from sinan.store.many_cells import Cells, plain_values
from sinan.store.tables import CellValues
from sinan.types.table import ScoreTable

MOST_VALUES = 20_000_000
"""Numbers that are held at once while boards are made: 160 MB."""
AT_ONCE = 25
"""Runs that are read in one connection."""


class Unreadable(StoreError):
    """A run whose samples cannot be read: boards are made without it."""

    def __init__(self, run: str, why: str) -> None:
        super().__init__(why)
        self.run = run


@contextmanager
def told_apart(run: str) -> Iterator[None]:
    """Raises Unreadable where the run cannot be read."""
    try:
        yield
    except StoreError as error:
        raise Unreadable(run, str(error)) from error


@dataclass(frozen=True)
class Row:
    """A row of a table: of which run in which state."""

    run: str
    state: str
    model: str

    @property
    def key(self) -> str:
        """In one text."""
        return f"{self.run}\n{self.state}\n{self.model}"


_NOTHING: Any = np.empty(0, dtype=object)
_NONE = CellValues(_NOTHING, np.empty(0), _NOTHING, _NOTHING, 1)
"""Of a cell that has no value."""


def is_plain(cell: Stored) -> bool:
    """Whether its number is the mean of its scores, as nearly all are: those are read together."""
    return not cell.side.metric.of and cell.side.metric.reduce is mean


def read_together(
    shelves: Sequence[Sequence[Stored]], skip: set[tuple[str, str, str]]
) -> dict[tuple[str, str, str], CellValues]:
    """(run, benchmark, model) -> values of all plain cells but those to skip; each run is read once."""
    wanted: dict[str, tuple[Any, list[tuple[str, str]]]] = {}
    for cells in shelves:
        for cell in cells:
            where = (cell.side.benchmark, cell.side.model)
            if is_plain(cell) and (cell.folder.id, *where) not in skip:
                wanted.setdefault(cell.folder.id, (cell.folder, []))[1].append(where)
    found: dict[Any, Any] = {}
    every = list(wanted.values())
    for start in range(0, len(every), AT_ONCE):
        for folder, cells_ in _plain_values(every[start : start + AT_ONCE]):
            found |= {(folder.id, *where): values for where, values in cells_.items()}
    return found


def _plain_values(wanted: Sequence[tuple[RunFolder, Sequence[tuple[str, str]]]]) -> list[tuple[RunFolder, Cells]]:
    """In one connection, which takes a while to make; one by one where that fails, to say which run it is."""
    try:
        return list(plain_values(wanted))
    except StoreError:
        found = []
        for one in wanted:
            with told_apart(one[0].id):
                found += list(plain_values([one]))
        return found


def table_from(cells: Sequence[Stored], rows: Sequence[CellValues]) -> ScoreTable:
    """One row for each cell."""
    first = rows[0].items if rows else np.empty(0, dtype=object)
    alike = all(len(one.items) == len(first) and (one.items == first).all() for one in rows)
    items = np.array(first if alike else np.unique(np.concatenate([one.items for one in rows])), dtype=object)
    values = np.full((len(rows), len(items)), np.nan)
    clusters, groups = items.copy(), np.full(len(items), "", dtype=object)
    for row, one in zip(values, rows, strict=True):
        places: Any = slice(None) if alike else np.searchsorted(items, one.items)
        row[places], clusters[places], groups[places] = one.values, one.clusters, one.groups
    side = cells[0].side
    return ScoreTable(
        side.benchmark,
        tuple(cell.side.model for cell in cells),
        tuple(items),
        values,
        tuple(clusters) if (clusters != items).any() else (),
        tuple(groups) if (groups != "").any() else (),
        tuple(cell.folder.id for cell in cells),
        max((one.draws for one in rows), default=1),
        version=side.entry["version"],
        protocol=side.entry["protocol"],
        metric=side.metric.name,
    )


def table_of_shelf(
    shelf: Shelf,
    read: Mapping[tuple[str, str, str], CellValues],
    before: Mapping[str, CellValues],
    states: Mapping[str, str],
) -> ScoreTable:
    """From what was read now and what an earlier file holds; of what is no plain mean, read cell by cell."""
    cells = shelf.by_model
    if not all(map(is_plain, cells)):
        return _read_by_cell(cells)
    rows = []
    for cell in cells:
        key = Row(cell.folder.id, states[cell.folder.id], cell.side.model).key
        values = before.get(key, read.get((cell.folder.id, cell.side.benchmark, cell.side.model)))
        rows.append(_NONE if values is None else values)
    return table_from(cells, rows)


def _read_by_cell(cells: Sequence[Stored]) -> ScoreTable:
    for cell in cells:
        with told_apart(cell.folder.id):
            table_of([cell])
    return table_of(cells)


def write(path: Path, scored: Scored, states: Mapping[str, str]) -> Part:
    """Keep the table and what an overall needs of it. The part."""
    table, made = scored.table, part(scored)
    arrays: dict[str, Any] = {
        "rows": np.array(
            [Row(run, states[run], model).key for run, model in zip(table.runs, table.models, strict=True)]
        ),
        "models": np.array(table.models),
        "runs": np.array(table.runs),
        "ids": np.array(table.items),
        "values": table.values,
        "clusters": np.array(table.clusters),
        "groups": np.array(table.groups),
        "draws": table.draws,
        "about": np.array([table.benchmark, table.version, table.protocol, table.metric, scored.name]),
        "means": made.means,
        "stderrs": made.stderrs,
        "items": made.items,
        "free": made.free,
        "chance": np.nan if made.chance is None else made.chance,
        "fits": made.fits,
    }
    if made.fits and len(table.models) and not np.isnan(table.values).any():
        arrays |= _contrasts(scored_contrasts(table, range(len(table.models))))
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)
    temporary.replace(path)
    return read_part(path)


def _contrasts(found: Contrasts) -> dict[str, Any]:
    assert found.whole is not None
    told = {"c_whole": found.whole, "c_difference": found.difference, "c_stderr": found.stderr, "c_n": found.n}
    plain = found.stderr if found.plain is None else found.plain
    return told | {"c_plain": plain, "c_df": found.df, "c_clustered": found.clustered}


def read_part(path: Path) -> Part:
    """What an overall needs, the table only where it asks for it."""
    with np.load(path, allow_pickle=False) as file:
        contrasts = None
        if "c_whole" in file:
            first, second = pairs(len(file["models"]))
            contrasts = Contrasts(
                first,
                second,
                file["c_difference"],
                file["c_stderr"],
                file["c_n"],
                float(file["c_df"]),
                None,
                bool(file["c_clustered"]),
                file["c_plain"],
                file["c_whole"],
            )
        chance = float(file["chance"])
        return Part(
            str(file["about"][0]),
            tuple(file["models"].tolist()),
            tuple(file["runs"].tolist()),
            file["means"],
            file["stderrs"],
            file["items"],
            len(file["ids"]),
            int(file["free"]),
            None if np.isnan(chance) else chance,
            bool(file["fits"]),
            lambda: read_table(path),
            contrasts,
        )


def read_table(path: Path) -> ScoreTable:
    """The table."""
    with np.load(path, allow_pickle=False) as file:
        benchmark, version, protocol, metric, _ = file["about"].tolist()
        texts = {name: tuple(file[name].tolist()) for name in ("models", "ids", "clusters", "groups", "runs")}
        return ScoreTable(
            benchmark,
            texts["models"],
            texts["ids"],
            file["values"],
            texts["clusters"],
            texts["groups"],
            texts["runs"],
            int(file["draws"]),
            version,
            protocol,
            metric,
        )


def read_rows(path: Path, wanted: set[str]) -> dict[str, CellValues]:
    """The rows of an earlier table that still count; none where the file is gone."""
    try:
        with np.load(path, allow_pickle=False) as file:
            keys, ids, values = file["rows"].tolist(), file["ids"].astype(object), file["values"]
            clusters = file["clusters"].astype(object) if len(file["clusters"]) else ids
            groups = file["groups"].astype(object) if len(file["groups"]) else np.full(len(ids), "", dtype=object)
            draws = int(file["draws"])
    except (OSError, ValueError, KeyError):
        return {}
    found = {}
    for key, row in zip(keys, values, strict=True):
        if key in wanted:
            has = ~np.isnan(row)
            found[key] = CellValues(ids[has], row[has], clusters[has], groups[has], draws)
    return found
