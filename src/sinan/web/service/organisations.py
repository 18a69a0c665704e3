"""Organisations: who belongs to one, who may invite and remove. What is shared with one is seen by its members.

An invitation is a membership that is not yet one: it lets nobody see anything until it is accepted. Membership is read
anew with each request, so that who is removed has no access from that moment.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sinan.web.failures import Clash, Denied, Failure, Missing
from sinan.web.service import people
from sinan.web.service.people import Asker, Person
from sinan.web.service.tables import benchmarks, jobs, members, now, organisations, runs, users

OWNER, MEMBER, INVITED = "owner", "member", "invited"


@dataclass(frozen=True)
class Organisation:
    """One, as one person sees it."""

    id: int
    name: str
    created: int
    mine: str | None
    """owner, member, invited; None: an administrator who is none of these."""


@dataclass(frozen=True)
class Member:
    """Somebody in it."""

    name: str
    role: str


def of(connection: Connection, user: int) -> list[Organisation]:
    """Those that somebody belongs to, or is invited to."""
    query = select(organisations, members.c.role).join_from(organisations, members).where(members.c.user == user)
    rows = connection.execute(query.order_by(organisations.c.folded))
    return [Organisation(row.id, row.name, row.created, row.role) for row in rows]


def every(connection: Connection, many: int = 1000) -> list[tuple[Organisation, int]]:
    """All of them, and how many belong to each."""
    belongs = (members.c.organisation == organisations.c.id) & (members.c.role != INVITED)
    query = select(organisations, func.count(members.c.user).label("many")).outerjoin(members, belongs)
    rows = connection.execute(query.group_by(organisations.c.id).order_by(organisations.c.folded).limit(many))
    return [(Organisation(row.id, row.name, row.created, None), row.many) for row in rows]


def seen(connection: Connection, asker: Asker, name: str) -> Organisation:
    """One that the asker belongs to, is invited to or administers. Raises Missing."""
    row = connection.execute(select(organisations).where(organisations.c.folded == name.strip().casefold())).first()
    mine = _role(connection, row.id, asker.reader.id) if row and asker.reader else None
    if row is None or (mine is None and not asker.admin):
        raise Missing(f"{name} is no organisation that you belong to")
    return Organisation(row.id, row.name, row.created, mine)


def _role(connection: Connection, organisation: int, user: int) -> str | None:
    query = select(members.c.role).where(members.c.organisation == organisation, members.c.user == user)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def members_of(connection: Connection, organisation: int) -> list[Member]:
    """By name."""
    query = select(users.c.name, members.c.role).join_from(members, users)
    rows = connection.execute(query.where(members.c.organisation == organisation).order_by(users.c.folded))
    return [Member(row.name, row.role) for row in rows]


def create(connection: Connection, name: str, owner: int) -> int:
    """A new one; its number. Raises Failure, Clash."""
    name = people.checked_name(name, "the name of an organisation")
    folded = name.casefold()
    if connection.execute(select(organisations.c.id).where(organisations.c.folded == folded)).first():
        raise Clash(f"the name {name} is taken")
    row = {"name": name, "folded": folded, "created": now()}
    number = connection.execute(organisations.insert().values(**row).returning(organisations.c.id)).scalar_one()
    connection.execute(members.insert().values(organisation=number, user=owner, role=OWNER))
    return int(number)


def owned(connection: Connection, asker: Asker, name: str) -> Organisation:
    """One that the asker may change. Raises Missing, Denied."""
    found = seen(connection, asker, name)
    if found.mine != OWNER and not asker.admin:
        raise Denied(f"only an owner of {found.name} may do this")
    connection.execute(select(members.c.user).where(members.c.organisation == found.id).with_for_update()).all()
    return found


def invite(connection: Connection, organisation: Organisation, name: str) -> None:
    """Somebody, by name. Raises Missing, Clash."""
    query = select(users.c.id).where(users.c.folded == name.strip().casefold(), users.c.disabled.is_(False))
    user = connection.execute(query).scalar()
    if user is None:
        raise Missing(f"no account is called {name}")
    if _role(connection, organisation.id, user) is not None:
        raise Clash(f"{name} belongs to {organisation.name} already, or is invited")
    connection.execute(members.insert().values(organisation=organisation.id, user=user, role=INVITED))


def accept(connection: Connection, organisation: Organisation, person: Person) -> None:
    """An invitation. Raises Clash."""
    if organisation.mine != INVITED:
        raise Clash(f"you are not invited to {organisation.name}")
    _set(connection, organisation.id, person.id, MEMBER)


def set_role(connection: Connection, organisation: Organisation, name: str, role: str) -> None:
    """owner or member. Raises Missing, Clash where no owner would be left."""
    if role not in (OWNER, MEMBER):
        raise Failure(f"{role!r}: who belongs to an organisation is its owner or a member")
    user, before = _member(connection, organisation, name)
    if before == INVITED:
        raise Clash(f"{name} did not accept the invitation yet")
    _keep_an_owner(connection, organisation, user, role)
    _set(connection, organisation.id, user, role)


def remove(connection: Connection, organisation: Organisation, name: str) -> None:
    """A member, or an invitation. Raises Missing, Clash where no owner would be left."""
    user, _ = _member(connection, organisation, name)
    _keep_an_owner(connection, organisation, user, "")
    mine = members.delete().where(members.c.organisation == organisation.id, members.c.user == user)
    connection.execute(mine)


def delete(connection: Connection, organisation: Organisation) -> None:
    """An organisation that nothing belongs to any more. Raises Clash."""
    for table, what in ((runs, "run"), (jobs, "job"), (benchmarks, "benchmark")):
        query = select(func.count()).select_from(table).where(table.c.organisation == organisation.id)
        if many := connection.execute(query).scalar_one():
            some = f"{many} {what}{'s' if many > 1 else ''}"
            raise Clash(f"{organisation.name} has {some}. Remedy: move what belongs to it first")
    connection.execute(members.delete().where(members.c.organisation == organisation.id))
    connection.execute(organisations.delete().where(organisations.c.id == organisation.id))


def _member(connection: Connection, organisation: Organisation, name: str) -> tuple[int, str]:
    query = select(members.c.user, members.c.role).join_from(members, users)
    mine = (members.c.organisation == organisation.id) & (users.c.folded == name.strip().casefold())
    row = connection.execute(query.where(mine)).first()
    if row is None:
        raise Missing(f"{name} does not belong to {organisation.name}")
    return row.user, row.role


def _keep_an_owner(connection: Connection, organisation: Organisation, user: int, role: str) -> None:
    query = select(members.c.user).where(members.c.organisation == organisation.id, members.c.role == OWNER)
    owners = set(connection.execute(query).scalars())
    if role != OWNER and owners == {user}:
        raise Clash(f"{organisation.name} would have no owner. Remedy: make another one first")


def _set(connection: Connection, organisation: int, user: int, role: str) -> None:
    mine = (members.c.organisation == organisation) & (members.c.user == user)
    connection.execute(members.update().where(mine).values(role=role))
