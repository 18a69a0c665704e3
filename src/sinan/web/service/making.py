"""Leaderboards of many runs as files, made again only where something changed.

SITE/boards/made/KEY.json        one board; its key is what it is made of: runs, their states, models
SITE/boards/made/KEY.npz         its table and what an overall needs of it
SITE/boards/sets/KEY.json        all boards of one set of runs
SITE/boards/audiences/NAME.json  which set an audience sees, and which runs in it are not public

Every file is written whole or not at all, and never changes but for those of audiences.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from sinan import catalog, store
from sinan.errors import SinanError, StoreError
from sinan.ranking.benchmark_board import board
from sinan.ranking.overall import overall
from sinan.ranking.parts import Part
from sinan.ranking.rank_intervals import DRAWS
from sinan.ranking.standings import Ways
from sinan.shelves import FINISHED, Shelf, Stored, names_of, of_run, scored_of, shelved
from sinan.store.tables import CellValues
from sinan.types.leaderboard import Leaderboard
from sinan.web.service import board_tables
from sinan.web.service.board_tables import MOST_VALUES, is_plain, read_together, table_of_shelf

FORMAT = 1
"""Of the files. Others are made again."""
WIDE = 60
"""Models beyond which fewer draws of the joint distribution are made: the critical value moves in its third digit."""
WIDE_DRAWS = 2_000
KEPT_S = 300.0
"""How long a file stays that no audience sees any more: somebody may be reading it."""

OVERALL, SUITE, DIMENSION, BENCHMARK = "overall", "suite", "dimension", "benchmark"


@dataclass(frozen=True)
class RunState:
    """A run as the index knows it."""

    id: str
    seen: str
    """Changes when its numbers do."""
    public: bool


@dataclass
class Maker:
    """Makes boards in a folder, of runs in another one."""

    folder: Path
    runs: Path
    notice: Callable[[str], None] = lambda line: None
    _cells: dict[str, tuple[str, list[Stored]]] = field(default_factory=dict)
    _latest: dict[str, str] = field(default_factory=dict)
    """Conditions of a shelf -> the key of the board that was last made of it."""

    def __post_init__(self) -> None:
        for name in ("made", "sets", "audiences", "history"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._latest = _read(self.folder / "latest.json") or {}

    def make(self, audience: str, runs: Sequence[RunState]) -> bool:
        """The boards of what an audience may see. Whether they changed."""
        key = _digest(FORMAT, sorted((run.id, run.seen) for run in runs))
        pointer = {"set": key, "private": sorted(run.id for run in runs if not run.public)}
        path = self.folder / "audiences" / f"{audience}.json"
        if not (self.folder / "sets" / f"{key}.json").exists():
            _write(self.folder / "sets" / f"{key}.json", {"key": key, **self._set(runs)})
            _write(self.folder / "latest.json", self._latest)
        if (_read(path) or {}) | {"made": 0} == pointer | {"made": 0}:
            return False
        _write(path, pointer | {"made": int(time.time() * 1000)})
        return True

    def forget(self, audiences: Iterable[str]) -> None:
        """Remove all audiences but these, and what none of them sees."""
        named, used = set(audiences), set()
        for path in (self.folder / "audiences").glob("*.json"):
            if path.stem not in named:
                path.unlink(missing_ok=True)
                continue
            found = _read(path) or {}
            used.add(found.get("set", ""))
            used |= {
                one["key"]
                for one in (_read(self.folder / "sets" / f"{found.get('set')}.json") or {"boards": ()})["boards"]
            }
        for part in ("made", "sets"):
            for path in (self.folder / part).iterdir():
                if path.name.partition(".")[0] not in used and path.stat().st_mtime < time.time() - KEPT_S:
                    path.unlink(missing_ok=True)
        self._latest = {where: key for where, key in self._latest.items() if key in used}

    def _set(self, runs: Sequence[RunState]) -> dict[str, Any]:
        """Of runs that can be read; one that cannot is passed over."""
        while True:
            try:
                return self._set_of(runs)
            except board_tables.Unreadable as error:
                self.notice(f"{error}; it is on no board")
                self._cells[error.run] = (self._cells[error.run][0], [])

    def _set_of(self, runs: Sequence[RunState]) -> dict[str, Any]:
        states = {run.id: run.seen for run in runs}
        shelves = shelved(self._stored(runs))
        names = names_of([shelf.cells[0].side for shelf in shelves])
        keyed = [(name, shelf, self._key(name, shelf, states)) for name, shelf in zip(names, shelves, strict=True)]
        self._make_benchmarks(keyed, states)
        made = [{"key": key, **self._about(name, shelf)} for name, shelf, key in keyed]
        return {"boards": [*self._wholes(made), *made], "models": _identities(shelves)}

    def _stored(self, runs: Sequence[RunState]) -> list[Stored]:
        """All cells, the newest run first."""
        found: list[tuple[str, list[Stored]]] = []
        for run in runs:
            known = self._cells.get(run.id)
            if known is None or known[0] != run.seen:
                known = self._cells[run.id] = (run.seen, self._read_run(run.id))
            if known[1]:
                found.append((str(known[1][0].side.about["created"]), known[1]))
        return [cell for _, cells in sorted(found, key=lambda one: one[0], reverse=True) for cell in cells]

    def _read_run(self, run: str) -> list[Stored]:
        folder = store.RunFolder(self.runs / run)
        try:
            about = folder.about()
            return list(of_run(folder, about, folder.results())) if about["status"] in FINISHED else []
        except StoreError as error:
            self.notice(f"{error}; it is on no board")
            return []

    def _key(self, name: str, shelf: Shelf, states: Mapping[str, str]) -> str:
        cells = [(cell.folder.id, states[cell.folder.id], cell.side.model) for cell in shelf.by_model]
        return _digest(FORMAT, name, shelf.older, shelf.cells[0].side.benchmark, cells)

    def _make_benchmarks(self, keyed: Sequence[tuple[str, Shelf, str]], states: Mapping[str, str]) -> None:
        for batch in _batches([one for one in keyed if not self._is_made(one[2])]):
            before = {key: self._rows_before(shelf, states) for _, shelf, key in batch}
            skip = {
                (cell.folder.id, cell.side.benchmark, cell.side.model)
                for _, shelf, key in batch
                for cell in shelf.cells
                if _row(cell, states) in before[key]
            }
            read = read_together([shelf.cells for _, shelf, _ in batch], skip)
            for name, shelf, key in batch:
                self._make_benchmark(name, shelf, key, states, table_of_shelf(shelf, read, before.pop(key), states))

    def _is_made(self, key: str) -> bool:
        return all((self.folder / "made" / f"{key}.{kind}").exists() for kind in ("json", "npz"))

    def _rows_before(self, shelf: Shelf, states: Mapping[str, str]) -> dict[str, CellValues]:
        key = self._latest.get(_conditions(shelf))
        if key is None:
            return {}
        return board_tables.read_rows(self.folder / "made" / f"{key}.npz", {_row(cell, states) for cell in shelf.cells})

    def _make_benchmark(self, name: str, shelf: Shelf, key: str, states: Mapping[str, str], table: Any) -> None:
        scored = scored_of(name, shelf, {}, table)
        board_tables.write(self.folder / "made" / f"{key}.npz", scored, states)
        cells = {cell.side.model: cell for cell in shelf.cells}
        made = board(scored, ways(len(table.models)))
        spent = {model: _spent(cell) for model, cell in cells.items()}
        _write(self.folder / "made" / f"{key}.json", document(made, spent))
        self._latest[_conditions(shelf)] = key

    def _about(self, name: str, shelf: Shelf) -> dict[str, Any]:
        side = shelf.cells[0].side
        about = {
            "kind": BENCHMARK,
            "slug": name,
            "title": name,
            "benchmark": side.benchmark,
            "models": len(shelf.cells),
        }
        about |= {"protocol": str(side.entry["protocol"]), "version": str(side.entry["version"])}
        try:
            card = catalog.load(side.benchmark).card if side.fingerprint is None else None
        except SinanError:
            card = None
        if card is None:
            return about | {"dimension": "", "languages": []}
        return about | {
            "title": name.replace(side.benchmark, card.title, 1),
            "dimension": card.dimension,
            "languages": list(card.languages),
        }

    def _wholes(self, made: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """The overall of all benchmarks, of each suite and of each dimension that has several."""
        chosen: dict[str, Mapping[str, Any]] = {}
        for one in made:  # of several boards of one benchmark the one with the most models, the newest first
            if one["benchmark"] not in chosen or one["models"] > chosen[one["benchmark"]]["models"]:
                chosen[one["benchmark"]] = one
        parts = _Parts(self.folder / "made", chosen)
        dimensions = sorted({one["dimension"] for one in chosen.values() if one["dimension"]})
        groups: list[tuple[str, str, str, Sequence[str]]] = [(OVERALL, OVERALL, "Overall", tuple(chosen))]
        for name, suite in catalog.all_suites().items():
            groups.append((SUITE, f"suite:{name}", suite.title.partition(":")[0], suite.benchmarks))
        groups += [
            (DIMENSION, f"dim:{name}", name, [b for b, one in chosen.items() if one["dimension"] == name])
            for name in dimensions
        ]
        for kind, slug, title, wanted in groups:
            found = self._whole(kind, slug, [name for name in wanted if name in chosen], wanted, parts)
            if found is not None:
                yield {"kind": kind, "slug": slug, "title": title, **found}

    def _whole(
        self, kind: str, slug: str, names: Sequence[str], wanted: Sequence[str], parts: "_Parts"
    ) -> dict[str, Any] | None:
        if len(names) < 2:
            return None
        lacking = [name for name in wanted if name not in names]
        key = _digest(FORMAT, slug, lacking, [(name, parts.chosen[name]["key"]) for name in names])
        path = self.folder / "made" / f"{key}.json"
        if not path.exists():
            used = [parts[name] for name in names]
            models = len({model for one in used for model in one.models})
            found = overall(used, {}, ways(models), brief=True)
            if found is not None and lacking:
                found = replace(found, notes=(*found.notes, f"not run yet, and so no part of it: {', '.join(lacking)}"))
            named = {one.name for one in used if one.fits}
            _write(path, document(found, parts.spent(names), slug) if found and named else None)
        if (stored := _read(path)) is None:
            return None
        return {
            "key": key,
            "benchmarks": list(names),
            "models": sum(one["rank"] is not None for one in stored["standings"]),
        }


@dataclass
class _Parts:
    """What overalls need of the benchmarks' boards, each read once."""

    made: Path
    chosen: Mapping[str, Mapping[str, Any]]
    _read: dict[str, Part] = field(default_factory=dict)
    _spent: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def __getitem__(self, benchmark: str) -> Part:
        if benchmark not in self._read:
            found = board_tables.read_part(self.made / f"{self.chosen[benchmark]['key']}.npz")
            self._read[benchmark] = replace(found, name=benchmark)
        return self._read[benchmark]

    def spent(self, benchmarks: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Of each model, over these benchmarks together."""
        together: dict[str, dict[str, Any]] = {}
        for benchmark in benchmarks:
            for model, one in self._spent_on(benchmark).items():
                together[model] = _added(together[model], one) if model in together else one
        return together

    def _spent_on(self, benchmark: str) -> dict[str, dict[str, Any]]:
        if benchmark not in self._spent:
            rows = (_read(self.made / f"{self.chosen[benchmark]['key']}.json") or {"standings": ()})["standings"]
            self._spent[benchmark] = {row["model"]: {name: row[name] for name in SPENT} for row in rows}
        return self._spent[benchmark]


SPENT = ("date", "answers", "tokens_in", "tokens_out", "cost_usd")


def ways(models: int) -> Ways:
    """How a board of so many models is decided."""
    return Ways(draws=DRAWS if models <= WIDE else WIDE_DRAWS)


def document(made: Leaderboard, spent: Mapping[str, Mapping[str, Any]], name: str = "") -> dict[str, Any]:
    """A board as it is kept: as `sinan rank --json` tells it, and what each model took."""
    told = made.to_json() | {"in_percent": made.in_percent, "draws": ways(len(made.standings)).draws}
    rows = [
        {k: v for k, v in row.items() if k not in ("scores", "imputed", "rank_interval_bonferroni")}
        | dict(spent[row["model"]])
        for row in told["standings"]
    ]
    return told | {"standings": rows} | ({"name": name} if name else {})


def _spent(cell: Stored) -> dict[str, Any]:
    result = cell.result
    told: dict[str, Any] = {"date": str(cell.side.about["created"])[:10]}
    if result is None:
        return told | {"answers": 0, "tokens_in": 0, "tokens_out": 0, "cost_usd": None}
    told |= {"answers": sum(result.outcomes.values()), "tokens_in": result.tokens_in, "tokens_out": result.tokens_out}
    return told | {"cost_usd": result.cost_usd}


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    unknown = one["cost_usd"] is None or other["cost_usd"] is None
    told = {name: one[name] + other[name] for name in ("answers", "tokens_in", "tokens_out")}
    told["cost_usd"] = None if unknown else one["cost_usd"] + other["cost_usd"]
    return told | {"date": max(one["date"], other["date"])}


def _identities(shelves: Sequence[Shelf]) -> dict[str, dict[str, Any]]:
    """What the newest run of each model says of it: numbers of parameters, where it is known."""
    found: dict[str, dict[str, Any]] = {}
    for shelf in shelves:
        for cell in shelf.cells:
            parameters = cell.side.identity.get("parameters")
            told = (
                {"parameters": parameters} if isinstance(parameters, int) and not isinstance(parameters, bool) else {}
            )
            found.setdefault(cell.side.model, told)
    return found


def _row(cell: Stored, states: Mapping[str, str]) -> str:
    return board_tables.Row(cell.folder.id, states[cell.folder.id], cell.side.model).key


def _conditions(shelf: Shelf) -> str:
    return _digest([repr(one) for one in shelf.cells[0].conditions])


def _batches(keyed: Sequence[tuple[str, Shelf, str]]) -> Iterator[list[tuple[str, Shelf, str]]]:
    """As many at once as memory is for."""
    batch: list[tuple[str, Shelf, str]] = []
    size = 0
    for one in keyed:
        own = sum(cell.result.estimate.n if cell.result else 1_000 for cell in one[1].cells if is_plain(cell))
        if batch and size + own > MOST_VALUES:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += own
    if batch:
        yield batch


def _digest(*parts: Any) -> str:
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _write(path: Path, value: Any) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(orjson.dumps(value))
    temporary.replace(path)
