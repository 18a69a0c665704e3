"""`/jobs`, and one job live: how far it is, how it goes, what it found so far; pausing, cancelling, going on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, func, select
from starlette.concurrency import run_in_threadpool

from sinan.web.failures import Failure, TooMany
from sinan.web.page import Document, page
from sinan.web.service import audit, jobs, shelf
from sinan.web.service.people import Asker
from sinan.web.service.tables import deliveries, job_log, organisations, runs, users
from sinan.web.service.tables import jobs as table
from sinan.web.site import By, Here, Site, identified

router = APIRouter()
Name = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
State = Literal["queued", "running", "paused", "complete", "partial", "stopped", "failed", "cancelled"]
AnyState = Literal[State, ""]
PER_PAGE = 50
LINES = 200
STREAM_S = 600
"""How long one stream of a job lasts; the page asks for another, and who asks is looked at again."""
STREAMS = 300
BEAT_S = 1.0
_open = [0]


class Row(Document):
    """A job in the list."""

    id: str
    title: str
    state: State
    wanted: str
    """What was asked of a job that runs: pause or cancel."""
    priority: int
    user: str
    run: str | None
    created: int
    started: int | None
    ended: int | None
    done: int
    expected: int | None
    error: str | None


class JobsPage(Document):
    """Jobs that the reader may see, the newest first."""

    jobs: list[Row]
    total: int
    page: int
    pages: int
    state: AnyState
    """The filter; empty: any."""
    everyone: bool
    """Whether those of others are among them."""
    may_see_all: bool
    may_submit: bool


class CellNow(Document):
    """What a benchmark and a model come to so far."""

    benchmark: str
    model: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int
    in_percent: bool = True
    less_is_better: bool = False
    outcomes: dict[str, int] = Field(default={})


class Progress(Document):
    """How far a job is."""

    done: int = 0
    expected: int | None = None
    outcomes: dict[str, int] = Field(default={})
    tokens: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0
    per_s: float | None = None
    left_s: float | None = None
    pace: list[str] = Field(default=[])
    cells: list[CellNow] = Field(default=[])

    @property
    def share(self) -> float:
        """Of what is asked, from 0 to 1."""
        return min(1.0, self.done / self.expected) if self.expected else 0.0


class Line(Document):
    """Of the log."""

    id: int
    at: int
    line: str


class Delivery(Document):
    """What was told to the webhook."""

    event: str
    tries: int
    status: str
    next_try: int | None


class JobPage(Document):
    """One job."""

    id: str
    title: str
    kind: str
    state: State
    wanted: str
    priority: int
    user: str
    organisation: str | None
    models: list[str]
    targets: list[str]
    limits: dict[str, float]
    """What it may take: max_cost (USD), max_tokens, max_time (seconds)."""
    ahead: int | None
    """Jobs that go before it, while it waits."""
    run: str | None
    """Its run, once there is one that the reader may see."""
    progress: Progress
    estimate: dict[str, Any]
    error: str | None
    webhook: str | None
    deliveries: list[Delivery]
    created: int
    started: int | None
    ended: int | None
    log: list[Line]
    may_change: bool
    may_pause: bool
    may_cancel: bool
    may_resume: bool
    most_priority: int
    over: bool


class Changed(Document):
    """How a job stands after what was asked of it. What runs stops as soon as its worker hears."""

    id: str
    state: State


class Limits(BaseModel):
    """What a job that goes on may take from here on; what is left out stays as it was."""

    model_config = ConfigDict(extra="forbid")

    max_cost: Annotated[float, Field(gt=0, le=1e6)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10**12)] | None = None
    max_time: Annotated[float, Field(gt=0, le=30 * 86400)] | None = None


class Priority(BaseModel):
    """Higher goes first. Above 0: administrators only."""

    model_config = ConfigDict(extra="forbid")

    priority: Annotated[int, Field(ge=jobs.LOWEST, le=jobs.HIGHEST)]


@page(router, "/jobs", "jobs.html", summary="Jobs that one may see")
def listed(
    here: Here,
    by: By,
    state: Annotated[AnyState, Query()] = "",
    everyone: Annotated[bool, Query()] = False,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> JobsPage:
    """One's own, the newest first; an administrator may see everybody's."""
    seen = jobs.visible(by)
    if by.reader is not None and not everyone:
        seen = seen & (table.c.user == by.reader.id)
    if state:
        seen = seen & (table.c.state == state)
    with here.database.read() as connection:
        total = connection.execute(select(func.count()).select_from(table).where(seen)).scalar_one()
        query = select(table, users.c.name.label("owner")).join(users, users.c.id == table.c.user).where(seen)
        query = query.order_by(table.c.created.desc(), table.c.id).offset((page - 1) * PER_PAGE).limit(PER_PAGE)
        rows = [_row(row) for row in connection.execute(query)]
    evaluator = by.person is not None and by.person.role in ("admin", "evaluator")
    return JobsPage(
        jobs=rows,
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        state=state,
        everyone=everyone,
        may_see_all=by.sees_all,
        may_submit=evaluator,
    )


def _row(row: Any) -> Row:
    told = {name: getattr(row, name) for name in Row.model_fields if name not in ("user", "done", "expected")}
    return Row(**told, user=row.owner, done=row.progress.get("done") or 0, expected=row.progress.get("expected"))


@page(router, "/jobs/{job}", "job.html", summary="One job")
def one(here: Here, by: By, job: Name) -> JobPage:
    """How far it is, how it goes, what it found so far, and the end of its log."""
    with here.database.read() as connection:
        return shown(connection, by, job)


def shown(connection: Connection, by: Asker, job: str) -> JobPage:
    """One job, as who asks may see it. Raises Missing."""
    row = jobs.found(connection, by, job)
    owner = connection.execute(select(users.c.name).where(users.c.id == row.user)).scalar_one()
    group = select(organisations.c.name).where(organisations.c.id == row.organisation)
    seen = select(runs.c.id).where(runs.c.id == (row.run or ""), shelf.visible(by))
    last = select(job_log).where(job_log.c.job == job).order_by(job_log.c.id.desc()).limit(LINES)
    told = select(deliveries).where(deliveries.c.job == job).order_by(deliveries.c.id.desc()).limit(20)
    mine = by.person is not None and (by.person.id == row.user or by.admin) and by.may("submit")
    names = ("id", "title", "kind", "state", "wanted", "priority", "estimate", "error", "created", "started", "ended")
    state = row.state
    return JobPage(
        **{name: getattr(row, name) for name in names},
        user=owner,
        organisation=connection.execute(group).scalar() if row.organisation else None,
        models=[f"{model['provider']}/{model['name']}" for model in row.order.get("models", ())],
        targets=list(row.order.get("targets", ())),
        limits={name: row.order[name] for name in ("max_cost", "max_tokens", "max_time") if row.order.get(name)},
        ahead=_ahead(connection, row) if state == jobs.QUEUED else None,
        run=connection.execute(seen).scalar(),
        progress=_progress(row.progress),
        webhook=row.webhook if mine else None,
        deliveries=[_delivery(one) for one in connection.execute(told)] if mine else [],
        log=[Line(id=one.id, at=one.at, line=one.line) for one in reversed(connection.execute(last).all())],
        may_change=mine,
        may_pause=mine and state in (jobs.QUEUED, jobs.RUNNING) and not row.wanted,
        may_cancel=mine and state in (jobs.QUEUED, jobs.RUNNING, jobs.PAUSED) and row.wanted != jobs.CANCEL,
        may_resume=mine and state in jobs.RESUMABLE,
        most_priority=jobs.HIGHEST if by.admin else 0,
        over=state in (*jobs.ENDED, jobs.PAUSED),
    )


def _progress(stored: dict[str, Any]) -> Progress:
    return Progress(**{name: stored[name] for name in Progress.model_fields if stored.get(name) is not None})


def _delivery(row: Any) -> Delivery:
    return Delivery(event=row.event, tries=row.tries, status=row.status, next_try=row.next_try)


def _ahead(connection: Connection, row: Any) -> int:
    first = (table.c.priority > row.priority) | ((table.c.priority == row.priority) & (table.c.created < row.created))
    waiting = select(func.count()).select_from(table).where(table.c.state == jobs.QUEUED, first)
    return int(connection.execute(waiting).scalar_one())


@router.get("/jobs/{job}/events", include_in_schema=False)
async def events(request: Request, here: Here, by: By, job: Name) -> StreamingResponse:
    """The job as it goes on: server-sent events, each the twin of the page with what the log gained."""
    if _open[0] >= STREAMS:
        raise TooMany("too many watch jobs at this moment; the page shows how it stands", 30)
    await run_in_threadpool(_look, here, by, job)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(request, here, job), media_type="text/event-stream", headers=headers)


async def _stream(request: Request, here: Site, job: str) -> AsyncIterator[bytes]:
    """Only what changed is sent. Who was signed out meanwhile, or may no longer see the job, hears no more of it."""
    _open[0] += 1
    try:
        last, line = b"", 0
        for beat in range(STREAM_S):
            by = await run_in_threadpool(identified, request)
            found = await run_in_threadpool(_look, here, by, job)
            told = found.model_dump(mode="json") | {"log": [one.model_dump() for one in found.log if one.id > line]}
            line = max([line, *(one.id for one in found.log)])
            raw = orjson.dumps(told)
            if raw != last:
                yield b"event: job\ndata: " + raw + b"\n\n"
                last = orjson.dumps(told | {"log": []})
            elif beat % 15 == 14:
                yield b": still here\n\n"
            if found.over:
                yield b"event: over\ndata: {}\n\n"
                return
            await asyncio.sleep(BEAT_S)
    except Failure:
        yield b"event: over\ndata: {}\n\n"
    finally:
        _open[0] -= 1


def _look(here: Site, by: Asker, job: str) -> JobPage:
    with here.database.read() as connection:
        return shown(connection, by, job)


@router.post("/api/jobs/{job}/pause", summary="Let a job rest", tags=["jobs"])
def pause(here: Here, by: By, job: Name) -> Changed:
    """It keeps everything that was answered, and can go on."""
    return _asked(here, by, job, "pause")


@router.post("/api/jobs/{job}/cancel", summary="End a job for good", tags=["jobs"])
def cancel(here: Here, by: By, job: Name) -> Changed:
    """What was answered stays in its run."""
    return _asked(here, by, job, "cancel")


@router.post("/api/jobs/{job}/resume", summary="Go on with a job", tags=["jobs"])
def resume(here: Here, by: By, job: Name, limits: Limits | None = None) -> Changed:
    """From where it was: nothing that was answered is asked again. What it may take counts anew."""
    return _asked(here, by, job, "resume", limits.model_dump() if limits else None)


@router.put("/api/jobs/{job}/priority", summary="Before or after other jobs", tags=["jobs"])
def prioritise(here: Here, by: By, job: Name, given: Priority) -> Changed:
    """Higher goes first."""
    person = by.known("submit", "evaluator")
    with here.database.write() as connection:
        row = jobs.own(connection, by, person, job)
        jobs.prioritise(connection, row, person, given.priority)
        audit.note(connection, by, "job.priority", job, priority=given.priority)
    return Changed(id=job, state=row.state)


def _asked(here: Site, by: Asker, job: str, what: str, limits: dict[str, Any] | None = None) -> Changed:
    person = by.known("submit", "evaluator")
    with here.database.write() as connection:
        row = jobs.own(connection, by, person, job)
        state = jobs.resume(connection, row, limits) if what == "resume" else getattr(jobs, what)(connection, row)
        audit.note(connection, by, f"job.{what}", job)
    return Changed.model_validate({"id": job, "state": state})
