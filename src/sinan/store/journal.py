"""The journal: every finished call, one JSON line each, appended and never rewritten.

A line is written with one write(2) as soon as its answer is there, so that a killed process loses nothing it has
read; fdatasync follows in groups, so that a power cut loses nothing that was counted. What a crash left half
written at the end has no newline and is cut when the journal is opened again. Journals of shards of one run merge
by concatenation.
"""

import asyncio
import contextlib
import io
import os
from collections.abc import Container, Iterator
from pathlib import Path
from typing import BinaryIO

from sinan.errors import StoreError
from sinan.store.finals import Finals
from sinan.store.record import Record, answered, decode, encode, key
from sinan.types import SampleResult

NAME = "journal.jsonl"

BUFFER = 1 << 18
"""Bytes that are read at once: a journal of a million lines is passed in a quarter of a second."""


class DiskJournal:
    """The one writer of a run's journal. The caller holds the run's lock."""

    def __init__(self, path: Path) -> None:
        """Open for appending, creating it where it is absent and cutting a torn tail. Raises StoreError."""
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            self._end = _cut_torn_tail(self._fd)
        except OSError as error:
            raise cannot("write", path, error) from None

    def append(self, result: SampleResult) -> None:
        """One write(2). A write that the disk refuses is taken back whole; raises StoreError."""
        line = encode(result)
        try:
            written = os.write(self._fd, line)
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError as error:
            os.ftruncate(self._fd, self._end)
            raise cannot("write", self._path, error) from None
        self._end += len(line)

    async def commit(self) -> None:
        """`sync`, off the event loop. Raises StoreError."""
        await asyncio.to_thread(self.sync)

    def sync(self) -> None:
        """fdatasync: on return everything appended is on disk. Raises StoreError."""
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise cannot("commit", self._path, error) from None

    def close(self) -> None:
        """Close the file; nothing is pending, since every append has reached the operating system."""
        os.close(self._fd)


def read(path: Path) -> Iterator[Record]:
    """Every whole record, in the order written; lines damaged by a crash are passed over."""
    return (record for _, record in placed(path))


def placed(path: Path, start: int = 0) -> Iterator[tuple[int, Record]]:
    """Every whole record with the place where its line begins, in bytes; `start` is such a place.

    Nothing where there is no journal. Raises StoreError.
    """
    try:
        with path.open("rb", BUFFER) as file:
            file.seek(start)
            for line in file:
                if line.endswith(b"\n") and (record := decode(line)) is not None:
                    yield start, record
                start += len(line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot("read", path, error) from None


def read_final(path: Path) -> Iterator[Record]:
    """One record per question: the first that was answered, else the last failure. Failures come last."""
    finals = Finals()
    for place, record in placed(path):
        if finals.note(key(record), place, answered(record)):
            yield record
    failures = sorted(finals.failures())
    with contextlib.closing(Places(path)) as places:
        yield from map(places.read, failures)


def finals(path: Path, cells: Container[tuple[str, str]]) -> Finals:
    """Where the final record of each question of these (benchmark, model) cells stands."""
    found = Finals()
    for place, record in placed(path):
        if (record["benchmark"], record["model"]) in cells:
            found.note(key(record), place, answered(record))
    return found


def extent(path: Path) -> tuple[int, int]:
    """(lines, bytes of the longest line). A line that has no newline yet is none. Raises StoreError."""
    lines = longest = 0
    try:
        with path.open("rb", BUFFER) as file:
            for size in map(len, file):
                lines += 1
                longest = max(longest, size)
            if lines:
                file.seek(-1, os.SEEK_END)
                lines -= file.read(1) != b"\n"
    except FileNotFoundError:
        return 0, 0
    except OSError as error:
        raise cannot("read", path, error) from None
    return lines, longest


class Places:
    """A journal that is read here and there, each record by the place where its line begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: BinaryIO = path.open("rb")
        except FileNotFoundError:
            self._file = io.BytesIO()  # nothing was asked
        except OSError as error:
            raise cannot("read", path, error) from None

    def read(self, place: int) -> Record:
        """The record of the line that begins there. Raises StoreError."""
        try:
            self._file.seek(place)
            record = decode(self._file.readline())
        except OSError as error:
            raise cannot("read", self._path, error) from None
        if record is None:
            raise StoreError(f"{self._path} was changed while it was being read: no record begins at byte {place}")
        return record

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _cut_torn_tail(fd: int) -> int:
    """Truncate to the last newline; returns the length. Reads backwards, so a long journal costs nothing."""
    end = os.fstat(fd).st_size
    position = end
    while position > 0:
        start = max(0, position - 65_536)
        newline = os.pread(fd, position - start, start).rfind(b"\n")
        if newline >= 0:
            break
        position = start
    length = start + newline + 1 if position > 0 else 0
    if length < end:
        os.ftruncate(fd, length)
    return length


def cannot(verb: str, path: Path, why: OSError | str) -> StoreError:
    """That a journal cannot be written, committed or read, why, and how to go on."""
    reason = (why.strerror or str(why)) if isinstance(why, OSError) else why
    return StoreError(
        f"cannot {verb} {path}: {reason}. Every answer before this one is kept; "
        f"mend the disk and go on with: sinan run --resume {path.parent}"
    )
