"""The response cache: answers that were paid for, by key, in one SQLite file that runs and processes share.

The first answer to a key stays. Nothing here stops a run: the first error turns the cache off for this process and
is told in `trouble`. A row carries a checksum, so that what has decayed is asked again and never taken for an answer.

Reading and writing have a connection each. In WAL mode a reader waits for no writer; writers wait for each other.
No connection outlives a fork: SQLite would believe that the child holds its parent's locks.
"""

import os
import threading
import weakref
import zlib
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from sinan.store import answer, sqlite
from sinan.types import Completion

if TYPE_CHECKING:
    import sqlite3

FORMAT = 1
"""Of the file, in its `user_version`. A higher one is left alone, a lower one begins anew."""

LIMIT_BYTES = 4 << 30
WRITE_WAIT_S = 30.0
"""How long a put waits for other processes."""
READ_WAIT_S = 1.0
"""How long a get waits, which blocks the event loop. It only has to while a file is opened, closed or recovered."""
READ_WAITS = 30
"""So many gets in a row that waited in vain turn the cache off."""
PAGE_BYTES, LOG_PAGES, WRITE_CACHE_KIB = 8_192, 4_000, 16_000
"""More than SQLite's defaults: the keys are random, so a put of many touches pages all over the file."""
EVICTED = 1_000
"""Rows that are dropped at once, at most: other processes get their turn in between."""

TABLE = f"answers_{FORMAT}"
CREATE = f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, sum INTEGER, answer BLOB)"
SELECT = f"SELECT sum, answer FROM {TABLE} WHERE key = ?"
INSERT = f"INSERT OR IGNORE INTO {TABLE} (key, sum, answer) VALUES (?, ?, ?)"
DELETE = f"DELETE FROM {TABLE} WHERE key = ?"
OLDEST = f"SELECT id, length(key) + ifnull(length(answer), 0) FROM {TABLE} ORDER BY id LIMIT {EVICTED}"
EVICT = f"DELETE FROM {TABLE} WHERE id <= ?"


class NewerFormat(sqlite.Unusable):
    """The file was written by a newer sinan."""


class ResponseCache:
    """Answers in one file. Made in no time: the file is opened by the first get that finds it, or the first put."""

    def __init__(self, path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        """`limit_bytes`: beyond it, the oldest answers are dropped. A put may go beyond it while it lasts."""
        self.path = path.absolute()
        self.trouble: str | None = None
        """Why the cache is off, with the remedy, in one line; None while it works."""
        self._limit = limit_bytes
        self._closed = False
        self._begin()
        _ALL.add(self)

    def _begin(self) -> None:
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._ready = False
        """Whether the file is known to have our table."""
        self._waited = 0
        self._damaged: set[bytes] = set()
        """Keys whose rows were found unsound: the next put of one takes the row's place."""

    def get(self, key: bytes) -> Completion | None:
        """The answer, with `cached` set, or None. Never raises. From any thread."""
        if self.trouble is not None or self._closed:
            return None
        with self._reading:
            try:
                row = self._select(key)
                self._waited = 0
            except Exception as error:  # whatever it is: no reason to lose a run
                self._waited += 1
                if not sqlite.locked(error) or self._waited >= READ_WAITS:
                    self._off(error)
                return None
        if row is None:
            return None
        found = answer.decode(row[1]) if isinstance(row[1], bytes) and row[0] == _sum(key, row[1]) else None
        if found is None:
            self._damaged.add(key)
        return found

    def put(self, entries: Sequence[tuple[bytes, Completion]]) -> None:
        """Keep answers, all or none; an answer that could not come back as it is, is left out. Never raises.

        From any thread but that of the event loop: it may wait for other processes, and for the disk.
        """
        if self.trouble is not None or self._closed:
            return
        rows = [(key, _sum(key, kept), kept) for key, done in entries if (kept := answer.encode(done)) is not None]
        if not rows:
            return
        with self._writing:
            try:
                if self._writer is None and not self._closed:
                    self._writer = self._open_for_writing()
                if self._writer is not None:
                    self._insert(self._writer, rows)
                    while self._evict(self._writer):
                        pass
            except Exception as error:  # whatever it is: no reason to lose a run
                self._off(error)

    def entries(self) -> int:
        """How many answers the file holds; 0 where it cannot be read."""
        with self._reading:
            try:
                reader = None if self._closed or self.trouble is not None else self._opened_for_reading()
                return int(reader.execute(f"SELECT count(*) FROM {TABLE}").fetchone()[0]) if reader else 0
            except Exception as error:
                self._off(error)
                return 0

    def close(self) -> None:
        """Let go of the file. Waits for a put in progress. From then on nothing is found or kept."""
        self._closed = True
        with self._reading, self._writing:
            for connection in (self._reader, self._writer):
                try:
                    if connection is not None:
                        connection.close()
                except Exception as error:
                    self._off(error)
            self._reader = self._writer = None

    def _select(self, key: bytes) -> "tuple[object, object] | None":
        reader = self._reader if self._ready else self._opened_for_reading()
        return None if reader is None else reader.execute(SELECT, (key,)).fetchone()

    def _opened_for_reading(self) -> "sqlite3.Connection | None":
        """None where there is nothing to read: no file yet, or one that the first put will begin anew."""
        if self._reader is None:
            if self._closed or not _there(self.path):
                return None
            self._reader = sqlite.connect(self.path, "rw", READ_WAIT_S)
        version = _version(self._reader)
        self._ready = version == FORMAT
        return self._reader if self._ready else None

    def _open_for_writing(self) -> "sqlite3.Connection":
        """The file with our table in it, made where it is not there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        writer = sqlite.connect(self.path, "rwc", WRITE_WAIT_S)
        try:
            _version(writer)  # before anything is changed
            writer.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file
            sqlite.patiently(writer, "PRAGMA journal_mode = WAL", WRITE_WAIT_S)
            writer.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            writer.execute(f"PRAGMA cache_size = -{WRITE_CACHE_KIB}")
            writer.execute("PRAGMA synchronous = NORMAL")
            writer.execute("PRAGMA secure_delete = FAST")
            with sqlite.transaction(writer):
                if _version(writer) < FORMAT:
                    _begin_anew(writer)
        except BaseException:
            writer.close()
            raise
        return writer

    def _insert(self, writer: "sqlite3.Connection", rows: list[tuple[bytes, int, bytes]]) -> None:
        mended = [(key,) for key, _, _ in rows if key in self._damaged]
        with sqlite.transaction(writer):
            if mended:
                writer.executemany(DELETE, mended)
            writer.executemany(INSERT, rows)
        self._damaged.difference_update(key for (key,) in mended)

    def _evict(self, writer: "sqlite3.Connection") -> bool:
        """Drop the oldest rows until the rest is within the limit. True where there may be more to drop."""
        if _used(writer) <= self._limit:
            return False
        with sqlite.transaction(writer):
            excess = _used(writer) - self._limit  # anew: another process may have dropped them just now
            oldest = writer.execute(OLDEST).fetchall() if excess > 0 else []
            sizes = accumulate(size for _, size in oldest)
            enough = excess + self._limit // 100  # a little more, so that not every put has to
            last = next((id for (id, _), size in zip(oldest, sizes, strict=True) if size >= enough), None)
            if oldest:
                writer.execute(EVICT, (oldest[-1][0] if last is None else last,))
        return bool(oldest)

    def _off(self, error: Exception) -> None:
        if self.trouble is None:
            self.trouble = sqlite.told(self.path, error)

    def _forked(self) -> None:
        """In a new child: leave the parent's connections alone, unclosed, and with them the file."""
        for connection in (self._reader, self._writer):
            if connection is not None:
                sqlite.leave(self.path, connection)
                self._off(sqlite.forked())
        self._begin()


_ALL: "weakref.WeakSet[ResponseCache]" = weakref.WeakSet()


def _after_fork() -> None:
    for cache in list(_ALL):
        cache._forked()


os.register_at_fork(after_in_child=_after_fork)


def _version(connection: "sqlite3.Connection") -> int:
    """The file's format; 0 where it is empty. Raises NewerFormat."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > FORMAT:
        raise NewerFormat(
            f"it is of format {version}, and this sinan knows format {FORMAT}", f"a newer sinan, or {sqlite.ELSEWHERE}"
        )
    return version


def _begin_anew(writer: "sqlite3.Connection") -> None:
    """In a new file, or in place of an older format: another process may have it open, so it is never removed."""
    names = writer.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'answers_*'").fetchall()
    for (name,) in names:
        quoted = name.decode().replace('"', '""')
        writer.execute(f'DROP TABLE "{quoted}"')
    writer.execute(CREATE)
    writer.execute(f"PRAGMA user_version = {FORMAT}")


def _used(connection: "sqlite3.Connection") -> int:
    """Bytes of the file that hold something: the room of dropped answers is used again, not given back."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _sum(key: bytes, kept: bytes) -> int:
    return zlib.crc32(kept, zlib.crc32(key))


def _there(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
