"""What every page and every part of the service is handed: the configuration, the database, the secrets."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from sinan.web.config import Config
from sinan.web.failures import NotSignedIn
from sinan.web.service import ciphers, people
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.database import Database
from sinan.web.service.people import Asker

COOKIE = "sinan_session"
OPEN = ("/sign-in", "/api/session", "/static", "/healthz", "/setup", "/openid")
"""What who is not signed in may ask also where the site is not public."""


@dataclass
class Site:
    """One site, as one process holds it."""

    config: Config
    database: Database
    ciphers: Ciphers
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
        forwarded = request.headers.get("x-forwarded-for", "").split(",")
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
    cookie = request.cookies.get(COOKIE)
    person = people.of_session(here.database, cookie) if cookie else None
    if person is not None and cookie:
        return Asker(person, "session", frozenset(people.SCOPES), there, people.secret_hash(cookie))
    return Asker(address=there, alone=not here.has_accounts)


def asker(request: Request) -> Asker:
    """Who asks, where they may ask anything here. Raises NotSignedIn."""
    found = getattr(request.state, "asker", None) or identified(request)
    request.state.asker = found
    open_ = any(request.url.path == one or request.url.path.startswith(one + "/") for one in OPEN)
    if found.person is None and not found.alone and not site(request).config.public and not open_:
        raise NotSignedIn("this site is for those who have an account")
    return found


Here = Annotated[Site, Depends(site)]
By = Annotated[Asker, Depends(asker)]
