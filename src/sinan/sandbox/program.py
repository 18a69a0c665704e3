"""What is to be run, and how much it may take."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Program:
    """Files in an otherwise empty working directory, and the command that is run in it.

    Raises ValueError for a file's name that leads out of the directory, and for an empty command.
    """

    files: Mapping[str, str]
    """Text by relative name; folders on the way are made."""
    argv: tuple[str, ...]
    """`argv[0]` is a program's name (`python`, `node`, `bash`), which the sandbox resolves: never a path."""
    stdin: str = ""

    def __post_init__(self) -> None:
        for name in self.files:
            _inside(name)
        if not self.argv or not self.argv[0] or "/" in self.argv[0]:
            raise ValueError(f"a command begins with a program's name, without a path; found {self.argv!r}")
        if any("\0" in part for part in self.argv):
            raise ValueError("a command holds no NUL")


def _inside(name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name or name.endswith("/"):
        raise ValueError(f"{name!r} is no file's name inside the working directory")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one program may take; whoever takes more is ended. Raises ValueError for what is not above zero."""

    seconds: float = 10.0
    """Of the wall clock, from the program's start."""
    memory_mb: int = 1024
    """MiB, summed over all its processes; files that it writes are not counted here."""
    processes: int = 64
    """Processes and threads at one time."""
    output_bytes: int = 1_000_000
    """Of standard output and of standard error each."""
    disk_mb: int = 64
    """MiB of everything that it writes."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 < getattr(self, name) < 1e12:
                raise ValueError(f"a limit lies above zero; {name} is {getattr(self, name)}")
