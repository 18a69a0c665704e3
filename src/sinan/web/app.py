"""The application: FastAPI, for its OpenAPI document; pages found by their names; failures told as pages or as JSON."""

import importlib
import math
import pkgutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from sinan import __version__
from sinan.errors import MissingExtra, SinanError, StoreError, UnknownName
from sinan.web import pages
from sinan.web.assets import Assets
from sinan.web.failures import Failure, Missing, NotYet, TooSlow
from sinan.web.gate import Gate
from sinan.web.page import STATIC, language, render
from sinan.web.ready import Ready
from sinan.web.service import pictures
from sinan.web.site import Site, admission, cookie_name

DESCRIPTION = """Evaluation of language models: leaderboards, benchmarks, runs, comparisons, jobs.

Every page has a twin here: the same address with `.json` behind it. Changes are POST, PUT or DELETE below `/api`, with
a session's cookie from our own pages, or with a token: `Authorization: Bearer sinan_...`.
"""


DATA = (".json", ".csv", ".parquet", ".svg", ".png")
"""How addresses end that are no page: what fails there is told as JSON."""


class Problem(BaseModel):
    """Why something was refused."""

    error: str
    """What was attempted, what was found, and the remedy."""
    fields: list[str] = []
    """What is wrong with each part of a request that could not be read."""


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": said}
    for status, said in {
        400: "What was sent cannot be used",
        401: "Sign in, or send a token",
        403: "Not allowed",
        404: "No such thing, or none that you may know of",
        408: "Sent too slowly",
        409: "It does not go with what is there",
        413: "Too large",
        422: "What was sent cannot be read",
        429: "Too often",
        503: "Not at this moment",
    }.items()
}


def application(site: Site) -> FastAPI:
    """The ASGI application of one site."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        pictures.shared.close()
        site.database.close()

    app = FastAPI(
        title="sinan 司南",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        responses=PROBLEMS,
        redirect_slashes=False,
    )
    app.state.site = site
    app.openapi = partial(_described, app, cookie_name(site.config))  # type: ignore[method-assign]
    for found in sorted(pkgutil.iter_modules(pages.__path__), key=lambda one: one.name):
        app.include_router(importlib.import_module(f"{pages.__name__}.{found.name}").router)
    app.mount("/static", Assets(directory=STATIC))
    app.add_exception_handler(SinanError, _failed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Ready, site=site)

    async def refuse(scope: Any, receive: Any, send: Any, failure: Failure) -> None:
        scope["app"] = app
        await _told(Request(scope, receive), failure.status, str(failure))(scope, receive, send)

    app.add_middleware(
        Gate, body_bytes=site.config.body_bytes, admit=admission(site), refuse=refuse, address=site.config.address
    )
    return app


def _described(app: FastAPI, cookie: str) -> dict[str, Any]:
    """The OpenAPI document, with how one says who one is. Nobody must everywhere: what takes an account answers 401,
    and so does everything on a site that is not public."""
    if app.openapi_schema is None:
        found = FastAPI.openapi(app)
        found.setdefault("components", {})["securitySchemes"] = {
            "session": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "POST /api/session gives it"},
            "token": {"type": "http", "scheme": "bearer", "description": "sinan_..., made at /account"},
        }
        found["security"] = [{"session": []}, {"token": []}, {}]
    assert app.openapi_schema is not None
    return app.openapi_schema


def _told(request: Request, status: int, error: str, fields: Sequence[str] = (), wait: float | None = None) -> Response:
    """As JSON where the address is one of OpenAPI's, else as a page."""
    path = request.url.path
    error, fields = _sayable(error), [_sayable(one) for one in fields]
    headers = {"Retry-After": str(max(1, math.ceil(wait)))} if wait is not None else {}
    headers |= {"Connection": "close"} if status == TooSlow.status else {}
    described = getattr(request.scope.get("route"), "include_in_schema", False)
    if described or path.startswith("/api") or path.endswith(DATA) or request.method not in ("GET", "HEAD"):
        return JSONResponse({"error": error, "fields": list(fields)}, status, headers)
    told = {"status": status, "error": error, "fields": fields, "wait": headers.get("Retry-After")}
    response = render(request, "failure.html", told, status)
    if status == 503:  # what is being made is shown as soon as it is there
        headers |= {"Refresh": headers.get("Retry-After", "5")}
    response.headers.update(headers)
    return response


def _sayable(text: str) -> str:
    """Half of a surrogate pair, which JSON can send, cannot be sent back."""
    return text.encode("utf-8", "replace").decode()


async def _failed(request: Request, error: Exception) -> Response:
    status, wait = 400, None
    if isinstance(error, Failure):
        status, wait = error.status, error.retry_after
    elif isinstance(error, UnknownName):
        status = 404
    elif isinstance(error, MissingExtra | StoreError):
        status, wait = 503, 5
    response = _told(request, status, str(error), wait=wait)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def _http(request: Request, error: Any) -> Response:
    if isinstance(error.__cause__, Failure):  # that a body is too large was found while it was read
        return await _failed(request, error.__cause__)
    said = "there is no such page" if error.status_code == 404 else str(error.detail)
    response = _told(request, error.status_code, said)
    response.headers.update(error.headers or {})
    return response


async def _unreadable(request: Request, error: Any) -> Response:
    fields = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
    return _told(request, 422, "what was sent cannot be read", fields)


async def _broken(request: Request, error: Exception) -> Response:
    return _told(request, 500, "something is broken here; what failed is in the server's log")


__all__ = ["Missing", "NotYet", "application", "language"]
