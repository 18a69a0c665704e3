"""Which folder a run is written in: a new one, or that of a run which goes on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sinan import store
from sinan.errors import UsageError
from sinan.store import description


def chosen(
    runs: Path, name: str | None, resume: str | None, about: Mapping[str, Any], notice: Callable[[str], None]
) -> store.RunFolder:
    """The run to write: the one that is named, one of the same command that was stopped, or a new one. Answers to
    other questions are never mixed: the difference is told, and a new run begins."""
    before = resumable(runs, resume) if resume else store.unfinished(runs, about) if name is None else None
    if before is not None and before.described:
        difference = description.difference(before.about(), about)
        if not difference:
            if not resume:
                notice(f"going on with run {before.id}, which was stopped")
            return before
        notice(f"run {before.id} asked something else ({difference}), so a new run begins")
    return store.create(runs, name or Path(about["spec"]["targets"][0]).stem)


def exactly(runs: Path, into: str, about: Mapping[str, Any]) -> store.RunFolder:
    """The run of this very id. Raises UsageError where it holds answers to other questions."""
    folder = store.begun(runs, into)
    if folder.described and (difference := description.difference(folder.about(), about)):
        raise UsageError(f"run {into} cannot be gone on with: what it asks is no longer the same ({difference})")
    return folder


def resumable(runs: Path, name: str) -> store.RunFolder:
    """A run that a model answered. One that was scored again has its answers from another, which goes on instead."""
    asked_ones = [run for run in store.listed(runs) if not run.scored_again] if name == "last" else []
    folder = asked_ones[-1] if asked_ones else store.find(runs, name)
    if folder.scored_again:
        source = folder.about()["scored_from"]
        raise UsageError(
            f"run {folder.id} is run {source.get('run')} scored again: it asks no model. Remedy: go on with that run, "
            "then score it again"
        )
    return folder
