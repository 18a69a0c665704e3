"""What was sent in batches, on disk: so that no request is sent and paid for a second time, whatever dies when.

    CACHE/batches/ENDPOINT/NAME.json    one batch: its requests' ids, and the provider's id once that is known
    CACHE/batches/ENDPOINT/lock         held while batches are looked up and made

A batch is written here before it is made, and again with its id right after. A file without an id, seen by whoever has
the lock, was left by a process that died in between: only the provider knows whether that batch exists.
No text of a request and no key is in here.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Container, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sinan.errors import StoreError

FORMAT = 1
KEPT_DAYS = 30
"""No provider keeps results longer."""
LOOK = 0.2
"""Seconds between two tries to get the lock."""
_NAME = re.compile(r"sinan-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch."""

    name: str
    """Ours: the provider is told it where that is possible."""
    created: float
    """Seconds since 1970, when it was written here."""
    ids: tuple[str, ...]
    """`custom_id` of every request."""
    batch: str | None = None
    """The provider's id; None where it is not known whether the batch was made."""


class Ledger:
    """The batches of one endpoint. Every method that writes raises StoreError where the disk does not take it."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        """`endpoint`: the address and the name of its key, never the key."""
        self._endpoint = endpoint
        self._folder = folder / hashlib.sha256(endpoint.encode()).hexdigest()[:16]
        self._read: dict[str, tuple[int, Entry]] = {}

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Only one process at a time finds out what is there and adds to it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _cannot("write in", self._folder, error) from None
        try:
            await _lock(fd)
            yield
        finally:
            os.close(fd)

    async def entries(self) -> list[Entry]:
        """All of them, the newest first. Those that are too old to be of use are removed."""
        return await asyncio.to_thread(self._entries)

    async def begin(self, ids: Sequence[str]) -> Entry:
        """A new batch, on disk before it is made."""
        entry = Entry(f"sinan-{secrets.token_hex(8)}", time.time(), tuple(ids))
        await asyncio.to_thread(self._write, entry)
        return entry

    async def made(self, entry: Entry, batch: str) -> Entry:
        """The batch has an id."""
        entry = replace(entry, batch=batch)
        await asyncio.to_thread(self._write, entry)
        return entry

    async def forget(self, entry: Entry) -> None:
        """It was not made, came to nothing, or all its answers are kept elsewhere."""
        await asyncio.to_thread(self._path(entry.name).unlink, missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _entries(self) -> list[Entry]:
        found = [entry for path in self._folder.glob("sinan-*.json") if (entry := self._known(path)) is not None]
        old = [entry for entry in found if entry.created < time.time() - KEPT_DAYS * 86_400]
        for entry in old:
            self._path(entry.name).unlink(missing_ok=True)
        return sorted((entry for entry in found if entry not in old), key=lambda entry: -entry.created)

    def _known(self, path: Path) -> Entry | None:
        """A file is read once, unless it has changed."""
        try:
            stamp = path.stat().st_mtime_ns
            kept = self._read.get(path.stem)
            if kept is None or kept[0] != stamp:
                self._read[path.stem] = kept = (stamp, _entry(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _cannot("read", path, error) from None
        return kept[1]

    def _write(self, entry: Entry) -> None:
        """Whole or not at all, and on the disk when this returns."""
        path = self._path(entry.name)
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                json.dump({"format": FORMAT, "endpoint": self._endpoint} | asdict(entry), file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync(self._folder)
        except OSError as error:
            raise _cannot("write", path, error) from None


def _entry(path: Path) -> Entry:
    """Raises StoreError: what cannot be read is not passed over, or its requests would be paid for again."""
    try:
        row = json.loads(path.read_text("utf-8"))
        entry = Entry(str(row["name"]), float(row["created"]), tuple(map(str, row["ids"])), row["batch"])
        if row["format"] != FORMAT or entry.name != path.stem or not _NAME.fullmatch(entry.name):
            raise ValueError("it is of another format")
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path} cannot be read as a batch that was sent ({error}). Remedy: remove it; what it lists will be sent, "
            "and paid for, again"
        ) from None
    return entry


def _sync(folder: Path) -> None:
    """The folder's own entry: without it a file may be gone after a power cut, however well it was written."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


async def _lock(fd: int) -> None:
    """By looking again and again: a thread that waits for a lock cannot be cancelled."""
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(LOOK)
        else:
            return


def _cannot(do: str, path: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot {do} {path}: {error.strerror}. Remedy: a cache folder on a local disk (SINAN_CACHE)")


def matches(entries: Sequence[Entry], wanted: Mapping[str, Container[str]]) -> Iterator[tuple[Entry, list[str]]]:
    """The entries that hold any of the ids, each id with the newest that does. `wanted`: id -> names of entries that
    are of no use to it."""
    left = dict(wanted)
    for entry in entries:
        found = [one for one in entry.ids if one in left and entry.name not in left[one]]
        for one in found:
            del left[one]
        if found:
            yield entry, found
