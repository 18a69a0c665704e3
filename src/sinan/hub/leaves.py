"""The questions of a benchmark in a file that can be leafed through: any page of them at once, in little memory.

A benchmark's data is read from its beginning. Here it is read once and written into a small SQLite file, numbered as it
comes; pages are then found by their numbers, a question by its id, and words by a search through the texts.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sinan.errors import StoreError
from sinan.types import Benchmark, Image, Sample

TABLES = """
CREATE TABLE leaves (n INTEGER PRIMARY KEY, subset TEXT, id TEXT, "group" TEXT, question TEXT, choices TEXT,
  target TEXT, images TEXT);
CREATE TABLE subsets (name TEXT PRIMARY KEY, leaves INTEGER, first INTEGER);
CREATE TABLE images (sha256 TEXT PRIMARY KEY, path TEXT, media_type TEXT);
"""
MOST = 2_000_000
AT_ONCE = 500
LOOKED_AT = 200_000
"""Rows that one search reads at most, from where it begins."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One question."""

    number: int
    subset: str
    id: str
    group: str
    question: str
    choices: tuple[str, ...]
    target: str
    images: tuple[str, ...]
    """Their sha256."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of questions."""

    leaves: tuple[Leaf, ...]
    total: int | None
    """None where words are sought: they are not counted."""
    more: bool


def write(path: Path, benchmark: Benchmark, seed: int = 0) -> None:
    """Write the questions of a benchmark, all subsets in their order. Raises DataError, StoreError."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + TABLES)
        number = 0
        for subset in benchmark.dataset.subsets:
            first = number
            samples = iter(benchmark.dataset.read(subset, seed))
            while batch := list(islice(samples, min(AT_ONCE, MOST - number))):
                rows = [_row(number + place, subset, sample) for place, sample in enumerate(batch)]
                database.executemany("INSERT INTO leaves VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
                database.executemany("INSERT OR IGNORE INTO images VALUES (?, ?, ?)", _images(batch))
                number += len(batch)
            database.execute("INSERT INTO subsets VALUES (?, ?, ?)", (subset, number - first, first))
        database.executescript("CREATE INDEX by_id ON leaves (id);")


def _row(number: int, subset: str, sample: Sample) -> tuple[Any, ...]:
    images = [image.sha256 for image in sample.images]
    told = (number, subset, sample.id, sample.group, sample.question, list(sample.choices), sample.target, images)
    return tuple(json.dumps(one) if isinstance(one, list) else _text(one) for one in told)


def _text(value: Any) -> Any:
    """SQLite takes no half characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _images(samples: Sequence[Sample]) -> Iterator[tuple[str, str, str]]:
    return ((one.sha256, one.path, one.media_type) for sample in samples for one in sample.images)


def subsets(path: Path) -> dict[str, int]:
    """The parts of a benchmark, and how many questions each has."""
    with _opened(path) as database:
        return dict(database.execute("SELECT name, leaves FROM subsets ORDER BY first"))


def page(path: Path, subset: str | None, offset: int, limit: int) -> Found:
    """So many questions from a place on, of one subset or of all."""
    with _opened(path) as database:
        if subset is None:
            total, first = database.execute("SELECT coalesce(sum(leaves), 0), 0 FROM subsets").fetchone()
        else:
            row = database.execute("SELECT leaves, first FROM subsets WHERE name = ?", (subset,)).fetchone()
            total, first = row or (0, 0)
        begin, end = first + offset, min(first + offset + limit, first + total)
        rows = database.execute("SELECT * FROM leaves WHERE n >= ? AND n < ? ORDER BY n", (begin, end)).fetchall()
    return Found(tuple(map(_leaf, rows)), total, offset + limit < total)


def by_id(path: Path, sample_id: str) -> Found:
    """The question of an id, or none; ids stand in several subsets seldom, but may."""
    with _opened(path) as database:
        rows = database.execute("SELECT * FROM leaves WHERE id = ? ORDER BY n LIMIT 20", (sample_id,)).fetchall()
    return Found(tuple(map(_leaf, rows)), len(rows), False)


def search(path: Path, words: str, subset: str | None, offset: int, limit: int) -> Found:
    """Questions that hold the words as they are, in the question, an option or the answer; letters' case apart. Only
    the first LOOKED_AT are looked at."""
    test = """instr(lower(question), ?) OR instr(lower(choices), ?) OR instr(lower(target), ?) OR id = ?"""
    sought = words.lower()
    given = [sought, json.dumps(sought)[1:-1], sought, words]
    within = "" if subset is None else "AND subset = ?"
    query = f"SELECT * FROM leaves WHERE n < {LOOKED_AT} AND ({test}) {within} ORDER BY n LIMIT ? OFFSET ?"
    with _opened(path) as database:
        rows = database.execute(query, [*given, *([] if subset is None else [subset]), limit + 1, offset]).fetchall()
    return Found(tuple(map(_leaf, rows[:limit])), None, len(rows) > limit)


def image(path: Path, sha256: str) -> Image | None:
    """A picture of one of the questions."""
    with _opened(path) as database:
        row = database.execute("SELECT path, sha256, media_type FROM images WHERE sha256 = ?", (sha256,)).fetchone()
    return Image(*row) if row else None


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
            yield database
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read: {error}. Remedy: remove it; it is made anew") from None


def _leaf(row: tuple[Any, ...]) -> Leaf:
    number, subset, sample_id, group, question, choices, target, images = row
    return Leaf(
        number, subset, sample_id, group, question, tuple(json.loads(choices)), target, tuple(json.loads(images))
    )
