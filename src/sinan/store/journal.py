"""The journal: every finished call, one JSON line each, appended and never rewritten.

A line is written with one write(2) as soon as its answer is there, so that a killed process loses nothing it has
read; fdatasync follows in groups, so that a power cut loses nothing that was counted. What a crash left half
written at the end has no newline and is cut when the journal is opened again. Journals of shards of one run merge
by concatenation.
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from sinan.errors import StoreError
from sinan.store.record import Key, Record, answered, decode, encode, key
from sinan.types import SampleResult

NAME = "journal.jsonl"


class DiskJournal:
    """The one writer of a run's journal. The caller holds the run's lock."""

    def __init__(self, path: Path) -> None:
        """Open for appending, creating it where it is absent and cutting a torn tail. Raises StoreError."""
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            self._end = _cut_torn_tail(self._fd)
        except OSError as error:
            raise _cannot("write", path, error) from None

    def append(self, result: SampleResult) -> None:
        """One write(2). A write that the disk refuses is taken back whole; raises StoreError."""
        line = encode(result)
        try:
            written = os.write(self._fd, line)
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError as error:
            os.ftruncate(self._fd, self._end)
            raise _cannot("write", self._path, error) from None
        self._end += len(line)

    async def commit(self) -> None:
        """fdatasync, off the event loop. Raises StoreError."""
        try:
            await asyncio.to_thread(os.fdatasync, self._fd)
        except OSError as error:
            raise _cannot("commit", self._path, error) from None

    def close(self) -> None:
        """Close the file; nothing is pending, since every append has reached the operating system."""
        os.close(self._fd)


def read(path: Path) -> Iterator[Record]:
    """Every whole record, in the order written; lines damaged by a crash are passed over."""
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n") and (record := decode(line)) is not None:
                    yield record
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot("read", path, error) from None


def read_final(path: Path) -> Iterator[Record]:
    """One record per question: the first that was answered, else the last failure. Failures come last."""
    done = set()
    failures: dict[Key, Record] = {}
    for record in read(path):
        name = key(record)
        if name in done:
            continue
        if answered(record):
            done.add(name)
            failures.pop(name, None)
            yield record
        else:
            failures[name] = record
    yield from failures.values()


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


def _cannot(verb: str, path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot {verb} {path}: {error.strerror or error}. Every answer before this one is kept; "
        f"mend the disk and go on with: sinan run --resume {path.parent}"
    )
