"""`/rank/plot`: charts of a view of the leaderboards, as specifications for our own pages and as pictures for others.

A picture shows public boards alone, whoever asks, so that pages anywhere may hold it.
"""

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from sinan.web.failures import Missing
from sinan.web.gate import EMBEDDABLE
from sinan.web.page import Document, language
from sinan.web.service import board_view, boards, history, pictures, rank_plots
from sinan.web.service.board_view import Text, View
from sinan.web.service.charts import Spec
from sinan.web.service.people import Asker
from sinan.web.service.pictures import Kind
from sinan.web.site import By, Here, Site

router = APIRouter()
KEPT_S = 300
"""How long others may keep a picture."""


class PlotView(View):
    """A view of the leaderboards, and what is drawn of it."""

    kind: Literal["bars", "radar", "pareto", "history"] = "bars"
    model: Annotated[list[Text], Field(max_length=6, default_factory=list)]
    """Of a radar or a history; empty: the first ones."""
    price: Literal["", "cost", "tokens"] = ""
    """What score is held against; empty: cost where it is known."""
    theme: Literal["light", "dark"] = "light"
    lang: Literal["", "en", "zh"] = ""
    """Empty: the reader's; of pictures English."""
    width: Annotated[int, Field(ge=320, le=1600)] = 720
    """Of a picture, in pixels."""


class Chart(Document):
    """What is drawn."""

    kind: str
    spec: Spec
    """Of Vega-Lite; of Vega for a radar."""


@router.get("/rank/plot.json", tags=["rank"], summary="A chart of a view, as a specification of Vega-Lite")
def plot(request: Request, here: Here, by: By, view: Annotated[PlotView, Query()]) -> Chart:
    """A chart of the boards that you may see. Its colours are parameters."""
    asked = view.model_copy(update={"lang": view.lang or language(request)})
    return Chart(kind=view.kind, spec=_spec(here, by, asked))


def _spec(here: Site, by: Asker, view: PlotView) -> Spec:
    found = boards.opened(here.config.site, here.database, by)
    seen = board_view.seen(found, view)
    if seen is None:
        raise Missing("there is no board yet. Remedy: evaluate a model, and publish its run")
    lang, theme = view.lang or "en", view.theme
    if view.kind == "bars":
        return rank_plots.bars(seen, lang, theme)
    if view.kind == "pareto":
        return rank_plots.pareto(seen, view.price, lang, theme)
    if view.kind == "radar":
        return rank_plots.radar(seen, view.model, lang, theme)
    moments = history.read(found.folder, found.audience, seen.main.listed.slug)
    return rank_plots.history(seen, moments, view.model, lang, theme)


def _documented(kind: str) -> dict[int | str, dict[str, Any]]:
    told = {"content": {kind: {"schema": {"type": "string", "format": "binary"}}}}
    return {200: told | {"description": "The picture"}, 304: {"description": "It is still the same"}}


SVG, PNG = "image/svg+xml", "image/png"


@router.get("/rank/plot.svg", tags=["rank"], response_class=Response, responses=_documented(SVG))
def plot_svg(request: Request, here: Here, by: By, view: Annotated[PlotView, Query()]) -> Response:
    """A chart of the public boards, as SVG."""
    return _picture(request, here, by, view, "svg", SVG)


@router.get("/rank/plot.png", tags=["rank"], response_class=Response, responses=_documented(PNG))
def plot_png(request: Request, here: Here, by: By, view: Annotated[PlotView, Query()]) -> Response:
    """A chart of the public boards, as PNG."""
    return _picture(request, here, by, view, "png", PNG)


def _picture(request: Request, here: Site, by: Asker, view: PlotView, kind: Kind, media: str) -> Response:
    # Whose cookie came along does not matter: another site's page holds the picture, and could read it. While the site
    # has no account, everybody is its operator.
    body = pictures.shared.of(_spec(here, by if by.alone else Asker(), view), kind, view.width)
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {
        "Cache-Control": f"public, max-age={KEPT_S}",
        "Content-Security-Policy": EMBEDDABLE,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": tag,
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media, headers=headers)
