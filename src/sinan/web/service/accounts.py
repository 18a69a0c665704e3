"""What is done with accounts: passwords changed and set anew, sessions and tokens listed and ended, roles, disabling.

Nobody is deleted: runs, jobs and the audit log say whose they are. Who is disabled signs in nowhere, and what they
hold open ends at once.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sinan.web.failures import Clash, Denied, Failure, Missing
from sinan.web.service import passwords, people
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.tables import now, sessions, tokens, users

RESET_S = 24 * 3600
"""How long a link to set a password anew can be used."""
TOKENS_MOST = 100
"""That one person may have at once."""


@dataclass(frozen=True)
class Account:
    """A row of `users`, without its password."""

    id: int
    name: str
    email: str | None
    role: str
    disabled: bool
    created: int
    elsewhere: bool
    """Signs in by OpenID Connect."""
    has_password: bool


def named(connection: Connection, name: str) -> Account:
    """The account of this name. Raises Missing."""
    row = connection.execute(select(users).where(users.c.folded == name.strip().casefold())).first()
    if row is None:
        raise Missing(f"no account is called {name}")
    return _account(row)


def listed(connection: Connection, after: str = "", many: int = 200, text: str = "") -> list[Account]:
    """Accounts by name, after one."""
    query = select(users).where(users.c.folded > after.casefold()).order_by(users.c.folded).limit(many)
    if text:
        query = query.where(users.c.folded.contains(text.casefold(), autoescape=True))
    return [_account(row) for row in connection.execute(query)]


def _account(row: Any) -> Account:
    shown = {name: getattr(row, name) for name in ("id", "name", "email", "role", "disabled", "created")}
    return Account(**shown, elsewhere=row.subject is not None, has_password=row.password is not None)


def change(connection: Connection, name: str, role: str | None = None, disabled: bool | None = None) -> Account:
    """Another role, or disabled or not. Raises Missing, Clash where no administrator would be left."""
    # The rows of all administrators are locked: two of them cannot take the role from each other at once.
    connection.execute(select(users.c.id).where(users.c.role == "admin").order_by(users.c.id).with_for_update()).all()
    account = named(connection, name)
    if role is not None and role not in people.ROLES:
        raise Failure(f"{role!r} is no role. There are: {', '.join(people.ROLES)}")
    kept = (role or account.role) == "admin" and not (account.disabled if disabled is None else disabled)
    if not kept and _admins(connection) <= {account.id}:
        raise Clash(f"{account.name} is the last administrator. Remedy: make another one first")
    values: dict[str, Any] = {} if role is None else {"role": role}
    values |= {} if disabled is None else {"disabled": disabled}
    if values:
        connection.execute(users.update().where(users.c.id == account.id).values(**values))
    if disabled:
        people.end_sessions(connection, account.id)
    return named(connection, name)


def _admins(connection: Connection) -> set[int]:
    query = select(users.c.id).where(users.c.role == "admin", users.c.disabled.is_(False))
    return set(connection.execute(query).scalars())


hashed = passwords.hashed
"""What is stored of a password. Takes its time: before a transaction, never in one."""


def put_password(connection: Connection, user: int, stored: str, but: str = "") -> None:
    """Another password, as `hashed` gives it; every session ends but that of the hash `but`."""
    connection.execute(users.update().where(users.c.id == user).values(password=stored))
    people.end_sessions(connection, user, but)


def password_of(connection: Connection, user: int) -> str | None:
    """As it is stored."""
    found = connection.execute(select(users.c.password).where(users.c.id == user)).scalar()
    return None if found is None else str(found)


def reset_link(connection: Connection, ciphers: Ciphers, account: Account) -> str:
    """What allows to set this account's password once, for a day. It names the password that it replaces: where that
    has changed, by this link or otherwise, it is worth nothing."""
    told = {"user": account.id, "now": _mark(password_of(connection, account.id))}
    return ciphers.sealed("reset", orjson.dumps(told))


def of_link(connection: Connection, ciphers: Ciphers, link: str) -> Account:
    """Whose password the link may set. Raises Denied."""
    raw = ciphers.unsealed("reset", link, RESET_S)
    told = orjson.loads(raw) if raw else {"user": -1, "now": ""}
    row = connection.execute(select(users).where(users.c.id == told["user"])).first()
    if row is None or row.disabled or _mark(row.password) != told["now"]:
        raise Denied("this link was used, or is over. Remedy: ask an administrator for another one")
    return _account(row)


def _mark(stored: str | None) -> str:
    return hashlib.sha256((stored or "").encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Session:
    """Where somebody is signed in."""

    id: str
    created: int
    seen: int
    expires: int
    address: str
    here: bool
    """It is the one that asks."""


def sessions_of(connection: Connection, user: int, credential: str) -> list[Session]:
    """Those that stand, the last one used first."""
    at = now()
    query = select(sessions).where(
        sessions.c.user == user, sessions.c.expires > at, sessions.c.seen > at - people.IDLE_MS
    )
    return [
        Session(row.hash[:16], row.created, row.seen, row.expires, row.address, row.hash == credential)
        for row in connection.execute(query.order_by(sessions.c.seen.desc()).limit(100))
    ]


def end_session(connection: Connection, user: int, id_: str) -> None:
    """One of this person's. Raises Missing."""
    mine = sessions.delete().where(sessions.c.user == user, sessions.c.hash.startswith(id_, autoescape=True))
    if len(id_) != 16 or not connection.execute(mine).rowcount:
        raise Missing("you have no such session")


@dataclass(frozen=True)
class Token:
    """A token, but for its secret."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created: int
    expires: int | None
    used: int | None
    over: bool


def tokens_of(connection: Connection, user: int) -> list[Token]:
    """Those that are not revoked, the newest first."""
    query = select(tokens).where(tokens.c.user == user, tokens.c.revoked.is_(None)).order_by(tokens.c.id.desc())
    at = now()
    return [
        Token(row.id, row.name, tuple(row.scopes), row.created, row.expires, row.used, (row.expires or at + 1) <= at)
        for row in connection.execute(query.limit(2 * TOKENS_MOST))
    ]


def new_token(connection: Connection, user: int, name: str, scopes: list[str], days: int | None) -> tuple[int, str]:
    """Number and secret. Raises Failure, Clash where there are too many."""
    if len(tokens_of(connection, user)) >= TOKENS_MOST:
        raise Clash(f"you have {TOKENS_MOST} tokens. Remedy: revoke one that is not used")
    expires = None if days is None else now() + days * 24 * 3600 * 1000
    return people.new_token(connection, user, name, scopes, expires)


def revoke(connection: Connection, user: int, number: int) -> str:
    """One of this person's tokens; its name. Raises Missing."""
    mine = tokens.update().where(tokens.c.id == number, tokens.c.user == user, tokens.c.revoked.is_(None))
    found = connection.execute(mine.values(revoked=now()).returning(tokens.c.name)).scalar()
    if found is None:
        raise Missing("you have no such token")
    return str(found)
