"""Leaderboards as the maker left them, for whom they were made. Nothing here is computed: a request only reads.

Whose boards hold runs that are not public sees them only while they may see every one of those runs: the database
decides, and not what was true when the boards were made.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, select

from sinan.web.failures import Missing, NotYet
from sinan.web.service import shelf
from sinan.web.service.database import Database
from sinan.web.service.people import Asker, Person
from sinan.web.service.tables import runs

PUBLIC, ALL = "public", "all"
IN_MEMORY = 300
"""Boards that a process holds."""
SOON_S = 2.0


class Standing(NamedTuple):
    """A model on a board."""

    model: str
    value: float | None
    low: float | None
    high: float | None
    rank: int | None
    first: int | None
    """Of the ranks that it may have."""
    last: int | None
    ties: str
    """Letters: two models have one in common exactly where their order is not sure."""
    n: int
    runs: tuple[str, ...]
    date: str
    answers: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None


@dataclass(frozen=True)
class Board:
    """One leaderboard, the best model first."""

    name: str
    standings: tuple[Standing, ...]
    by_model: Mapping[str, Standing]
    metric: str
    estimand: str
    method: str
    alpha: float
    draws: int
    family: int
    n: int
    chance: float | None
    in_percent: bool
    less_is_better: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """A board in the list of those that there are."""

    key: str
    kind: str
    """overall, suite, dimension or benchmark."""
    slug: str
    """What it is called in addresses."""
    title: str
    models: int
    """That have a place on it."""
    benchmarks: tuple[str, ...]
    dimension: str = ""
    languages: tuple[str, ...] = ()
    protocol: str = ""


@dataclass(frozen=True)
class Boards:
    """All boards of an audience."""

    folder: Path
    audience: str
    """Whose history it is: of the public or of the whole site."""
    key: str
    made: int
    waiting: bool
    """Whether newer ones, or the reader's own, are still being made."""
    listed: tuple[Listed, ...]
    parameters: Mapping[str, int]
    """Of models whose runs say it."""

    def named(self, slug: str) -> Listed:
        """Raises Missing."""
        found = next((one for one in self.listed if one.slug == slug), None)
        if found is None:
            raise Missing(
                f"no board is called {slug[:100]}, or none that you may see. Those that there are: /rank.json"
            )
        return found

    def board(self, one: Listed) -> Board:
        """Raises NotYet where it has just been replaced."""
        return _board(self.folder, one.key)


def of_person(person: Person) -> str:
    """The audience that somebody is."""
    return f"user-{person.id}"


def pointer_path(site: Path, audience: str) -> Path:
    """The file that changes when an audience's boards do."""
    return site / "boards" / "audiences" / f"{audience}.json"


def opened(site: Path, database: Database, asker: Asker) -> Boards:
    """The boards that the asker may see. Raises NotYet where none have been made."""
    if asker.sees_all:
        return _of(site, ALL, _pointer(site, ALL))
    person = asker.reader
    if person is not None:
        own = _pointer(site, of_person(person))
        if own is not None and _may_see(database, asker, own["private"]):
            return _of(site, PUBLIC, own)
    return _of(site, PUBLIC, _pointer(site, PUBLIC), waiting=person is not None)


def _may_see(database: Database, asker: Asker, private: Sequence[str]) -> bool:
    """Whether every run of these is visible to them, now."""
    with database.read() as connection:
        for start in range(0, len(private), 500):
            part = private[start : start + 500]
            query = select(func.count()).select_from(runs).where(runs.c.id.in_(part), shelf.visible(asker))
            if connection.execute(query).scalar_one() != len(part):
                return False
    return True


def _pointer(site: Path, audience: str) -> Any:
    return _read(pointer_path(site, audience))


def _of(site: Path, audience: str, pointer: Any, waiting: bool = False) -> Boards:
    found = None if pointer is None else _set(site / "boards", pointer["set"])
    if found is None:
        raise NotYet("the leaderboards are being made; look again in a moment", retry_after=SOON_S)
    listed, parameters = found
    return Boards(site / "boards", audience, pointer["set"], pointer["made"], waiting, listed, parameters)


class _Kept:
    """Values of files that never change, the latest used ones."""

    def __init__(self, most: int) -> None:
        self.most, self.values, self.lock = most, OrderedDict[Path, Any](), threading.Lock()

    def get(self, path: Path) -> Any:
        with self.lock:
            if path in self.values:
                self.values.move_to_end(path)
            return self.values.get(path)

    def put(self, path: Path, value: Any) -> None:
        with self.lock:
            self.values[path] = value
            while len(self.values) > self.most:
                self.values.popitem(last=False)


_BOARDS, _SETS = _Kept(IN_MEMORY), _Kept(20)


def _set(folder: Path, key: str) -> tuple[tuple[Listed, ...], Mapping[str, int]] | None:
    path = folder / "sets" / f"{key}.json"
    known: tuple[tuple[Listed, ...], Mapping[str, int]] | None = _SETS.get(path)
    if known is None and (read := _read(path)) is not None:
        known = (
            tuple(_listed(one) for one in read["boards"]),
            {model: told["parameters"] for model, told in read["models"].items() if "parameters" in told},
        )
        _SETS.put(path, known)
    return known


def _listed(one: Mapping[str, Any]) -> Listed:
    return Listed(
        one["key"],
        one["kind"],
        one["slug"],
        one["title"],
        one["models"],
        tuple(one.get("benchmarks") or [one["benchmark"]]),
        one.get("dimension", ""),
        tuple(one.get("languages", ())),
        one.get("protocol", ""),
    )


def _board(folder: Path, key: str) -> Board:
    path = folder / "made" / f"{key}.json"
    known: Board | None = _BOARDS.get(path)
    if known is None:
        read = _read(path)
        if read is None:
            raise NotYet("the leaderboards have just changed; look again in a moment", retry_after=SOON_S)
        _BOARDS.put(path, known := _of_document(read))
    return known


def _of_document(read: Mapping[str, Any]) -> Board:
    standings = tuple(_standing(row) for row in read["standings"])
    return Board(
        read["name"],
        standings,
        {one.model: one for one in standings},
        read["metric"],
        read["estimand"],
        read["method"],
        read["alpha"],
        read["draws"],
        read["family"],
        read["n"],
        read["chance"],
        read["in_percent"],
        read["less_is_better"],
        tuple(read["notes"]),
    )


def _standing(row: Mapping[str, Any]) -> Standing:
    low, high = row["ci"] or (None, None)
    first, last = row["rank_interval"] or (None, None)
    return Standing(
        row["model"],
        row["value"],
        low,
        high,
        row["rank"],
        first,
        last,
        row["tie_group"],
        row["n"],
        tuple(row["runs"]),
        row["date"],
        row["answers"],
        row["tokens_in"],
        row["tokens_out"],
        row["cost_usd"],
    )


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
