"""The audit log: who did what, from where. Added to in the transaction of what it tells; never changed."""

from typing import Any

from sqlalchemy import Connection, delete

from sinan.web.service.people import Asker
from sinan.web.service.tables import audit, now

DAY_MS = 24 * 3600 * 1000


def note(connection: Connection, asker: Asker, action: str, subject: str = "", **detail: Any) -> None:
    """One entry. `detail` holds no secret."""
    person = asker.person
    row: dict[str, Any] = {"at": now(), "user": person.id if person else None, "name": person.name if person else ""}
    row |= {"address": asker.address[:64], "action": action, "subject": subject[:300], "detail": detail}
    connection.execute(audit.insert().values(**row))


def forget(connection: Connection, days: int) -> None:
    """Remove what is older."""
    connection.execute(delete(audit).where(audit.c.at < now() - days * DAY_MS))
