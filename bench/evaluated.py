"""One client's run against the stand-in: `sinan run`, or the bare loop. Each `sinan run` has folders of its own: no
earlier run, no cache, no settings of the user."""

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import PYTHON, SINAN, Took, measured
from stand_in import StandIn

BARE = Path(__file__).with_name("bare_client.py")


@dataclass(frozen=True)
class Ran:
    """What came of it."""

    took: Took
    stats: Mapping[str, Any]
    """What the server saw."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """What `sinan run --json` printed."""

    @property
    def wall(self) -> float:
        """Seconds of the whole process."""
        return self.took.wall

    @property
    def active(self) -> float:
        """Seconds from the first request to the last answer."""
        return float(self.stats["active"])

    @property
    def accuracy(self) -> float:
        """Of sinan's first cell."""
        return float(self.document["results"][0]["value"])

    @property
    def failed(self) -> int:
        """sinan's questions without an answer, over all cells."""
        return sum(int(cell["outcomes"]["failed"]) for cell in self.document["results"])


def evaluate(stand: StandIn, questions: Path, *options: str, folder: Path | None = None) -> Ran:
    """`sinan run` to its end, in `folder` or in a fresh one. Exits where the command fails."""
    with scratch() as fresh:
        here = folder or fresh
        stand.forget()
        took = measured(*command(stand, [questions], *options), cwd=here, env=settings(here))
        return Ran(took, stand.stats(), json.loads(took.out))


def bare(stand: StandIn, questions: Path, concurrency: int) -> Ran:
    """The bare loop over the same file."""
    stand.forget()
    took = measured(PYTHON, str(BARE), stand.url, str(questions), str(concurrency))
    return Ran(took, stand.stats())


def command(stand: StandIn, questions: Sequence[Path], *options: str) -> tuple[str, ...]:
    """The command line of a run that prints one JSON document."""
    return (*SINAN, "run", *map(str, questions), "-m", stand.model(), "--json", "--quiet", *options)


def settings(folder: Path) -> dict[str, str]:
    """The environment that keeps a run to `folder`."""
    return {"SINAN_CACHE": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "config"), "OPENAI_API_KEY": ""}


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="sinan-bench-") as folder:
        yield Path(folder)


def size(folder: Path, pattern: str) -> int:
    """Bytes of the files below `folder` that match."""
    return sum(path.stat().st_size for path in folder.rglob(pattern))
