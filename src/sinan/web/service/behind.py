"""What takes longer than a request may: made in a process of its own, one at a time, and kept as a file.

    SITE/made/KIND/KEY.EXT

The key is a hash of all that decides the content, so that a file that is there is right. While one is being made, who
asks is told so, and asks again. What failed is told for a while, and then tried again.
"""

import contextlib
import importlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from sinan.errors import SinanError

FOLDER = "made"
KEPT = 300
"""Files of one kind; older ones are removed."""
FAILED_S = 600.0
"""For so long a failure is told before it is tried again."""
SECONDS = 300
BYTES = 4 << 30
"""Of memory that the process may have."""
QUEUED = 16
"""Things that wait to be made; beyond it nothing more is taken, and who asks comes again."""
CODE = "import sys; from sinan.web.service import behind; sys.exit(behind.main())"


@dataclass(frozen=True)
class Made:
    """How far it is."""

    state: Literal["ready", "making", "failed"]
    path: Path
    why: str = ""


_lock = threading.Lock()
_turn = threading.Semaphore(1)
_making: set[Path] = set()


def made(site: Path, kind: str, key: str, suffix: str, maker: str, order: Mapping[str, Any]) -> Made:
    """The file, or how far it is. `maker`: `module:function`, which is called with the path to write and the order; it
    is run in another process where the file is not there."""
    path = site / FOLDER / kind / f"{key}.{suffix}"
    if path.exists():
        return Made("ready", path)
    why = _failure(path)
    if why:
        return Made("failed", path, why)
    with _lock:
        if path not in _making and len(_making) < QUEUED:
            _making.add(path)
            threading.Thread(target=_make, args=(path, maker, dict(order)), daemon=True).start()
    return Made("making", path)


def _failure(path: Path) -> str:
    try:
        told = path.with_suffix(".failed")
        return told.read_text("utf-8") if time.time() - told.stat().st_mtime < FAILED_S else ""
    except OSError:
        return ""


def _make(path: Path, maker: str, order: dict[str, Any]) -> None:
    try:
        with _turn:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                why = _run(path, maker, order)
                if why:
                    path.with_suffix(".failed").write_text(why, "utf-8")
                _tidy(path.parent)
    finally:
        with _lock:
            _making.discard(path)


def _run(path: Path, maker: str, order: dict[str, Any]) -> str:
    """Why it failed; empty where the file is there."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    told = orjson.dumps({"path": str(temporary), "maker": maker, "order": order})
    try:
        done = subprocess.run(
            [sys.executable, "-c", CODE], input=told, capture_output=True, timeout=SECONDS, check=False
        )
        if done.returncode == 0 and temporary.exists():
            temporary.replace(path)
            path.with_suffix(".failed").unlink(missing_ok=True)
            return ""
        return done.stdout.decode("utf-8", "replace").strip()[:500] or "the process that makes it ended early"
    except subprocess.TimeoutExpired:
        return f"it took longer than {SECONDS} s"
    finally:
        temporary.unlink(missing_ok=True)


def _tidy(folder: Path) -> None:
    every = sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in every[KEPT:]:
        old.unlink(missing_ok=True)


def limited(seconds: int, memory: int, file: int) -> None:
    """Bound this process: processor time, memory, and the size of a file that it writes."""
    for what, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, file)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """The process: reads the order from standard input, writes the file, tells on standard output why it cannot."""
    limited(SECONDS, BYTES, 8 << 30)
    os.nice(10)
    order = orjson.loads(sys.stdin.buffer.read())
    module, _, name = order["maker"].partition(":")
    try:
        getattr(importlib.import_module(module), name)(Path(order["path"]), **order["order"])
    except (SinanError, MemoryError, OSError) as error:
        sys.stdout.write(str(error) or type(error).__name__)
        return 1
    return 0
