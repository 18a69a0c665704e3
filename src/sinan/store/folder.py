"""A run's folder: its name, its lock, run.json and results.json."""

import contextlib
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from sinan.errors import StoreError, UnknownName
from sinan.store import damage
from sinan.store.journal import NAME as JOURNAL
from sinan.types import CellResult

FORMAT = 3
"""Of run.json and the journal. A folder of a higher number is left alone. In 2, every answer had its verdict. In 1,
lines of the journal held every column also where it says nothing."""

DESCRIBED: dict[str, type] = {"created": str, "status": str, "spec": dict, "cells": list, "models": list, "sinan": str}
"""What every run.json holds."""


@dataclass(frozen=True)
class RunFolder:
    """One run on disk."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """Every finished call."""
        return self.path / JOURNAL

    @property
    def samples(self) -> Path:
        """One row per draw, once the run is complete."""
        return self.path / "samples.parquet"

    @property
    def described(self) -> bool:
        """Whether run.json is there."""
        return (self.path / "run.json").exists()

    @property
    def scored_again(self) -> bool:
        """Whether its answers are those of another run. One that cannot be read is not known to be."""
        try:
            return "scored_from" in self.about()
        except StoreError:
            return False

    def about(self) -> dict[str, Any]:
        """run.json. Raises StoreError where it is missing, broken or from a newer sinan."""
        about = _read_json(self.path / "run.json")
        if not isinstance(about, dict) or not isinstance(about.get("format"), int):
            raise StoreError(f"{self.path / 'run.json'} is not the description of a run: it names no format")
        if about["format"] > FORMAT:
            raise StoreError(
                f"{self.path} was written by sinan {about.get('sinan', '?')} in format {about['format']}; this sinan "
                f"reads up to format {FORMAT}. Remedy: a newer sinan"
            )
        missing = [name for name, kind in DESCRIBED.items() if not isinstance(about.get(name), kind)]
        if missing or not damage.consistent(about):
            what = ", ".join(missing) or "spec, cells or models"
            raise StoreError(f"{self.path / 'run.json'} is damaged: {what} missing or of the wrong kind")
        return about

    def describe(self, about: dict[str, Any]) -> None:
        """Write run.json, whole or not at all."""
        _write_json(self.path / "run.json", {"format": FORMAT, "id": self.id} | about)

    def results(self) -> list[CellResult] | None:
        """The cells of results.json, or None where the run has not come that far. Raises StoreError where it is
        damaged."""
        path = self.path / "results.json"
        return damage.cells(path, _read_json(path)) if path.exists() else None

    def discard(self) -> None:
        """Remove a run that could not begin."""
        shutil.rmtree(self.path, ignore_errors=True)

    def forget_results(self) -> None:
        """Remove what was derived from the journal; it is derived anew when the run ends."""
        for path in (self.samples, self.path / "results.json"):
            path.unlink(missing_ok=True)

    def conclude(self, rows: list[dict[str, Any]]) -> None:
        """Write results.json."""
        _write_json(self.path / "results.json", rows)

    def lock(self) -> "RunLock":
        """Take the run for this process. Raises StoreError where another has it."""
        return RunLock(self.path)


class RunLock:
    """Held while a process writes a run; the kernel lets go of it however the process ends."""

    def __init__(self, path: Path) -> None:
        try:
            self._fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"cannot write in {path}: {error.strerror}") from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise StoreError(
                f"run {path.name} is being written by process {holder}. Wait for it, or stop it, then resume"
            ) from None
        try:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(os.getpid()).encode(), 0)
        except OSError:
            pass  # a full disk must not hide behind a lock that is held all the same

    def fileno(self) -> int:
        """The descriptor that holds it: a process that inherits it holds the run as well."""
        return self._fd

    def release(self) -> None:
        """Let another process have the run."""
        os.close(self._fd)


def create(runs: Path, name: str) -> RunFolder:
    """A new, empty folder `HEX-NAME`. Raises StoreError where it cannot be made."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        for digits in (4, 4, 4, 8):
            # Short enough to type; a prefix that is taken is drawn again.
            fresh = fresh_id(name, digits)
            stem = fresh.partition("-")[0]
            if not any(folder.name.startswith(stem) for folder in runs.iterdir()):
                break
        path = runs / fresh
        path.mkdir()
    except OSError as error:
        raise StoreError(
            f"cannot make a run in {runs}: {error.strerror}. Choose another folder with --runs DIR"
        ) from None
    return RunFolder(path)


def fresh_id(name: str, digits: int = 8) -> str:
    """An id that no run has yet, as good as surely: `HEX-NAME`."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-") or "run"
    return f"{secrets.token_hex(digits // 2)}-{slug}"


def begun(runs: Path, run: str) -> RunFolder:
    """The folder of exactly this id, made where it is not there. Raises StoreError where it cannot be."""
    try:
        (runs / run).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the run {run} in {runs}: {error.strerror}") from None
    return RunFolder(runs / run)


def find(runs: Path, name: str) -> RunFolder:
    """A run by its id, the beginning of its id, its path, or `last`. Raises UnknownName."""
    if (Path(name) / "run.json").is_file():
        return RunFolder(Path(name))
    known = listed(runs)
    if name == "last" and known:
        return known[-1]
    exact = [run for run in known if run.id == name]
    near = exact or [run for run in known if run.id.startswith(name)]
    if len(near) == 1:
        return near[0]
    if near:
        raise UnknownName(name, "run", (), f"{len(near)} runs begin so: {', '.join(r.id for r in near[:5])}.")
    if name == "last":
        raise UnknownName(name, "run", (), f"No run is in {runs}. Begin one: sinan run first-light -m needle/s")
    raise UnknownName(name, "run", (run.id for run in known), f"All of them: sinan show --list --runs {runs}")


def listed(runs: Path) -> list[RunFolder]:
    """Every run of a folder, oldest first."""
    return [run for _, run in sorted(_dated(runs), key=lambda pair: (pair[0], pair[1].id))]


def now() -> str:
    """This moment, as run.json writes it: UTC, to the microsecond, sortable as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _dated(runs: Path) -> Iterator[tuple[str, RunFolder]]:
    try:
        folders = [path.parent for path in runs.glob("*/run.json")]
    except OSError:
        return
    for path in folders:
        try:
            about = _read_json(path / "run.json")
        except StoreError:
            continue
        if isinstance(about, dict):
            yield str(about.get("created", "")), RunFolder(path)


def _read_json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise StoreError(f"{path} is not JSON: {error}") from None


def _write_json(path: Path, value: Any) -> None:
    """Through a temporary file and a rename, so that a reader or a crash never meets half of it."""
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {error.strerror}") from None
    except TypeError as error:
        raise StoreError(f"cannot write {path}: {error}") from None
