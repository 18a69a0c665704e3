"""Processes that are measured: seconds, processor time, memory."""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PYTHON = sys.executable
SINAN = (PYTHON, "-m", "sinan")
LIMIT = 1_800.0
"""Seconds after which a process is taken to hang, and killed."""


class Violation(Exception):
    """Something that must never happen has happened: the bench ends in an error."""


@dataclass(frozen=True)
class Took:
    """What one process took."""

    wall: float
    """Seconds from its start to its end."""
    cpu: float
    """Processor seconds, user and system, its children included."""
    peak_mb: float
    """Of the largest process among it and its children."""
    code: int
    out: str
    error: str


def measured(
    *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, may_fail: bool = False
) -> Took:
    """Run one process to its end. Exits with what it said where it fails, unless it may."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=environment(env), stdout=subprocess.PIPE, stderr=said)
        assert process.stdout is not None
        watchdog = threading.Timer(LIMIT, process.kill)
        watchdog.start()
        with process.stdout as stdout:
            out = stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        watchdog.cancel()
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        error = said.read().decode(errors="replace")
    if process.returncode and not may_fail:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {error[-1000:]}{out[-500:]}")
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode, out, error)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """For every process that is measured: byte code is kept, as it is for a user."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"NO_COLOR": "1", "NO_PROXY": "127.0.0.1"} | dict(more or {})


def in_turn(times: int, *calls: Callable[[], T]) -> list[list[T]]:
    """What each call gave, so many times: one after the other and round again, so that a machine whose speed drifts
    slows all of them alike."""
    rounds = [[call() for call in calls] for _ in range(times)]
    return [list(column) for column in zip(*rounds, strict=True)]


def median(values: Sequence[T], of: Callable[[T], float]) -> float:
    """The median of something about these."""
    return statistics.median(map(of, values))
