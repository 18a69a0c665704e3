"""The lock: which bytes the catalogue's files are. tools/pins.py writes `pins.json`; it is shipped with the code."""

import json
from functools import cache
from pathlib import Path

from sinan.errors import DataError
from sinan.types import Source


def pinned(repo: str, revision: str, path: str) -> Source:
    """The source of a path at a revision, with its sha256. Raises DataError where the lock does not know it."""
    sha256 = _lock().get(f"{repo}@{revision}", {}).get(path)
    if sha256 is None:
        raise DataError(f"{path} of {repo}@{revision} is not pinned: write pins.json again with tools/pins.py.")
    return Source(repo, revision, path, sha256)


def listed(repo: str, revision: str, before: str, after: str) -> tuple[str, ...]:
    """What stands between `before` and `after` in the pinned paths, sorted: the names of a benchmark's subsets."""
    paths = _lock().get(f"{repo}@{revision}", {})
    return tuple(
        sorted(p[len(before) : len(p) - len(after)] for p in paths if p.startswith(before) and p.endswith(after))
    )


@cache
def _lock() -> dict[str, dict[str, str]]:
    lock: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("pins.json").read_text("utf-8"))
    return lock
