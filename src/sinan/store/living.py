"""A run that another process is writing: what it adds to its journal, and whether it is still there."""

import fcntl
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sinan.errors import StoreError
from sinan.store.folder import RunFolder
from sinan.store.journal import BUFFER
from sinan.store.record import Record, decode


class Growth:
    """Reads on in a journal from where it stopped the last time. A line that is not whole yet is left for later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0

    def read(self, most: int) -> Iterator[Record]:
        """The next records, at most so many; none where nothing was added. Raises StoreError."""
        try:
            with self._path.open("rb", BUFFER) as file:
                file.seek(self._place)
                for line in islice(file, most):
                    if not line.endswith(b"\n"):
                        return
                    self._place += len(line)
                    if (record := decode(line)) is not None:
                        yield record
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"cannot read {self._path}: {error.strerror or error}") from None

    @property
    def behind(self) -> int:
        """Bytes that are there and were not read yet."""
        try:
            return self._path.stat().st_size - self._place
        except OSError:
            return 0


def being_written(folder: RunFolder) -> bool:
    """Whether a process has the run. Its lock is tried for an instant, and nothing is written."""
    try:
        fd = os.open(folder.path / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
