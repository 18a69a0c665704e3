"""`/admin`: accounts, organisations, limits; `/admin/audit`: who did what. For administrators."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import func, select

from sinan.web.page import Document, page
from sinan.web.service import accounts, audit, organisations, people
from sinan.web.service import jobs as queue
from sinan.web.service.accounts import Account
from sinan.web.service.audit import Entry, Wanted
from sinan.web.service.tables import jobs
from sinan.web.site import By, Here, Site

router = APIRouter()

Named = Annotated[str, Path(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Role = Literal["admin", "evaluator", "viewer"]
Filter = Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$")]
Day = Annotated[date | None, BeforeValidator(lambda given: given or None)]
"""A form sends an empty text where no day was chosen."""
MANY = 100


class OrganisationRow(Document):
    """An organisation and how many belong to it."""

    name: str
    members: int


class Limits(Document):
    """What jobs may take, as sinan.toml says."""

    jobs_per_user: int
    queued_per_user: int
    tokens_per_month: int | None
    workers: int
    networks: list[str]
    """Private networks that evaluations may reach."""
    models: list[str]
    """Models of this machine that may be evaluated."""
    upload_bytes: int
    rate: int


class AdminPage(Document):
    """The site, as its administrators see it."""

    users: list[Account]
    after: str | None
    """Where the next page of users begins; null: there is none."""
    text: str
    organisations: list[OrganisationRow]
    jobs: dict[str, int]
    """How many there are in each state."""
    limits: Limits


class AuditPage(Document):
    """Who did what."""

    entries: list[Entry]
    before: int | None
    """Where the next page begins; null: there is none."""
    actions: list[str]
    name: str
    action: str
    subject: str
    since: date | None
    until: date | None


class UserWanted(BaseModel):
    """An account that is wanted."""

    name: Name
    role: Role = "evaluator"
    email: Annotated[str, Field(max_length=254, pattern=r"^[^\x00-\x20\x7f]+@[^\x00-\x20\x7f]+$")] | None = None


class UserChange(BaseModel):
    """What is changed; null: not."""

    role: Role | None = None
    disabled: bool | None = None


class PasswordLink(BaseModel):
    """A link that sets a password once, for a day. Whoever holds it can: hand it to nobody else."""

    name: str
    link: str


@page(router, "/admin", "admin.html", summary="Accounts, organisations, limits")
def admin(
    here: Here,
    by: By,
    text: Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")] = "",
    after: Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")] = "",
) -> AdminPage:
    """Accounts, organisations, limits, for administrators."""
    by.known("admin", "admin")
    with here.database.read() as connection:
        users = accounts.listed(connection, after, MANY + 1, text)
        all_ = organisations.every(connection)
        states = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)).all()
    return AdminPage(
        users=users[:MANY],
        after=users[MANY - 1].name if len(users) > MANY else None,
        text=text,
        organisations=[OrganisationRow(name=one.name, members=many) for one, many in all_],
        jobs={str(state): int(many) for state, many in states},
        limits=_limits(here),
    )


def _limits(here: Site) -> Limits:
    names = ("jobs_per_user", "queued_per_user", "tokens_per_month", "workers", "upload_bytes", "rate")
    told = {name: getattr(here.config, name) for name in names}
    networks = [str(one) for one in here.config.networks]
    return Limits(**told, networks=networks, models=list(here.config.models))


def wanted(
    name: Filter = "", action: Filter = "", subject: Filter = "", since: Day = None, until: Day = None
) -> Wanted:
    """Which entries are asked for. Days are those of UTC; `until` is the last one."""
    end = None if until is None else _milliseconds(until) + audit.DAY_MS
    return Wanted(name, action, subject, None if since is None else _milliseconds(since), end)


def _milliseconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


@page(router, "/admin/audit", "audit.html", summary="Who did what")
def audit_log(
    here: Here,
    by: By,
    asked: Annotated[Wanted, Depends(wanted)],
    since: Day = None,
    until: Day = None,
    before: Annotated[int, Query(ge=0, le=2**53)] | None = None,
) -> AuditPage:
    """Who did what, the newest first, for administrators."""
    by.known("admin", "admin")
    with here.database.read() as connection:
        found = audit.entries(connection, asked, before, MANY + 1)
        known = audit.actions(connection)
    return AuditPage(
        entries=found[:MANY],
        before=found[MANY - 1].id if len(found) > MANY else None,
        actions=known,
        name=asked.name,
        action=asked.action,
        subject=asked.subject,
        since=since,
        until=until,
    )


LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One entry a line, the newest first",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/admin/audit.jsonl",
    tags=["admin"],
    summary="Who did what, as lines of JSON",
    response_class=StreamingResponse,
    responses=LINES,
)
def audit_lines(here: Here, by: By, asked: Annotated[Wanted, Depends(wanted)]) -> StreamingResponse:
    """Who did what, one entry a line, the newest first, for administrators."""
    by.known("admin", "admin")

    def lines() -> Iterator[bytes]:
        for entry in audit.every(here.database, asked):
            yield orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE)

    named = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=named)


@router.post("/api/users", tags=["admin"], summary="Add an account")
def add(here: Here, by: By, asked: UserWanted) -> PasswordLink:
    """Add an account. The answer holds the link by which its owner chooses a password."""
    by.known("admin", "admin")
    with here.database.write() as connection:
        people.create(connection, asked.name, None, asked.role, asked.email)
        audit.note(connection, by, "user.add", asked.name, role=asked.role)
        return _link(here, accounts.reset_link(connection, here.ciphers, accounts.named(connection, asked.name)), asked)


def _link(here: Site, link: str, asked: UserWanted | Account) -> PasswordLink:
    return PasswordLink(name=asked.name.strip(), link=f"{here.config.here}/reset?link={link}")


@router.put("/api/users/{name}", tags=["admin"], summary="Change an account")
def change(here: Here, by: By, name: Named, asked: UserChange) -> Account:
    """Change an account's role, or disable it: its sessions end, its tokens allow nothing, its jobs rest. The last
    administrator stays one."""
    by.known("admin", "admin")
    with here.database.write() as connection:
        account = accounts.change(connection, name, asked.role, asked.disabled)
        if account.disabled:
            queue.rest(connection, account.id)
        audit.note(connection, by, "user.change", account.name, **asked.model_dump(exclude_none=True))
    return account


@router.post("/api/users/{name}/reset", tags=["admin"], summary="A link to set a password")
def reset(here: Here, by: By, name: Named) -> PasswordLink:
    """A link by which the account's password is set once, within a day. What stands until then stays."""
    by.known("admin", "admin")
    with here.database.write() as connection:
        account = accounts.named(connection, name)
        link = accounts.reset_link(connection, here.ciphers, account)
        audit.note(connection, by, "user.reset", account.name)
    return _link(here, link, account)
