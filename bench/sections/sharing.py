"""Two runs at once that share a cache file and a server, and half of their questions."""

import contextlib
import json
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import work
from evaluated import command, scratch, settings
from processes import Violation, environment
from server import Behaviour
from stand_in import StandIn, serving

from sections import Size

TITLE = "Two runs at once on one cache"


def lines(size: Size) -> Iterator[str]:
    half = 60 if size == "small" else 1_000
    asked = {"a.jsonl": range(2 * half), "b.jsonl": range(half, 3 * half)}
    total = sum(map(len, asked.values()))
    with serving(Behaviour("problem", 0.02, 0.5)) as stand, scratch() as folder:
        files = [work.write(folder / name, "problem", numbers) for name, numbers in asked.items()]
        first = _together(stand, files, folder, "first")
        sent = stand.stats()["requests"]
        second = _together(stand, files, folder, "second")
        again = stand.stats()["requests"]
        checked, kept = _cache(folder)
    expected = [work.expected(numbers) for numbers in asked.values()]
    for documents in (first, second):
        _require([one["results"][0]["value"] for one in documents] == expected, f"accuracies are not {expected}")
    cached, later = (sum(one["requests"]["cached"] for one in documents) for documents in (first, second))
    _require(checked == "ok", f"PRAGMA integrity_check says {checked}")
    _require(kept == 3 * half, f"{kept} answers in the cache, and {3 * half} questions")
    _require(sent + cached == total, f"{sent} sent and {cached} from the cache are not {total}")
    _require(again == 0 and later == total, f"run again: {again} sent, {later} of {total} from the cache")
    yield (
        f"{len(files)} runs of {2 * half:,} questions, {half:,} of them the same, started together; then both again. "
        "Every accuracy was checked to the last digit, the file by SQLite's `integrity_check`.\n"
    )
    yield "| | questions | sent | from the cache |"
    yield "|---|--:|--:|--:|"
    yield f"| together | {total:,} | {sent:,} | {cached:,} |"
    yield f"| together again | {total:,} | {again:,} | {later:,} |"


def _together(stand: StandIn, files: Sequence[Path], folder: Path, runs: str) -> list[dict[str, Any]]:
    """Their documents; both run at the same time."""
    stand.forget()
    env, started = environment(settings(folder)), []
    for file in files:
        asked = command(stand, [file], "--concurrency", "32", "--runs", str(folder / runs / file.stem))
        started.append(subprocess.Popen(asked, cwd=folder, env=env, stdout=subprocess.PIPE))
    said = [process.communicate()[0] for process in started]
    codes = [process.returncode for process in started]
    _require(not any(codes), f"runs on one cache ended with {codes}")
    return [json.loads(out) for out in said]


def _cache(folder: Path) -> tuple[str, int]:
    """What SQLite says of the file, and how many answers it holds."""
    (path,) = (path for path in (folder / "cache").iterdir() if path.read_bytes()[:6] == b"SQLite")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'answers_*'")
        (kept,) = connection.execute(f"SELECT count(*) FROM {tables.fetchone()[0]}").fetchone()
    return str(said), int(kept)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violation(f"sharing: {otherwise}")
