"""A SQLite file that several processes share: how it is opened, how all of them get their turn, what errors mean."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

ELSEWHERE = "name another folder: SINAN_CACHE=DIR"

_BUSY = {5, 6, 15}
"""Result codes of SQLite, without their details: BUSY, LOCKED, PROTOCOL."""
_DAMAGED = {11, 26}
"""CORRUPT, NOTADB."""
_FULL = {10, 13}
"""IOERR, FULL."""
_REFUSED = {3, 8, 14, 23}
"""PERM, READONLY, CANTOPEN, AUTH."""

_DORMANT: "list[sqlite3.Connection]" = []
_INHERITED: set[tuple[int, int]] = set()
"""Files that were open when this process was forked, by device and inode."""


class Unusable(Exception):
    """A file that is sound and must yet be left alone: what it is, and the remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def connect(path: Path, mode: str, wait_s: float) -> "sqlite3.Connection":
    """`path` is absolute; `mode`: `rw` for a file that is there, `rwc` to make it; `wait_s`: for other processes."""
    import sqlite3

    if _INHERITED and _inode(path) in _INHERITED:
        raise forked()
    name = f"{path.as_uri()}?mode={mode}"
    connection = sqlite3.connect(name, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)
    connection.text_factory = bytes  # text that somebody else wrote into a row need not be text
    return connection


def leave(path: Path, connection: "sqlite3.Connection") -> None:
    """In a forked child: never use or close the parent's connection, nor open its file again.

    SQLite keeps locks per process and file; in the child it would count on locks that only the parent holds.
    """
    _DORMANT.append(connection)
    if (inode := _inode(path)) is not None:
        _INHERITED.add(inode)


def forked() -> Unusable:
    """The error of a file that `leave` was told of."""
    return Unusable("it was open when this process was forked", "start processes by spawn, or before the run")


def patiently(connection: "sqlite3.Connection", statement: str, wait_s: float) -> None:
    """SQLite does not wait by itself where two processes change the journal's mode at once."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            connection.execute(statement).fetchall()
            return
        except Exception as error:
            if not locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextmanager
def transaction(connection: "sqlite3.Connection") -> Iterator[None]:
    """All or nothing. Waits for its turn first, so that it cannot fail halfway because of another process."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def locked(error: Exception) -> bool:
    """Whether another process was in the way."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


def told(path: Path, error: Exception) -> str:
    """What is wrong with the cache at `path`, and the remedy, in one line."""
    what, remedy = _reason(path, error)
    return f"the response cache {path} is off, answers are neither taken from it nor kept: {what}. Remedy: {remedy}"


def _reason(path: Path, error: Exception) -> tuple[str, str]:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    said = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, Unusable):
        return said, error.remedy
    if code in _BUSY:
        return f"another process keeps it locked ({said})", f"end that process, or {ELSEWHERE}"
    if code in _DAMAGED:
        return f"it is damaged ({said})", f"remove {path.name}* in {path.parent}; its answers are asked anew"
    if code in _FULL or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
        return f"the disk is full or failing ({said})", f"make room, or {ELSEWHERE}"
    if code in _REFUSED or isinstance(error, OSError):
        return f"it cannot be opened and written ({said})", f"make its folder writable, or {ELSEWHERE}"
    return f"{type(error).__name__}: {said}", f"remove {path.name}* in {path.parent}, or {ELSEWHERE}"


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino
