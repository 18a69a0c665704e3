"""`/organisations/NAME`: who belongs to it, who is invited; and all changes of that."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from sinan.web.page import Document, page
from sinan.web.service import audit, organisations, rates
from sinan.web.service.organisations import Member
from sinan.web.site import By, Here

router = APIRouter()

Named = Annotated[str, Path(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


class OrganisationPage(Document):
    """An organisation, as one of its members sees it."""

    name: str
    created: int
    mine: str | None
    members: list[Member]
    """Also who is invited."""


class OrganisationWanted(BaseModel):
    """An organisation that is wanted."""

    name: Name


class Invited(BaseModel):
    """Who is invited."""

    user: Name


class MemberRole(BaseModel):
    """What somebody is in it."""

    role: Literal["owner", "member"]


@page(router, "/organisations/{name}", "organisation.html", summary="Who belongs to an organisation")
def organisation(here: Here, by: By, name: Named) -> OrganisationPage:
    """Who belongs to an organisation, for those who do."""
    by.known("read")
    with here.database.read() as connection:
        found = organisations.seen(connection, by, name)
        invited = found.mine == organisations.INVITED
        belong = [] if invited else organisations.members_of(connection, found.id)
    return OrganisationPage(name=found.name, created=found.created, mine=found.mine, members=belong)


@router.post("/api/organisations", tags=["organisations"], summary="Make an organisation")
def create(here: Here, by: By, asked: OrganisationWanted) -> OrganisationPage:
    """Make an organisation; who makes it is its owner."""
    by.known("admin", "evaluator")
    person = by.in_person()
    rates.take(here, by, "making organisations", 10)
    with here.database.write() as connection:
        organisations.create(connection, asked.name, person.id)
        audit.note(connection, by, "organisation.new", asked.name)
        found = organisations.seen(connection, by, asked.name)
        belong = organisations.members_of(connection, found.id)
    return OrganisationPage(name=found.name, created=found.created, mine=found.mine, members=belong)


@router.delete("/api/organisations/{name}", tags=["organisations"], summary="Delete an organisation", status_code=204)
def delete(here: Here, by: By, name: Named) -> None:
    """Delete an organisation that nothing belongs to."""
    by.in_person()
    with here.database.write() as connection:
        organisations.delete(connection, organisations.owned(connection, by, name))
        audit.note(connection, by, "organisation.delete", name)


@router.post("/api/organisations/{name}/invitations", tags=["organisations"], summary="Invite", status_code=204)
def invite(here: Here, by: By, name: Named, asked: Invited) -> None:
    """Invite somebody by name. They see nothing of it until they accept."""
    by.in_person()
    rates.take(here, by, "inviting", 30)
    with here.database.write() as connection:
        organisations.invite(connection, organisations.owned(connection, by, name), asked.user)
        audit.note(connection, by, "organisation.invite", name, user=asked.user)


@router.post(
    "/api/organisations/{name}/accept", tags=["organisations"], summary="Accept an invitation", status_code=204
)
def accept(here: Here, by: By, name: Named) -> None:
    """Accept an invitation."""
    person = by.in_person()
    with here.database.write() as connection:
        organisations.accept(connection, organisations.seen(connection, by, name), person)
        audit.note(connection, by, "organisation.accept", name)


@router.put(
    "/api/organisations/{name}/members/{user}", tags=["organisations"], summary="Owner or member", status_code=204
)
def set_role(here: Here, by: By, name: Named, user: Named, asked: MemberRole) -> None:
    """Make a member an owner, or an owner a member."""
    by.in_person()
    with here.database.write() as connection:
        organisations.set_role(connection, organisations.owned(connection, by, name), user, asked.role)
        audit.note(connection, by, "organisation.role", name, user=user, role=asked.role)


@router.delete(
    "/api/organisations/{name}/members/{user}", tags=["organisations"], summary="Remove or leave", status_code=204
)
def remove(here: Here, by: By, name: Named, user: Named) -> None:
    """Remove somebody, who from this moment sees nothing that is shared with it; or leave it, or decline."""
    person = by.in_person()
    with here.database.write() as connection:
        oneself = user.strip().casefold() == person.name.casefold()
        chosen = organisations.seen if oneself else organisations.owned
        organisations.remove(connection, chosen(connection, by, name), user)
        audit.note(connection, by, "organisation.remove", name, user=user)
