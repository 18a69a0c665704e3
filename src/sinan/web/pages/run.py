"""`/runs/ID`: what happened in a run: what was asked, the numbers with their intervals, and what limits them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path as FilePath
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, select

from sinan.errors import StoreError
from sinan.evaluate import stored_results
from sinan.stopping.told import lines
from sinan.store import RunFolder
from sinan.types import CellResult
from sinan.web.failures import Missing
from sinan.web.page import Document, page
from sinan.web.service import following, numbers, shelf, verifying
from sinan.web.service.numbers import Cell, Note
from sinan.web.service.people import Asker
from sinan.web.service.samples import RunName
from sinan.web.service.shelf import ShelvedRun
from sinan.web.service.tables import users
from sinan.web.service.verifying import Badge
from sinan.web.site import By, Here

router = APIRouter()
File = Literal["results.json", "samples.parquet", "journal.jsonl", "run.json"]
FILES: tuple[File, ...] = ("results.json", "samples.parquet", "journal.jsonl", "run.json")
PART = 1 << 18
OF_A_PART = "{asked} of {expected} were asked: the numbers are of that part, and of no more"
RULE_OPEN = "A rule decides how much is asked, and it was not met yet: the numbers are of a part"
RULE_BEFORE = "A rule decided how much was asked of the run that is scored again: the numbers are of a part"
WORDS: dict[str, str] = {
    "killed": "Its process is gone, and it was not brought to its end. Go on with: {command}",
    "stopped": "It was stopped before its end. Go on with: {command}",
    "partial": "It came to its end, but some calls failed for good: they count for nothing, and are counted as failed",
    "resumed": "It was stopped once, and went on later",
    "scored": "Its answers are those of run {run}: they were scored again, and nothing was asked",
    "scored elsewhere": "Its answers were there before: they were scored, and no model was asked",
}


class Asked(Document):
    """How one benchmark was asked of one model."""

    benchmark: str
    model: str
    version: str
    protocol: str
    form: str
    shots: int | None
    sampling: dict[str, Any]
    prompt: str
    solver: str
    scorer: str
    few_shot: str


class Identity(Document):
    """A model, and what it can be told apart by."""

    name: str
    identity: dict[str, Any]


class Pinned(Document):
    """A file of data, pinned."""

    repo: str
    revision: str
    path: str
    sha256: str


class Download(Document):
    """A file of the run."""

    name: str
    bytes: int


class RunPage(Document):
    """A run."""

    id: str
    status: str
    created: str
    ended: str | None
    visibility: str
    origin: str
    owner: str | None
    """None: it was made on the machine."""
    may_change: bool
    """Whether the reader may publish it."""
    verification: Badge | None
    """What came of asking it again: the newest verdict."""
    may_verify: bool
    """Whether the reader may have it asked again."""
    published: int | None
    provenance: dict[str, Any]
    targets: list[str]
    samples: int
    expected: int | None
    reading: bool
    """Whether its journal is still being read: the numbers are of a part of it until then."""
    cells: list[Cell]
    notes: list[Note]
    stopping: list[str]
    """What its rule says, a line for each verdict."""
    asked: list[Asked]
    models: list[Identity]
    judges: list[Identity]
    data: list[Pinned]
    files: dict[str, str]
    """Files of one's own, by their sha256."""
    spec: dict[str, Any]
    requests: dict[str, int]
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    seconds: float | None
    made_with: dict[str, Any]
    """Versions of sinan, Python and packages; the platform."""
    downloads: list[Download]
    error: str
    """Why its numbers cannot be shown."""


@page(router, "/runs/{run}", "run.html", summary="What happened in a run")
def run(here: Here, by: By, run: RunName) -> RunPage:
    """What was asked, what came of it, and how sure it is."""
    shelved, folder = shelf.opened(here.database, here.runs, by, run)
    with here.database.read() as connection:
        owner, badge = _name(connection, shelved.owner), verifying.badges(connection, [run]).get(run)
    return _page(shelved, folder, owner, badge, by)


def _name(connection: Connection, owner: int | None) -> str | None:
    return connection.execute(select(users.c.name).where(users.c.id == owner)).scalar() if owner else None


def _page(shelved: ShelvedRun, folder: RunFolder, owner: str | None, badge: Badge | None, by: Asker) -> RunPage:
    error, reading = "", False
    results: list[CellResult] = []
    try:
        about = folder.about()
        results, reading = results_of(folder, about)
    except StoreError as found:
        about, error = {"spec": {}, "cells": [], "models": [], "status": "damaged"}, str(found)
    status = "damaged" if error else following.status(folder)
    costs = [one.cost_usd for one in results if one.cost_usd is not None]
    return RunPage(
        id=shelved.id,
        status=status,
        created=about.get("created", shelved.created),
        ended=about.get("ended"),
        visibility=shelved.visibility,
        origin=shelved.origin,
        owner=owner,
        may_change=by.may("publish") and shelved.belongs_to(by),
        verification=badge,
        may_verify=_may_verify(shelved, by),
        published=shelved.published,
        provenance=dict(shelved.provenance),
        targets=[FilePath(one).name for one in about["spec"].get("targets", ())],
        samples=sum(sum(one.outcomes.values()) for one in results),
        expected=about.get("expected"),
        reading=reading,
        cells=numbers.cells(results),
        notes=[*_happened(shelved, status, about, results), *numbers.notes(results)],
        stopping=_stopping(about),
        asked=[_asked(cell) for cell in about["cells"]],
        models=[_identity(one) for one in about["models"]],
        judges=[_identity(one) for one in about.get("judges") or ()],
        data=[
            Pinned(**{name: str(one.get(name, "")) for name in Pinned.model_fields}) for one in about.get("data") or ()
        ],
        files={FilePath(name).name: str(sha) for name, sha in (about.get("files") or {}).items()},
        spec=shelf.spec(about),
        requests={k: v for k, v in (about.get("requests") or {}).items() if isinstance(v, int)},
        tokens_in=sum(one.tokens_in for one in results),
        tokens_out=sum(one.tokens_out for one in results),
        cost_usd=sum(costs) if costs else None,
        seconds=_seconds(about),
        made_with={
            name: about[name] for name in ("sinan", "git_commit", "python", "platform", "packages") if name in about
        },
        downloads=_downloads(folder),
        error=error,
    )


def _may_verify(shelved: ShelvedRun, by: Asker) -> bool:
    """As `verifying.ask` allows it."""
    may = by.person is not None and by.may("submit") and by.person.role in ("admin", "evaluator")
    return may and shelved.status in shelf.ENDED and shelved.origin != "verification"


def results_of(folder: RunFolder, about: Mapping[str, Any]) -> tuple[list[CellResult], bool]:
    """Its numbers, and whether they are still being read from its journal. Raises StoreError."""
    if about["status"] != "running" and (folder.path / "results.json").exists():
        return stored_results(folder), False
    state = following.standing(folder)
    if state.error:
        raise StoreError(state.error)
    return list(state.results), state.behind


def _happened(shelved: ShelvedRun, status: str, about: Mapping[str, Any], results: list[CellResult]) -> Iterator[Note]:
    """What must be known of how it went."""
    again = about.get("scored_from")
    if status in ("killed", "stopped") and again is None:
        yield Note(text=WORDS[status], values={"command": f"sinan run --resume runs/{shelved.id}"})
    if status == "partial":
        yield Note(text=WORDS["partial"])
    if about.get("resumed"):
        yield Note(text=WORDS["resumed"])
    if again is not None:
        of = again.get("run")
        yield Note(text=WORDS["scored"], values={"run": str(of)}) if of else Note(text=WORDS["scored elsewhere"])
    asked, expected = sum(sum(one.outcomes.values()) for one in results), about.get("expected")
    if "rule" in about and "stopping" not in about:
        yield Note(text=RULE_OPEN if again is None else RULE_BEFORE)
    elif "rule" not in about and isinstance(expected, int) and asked < expected and status != "running":
        yield Note(text=OF_A_PART, values={"asked": f"{asked:,}", "expected": f"{expected:,}"})


def _stopping(about: Mapping[str, Any]) -> list[str]:
    if "stopping" not in about:
        return []
    try:
        return list(lines(about["stopping"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        return [f"what run.json says of where the run was stopped is damaged ({error!r:.80})"]


def _asked(cell: Mapping[str, Any]) -> Asked:
    texts = {name: str(cell.get(name) or "") for name in Asked.model_fields if name not in ("shots", "sampling")}
    shots = cell.get("shots")
    return Asked(**texts, shots=shots if isinstance(shots, int) else None, sampling=dict(cell.get("sampling") or {}))


def _identity(model: Mapping[str, Any]) -> Identity:
    return Identity(name=str(model["name"]), identity=dict(model.get("identity") or {}))


def _seconds(about: Mapping[str, Any]) -> float | None:
    try:
        return (datetime.fromisoformat(about["ended"]) - datetime.fromisoformat(about["created"])).total_seconds()
    except (KeyError, TypeError, ValueError):
        return None


def _downloads(folder: RunFolder) -> list[Download]:
    found = []
    for name in FILES:
        try:
            found.append(Download(name=name, bytes=(folder.path / name).stat().st_size))
        except OSError:
            continue
    return found


@router.get(
    "/runs/{run}/files/{name}",
    tags=["run"],
    summary="A file of the run, as it is stored",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The file"}},
)
def file(here: Here, by: By, run: RunName, name: File) -> StreamingResponse:
    """As an attachment, whole."""
    _, folder = shelf.opened(here.database, here.runs, by, run)
    path = folder.path / name
    try:
        size = path.stat().st_size
    except OSError:
        raise Missing(f"run {folder.id} has no {name} yet. Remedy: wait until it has ended") from None
    named = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in f"{folder.id}-{name}")
    headers = {"Content-Disposition": f'attachment; filename="{named}"', "Content-Length": str(size)}
    return StreamingResponse(_bytes(path, size), media_type="application/octet-stream", headers=headers)


def _bytes(path: FilePath, size: int) -> Iterator[bytes]:
    """So many bytes of a file that may grow."""
    with path.open("rb") as opened:
        while size > 0 and (part := opened.read(min(PART, size))):
            size -= len(part)
            yield part
