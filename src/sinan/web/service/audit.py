"""The audit log: who did what, from where. Added to in the transaction of what it tells; never changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, select

from sinan.web.service.database import Database
from sinan.web.service.people import Asker
from sinan.web.service.tables import audit, now

DAY_MS = 24 * 3600 * 1000
PIECE = 1000
"""Entries that are read at once."""


@dataclass(frozen=True)
class Entry:
    """One thing that was done."""

    id: int
    at: int
    name: str
    address: str
    action: str
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which entries are asked for; what is empty or None does not matter."""

    name: str = ""
    action: str = ""
    subject: str = ""
    since: int | None = None
    until: int | None = None


def note(connection: Connection, asker: Asker, action: str, subject: str = "", **detail: Any) -> None:
    """One entry. `detail` holds no secret."""
    person = asker.person
    row: dict[str, Any] = {"at": now(), "user": person.id if person else None, "name": person.name if person else ""}
    row |= {"address": asker.address[:64], "action": action, "subject": subject[:300], "detail": detail}
    connection.execute(audit.insert().values(**row))


def forget(connection: Connection, days: int) -> None:
    """Remove what is older."""
    connection.execute(delete(audit).where(audit.c.at < now() - days * DAY_MS))


def actions(connection: Connection) -> list[str]:
    """All that are there."""
    return sorted(connection.execute(select(audit.c.action).distinct()).scalars())


def entries(connection: Connection, wanted: Wanted, before: int | None = None, many: int = 100) -> list[Entry]:
    """The newest first, those before one."""
    query = _query(wanted)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [Entry(*row) for row in connection.execute(query.limit(many))]


def every(database: Database, wanted: Wanted) -> Iterator[Entry]:
    """All of them, the newest first, a piece at a time: no transaction stays open while somebody reads."""
    before: int | None = None
    while True:
        with database.read() as connection:
            piece = entries(connection, wanted, before, PIECE)
        yield from piece
        if len(piece) < PIECE:
            return
        before = piece[-1].id


def _query(wanted: Wanted) -> Select[Any]:
    query = select(*(audit.c[name] for name in Entry.__dataclass_fields__)).order_by(audit.c.id.desc())
    if wanted.name:
        query = query.where(audit.c.name == wanted.name)
    if wanted.action:
        query = query.where(audit.c.action == wanted.action)
    if wanted.subject:
        query = query.where(audit.c.subject.contains(wanted.subject, autoescape=True))
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit.c.at < wanted.until)
    return query
