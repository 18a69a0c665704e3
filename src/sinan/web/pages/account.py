"""`/account`: one's own password, sessions, tokens and organisations."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from sinan.web.failures import Denied, NotSignedIn
from sinan.web.page import Document, page
from sinan.web.service import accounts, audit, organisations, passwords, people, rates
from sinan.web.service.accounts import Session, Token
from sinan.web.service.organisations import Organisation
from sinan.web.service.people import SCOPES
from sinan.web.site import By, Here

router = APIRouter()

Password = Annotated[str, Field(min_length=1, max_length=1000, json_schema_extra={"format": "password"})]
Number = Annotated[int, Path(ge=1, le=2**53)]


class AccountPage(Document):
    """Somebody's own account."""

    name: str
    role: str
    email: str | None
    has_password: bool
    sessions: list[Session]
    tokens: list[Token]
    organisations: list[Organisation]
    scopes: list[str]
    """What a token may be allowed."""


class PasswordChange(BaseModel):
    """Another password."""

    password: Password
    """The one that stands."""
    new: Password


class TokenWanted(BaseModel):
    """A token that is wanted."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
    scopes: Annotated[list[Annotated[str, Field(max_length=16)]], Field(min_length=1, max_length=len(SCOPES))]
    days: Annotated[int, Field(ge=1, le=3650)] | None = 90
    """After which it is over; null: never."""


class NewToken(BaseModel):
    """A token, this one time with its secret."""

    id: int
    token: str


@page(router, "/account", "account.html", summary="One's own account")
def account(here: Here, by: By) -> AccountPage:
    """One's own account: sessions, tokens, organisations."""
    person = by.known("read")
    with here.database.read() as connection:
        found = accounts.named(connection, person.name)
        return AccountPage(
            name=found.name,
            role=found.role,
            email=found.email,
            has_password=found.has_password,
            sessions=accounts.sessions_of(connection, person.id, by.credential),
            tokens=accounts.tokens_of(connection, person.id),
            organisations=organisations.of(connection, person.id),
            scopes=list(SCOPES),
        )


@router.put("/api/account/password", tags=["account"], summary="Change the password", status_code=204)
def change_password(here: Here, by: By, asked: PasswordChange) -> None:
    """Change the password. Every other session ends; tokens stay."""
    person = by.in_person()
    here.attempts.begin(person.name.casefold(), by.address, True)
    with here.database.read() as connection:
        before = accounts.password_of(connection, person.id)
    if not passwords.matches(asked.password, before):
        raise Denied("that is not the password of this account")
    here.attempts.succeeded(person.name.casefold(), by.address)
    stored = accounts.hashed(asked.new)
    with here.database.write() as connection:
        if accounts.password_of(connection, person.id) != before:
            raise NotSignedIn("the password was changed at this moment")
        accounts.put_password(connection, person.id, stored, but=by.credential)
        audit.note(connection, by, "password.change")


@router.delete("/api/account/sessions/{session}", tags=["account"], summary="End a session", status_code=204)
def end_session(here: Here, by: By, session: Annotated[str, Path(max_length=64)]) -> None:
    """End one of one's own sessions."""
    person = by.in_person()
    with here.database.write() as connection:
        accounts.end_session(connection, person.id, session)
        audit.note(connection, by, "session.end", session)


@router.delete("/api/account/sessions", tags=["account"], summary="End all other sessions", status_code=204)
def end_sessions(here: Here, by: By) -> None:
    """End all of one's own sessions but this one."""
    person = by.in_person()
    with here.database.write() as connection:
        people.end_sessions(connection, person.id, but=by.credential)
        audit.note(connection, by, "session.end", "all others")


@router.post("/api/tokens", tags=["account"], summary="Make a token")
def new_token(here: Here, by: By, asked: TokenWanted) -> NewToken:
    """Make a token. Its secret is in this answer and nowhere else."""
    person = by.in_person()
    rates.take(here, by, "making tokens", 20)
    with here.database.write() as connection:
        number, secret = accounts.new_token(connection, person.id, asked.name, asked.scopes, asked.days)
        audit.note(connection, by, "token.new", asked.name, token=number, scopes=sorted(set(asked.scopes)))
    return NewToken(id=number, token=secret)


@router.delete("/api/tokens/{token}", tags=["account"], summary="Revoke a token", status_code=204)
def revoke(here: Here, by: By, token: Number) -> None:
    """Revoke one of one's own tokens: from this moment it allows nothing."""
    person = by.in_person()
    with here.database.write() as connection:
        name = accounts.revoke(connection, person.id, token)
        audit.note(connection, by, "token.revoke", name, token=token)
