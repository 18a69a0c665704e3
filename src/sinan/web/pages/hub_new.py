"""`/hub/new`: a benchmark of one's own: its card, its file of questions, who may see it.

POST   /api/benchmarks                 the card
PUT    /api/benchmarks/NAME/file       the questions, as bytes
PUT    /api/benchmarks/NAME            another card, other readers
DELETE /api/benchmarks/NAME
"""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from sinan.web.failures import Failure
from sinan.web.gate import QUESTIONS_BYTES
from sinan.web.page import Document, page
from sinan.web.service import audit, catalogue, checking, own, uploads
from sinan.web.service.people import Asker, Person
from sinan.web.site import By, Here, Site

router = APIRouter()
TAGS: list[str | Enum] = ["benchmarks"]
Visibility = Literal["private", "organisation", "public"]
Format = Literal["jsonl", "csv", "parquet"]
CLEAN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Name = Annotated[str, Path(max_length=64)]
SCORERS = (
    "anls",
    "bleu",
    "by-choices",
    "cer",
    "chrf",
    "declined",
    "edit",
    "exact",
    "f1",
    "instructions",
    "letter",
    "math",
    "normalised",
    "number",
    "over-refusal",
    "rouge",
    "ter",
    "tool-calls",
    "wer",
    "yes-no",
)
"""Scorers that neither ask a model nor run a program."""
DIMENSIONS = ("own", "code", "exam", "instruction", "knowledge", "language", "math", "reasoning", "safety", "tools")


class CardIn(BaseModel):
    """What its owner says of a benchmark."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=CLEAN)]
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=CLEAN)] = ""
    dimension: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{1,39}$")] = "own"
    languages: Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]], Field(max_length=20)] = []
    licence: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=CLEAN)] = ""
    scorer: Annotated[str, StringConstraints(max_length=40)] = ""
    """Empty: what the questions look like decides."""
    visibility: Visibility = "private"
    organisation: Annotated[str, StringConstraints(max_length=64, pattern=CLEAN)] | None = None

    def card(self) -> dict[str, Any]:
        """As it is kept. Raises Failure for a scorer that is none, or none of these."""
        if self.scorer and self.scorer not in SCORERS:
            raise Failure(f"{self.scorer} is no scorer for files that are sent. There are: {', '.join(SCORERS)}")
        return self.model_dump(include={"title", "description", "dimension", "languages", "licence", "scorer"})


class NewBenchmark(CardIn):
    """A card with the name that its benchmark shall have."""

    name: Annotated[str, StringConstraints(min_length=3, max_length=64)]


class Named(Document):
    """The benchmark's name, which is its address: /hub/NAME."""

    name: str


class Kept(Document):
    """What was found in a file that was kept."""

    name: str
    sha256: str
    report: dict[str, Any]


class Form(Document):
    """What the form offers, and what is there already."""

    name: str
    card: dict[str, Any]
    visibility: str
    organisation: str
    sha256: str
    report: dict[str, Any] | None
    scorers: list[str]
    dimensions: list[str]
    languages: dict[str, str]
    organisations: list[str]
    rows: int
    bytes: int


@page(router, "/hub/new", "hub_new.html", summary="The form for a benchmark of one's own", tags=TAGS)
def new(here: Here, by: By) -> Form:
    """The form for a benchmark of one's own."""
    by.known("read", "evaluator")
    with here.database.read() as connection:
        return _form(own.organisations_of(connection, by.person))


@page(router, "/hub/{name}/change", "hub_new.html", summary="The form of a benchmark that is there", tags=TAGS)
def change_form(here: Here, by: By, name: Name) -> Form:
    """The form of a benchmark that is there."""
    person = by.known("read", "evaluator")
    with here.database.read() as connection:
        one = own.mine(connection, by, name)
        names = own.organisations_of(connection, person)
        shared = own.organisation_name(connection, one)
    card = {key: value for key, value in one.card.items() if key != "report"}
    about = {"name": one.name, "visibility": one.visibility, "organisation": shared, "sha256": one.sha256}
    return _form(names).model_copy(update=about | {"card": card, "report": one.card.get("report")})


def _form(names: list[str]) -> Form:
    return Form(
        name="",
        card={"title": "", "description": "", "dimension": "own", "languages": [], "licence": "", "scorer": ""},
        visibility="private",
        organisation="",
        sha256="",
        report=None,
        scorers=list(SCORERS),
        dimensions=list(DIMENSIONS),
        languages=catalogue.LANGUAGES,
        organisations=names,
        rows=checking.ROWS,
        bytes=QUESTIONS_BYTES,
    )


@router.post("/api/benchmarks", tags=TAGS, summary="A new benchmark, without questions yet", status_code=201)
def add(here: Here, by: By, told: NewBenchmark) -> Named:
    """A new benchmark. Its questions are sent next, to /api/benchmarks/NAME/file."""
    person = by.known("push", "evaluator")
    card = told.card()
    with here.database.write() as connection:
        visibility, organisation = _readers(connection, by, person, told)
        own.add(connection, person, told.name, card, visibility, organisation)
        audit.note(connection, by, "benchmark.add", told.name, visibility=visibility)
    return Named(name=told.name)


@router.put("/api/benchmarks/{name}", tags=TAGS, summary="Another card, or other readers")
def change(here: Here, by: By, name: Name, told: CardIn) -> Named:
    """Another card, or other readers. The questions stay."""
    person = by.known("push", "evaluator")
    card = told.card()
    with here.database.write() as connection:
        one = own.mine(connection, by, name)
        visibility, organisation = _readers(connection, by, person, told, one)
        report = one.card.get("report")
        if report and card["scorer"] != (own.scorer(one) or ""):
            raise Failure("the scorer is part of how its questions were checked. Remedy: send the file again with it")
        kept = card | ({"report": report} if report else {})
        own.change(connection, one, card=kept, visibility=visibility, organisation=organisation)
        audit.note(connection, by, "benchmark.change", name, visibility=visibility)
    return Named(name=name)


@router.delete("/api/benchmarks/{name}", tags=TAGS, summary="Delete a benchmark and its questions", status_code=204)
def delete(here: Here, by: By, name: Name) -> None:
    """Delete a benchmark and its questions. Runs keep what was asked and answered."""
    by.known("push", "evaluator")
    with here.database.write() as connection:
        one = own.mine(connection, by, name)
        own.delete(connection, one)
        audit.note(connection, by, "benchmark.delete", name)
        own.remove_files(here.config.site, one)  # before somebody else may take the name


BODY = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.put(
    "/api/benchmarks/{name}/file",
    tags=TAGS,
    summary="The questions of a benchmark",
    openapi_extra={"requestBody": BODY},
)
async def send(
    request: Request,
    here: Here,
    by: By,
    name: Name,
    format: Annotated[Format, Query(description="What the bytes are")],
    scorer: Annotated[str | None, Query(max_length=40, description="Instead of the card's; empty: a guess")] = None,
) -> Kept:
    """The questions of a benchmark, or others instead: looked at whole, and kept only where all are sound."""
    by.known("push", "evaluator")
    one = await run_in_threadpool(_mine, here, by, name)
    wanted = (own.scorer(one) or "") if scorer is None else scorer
    if wanted and wanted not in SCORERS:
        raise Failure(f"{wanted[:40]} is no scorer for files that are sent. There are: {', '.join(SCORERS)}")
    with uploads.place(here.config.site) as folder:
        source, out = folder / f"sent.{format}", folder / f"{one.name}.jsonl"
        await uploads.received(_body(request), source)
        told = await uploads.looked_at(source, out, wanted or None)
        await run_in_threadpool(_keep, here, by, name, wanted, out, told)
    return Kept(name=name, sha256=told["sha256"], report=told["report"])


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for part in request.stream():
            yield part
    except ClientDisconnect:
        raise Failure("the file ended before all of it was here. Remedy: send it again") from None


def _mine(here: Site, by: Asker, name: str) -> own.Own:
    with here.database.read() as connection:
        found = own.mine(connection, by, name)
        own.refuse_too_much(connection, here.config.site, found)
        return found


def _keep(here: Site, by: Asker, name: str, scorer: str, out: Any, told: dict[str, Any]) -> None:
    with here.database.write() as connection:
        one = own.mine(connection, by, name)  # it may have gone meanwhile
        own.keep(connection, here.config.site, one, out, told["sha256"], told["report"], scorer)
        audit.note(connection, by, "benchmark.file", name, sha256=told["sha256"], rows=told["report"]["rows"])
    own.forget_old(here.config.site, one, told["sha256"])


def _readers(
    connection: Connection, by: Asker, person: Person, told: CardIn, one: own.Own | None = None
) -> tuple[str, int | None]:
    """Who may see it. What is made public takes the scope `publish`."""
    if told.visibility == own.PUBLIC and (one is None or one.visibility != own.PUBLIC):
        by.known("publish", "evaluator")
    if told.visibility != own.ORGANISATION:
        return told.visibility, None
    number = own.organisation_of(connection, person, told.organisation)
    if number is None:
        raise Failure("which organisation may see it? Remedy: name one that you belong to")
    return told.visibility, number
