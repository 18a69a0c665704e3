"""`/runs/ID/provenance`: what a run's numbers rest on, who may see them, and what it means to show them."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, Field
from sqlalchemy import select

from sinan.errors import StoreError
from sinan.web.page import Document, page
from sinan.web.service import publishing, shelf
from sinan.web.service.publishing import Visibility
from sinan.web.service.shelf import ENDED, ShelvedRun
from sinan.web.service.tables import cells, jobs, organisations, runs, users
from sinan.web.site import By, Here

router = APIRouter()
RunName = Annotated[str, Path(max_length=80, pattern=r"^[^\x00/]+$", description="The run's id")]

TOLD = {
    "job": "Measured here: this server asked the model itself at the endpoint below and judged every answer.",
    "verification": "Measured here: this server asked the model again, for a share of another run's questions.",
    "push": "Self-reported: whoever pushed it says that these are the model's answers. This server checked only that "
    "the numbers follow from the answers that were pushed.",
    "folder": "The operator's: it was found in the folder of runs of this machine. This server did not see it being "
    "asked.",
}
"""What is proven by whom, by origin."""


class Asked(Document):
    """One benchmark of the run."""

    benchmark: str
    version: str
    protocol: str
    licence: str
    """Empty: not known here."""
    free: bool
    """Whether the licence surely lets the questions be shown to everybody."""


class Identity(Document):
    """One model of the run, as it told of itself or as it was hashed."""

    model: str
    facts: dict[str, str]


class Pin(Document):
    """One file of data that was read."""

    file: str
    revision: str
    sha256: str


class Withdrawn(Document):
    """That it was public, and why it is no more."""

    at: int
    by: str
    reason: str


class Group(Document):
    """An organisation that could see it."""

    id: int
    name: str


class ProvenancePage(Document):
    """What a number rests on."""

    run: str
    title: str
    status: str
    visibility: str
    owner: str
    """Empty: the operator's."""
    origin: str
    told: str
    """What is proven by whom, in words."""
    asked_by: str
    """The job that asked; empty where none did."""
    created: str
    published: int | None
    published_by: str
    sinan: str
    commit: str
    python: str
    platform: str
    spec: dict[str, Any]
    benchmarks: list[Asked]
    models: list[Identity]
    data: list[Pin]
    spec_sha256: str | None
    journal_sha256: str | None
    samples_sha256: str | None
    unchanged: bool | None
    """Whether the files are those that were hashed; None: nothing was hashed yet."""
    withdrawn: list[Withdrawn]
    checked: str
    """Of a run that was pushed: what was found when its numbers were computed anew."""
    can_change: bool
    finished: bool
    organisation: int | None
    organisations: list[Group]
    """Those of the reader."""


@page(router, "/runs/{run}/provenance", "provenance.html", summary="What a run's numbers rest on")
def provenance(here: Here, by: By, run: RunName) -> ProvenancePage:
    """Who, when, with what, and what is proven by whom."""
    found, folder = shelf.opened(here.database, here.runs, by, run)
    try:
        about = folder.about()
    except StoreError:
        about = {"created": found.created, "spec": {}, "models": [], "data": []}
    hashed = found.provenance.get("published", {})
    mine = by.person is not None and by.may("publish") and (by.admin or found.owner == by.person.id)
    return ProvenancePage(
        run=found.id,
        title=found.title,
        status=found.status,
        visibility=found.visibility,
        origin=found.origin,
        told=TOLD.get(found.origin, ""),
        created=found.created,
        published=found.published,
        sinan=str(about.get("sinan", "")),
        commit=str(about.get("git_commit") or ""),
        python=str(about.get("python", "")),
        platform=str(about.get("platform", "")),
        spec=shelf.spec(about),
        models=[_identity(one) for one in about["models"]],
        data=[_pin(one) for one in about.get("data", ())][:200],
        spec_sha256=hashed.get("spec_sha256"),
        journal_sha256=hashed.get("journal_sha256"),
        samples_sha256=hashed.get("samples_sha256"),
        unchanged=hashed["files"] == publishing.marks(folder) if "files" in hashed else None,
        withdrawn=[Withdrawn(**one) for one in found.provenance.get("withdrawn", ())],
        checked=str(found.provenance.get("checked", "")),
        can_change=mine,
        finished=found.status in ENDED,
        organisation=found.organisation,
        **_named(here, by, found),
    )


def _named(here: Here, by: By, run: ShelvedRun) -> dict[str, Any]:
    """What the database says of it."""
    mine = sorted(by.person.organisations) if by.person else []
    with here.database.read() as connection:
        row = connection.execute(select(runs.c.published_by).where(runs.c.id == run.id)).first()
        people = [number for number in (run.owner, row.published_by if row else None) if number is not None]
        known = connection.execute(select(users.c.id, users.c.name).where(users.c.id.in_(people)))
        names = {one.id: one.name for one in known}
        job = connection.execute(select(jobs.c.id).where(jobs.c.run == run.id)).scalar()
        asked = connection.execute(
            select(cells.c.benchmark, cells.c.version, cells.c.protocol)
            .where(cells.c.run == run.id)
            .distinct()
            .order_by(cells.c.benchmark)
            .limit(500)
        ).all()
        groups = connection.execute(
            select(organisations.c.id, organisations.c.name).where(organisations.c.id.in_(mine))
        ).all()
    return {
        "owner": names.get(run.owner, "") if run.owner is not None else "",
        "published_by": names.get(row.published_by, "") if row and row.published_by is not None else "",
        "asked_by": job or "",
        "benchmarks": [_asked(*one) for one in asked],
        "organisations": [Group(id=one.id, name=one.name) for one in groups],
    }


def _asked(benchmark: str, version: str, protocol: str) -> Asked:
    licence, free = publishing.licence(benchmark)
    return Asked(benchmark=benchmark, version=version, protocol=protocol, licence=licence, free=free)


def _identity(entry: dict[str, Any]) -> Identity:
    facts = {str(name): str(value)[:500] for name, value in dict(entry.get("identity", {})).items()}
    return Identity(model=str(entry.get("name", "")), facts=facts)


def _pin(entry: dict[str, Any]) -> Pin:
    file = f"{entry.get('repo', '')}/{entry.get('path', '')}"
    return Pin(file=file, revision=str(entry.get("revision", "")), sha256=str(entry.get("sha256") or ""))


class Shown(BaseModel):
    """Who may see a run."""

    visibility: Visibility
    organisation: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    """Of `organisation`: which one; where you are a member of one alone it is that."""
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""
    """Of a published run that is withdrawn: why."""


class NowShown(BaseModel):
    """Who may see it now."""

    run: str
    visibility: str
    organisation: int | None
    published: int | None


@router.put("/api/runs/{run}/visibility", tags=["publishing"], summary="Publish a run, share it, or withdraw it")
def change(here: Here, by: By, run: RunName, wanted: Annotated[Shown, Body()]) -> NowShown:
    """Its owner and administrators. A public run is read by everybody, with its prompts and answers."""
    found = publishing.set_visibility(
        here.database, here.runs, by, run, wanted.visibility, wanted.organisation, wanted.reason
    )
    return NowShown(
        run=found.id, visibility=found.visibility, organisation=found.organisation, published=found.published
    )


@router.delete("/api/runs/{run}", tags=["publishing"], summary="Remove a run", status_code=204)
def remove(here: Here, by: By, run: RunName) -> None:
    """Its owner and administrators. Its folder is kept by the operator; a published run is withdrawn first."""
    publishing.remove(here.database, here.runs, here.config.site, by, run)
