"""Keys of models: encrypted, never shown again, and each sent to the one origin that it was given for.

A key that is given for one job only is stored in the same way, under a name that nobody can choose, and is removed when
the job ends.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, func, select

from sinan.web.failures import Clash, Failure, Missing
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.people import Person, checked_name
from sinan.web.service.tables import model_keys, now

OF_JOB = "job:"
"""How the names of keys begin that are for one job; no name that people choose holds a colon."""
MOST = 50
KEPT_MS = 30 * 24 * 3600 * 1000
"""How long a key for one job is kept while the job rests."""
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Key:
    """A key in the clear, on its way to a job. `repr` does not show it."""

    origin: str
    secret: str = field(repr=False)


def origin_of(address: str) -> str:
    """`https://api.example.com:443`: what a key is bound to. Raises Failure."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise Failure("the address is no http address. It looks like https://api.example.com/v1") from None
    if not parts.hostname or parts.username is not None or len(parts.hostname) > 253:
        raise Failure("the address is no http address. It looks like https://api.example.com/v1")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def checked(address: str, secret: str) -> Key:
    """A key for the origin of an address. Raises Failure."""
    secret = secret.strip()
    if not secret or not all("!" <= c <= "~" for c in secret):
        raise Failure("the key holds spaces or characters that no key has, or nothing")
    return Key(origin_of(address), secret)


def add(
    connection: Connection, ciphers: Ciphers, person: Person, name: str | None, provider: str, address: str, secret: str
) -> int:
    """The number of a new key. `name` None: for one job. Raises Failure, Clash."""
    key = checked(address, secret)
    named = OF_JOB + secrets.token_hex(8) if name is None else checked_name(name, "a key's name")
    mine = connection.execute(select(model_keys.c.name).where(model_keys.c.user == person.id)).scalars().all()
    if named in mine:
        raise Clash(f"you have a key named {named} already")
    if name is not None and sum(not one.startswith(OF_JOB) for one in mine) >= MOST:
        raise Clash(f"you have {MOST} keys, which is the most. Remedy: remove one that is not used")
    row: dict[str, Any] = {"user": person.id, "name": named, "provider": provider, "origin": key.origin}
    row |= {"cipher": ciphers.encrypt(key.secret), "created": now()}
    return int(connection.execute(model_keys.insert().values(**row).returning(model_keys.c.id)).scalar_one())


def listed(connection: Connection, person: Person) -> list[Any]:
    """Rows of a person's keys, without the keys."""
    shown = [model_keys.c[name] for name in ("id", "name", "provider", "origin", "created", "used")]
    mine = (model_keys.c.user == person.id) & ~model_keys.c.name.startswith(OF_JOB, autoescape=True)
    return list(connection.execute(select(*shown).where(mine).order_by(model_keys.c.name)))


def remove(connection: Connection, person: Person, number: int) -> str:
    """Its name. Raises Missing."""
    mine = (model_keys.c.id == number) & (model_keys.c.user == person.id)
    name = connection.execute(delete(model_keys).where(mine).returning(model_keys.c.name)).scalar()
    if name is None:
        raise Missing("you have no such key")
    return str(name)


def origins(connection: Connection, user: int, numbers: set[int]) -> dict[int, str]:
    """Where each of a user's keys may be sent. Raises Missing for one that is not theirs."""
    mine = (model_keys.c.user == user) & model_keys.c.id.in_(numbers)
    there: dict[int, str] = {}
    for row in connection.execute(select(model_keys.c.id, model_keys.c.origin).where(mine)):
        there[row.id] = row.origin
    if missing := numbers - set(there):
        raise Missing(f"you have no key number {min(missing)}")
    return there


def opened(connection: Connection, ciphers: Ciphers, user: int, order: Mapping[str, Any]) -> dict[int, Key]:
    """The keys that an order names, in the clear. Raises Missing, and UsageError where the site's secret changed."""
    numbers = of_order(order)
    origins(connection, user, numbers)
    mine = (model_keys.c.user == user) & model_keys.c.id.in_(numbers)
    rows = connection.execute(select(model_keys.c.id, model_keys.c.origin, model_keys.c.cipher).where(mine)).all()
    connection.execute(model_keys.update().where(mine).values(used=now()))
    return {row.id: Key(row.origin, ciphers.decrypt(row.cipher)) for row in rows}


def of_order(order: Mapping[str, Any]) -> set[int]:
    """Numbers of the keys that an order names."""
    asked = [*order.get("models", ()), *order.get("judges", ())]
    return {int(one["key"]) for one in asked if one.get("key") is not None}


def forget_of_job(connection: Connection, user: int, order: Mapping[str, Any]) -> None:
    """Remove those keys of an order that were given for it alone."""
    mine = (model_keys.c.user == user) & model_keys.c.id.in_(of_order(order))
    connection.execute(delete(model_keys).where(mine, model_keys.c.name.startswith(OF_JOB, autoescape=True)))


def forget_left_behind(connection: Connection) -> None:
    """Remove keys for one job that rested so long that nobody will go on with it."""
    old = func.coalesce(model_keys.c.used, model_keys.c.created) < now() - KEPT_MS
    connection.execute(delete(model_keys).where(old, model_keys.c.name.startswith(OF_JOB, autoescape=True)))


def refuse_forgotten(connection: Connection, user: int, order: Mapping[str, Any]) -> None:
    """Raises Clash where a key of an order is no longer there."""
    try:
        origins(connection, user, of_order(order))
    except Missing:
        raise Clash(
            "the key that this job used is no longer here, so it cannot go on. Remedy: submit it again with a key"
        ) from None
