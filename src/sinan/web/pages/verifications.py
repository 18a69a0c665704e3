"""`/runs/ID/verifications`: whether asking again gave the same."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, Field
from sqlalchemy import select

from sinan.web.page import Document, page
from sinan.web.service import shelf, verifying
from sinan.web.service.tables import runs
from sinan.web.site import By, Here

router = APIRouter()
RunName = Annotated[str, Path(max_length=80, pattern=r"^[^\x00/]+$", description="The run's id")]


class Again(Document):
    """One benchmark of one model, asked again."""

    benchmark: str
    model: str
    verdict: str
    n: int
    """Questions that have a score both times."""
    equal: int
    """Of them, with the same score."""
    same_text: float
    """Share of answers that are the same word for word."""
    before: float | None
    again: float | None
    difference: float | None
    ci: tuple[float, float] | None
    margin: float


class Verification(Document):
    """A share of the run, asked again."""

    id: int
    verdict: str
    """waiting, confirmed, contradicted, undecided or given up"""
    share: float
    n: int
    asked_by: str
    created: int
    ended: int | None
    job: str | None
    """Told to whoever may see the job's run."""
    run: str | None
    """Where the new answers are."""
    differing: str
    """What was not asked as it was before."""
    cells: list[Again]


class VerificationsPage(Document):
    """Every verification of a run."""

    run: str
    origin: str
    verifications: list[Verification]
    may_ask: bool


@page(router, "/runs/{run}/verifications", "verifications.html", summary="Whether asking a run again gave the same")
def verifications(here: Here, by: By, run: RunName) -> VerificationsPage:
    """What came of asking a share of the run again."""
    with here.database.read() as connection:
        found = shelf.found(connection, by, run)
        rows = verifying.of_run(connection, run)
        seen = {row.again for row in rows if row.again and _sees(connection, by, row.again)}
    may = by.person is not None and by.may("submit") and by.person.role in ("admin", "evaluator")
    told = [_told(row, row.again in seen) for row in rows]
    ended = found.status in shelf.ENDED and found.origin != "verification"
    waiting = any(one.verdict == verifying.WAITING for one in told)
    return VerificationsPage(run=run, origin=found.origin, verifications=told, may_ask=may and ended and not waiting)


def _sees(connection: Any, by: By, run: str) -> bool:
    return connection.execute(select(runs.c.id).where(runs.c.id == run, shelf.visible(by))).first() is not None


def _told(row: Any, seen: bool) -> Verification:
    cells = [Again(**{name: one.get(name) for name in Again.model_fields}) for one in row.found.get("cells", ())]
    return Verification(
        id=row.id,
        verdict=verifying.verdict_of(row),
        share=row.share,
        n=row.found.get("n", 0),
        asked_by=row.name,
        created=row.created,
        ended=row.ended,
        job=row.job if seen else None,
        run=row.again if seen else None,
        differing=row.found.get("differing", ""),
        cells=cells,
    )


class Wanted(BaseModel):
    """A verification to make."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Of each benchmark's questions; a hundred are asked at least where there are as many."""
    key: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """Number of a stored key of yours, where the model takes one."""


class Begun(BaseModel):
    """It waits for its turn."""

    id: int
    job: str


@router.post(
    "/api/runs/{run}/verifications", tags=["verifications"], summary="Ask a share of a run again", status_code=201
)
def verify(here: Here, by: By, run: RunName, wanted: Annotated[Wanted, Body()]) -> Begun:
    """Evaluators. Which questions is drawn now; the answers are judged by a rule that is stated beforehand."""
    number, job = verifying.ask(here.database, here.config, by, run, wanted.share, wanted.key)
    return Begun(id=number, job=job)
