"""Item analysis of the runs that a reader may see: made behind the request, kept by what these runs hold."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import orjson

from sinan.hub.items import Analysis, Item, analysed
from sinan.store import RunFolder
from sinan.store.tables import StoredCell, table
from sinan.web.service import behind
from sinan.web.service.standings import Kind, Standing

FEWEST = 3
"""Models below which nothing is said of the items."""
MOST = 60
"""Models, the last that were run, so that what is made stays small."""
VALUES = 20_000_000
"""Numbers that the matrix may hold; beyond it fewer models are taken."""
FORM = 1
"""Grows when what is kept changes."""
State = Literal["none", "few", "making", "failed", "ready"]


def sought(
    site: Path, runs: Path, benchmark: str, kind: Kind | None, found: Sequence[Standing]
) -> tuple[State, str, Analysis | None]:
    """How far it is, why it is not there, and the analysis. Only shares of right answers are taken."""
    usable = sorted((one for one in found if one.in_percent and not one.less_is_better), key=lambda one: one.created)
    chosen = usable[-MOST:]
    if kind is None or not chosen:
        return "none", "", None
    largest = max(one.n for one in chosen)
    chosen = chosen[-max(FEWEST, VALUES // max(1, largest)) :]
    if len(chosen) < FEWEST:
        return "few", "", None
    cells = sorted((one.run, one.model, one.seen) for one in chosen)
    key = hashlib.sha256(orjson.dumps([FORM, benchmark, kind.version, kind.protocol, cells])).hexdigest()[:32]
    order = {"runs": str(runs), "benchmark": benchmark, "cells": [cell[:2] for cell in cells]}
    made = behind.made(site, "items", key, "json", f"{__name__}:write", order)
    if made.state != "ready":
        return made.state, made.why, None
    return "ready", "", _read(made.path)


def write(path: Path, runs: str, benchmark: str, cells: Sequence[Sequence[str]]) -> None:
    """Make it, from the stored runs. Called in a process of its own."""
    stored = [StoredCell(RunFolder(Path(runs) / run), benchmark, model) for run, model in cells]
    found = table(stored)
    about = analysed(found.values, found.items, found.models, found.groups)
    path.write_bytes(orjson.dumps(asdict(about)))


def _read(path: Path) -> Analysis:
    told: dict[str, Any] = orjson.loads(path.read_bytes())
    doubtful = tuple(Item(**one) for one in told["doubtful"])
    return Analysis(**told | {"models": tuple(told["models"]), "strip": tuple(told["strip"]), "doubtful": doubtful})
