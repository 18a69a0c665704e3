"""A run of the same command that did not come to its end: what running the command again goes on with."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sinan.errors import StoreError
from sinan.store.description import difference
from sinan.store.folder import RunFolder
from sinan.store.living import being_written

NEWEST = 200
"""Runs that are looked at: one that was stopped longer ago is gone on with by `--resume`."""


def unfinished(runs: Path, about: Mapping[str, Any]) -> RunFolder | None:
    """The newest run of the same spec that was stopped, or whose process died, since one came to its end: the newest
    that asks the very same, else the newest. None where there is none."""
    differing = None
    for folder in _newest(runs):
        try:
            before = folder.about()
        except StoreError:
            continue
        if before["spec"] != about["spec"] or before.get("rule") != about.get("rule") or "scored_from" in before:
            continue
        if before["status"] not in ("running", "stopped"):
            break
        if being_written(folder):
            continue
        if not difference(before, about):
            return folder
        differing = differing or folder
    return differing


def _newest(runs: Path) -> Iterator[RunFolder]:
    """Newest first, by when they were last begun or gone on with."""
    try:
        with os.scandir(runs) as entries:
            dated = [(_begun(Path(entry.path)), entry.path) for entry in entries]
    except OSError:
        return
    for _, path in sorted(dated, reverse=True)[:NEWEST]:
        yield RunFolder(Path(path))


def _begun(path: Path) -> float:
    """Whoever takes the run writes its number into the lock."""
    try:
        return (path / "lock").stat().st_mtime
    except OSError:
        return 0.0
