"""A page and its twin: one function makes a document, which a template shows at `/x` and which is JSON at `/x.json`.

    router = APIRouter()

    @page(router, "/jobs/{job}", "job.html")
    def job(here: Here, by: By, job: str) -> JobPage: ...

What the template is handed is the document itself, so that a page never knows more than its twin. The document is a
pydantic model, which OpenAPI describes.
"""

import hashlib
import inspect
from collections.abc import Callable
from functools import cache, partial, wraps
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import jinja2
import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from sinan import __version__
from sinan.web import shown, words
from sinan.web.service import writing
from sinan.web.service.people import Asker

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
F = TypeVar("F", bound=Callable[..., Any])


class Document(BaseModel):
    """What a page tells. Numbers that are none are null."""

    model_config = ConfigDict(ser_json_inf_nan="null", frozen=True)


def page(router: APIRouter, path: str, template: str, **how: Any) -> Callable[[F], F]:
    """Register a function that gives a Document as the page `path` and as its twin `path`.json. `how`: of the twin's
    route (`summary`, `tags`)."""

    def registered(make: F) -> F:
        # The twin first: `/runs/{run}` would take `/runs/x.json` for a run.
        twin = "/index.json" if path == "/" else path + ".json"
        tags = how.pop("tags", [make.__module__.rpartition(".")[2]])
        router.add_api_route(twin, make, methods=["GET"], tags=tags, name=f"{make.__name__}_json", **how)
        router.add_api_route(path, _html(make, template), methods=["GET", "HEAD"], include_in_schema=False)
        return make

    return registered


def _html(make: Callable[..., Any], template: str) -> Callable[..., Any]:
    """The endpoint that shows what `make` gives; it asks FastAPI for the same things and for the request."""
    signature = inspect.signature(make)
    takes = "request" in signature.parameters
    request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    parameters = [*signature.parameters.values(), *([] if takes else [request])]

    def told(request: Request, given: dict[str, Any], document: Any) -> HTMLResponse:
        return render(request, template, document)

    if inspect.iscoroutinefunction(make):

        @wraps(make)
        async def endpoint(**given: Any) -> Any:
            request = given["request"] if takes else given.pop("request")
            document = await make(**given)
            return await run_in_threadpool(told, request, given, document)
    else:

        @wraps(make)
        def endpoint(**given: Any) -> Any:
            request = given["request"] if takes else given.pop("request")
            return told(request, given, make(**given))

    endpoint.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=parameters, return_annotation=HTMLResponse
    )
    endpoint.__annotations__ = {one.name: one.annotation for one in parameters}
    return endpoint


def language(request: Request) -> str:
    """The reader's."""
    return words.chosen(
        request.query_params.get("lang"), request.cookies.get("lang"), request.headers.get("accept-language")
    )


def render(request: Request, template: str, document: Any, status: int = 200) -> HTMLResponse:
    """The page."""
    spoken = language(request)
    asker = getattr(request.state, "asker", None) or Asker()
    told = {
        "doc": document,
        "t": partial(words.say, spoken),
        "tn": partial(words.count, spoken),
        "lang": spoken,
        "languages": words.LANGUAGES,
        "asker": asker,
        "site": request.app.state.site.config,
        "request": request,
        "path": _path(request),
        "with_query": partial(with_query, request),
        "twin": twin(request),
    }
    text = environment().get_template(template).render(told)
    return HTMLResponse(text, status, headers={"Vary": "Cookie, Accept-Language"})


def twin(request: Request) -> str:
    """The address of the page's twin."""
    path = _path(request)
    query = f"?{request.url.query}" if request.url.query else ""
    return ("/index" if path == "/" else path.rstrip("/")) + ".json" + query


def with_query(request: Request, **changes: object) -> str:
    """This page's address with some of its parameters changed; None removes one, a list repeats one."""
    query = request.query_params
    pairs = [(k, v) for k, v in query.multi_items() if k not in changes]
    for name, value in changes.items():
        many = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, str(one)) for one in many if one is not None]
    return _path(request) + (f"?{urlencode(pairs)}" if pairs else "")


def _path(request: Request) -> str:
    """The page's own. One that begins with two slashes, as a link, would be the name of another host."""
    return "/" + request.url.path.lstrip("/")


@cache
def environment() -> jinja2.Environment:
    """Everything is escaped; what is not defined is an error, not an empty place."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    found = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.globals |= {"static": static, "version": __version__}
    found.filters |= {name: getattr(shown, name) for name in shown.FILTERS}
    found.filters |= {"embedded": embedded, "recognised": words.recognised}
    found.filters |= {"written": writing.written, "as_written": writing.as_written}
    return found


@cache
def static(name: str) -> str:
    """The address of a file of `static`, which changes with its content, so that browsers may keep it for ever."""
    path = STATIC / name
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "missing"
    return f"/static/{digest}/{name}"


def embedded(value: Any) -> Markup:
    """JSON inside a `<script type="application/json">`: nothing in it can end the element."""
    raw = orjson.dumps(value, default=str).decode()
    return Markup(raw.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", " "))
