"""`/setup`, `/sign-in`, `/reset`: how somebody comes to have an account here, and a session."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from sinan.web.failures import Clash, Denied, NotSignedIn
from sinan.web.page import Document, page
from sinan.web.service import accounts, audit, people, rates
from sinan.web.service.people import Asker
from sinan.web.site import By, Here, Site, address, cookie_name, drop_session, keep_session, own_path

router = APIRouter()

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Password = Annotated[str, Field(min_length=1, max_length=1000, json_schema_extra={"format": "password"})]
Next = Annotated[str, Query(max_length=2000)]
Link = Annotated[str, Field(min_length=1, max_length=1000)]


class Setup(Document):
    """Whether the first account can be made."""

    possible: bool


class SignIn(Document):
    """How one signs in."""

    next: str
    """Where one goes then."""
    elsewhere: str
    """Who signs people in by OpenID Connect; empty: nobody."""
    signed_in: str | None
    """Who is signed in already."""


class Reset(Document):
    """Whose password a link sets; null where it is over."""

    name: str | None
    link: str


class FirstAccount(BaseModel):
    """The first account, an administrator's."""

    name: Name
    password: Password
    code: Annotated[str, Field(max_length=100)]
    """What `sinan serve` printed when it began."""


class Credentials(BaseModel):
    """Who signs in."""

    name: Name
    password: Password


class NewPassword(BaseModel):
    """A password that is set by a link."""

    link: Link
    password: Password


class SignedIn(BaseModel):
    """Who is signed in now."""

    name: str
    role: str


@page(router, "/setup", "setup.html", summary="Whether the first account can be made")
def setup(here: Here, by: By) -> Setup:
    """Whether the first account can be made."""
    return Setup(possible=not here.has_accounts)


@page(router, "/sign-in", "sign_in.html", summary="How one signs in")
def sign_in(here: Here, by: By, next: Next = "/") -> SignIn:
    """How one signs in."""
    openid = here.config.openid
    return SignIn(
        next=own_path(next),
        elsewhere=openid.issuer if openid else "",
        signed_in=by.person.name if by.person else None,
    )


@page(router, "/reset", "reset.html", summary="Whose password a link sets")
def reset(here: Here, by: By, link: Annotated[str, Query(max_length=1000)] = "") -> Reset:
    """Whose password a link sets."""
    rates.take(here, by, "looking at a link", 30)
    with here.database.read() as connection:
        try:
            account = accounts.of_link(connection, here.ciphers, link)
        except Denied:
            return Reset(name=None, link="")
    return Reset(name=account.name, link=link)


@router.post("/api/setup", tags=["entry"], summary="Make the first account, an administrator's")
def first_account(here: Here, by: By, asked: FirstAccount, response: Response) -> SignedIn:
    """Make the first account, an administrator's, and sign it in."""
    rates.take(here, by, "setting up", 10)
    with here.setting_up:
        if here.has_accounts:
            raise Clash("this site has its accounts. Remedy: sign in, or ask an administrator")
        if not people.secret_hash(asked.code.strip().lower()) == people.secret_hash(here.setup_code):
            raise Denied("that is not the code which sinan serve printed when it began")
        with here.database.write() as connection:
            number = people.create(connection, asked.name, asked.password, "admin")
            secret = people.begin_session(connection, number, by.address)
            audit.note(connection, by, "setup", asked.name.strip())
    keep_session(response, here.config, secret)
    return SignedIn(name=asked.name.strip(), role="admin")


@router.post("/api/session", tags=["entry"], summary="Sign in")
def begin(here: Here, request: Request, asked: Credentials, response: Response) -> SignedIn:
    """Sign in: the answer sets a cookie. The session that the browser had, ends."""
    by = Asker(address=address(request))
    folded = asked.name.strip().casefold()
    with here.database.read() as connection:
        known = people.familiar(connection, asked.name, by.address)
    here.attempts.begin(folded, by.address, known)
    secret = _entered(here, by, asked)
    here.attempts.succeeded(folded, by.address)
    person = people.of_session(here.database, secret)
    assert person is not None
    with here.database.write() as connection:
        before = request.cookies.get(cookie_name(here.config))
        if before:
            people.end_session(connection, before)
        audit.note(connection, Asker(person, "session", address=by.address), "session.begin")
    keep_session(response, here.config, secret)
    return SignedIn(name=person.name, role=person.role)


def _entered(here: Site, by: Asker, asked: Credentials) -> str:
    try:
        return people.signed_in(here.database, asked.name, asked.password, by.address)
    except NotSignedIn:
        # What was typed for a name may be a password: only names that exist are noted.
        with here.database.write() as connection:
            name = people.known_name(connection, asked.name)
            audit.note(connection, by, "session.refused", name)
        raise


@router.delete("/api/session", tags=["entry"], summary="Sign out", status_code=204)
def end(here: Here, by: By, request: Request, response: Response) -> None:
    """Sign out: the session ends, also where its cookie was copied."""
    secret = request.cookies.get(cookie_name(here.config))
    if secret:
        with here.database.write() as connection:
            people.end_session(connection, secret)
            if by.by == "session":
                audit.note(connection, by, "session.end")
    drop_session(response, here.config)


@router.post("/api/reset", tags=["entry"], summary="Set a password by a link", status_code=204)
def set_by_link(here: Here, by: By, asked: NewPassword) -> None:
    """Set a password by a link that an administrator made. All sessions of the account end."""
    rates.take(here, by, "setting a password", 10)
    with here.database.read() as connection:
        accounts.of_link(connection, here.ciphers, asked.link)
    stored = accounts.hashed(asked.password)
    with here.database.write() as connection:
        account = accounts.of_link(connection, here.ciphers, asked.link)
        accounts.put_password(connection, account.id, stored)
        audit.note(connection, by, "password.reset", account.name)
