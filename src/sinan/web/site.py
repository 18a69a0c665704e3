"""What every page and every part of the service is handed: the configuration, the database, the secrets."""

import ipaddress
import secrets
import socket
import threading
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from sinan.web.config import Config, is_loopback
from sinan.web.failures import Failure, NotSignedIn
from sinan.web.service import ciphers, people, rates
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.database import Database
from sinan.web.service.people import Asker
from sinan.web.service.rates import Attempts, Rates

COOKIE = "sinan_session"
OPEN = ("/sign-in", "/api/session", "/static", "/healthz", "/setup", "/api/setup", "/openid", "/reset", "/api/reset")
"""What who is not signed in may ask also where the site is not public."""


@dataclass
class Site:
    """One site, as one process holds it."""

    config: Config
    database: Database
    ciphers: Ciphers
    rates: Rates = field(default_factory=Rates)
    attempts: Attempts = field(default_factory=Attempts)
    setup_code: str = field(default_factory=lambda: _code(), repr=False)
    """What the first account takes: known to who reads what `sinan serve` prints, and to no other user of the
    machine."""
    setting_up: threading.Lock = field(default_factory=threading.Lock, init=False)
    _accounts: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def runs(self) -> Path:
        """The folder of runs."""
        return self.config.runs

    @property
    def known_accounts(self) -> bool:
        """Whether it is known that somebody can sign in; the database is not asked."""
        return self._accounts

    @property
    def has_accounts(self) -> bool:
        """Whether somebody can sign in. Once there is an account there always is one."""
        if not self._accounts:
            with self._lock, self.database.read() as connection:
                self._accounts = people.any_account(connection)
        return self._accounts


def _code() -> str:
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))


def opened(config: Config) -> Site:
    """The site of a configuration, its database migrated. Raises UsageError, StoreError."""
    config.site.mkdir(parents=True, exist_ok=True)
    config.runs.mkdir(parents=True, exist_ok=True)
    database = Database(config.url)
    database.migrate()
    return Site(config, database, ciphers.of(config.site))


def site(request: Request) -> Site:
    """Of the application that was asked."""
    found: Site = request.app.state.site
    return found


def address(request: Request) -> str:
    """Whence the request came; behind a proxy that is believed, whence the proxy says."""
    there = request.client.host if request.client else ""
    if there in site(request).config.proxies:
        # A proxy may add a header of its own below the one that the asker wrote: the last word is the proxy's.
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for one in reversed([part.strip() for part in forwarded if part.strip()]):
            if one not in site(request).config.proxies:
                return one
    return there


def identified(request: Request) -> Asker:
    """Who asks. A token that is wrong is refused rather than passed over. Raises NotSignedIn."""
    here, there = site(request), address(request)
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        found = people.of_token(here.database, secret.strip())
        if found is None:
            raise NotSignedIn("this token is unknown, revoked or over. Remedy: make another, or sinan login")
        return Asker(found[0], "token", found[1], there, people.secret_hash(secret.strip()))
    cookie = request.cookies.get(cookie_name(here.config))
    person = people.of_session(here.database, cookie) if cookie else None
    if person is not None and cookie:
        return Asker(person, "session", frozenset(people.SCOPES), there, people.secret_hash(cookie))
    return Asker(address=there, alone=not here.has_accounts)


def admission(here: Site) -> Callable[[MutableMapping[str, Any]], None]:
    """What refuses a request before anything is done for it: whoever asks too often, and names that are not ours.

    Where the site answers on this machine alone, or at an address that it was told, a page of another site could have
    its own name point here, and read with its visitor's browser what is meant for this machine.
    """
    config = here.config
    local = is_loopback(config.host)
    own = {"localhost", config.host.lower(), socket.gethostname().lower(), urlsplit(config.address).hostname or ""}

    def admit(scope: MutableMapping[str, Any]) -> None:
        request = Request(scope)
        if (local or config.address) and not _is_own_name(request.headers.get("host", ""), own):
            raise Failure("this site does not go by that name. Remedy: [serve] address in sinan.toml")
        if config.rate:
            who = rates.network(address(request))
            here.rates.take(f"everything {who}", 60 * config.rate, 2 * config.rate)
            if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
                here.rates.take(f"changes {who}", 12 * config.rate, config.rate)

    return admit


def _is_own_name(host: str, own: set[str]) -> bool:
    if not host:
        return True
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.rstrip(".") in own or name.endswith(".localhost")
    return True  # no name was made to point here


def cookie_name(config: Config) -> str:
    """Of the session. Where the site is https, browsers take it from this very host alone."""
    return f"__Host-{COOKIE}" if config.secure else COOKIE


def keep_session(response: Response, config: Config, secret: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(config),
        secret,
        max_age=people.SESSION_MS // 1000,
        path="/",
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )


def drop_session(response: Response, config: Config) -> None:
    """Take it back."""
    response.delete_cookie(cookie_name(config), path="/", secure=config.secure, httponly=True, samesite="lax")


def own_path(text: str) -> str:
    """An address of this site, which it is safe to go on to; `/` where it is none."""
    plain = text.startswith("/") and not text.startswith("//") and text.isprintable() and len(text) <= 2000
    return text if plain and "\\" not in text and not text.startswith("/api/") else "/"


def asker(request: Request) -> Asker:
    """Who asks, where they may ask anything here. Raises NotSignedIn."""
    found = getattr(request.state, "asker", None) or identified(request)
    request.state.asker = found
    refuse_strangers(request, found)
    return found


def refuse_strangers(request: Request, found: Asker) -> None:
    """Raises NotSignedIn where the site is not public and nobody is known to ask."""
    open_ = any(request.url.path == one or request.url.path.startswith(one + "/") for one in OPEN)
    if found.person is None and not found.alone and not site(request).config.public and not open_:
        raise NotSignedIn("this site is for those who have an account")


Here = Annotated[Site, Depends(site)]
By = Annotated[Asker, Depends(asker)]
