"""One run written by several processes: they append to one journal, and hold its lock together.

On a local file system a write(2) with O_APPEND goes to the end of the file whole, whoever else is writing; not so on
NFS. What a full disk or a kill cut short cannot be taken back once another process has written behind it. So each
writer looks whether its record begins a line, and where it stands glued to such a piece, writes it again: readers
pass over the damaged line, and no record that was counted is in it.
"""

import asyncio
import os
from pathlib import Path

from sinan.errors import StoreError
from sinan.store.journal import cannot
from sinan.store.record import encode
from sinan.types import SampleResult


class SharedJournal:
    """One of the writers of a run's journal. The file is there; another process opened it and cut its torn tail."""

    def __init__(self, path: Path) -> None:
        """Open for appending. Raises StoreError."""
        self._path = path
        self._broken: StoreError | None = None
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            raise cannot("write", self._path, error) from None

    def append(self, result: SampleResult) -> None:
        """One write(2), and another one where it was glued to a torn piece. After a write that the disk refused,
        nothing more is written. Raises StoreError."""
        if self._broken is not None:
            raise self._broken
        line = encode(result)
        self._write(line)
        if not self._begins_a_line(len(line)):
            self._write(b"\n" + line)

    async def commit(self) -> None:
        """fdatasync, off the event loop: on return everything appended is on disk. Raises StoreError."""
        try:
            await asyncio.to_thread(os.fdatasync, self._fd)
        except OSError as error:
            raise cannot("commit", self._path, error) from None

    def close(self) -> None:
        """Close the file; nothing is pending, since every append has reached the operating system."""
        os.close(self._fd)

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            self._broken = cannot("write", self._path, error)
            raise self._broken from None
        if written < len(data):
            self._broken = cannot("write", self._path, f"the disk took {written:,} of {len(data):,} bytes")
            raise self._broken

    def _begins_a_line(self, size: int) -> bool:
        """Whether the record of so many bytes that was written last does. The file's place is where it ends: an
        append moves it there."""
        begin = os.lseek(self._fd, 0, os.SEEK_CUR) - size
        return begin == 0 or os.pread(self._fd, 1, begin - 1) == b"\n"
