"""Webhooks: what became of a job, told to an address of its owner's. Each is stored with the end that it tells of,
tried until it is taken or hours have passed, and signed, so that who is told knows from whom.

    POST ADDRESS
    Sinan-Event: job.complete
    Sinan-Delivery: 17
    Sinan-Signature: t=1764252000,v1=HMAC-SHA256 in hex, by the job's secret, of `1764252000.` and the body
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import yarl
from sqlalchemy import Connection, or_, select

from sinan.models import reach
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.database import Database, clock
from sinan.web.service.tables import deliveries, jobs, now

WAITS_S = (10, 60, 300, 1800, 2 * 3600, 6 * 3600)
"""Before each further try; after the last it is given up."""
LEASE_MS = 60_000
WITHIN_S = 15.0
READ = 4096
"""Bytes of an answer that are read."""


@dataclass(frozen=True)
class Due:
    """One that is to be delivered now."""

    id: int
    event: str
    body: str
    tries: int
    address: str
    secret: bytes | None = field(repr=False)


def add(connection: Connection, row: Any, state: str, error: str | None, progress: Mapping[str, Any]) -> None:
    """Tell of a job's end, in the transaction that ends it."""
    told: dict[str, Any] = {"event": f"job.{state}", "job": row.id, "title": row.title, "state": state, "run": row.run}
    told |= {"error": error, "at": now(), "cells": list(progress.get("cells") or ())[:200]}
    body = orjson.dumps(told).decode()
    values = {"job": row.id, "event": told["event"], "body": body, "next_try": clock(connection), "status": ""}
    connection.execute(deliveries.insert().values(**values))


def signature(secret: str, at: int, body: bytes) -> str:
    """The value of `Sinan-Signature`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def next_due(database: Database) -> Due | None:
    """One that nobody else is delivering, in our hands for a minute."""
    with database.read() as connection:
        if connection.execute(_due(clock(connection)).limit(1)).first() is None:
            return None
    with database.write() as connection:
        at = clock(connection)
        row = connection.execute(_due(at).limit(1).with_for_update(of=deliveries, skip_locked=True)).first()
        if row is None:
            return None
        leased = deliveries.update().where(deliveries.c.id == row.id)
        connection.execute(leased.values(lease_until=at + LEASE_MS))
    return Due(row.id, row.event, row.body, row.tries, row.webhook, row.webhook_secret)


def _due(at: int) -> Any:
    free = or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until < at)
    columns = [deliveries.c[name] for name in ("id", "event", "body", "tries")]
    query = select(*columns, jobs.c.webhook, jobs.c.webhook_secret).join(jobs, jobs.c.id == deliveries.c.job)
    return query.where(deliveries.c.next_try <= at, free).order_by(deliveries.c.next_try, deliveries.c.id)


def settle(database: Database, due: Due, status: str) -> None:
    """How it went; `status` '' where it was taken."""
    tries = due.tries + 1
    again = bool(status) and tries <= len(WAITS_S)
    told = "delivered" if not status else status if again else f"given up: {status}"
    changed: dict[str, Any] = {"tries": tries, "status": told[:200], "lease_until": None}
    with database.write() as connection:
        changed["next_try"] = clock(connection) + 1000 * WAITS_S[tries - 1] if again else None
        connection.execute(deliveries.update().where(deliveries.c.id == due.id).values(**changed))


def deliver(due: Due, ciphers: Ciphers) -> str:
    """Why it was not taken, in a few words; '' where it was."""
    try:
        return asyncio.run(asyncio.wait_for(_post(due, ciphers), WITHIN_S))
    except TimeoutError:
        return f"no answer within {WITHIN_S:g} s"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        refused = reach.forbidden(error)
        return f"must not be connected to: {refused}" if refused else f"cannot be reached ({type(error).__name__})"


async def _post(due: Due, ciphers: Ciphers) -> str:
    body, at = due.body.encode(), int(time.time())
    headers = {"Content-Type": "application/json", "User-Agent": "sinan", "Sinan-Event": due.event}
    headers["Sinan-Delivery"] = str(due.id)
    if due.secret:
        headers["Sinan-Signature"] = signature(ciphers.decrypt(due.secret), at, body)
    connector = aiohttp.TCPConnector(socket_factory=reach.here().socket, limit=1)
    timeout = aiohttp.ClientTimeout(total=WITHIN_S, sock_connect=5)
    async with (
        aiohttp.ClientSession(
            connector=connector, timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as session,
        session.post(yarl.URL(due.address), data=body, headers=headers, allow_redirects=False) as answer,
    ):
        await answer.content.read(READ)
        return "" if answer.status // 100 == 2 else f"answered {answer.status}"
