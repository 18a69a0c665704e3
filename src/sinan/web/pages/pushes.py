"""`/api/pushes`: runs that are sent here by `sinan push`."""

import base64
import hashlib
import threading
from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Request
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from sinan.web.failures import Failure, TooMany
from sinan.web.service import pushes as service
from sinan.web.service.people import Asker
from sinan.web.service.tables import runs
from sinan.web.site import By, Here, Site

router = APIRouter()
PushName = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="The push's id")]
_CHECKS = threading.BoundedSemaphore(4)
"""So many wait to be checked, or are, in this process."""
_ONE = threading.Lock()


class FileToPush(BaseModel):
    """A file that will be sent."""

    size: Annotated[int, Field(ge=0, le=1 << 50)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RunToPush(BaseModel):
    """A run that will be sent."""

    run: Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")]
    """Its id; where another run here has it, it is given another one."""
    files: Annotated[dict[str, FileToPush], Field(max_length=8)]


class FileState(BaseModel):
    """How much of a file is here."""

    size: int
    sha256: str
    received: list[int]
    """Numbers of the pieces that are here."""


class PushState(BaseModel):
    """How far a push has come."""

    id: str
    run: str
    state: str
    """open, checking, done or refused"""
    files: dict[str, FileState]
    piece_bytes: int
    error: str
    """Why it was refused."""
    checked: str
    """What was found when its numbers were computed anew."""


def _told(here: Here, by: By, push: str) -> PushState:
    with here.database.read() as connection:
        row = service.own(connection, by, push)
        mine = select(runs.c.provenance).where(runs.c.id == row.run, runs.c.owner == row.user)
        about = connection.execute(mine).scalar()
    files = {name: FileState(**file) for name, file in row.files.items() if name}
    return PushState(
        id=row.id,
        run=row.run,
        state=row.state,
        files=files,
        piece_bytes=service.PIECE,
        error=row.files.get("", {}).get("error", ""),
        checked=(about or {}).get("checked", "") if row.state == service.DONE else "",
    )


@router.post("/api/pushes", tags=["pushes"], summary="Begin to send a run, or go on", status_code=201)
def begin(here: Here, by: By, wanted: Annotated[RunToPush, Body()]) -> PushState:
    """The same files of the same run go on where they stopped."""
    files = {name: service.Declared(one.size, one.sha256) for name, one in wanted.files.items()}
    push, _ = service.begin(here.database, here.config.site, by, wanted.run, files, here.config.upload_bytes)
    return _told(here, by, push)


@router.get("/api/pushes/{push}", tags=["pushes"], summary="How far a push has come")
def look(here: Here, by: By, push: PushName) -> PushState:
    """One's own."""
    return _told(here, by, push)


BODY = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.put(
    "/api/pushes/{push}/files/{name}/{piece}",
    tags=["pushes"],
    summary="Send a piece of a file",
    status_code=204,
    openapi_extra={"requestBody": BODY},
)
async def receive(
    request: Request,
    here: Here,
    by: By,
    push: PushName,
    name: Annotated[str, Path(max_length=40, pattern=r"^[a-z.]+$")],
    piece: Annotated[int, Path(ge=0, le=1 << 31)],
    content_digest: Annotated[str, Header(max_length=100, description="sha-256=:BASE64: of the piece (RFC 9530)")],
) -> None:
    """Pieces are of `piece_bytes` bytes, the last of what is left. In any order, and again where one is not sure."""
    by.known("push", "evaluator")  # before a byte of the body is read
    try:
        data = await request.body()
    except ClientDisconnect:
        raise Failure("the piece ended before all of it was here. Remedy: send it again") from None
    await run_in_threadpool(_receive, here, by, push, name, piece, data, content_digest)


def _receive(here: Site, by: Asker, push: str, name: str, piece: int, data: bytes, content_digest: str) -> None:
    if content_digest != digest(data):
        raise Failure("the piece is not what its Content-Digest says. Remedy: send it again")
    service.receive(here.database, here.config.site, by, push, name, piece, data)


def digest(data: bytes) -> str:
    """Content-Digest of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


@router.post("/api/pushes/{push}/done", tags=["pushes"], summary="All is sent: check it", status_code=202)
def done(here: Here, by: By, push: PushName) -> PushState:
    """It is checked in the background; look again until the state is done or refused."""
    if not _CHECKS.acquire(blocking=False):
        raise TooMany("several runs are being checked. Remedy: ask again in a moment", 5)
    begun = False
    try:
        begun = service.complete(here.database, by, push)
        if begun:
            threading.Thread(target=_check, args=(here, by, push), daemon=True).start()
    finally:
        if not begun:
            _CHECKS.release()
    return _told(here, by, push)


def _check(here: Here, by: By, push: str) -> None:
    try:
        with _ONE:
            service.check(here.database, here.config.site, here.runs, by, push)
    finally:
        _CHECKS.release()
