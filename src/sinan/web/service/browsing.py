"""The questions of a benchmark that is here, leafed through; each with what stored runs answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinan.datasets.download import whereabouts
from sinan.errors import DataError, SinanError
from sinan.hub import leaves
from sinan.store import RunFolder, frames
from sinan.web.failures import Missing
from sinan.web.service import behind, catalogue, own
from sinan.web.service.own import Own
from sinan.web.service.standings import Standing

RUNS = 12
"""Whose answers stand beside a question."""
FORM = 1
"""Grows when what is kept changes."""


@dataclass(frozen=True)
class Answered:
    """How one model ended with one question."""

    run: str
    model: str
    draw: int
    outcome: str
    score: float | None


def sought(site: Path, name: str, owned: Own | None, version: str) -> behind.Made:
    """The file of its questions, or how far it is."""
    order: dict[str, Any] = {"name": name}
    if owned:
        order["file"] = str(site / owned.file)
        order["guess"], order["sha256"] = owned.card["report"]["guess"], owned.sha256
    key = f"{FORM}-{name.replace('/', '.')}-{owned.sha256 if owned else version}"
    return behind.made(site, "questions", key, "sqlite", f"{__name__}:write", order)


def write(path: Path, name: str, file: str = "", guess: dict[str, Any] | None = None, sha256: str = "") -> None:
    """Make it. Called in a process of its own. Raises DataError where it would have to be fetched."""
    benchmark = own.of_file(Path(file), guess, sha256, None) if guess else catalogue.benchmark(name)
    if any(whereabouts(source) != "here" for source in benchmark.dataset.files):
        raise DataError(f"the data of {name} is not here. Remedy: run it once, or sinan hub pull {name}")
    leaves.write(path, benchmark)


def answers(runs: Path, benchmark: str, found: Sequence[Standing], ids: Sequence[str]) -> dict[str, list[Answered]]:
    """What the last runs answered to these questions. Runs that are read slowly (still without their table) are left
    out, and so are those whose generated questions were others."""
    folders = {one.run: RunFolder(runs / one.run) for one in found[:RUNS]}
    usable = [folder for folder in folders.values() if folder.samples.exists() and _same_questions(folder)]
    told: dict[str, list[Answered]] = {}
    if not usable or not ids:
        return told
    named = ", ".join(map(frames.literal, ids))
    models = {(one.run, one.model) for one in found[:RUNS]}
    try:
        with frames.together(*usable) as (connection, every):
            for folder, rows in zip(usable, every, strict=True):
                query = (
                    f"SELECT model, sample_id, draw, outcome, score FROM {rows.sql} "
                    f"WHERE benchmark = {frames.literal(benchmark)} AND sample_id IN ({named}) ORDER BY draw LIMIT 2000"
                )
                for model, sample_id, draw, outcome, score in connection.execute(query).fetchall():
                    if (folder.id, model) in models:
                        told.setdefault(sample_id, []).append(Answered(folder.id, model, draw, outcome, score))
    except SinanError:  # a run that is damaged says nothing here; its own page tells of it
        return told
    return told


def _same_questions(folder: RunFolder) -> bool:
    """Whether the run asked with the seed whose questions are shown. Pinned data is the same under all."""
    try:
        return folder.about()["spec"].get("seed", 0) in (0, None)
    except SinanError:
        return False


def picture(path: Path, sha256: str) -> tuple[Path, str]:
    """A picture of a question: where it is, and its type. Raises Missing."""
    found = leaves.image(path, sha256)
    if found is None or not Path(found.path).is_file():
        raise Missing("there is no such picture here")
    return Path(found.path), found.media_type
