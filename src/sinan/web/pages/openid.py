"""`/openid/start` and `/openid/callback`: signing in by OpenID Connect, where it is configured."""

from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from sinan.web.failures import Denied, Missing
from sinan.web.service import audit, openid, people, rates
from sinan.web.service.people import Asker, Person
from sinan.web.site import By, Here, Site, address, cookie_name, keep_session, own_path

router = APIRouter()

COOKIE = "sinan_openid"
BACK = "/openid/callback"
Text = Annotated[str, Query(max_length=4000)]
ONWARD: dict[int | str, dict[str, Any]] = {303: {"description": "Onward"}}


@lru_cache(maxsize=4)
def _provider(configured: Any, ciphers: Any, back: str) -> openid.Provider:
    return openid.Provider(configured, ciphers, back)


def provider(here: Site) -> openid.Provider:
    """Who signs people in for this site. Raises Missing."""
    if here.config.openid is None:
        raise Missing("this site signs nobody in by OpenID Connect")
    return _provider(here.config.openid, here.ciphers, here.config.here + BACK)


@router.get(
    "/openid/start", tags=["openid"], status_code=303, response_class=RedirectResponse, responses=ONWARD,
    summary="Sign in elsewhere",
)  # fmt: skip
def start(here: Here, by: By, next: Annotated[str, Query(max_length=2000)] = "/") -> RedirectResponse:
    """Go to the provider that signs people in."""
    who = provider(here)
    rates.take(here, by, "signing in", 30)
    left = who.leave(own_path(next))
    answer = RedirectResponse(left.address, 303)
    how: dict[str, Any] = {"path": BACK, "secure": here.config.secure, "httponly": True, "samesite": "lax"}
    answer.set_cookie(COOKIE, left.kept, max_age=openid.STATE_S, **how)
    return answer


@router.get(
    BACK, tags=["openid"], status_code=303, response_class=RedirectResponse, responses=ONWARD,
    summary="Come back from signing in elsewhere",
)  # fmt: skip
def callback(here: Here, request: Request, state: Text = "", code: Text = "", error: Text = "") -> RedirectResponse:
    """Come back from the provider. Only the browser that left can, and only once."""
    who, by = provider(here), Asker(address=address(request))
    rates.take(here, by, "signing in", 30)
    if error or not code:
        raise Denied("the provider signed nobody in. Remedy: begin again at /sign-in")
    claimed, onward = who.returned(request.cookies.get(COOKIE, ""), state, code)
    assert here.config.openid is not None
    with here.database.write() as connection:
        number, made = openid.account(connection, claimed, here.config.openid.role)
        person = Person(number, people.name_of(connection, number), "viewer")
        secret = people.begin_session(connection, number, by.address)
        if before := request.cookies.get(cookie_name(here.config)):
            people.end_session(connection, before)
        signed = Asker(person, "session", address=by.address)
        if made:
            audit.note(connection, signed, "user.add", person.name, by="OpenID Connect")
        audit.note(connection, signed, "session.begin", "OpenID Connect")
    answer = RedirectResponse(own_path(onward), 303)
    answer.delete_cookie(COOKIE, path=BACK, secure=here.config.secure, httponly=True, samesite="lax")
    keep_session(answer, here.config, secret)
    return answer
