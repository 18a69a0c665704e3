"""Who asks, and what they may: people, their sessions and tokens.

A password is asked for once; the cookie's and the token's random 256 bits are stored as their SHA-256 alone, so that
who reads the database can sign in as nobody.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from sinan.web.failures import Clash, Denied, Failure, NotSignedIn
from sinan.web.service import passwords
from sinan.web.service.database import Database
from sinan.web.service.tables import members, now, sessions, tokens, users

Role = Literal["admin", "evaluator", "viewer"]
ROLES: tuple[Role, ...] = ("admin", "evaluator", "viewer")
"""What they may: an administrator everything; an evaluator submit, push, publish, add benchmarks; a viewer read and
vote."""

SCOPES = ("read", "submit", "push", "publish", "vote", "admin")
"""What a token may be allowed. Reading what is private takes `read`."""

SESSION_MS = 14 * 24 * 3600 * 1000
IDLE_MS = 3 * 24 * 3600 * 1000
SEEN_EVERY_MS = 60_000
TOKEN_PREFIX = "sinan_"


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    id: int
    name: str
    role: Role
    organisations: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Asker:
    """Who sent a request, and with what."""

    person: Person | None = None
    by: Literal["nobody", "session", "token"] = "nobody"
    scopes: frozenset[str] = field(default=frozenset())
    """Of a token; of a session all."""
    address: str = ""
    credential: str = ""
    """Hash of the cookie or token."""
    alone: bool = False
    """No account exists: whoever reaches the site reads everything on this machine, and changes nothing."""

    @property
    def sees_all(self) -> bool:
        """Whether nothing is private to them."""
        return self.alone or (self.admin and self.may("read"))

    @property
    def admin(self) -> bool:
        """Whether it is an administrator, by a session or a token that allows it."""
        return self.person is not None and self.person.role == "admin" and self.may("admin")

    def may(self, scope: str) -> bool:
        """Whether the credential allows it; what the role allows is another question."""
        return self.by == "session" or scope in self.scopes

    @property
    def reader(self) -> Person | None:
        """Whose private things may be read; None where nobody's."""
        return self.person if self.may("read") else None

    def known(self, scope: str, *roles: Role) -> Person:
        """The person, where they may do this. Raises NotSignedIn, Denied."""
        if self.person is None:
            raise NotSignedIn()
        if not self.may(scope):
            raise Denied(f"this token does not allow `{scope}`. Remedy: a token with that scope")
        if roles and self.person.role not in (*roles, "admin"):
            raise Denied(f"this takes the role {' or '.join(roles)}; {self.person.name} is {self.person.role}")
        if roles == ("admin",) and not self.may("admin"):
            raise Denied("this token does not allow `admin`")
        return self.person

    def in_person(self) -> Person:
        """The person, where they are signed in: a token cannot change what it hangs on. Raises NotSignedIn, Denied."""
        if self.person is None:
            raise NotSignedIn("sign in first")
        if self.by != "session":
            raise Denied("this is done in person, not by a token. Remedy: sign in at /sign-in")
        return self.person


def secret_hash(secret: str) -> str:
    """How a cookie or token is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def any_account(connection: Connection) -> bool:
    """Whether somebody can sign in."""
    return connection.execute(select(users.c.id).limit(1)).first() is not None


def create(
    connection: Connection,
    name: str,
    password: str | None,
    role: str,
    email: str | None = None,
    subject: str | None = None,
) -> int:
    """A new account; its number. Raises Failure for a name, role or password that cannot be, Clash where taken."""
    name = checked_name(name)
    if role not in ROLES:
        raise Failure(f"{role!r} is no role. There are: {', '.join(ROLES)}")
    stored = passwords.hashed(password) if password is not None else None
    folded = name.casefold()
    if connection.execute(select(users.c.id).where(users.c.folded == folded)).first():
        raise Clash(f"the name {name} is taken")
    row = {"name": name, "folded": folded, "password": stored, "role": role, "email": email, "subject": subject}
    found = connection.execute(users.insert().values(**row, created=now()).returning(users.c.id)).scalar_one()
    return int(found)


def checked_name(name: str, what: str = "a name") -> str:
    """Letters, digits and -_. of any script, 2 to 40 of them. Raises Failure."""
    name = name.strip()
    if not 2 <= len(name) <= 40 or not all(c.isalnum() or c in "-_." for c in name):
        raise Failure(f"{what} has 2 to 40 letters, digits, dots, - or _")
    return name


def signed_in(database: Database, name: str, password: str, address: str) -> str:
    """The secret of a new session. Raises NotSignedIn: it never says whether there is such a name."""
    folded = name.strip().casefold()
    with database.read() as connection:
        row = connection.execute(
            select(users.c.id, users.c.password, users.c.disabled).where(users.c.folded == folded)
        ).first()
    right = passwords.matches(password, row.password if row else None)
    if not row or not right or row.disabled:
        raise NotSignedIn("no account has this name and password")
    with database.write() as connection:
        # Looking at a password takes its time: who was disabled, or chose another one meanwhile, is not signed in.
        same = (users.c.id == row.id) & (users.c.password == row.password) & users.c.disabled.is_(False)
        if connection.execute(select(users.c.id).where(same).with_for_update()).first() is None:
            raise NotSignedIn("no account has this name and password")
        return begin_session(connection, row.id, address)


def familiar(connection: Connection, name: str, address: str) -> bool:
    """Whether this person is signed in from this address already, or was lately."""
    query = select(sessions.c.hash).join_from(sessions, users).where(users.c.folded == name.strip().casefold())
    return connection.execute(query.where(sessions.c.address == address[:64]).limit(1)).first() is not None


def begin_session(connection: Connection, user: int, address: str) -> str:
    """The secret of a new session."""
    secret, at = secrets.token_urlsafe(32), now()
    row = {"hash": secret_hash(secret), "user": user, "created": at, "seen": at, "address": address[:64]}
    connection.execute(sessions.insert().values(**row, expires=at + SESSION_MS))
    connection.execute(sessions.delete().where(sessions.c.expires < at))
    return secret


def end_session(connection: Connection, secret: str) -> None:
    """Sign out the one who holds this cookie."""
    connection.execute(sessions.delete().where(sessions.c.hash == secret_hash(secret)))


def known_name(connection: Connection, name: str) -> str:
    """As it is written, where there is an account of this name; else nothing."""
    found = connection.execute(select(users.c.name).where(users.c.folded == name.strip().casefold())).scalar()
    return str(found or "")


def name_of(connection: Connection, user: int) -> str:
    """As it is written."""
    return str(connection.execute(select(users.c.name).where(users.c.id == user)).scalar_one())


def end_sessions(connection: Connection, user: int, but: str = "") -> None:
    """Sign them out everywhere, but for one session's hash."""
    connection.execute(sessions.delete().where(sessions.c.user == user, sessions.c.hash != but))


def of_session(database: Database, secret: str) -> Person | None:
    """Who signed in with it; None where it is over."""
    hashed, at = secret_hash(secret), now()
    with database.read() as connection:
        query = select(users.c.id, users.c.name, users.c.role, sessions.c.seen).join_from(sessions, users)
        row = connection.execute(
            query.where(
                sessions.c.hash == hashed,
                sessions.c.expires > at,
                sessions.c.seen > at - IDLE_MS,
                users.c.disabled.is_(False),
            )
        ).first()
        person = _person(connection, row) if row else None
    if row and row.seen < at - SEEN_EVERY_MS:
        with database.write() as connection:
            connection.execute(sessions.update().where(sessions.c.hash == hashed).values(seen=at))
    return person


def of_token(database: Database, secret: str) -> tuple[Person, frozenset[str]] | None:
    """Whose token it is and what it allows; None where it is unknown, revoked or over."""
    hashed, at = secret_hash(secret), now()
    with database.read() as connection:
        query = select(users.c.id, users.c.name, users.c.role, tokens.c.scopes, tokens.c.used).join_from(tokens, users)
        row = connection.execute(
            query.where(
                tokens.c.hash == hashed,
                tokens.c.revoked.is_(None),
                func.coalesce(tokens.c.expires, at + 1) > at,
                users.c.disabled.is_(False),
            )
        ).first()
        person = _person(connection, row) if row else None
    if row is None or person is None:
        return None
    if (row.used or 0) < at - SEEN_EVERY_MS:
        with database.write() as connection:
            connection.execute(tokens.update().where(tokens.c.hash == hashed).values(used=at))
    return person, frozenset(row.scopes)


def new_token(connection: Connection, user: int, name: str, scopes: list[str], expires: int | None) -> tuple[int, str]:
    """Number and secret of a new token; the secret is never shown again. `expires`: milliseconds since 1970.

    Raises Failure for a scope that is not known."""
    unknown = [one for one in scopes if one not in SCOPES]
    if unknown or not scopes:
        raise Failure(f"a token has scopes among {', '.join(SCOPES)}; found: {', '.join(unknown) or 'none'}")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row: dict[str, Any] = {"user": user, "name": name.strip()[:64] or "token", "hash": secret_hash(secret)}
    row |= {"scopes": sorted(set(scopes)), "created": now(), "expires": expires}
    return int(connection.execute(tokens.insert().values(**row).returning(tokens.c.id)).scalar_one()), secret


def _person(connection: Connection, row: Any) -> Person:
    mine = select(members.c.organisation).where(members.c.user == row.id, members.c.role != "invited")
    found = connection.execute(mine).scalars()
    return Person(row.id, row.name, row.role, frozenset(found))
