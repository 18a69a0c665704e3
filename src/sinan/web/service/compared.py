"""Comparisons, each made once and kept on disk.

    compared(site) -> what was found, at once where it is kept, or NotYet where it is still being made

What is kept depends on the runs' folders and on what is asked of them, never on who asks: whether somebody may see the
runs is asked before, each time. A comparison of large runs is made by a process of its own (`comparing`), so that
neither its memory nor its time are the site's.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import orjson

from sinan import __version__
from sinan.errors import SinanError, StoreError
from sinan.store import RunFolder
from sinan.web.failures import NotYet
from sinan.web.service import comparing

FORM = 1
"""Of what is kept: another one makes everything anew."""
SMALL_BYTES, SMALL_ROWS = 4 << 20, 20_000
"""Runs up to here are compared in the site's own process, which takes less than to begin another."""
PATIENCE_S = 1.5
"""How long a page waits before it says that the comparison is being made."""
LONGEST_S = 900
WAITING = 16
"""Comparisons that are being made or wait for it."""
KEPT = 300
"""That are kept, the latest used."""


@dataclass(frozen=True)
class Asked:
    """What is compared, and how; as `sinan.comparison.compare` takes it."""

    runs: tuple[str, ...]
    benchmarks: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    beside: tuple[str, str] | None = None
    epsilon: float | None = None
    fdr: bool = False
    anyway: bool = False
    sample: str | None = None


@dataclass(frozen=True)
class Kept:
    """What was found."""

    folder: Path
    comparisons: Sequence[dict[str, Any]]
    """Each as `sinan compare --json` tells it, but for the draws that differ, and beside it what a page shows."""
    notices: Sequence[str]
    """What could not be paired."""
    trouble: str
    """Why nothing could be compared; else empty."""


_making: dict[Path, "Future[None]"] = {}
_lock = threading.Lock()
_small, _large = threading.BoundedSemaphore(2), threading.BoundedSemaphore(1)


def compared(site: Path, runs: Path, asked: Asked, patience: float = PATIENCE_S) -> Kept:
    """What is kept of it, or is made now. Raises NotYet where that takes longer, StoreError for a run that cannot be
    read."""
    folder = site / "compared" / _key(runs, asked)
    if not (folder / "found.json").exists():
        future = _begun(folder, runs, asked)
        try:
            future.result(timeout=patience)
        except TooLate:
            raise NotYet("the comparison is being made: it is asked for again by itself", 2) from None
    with suppress(OSError):
        os.utime(folder)
    return _read(folder)


def _read(folder: Path) -> Kept:
    try:
        found = orjson.loads((folder / "found.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise NotYet("the comparison was just taken away; it is made again", 1) from None
    return Kept(folder, found["comparisons"], found["notices"], found["trouble"])


def _key(runs: Path, asked: Asked) -> str:
    """Changes with anything that the result depends on."""
    told = [FORM, __version__, asdict(asked), [state(RunFolder(runs / name)) for name in asked.runs]]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:40]


def state(run: RunFolder) -> list[str]:
    """Changes when the run's answers do; while it runs, once a minute."""
    marks = []
    for path in (run.path / "run.json", run.path / "results.json", run.samples, run.journal):
        try:
            stat = path.stat()
        except OSError:
            marks.append("-")
            continue
        live = path == run.journal and not run.samples.exists()
        marks.append(f"{stat.st_mtime_ns // 60_000_000_000}" if live else f"{stat.st_mtime_ns}.{stat.st_size}")
    return marks


def _begun(folder: Path, runs: Path, asked: Asked) -> "Future[None]":
    with _lock:
        if folder in _making:  # what failed is told once, and then tried again
            return _making.pop(folder) if _making[folder].done() else _making[folder]
        if sum(not one.done() for one in _making.values()) >= WAITING:
            raise NotYet(f"{WAITING} comparisons are being made already", 5)
        for path in [path for path, one in _making.items() if one.done()][:-WAITING]:
            del _making[path]
        future: Future[None] = Future()
        _making[folder] = future
    threading.Thread(target=_make, args=(folder, runs, asked, future), daemon=True).start()
    return future


def _make(folder: Path, runs: Path, asked: Asked, future: "Future[None]") -> None:
    """In a thread: as many at once as are allowed. The folder appears whole or not at all."""
    try:
        small = _is_small([RunFolder(runs / name) for name in asked.runs])
        with _small if small else _large:
            folder.parent.mkdir(parents=True, exist_ok=True)
            _forget(folder.parent)
            into = Path(mkdtemp(prefix="making-", dir=folder.parent))
            try:
                (comparing.make if small else _elsewhere)(runs, asdict(asked), into)
                with suppress(OSError):  # another process was faster
                    into.rename(folder)
            finally:
                shutil.rmtree(into, ignore_errors=True)
    except BaseException as error:
        said = str(error) if isinstance(error, SinanError) else f"these runs cannot be compared: {error!r}"
        future.set_exception(StoreError(said.replace(f"{runs}{os.sep}", "")))  # where they lie is nobody's business
    else:
        with _lock:
            _making.pop(folder, None)
        future.set_result(None)


def _elsewhere(runs: Path, asked: dict[str, Any], into: Path) -> None:
    """By a process that ends with this one: it reads the end of its input. Raises StoreError."""
    told = orjson.dumps({"runs": str(runs.absolute()), "asked": asked, "into": str(into.absolute())})
    command = [sys.executable, "-m", comparing.__name__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(told + b"\n")
        process.stdin.flush()
        status = process.wait(LONGEST_S)
        if status:
            said = process.stdout.read().decode("utf-8", "replace").strip()
            raise StoreError(said or f"the process that compares ended with {status}")
    except subprocess.TimeoutExpired:
        raise StoreError(f"comparing takes longer than {LONGEST_S} s. Remedy: choose a benchmark and models") from None
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _is_small(runs: Sequence[RunFolder]) -> bool:
    try:
        sizes = [(run.samples if run.samples.exists() else run.journal).stat().st_size for run in runs]
        rows = [run.about().get("expected") or 0 for run in runs]
    except OSError:  # what is wrong is told where it is read
        return True
    return sum(sizes) <= SMALL_BYTES and sum(rows) <= SMALL_ROWS


def _forget(kept: Path) -> None:
    """Remove what was not used for longest."""
    found = sorted(kept.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def of_sample(asked: Asked, sample: str) -> Asked:
    """The same, but only this sample's causes are looked for."""
    return replace(asked, sample=sample)
