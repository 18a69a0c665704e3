"""`/models/NAME`: everything the boards say of one model."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AfterValidator, BaseModel

from sinan.hub.families import known
from sinan.web.failures import Missing
from sinan.web.page import Document, page
from sinan.web.service import board_view, boards
from sinan.web.service.board_view import sound
from sinan.web.site import By, Here

router = APIRouter()


class Number(BaseModel):
    """The model on one board."""

    slug: str
    kind: str
    title: str
    benchmark: str | None
    value: float | None
    ci: tuple[float, float] | None
    in_percent: bool
    rank: int | None
    rank_interval: tuple[int, int] | None
    models: int
    """That have a place on the board."""
    ties: str
    n: int
    runs: list[str]
    date: str
    cost_usd: float | None
    tokens_in: int
    tokens_out: int


class Model(Document):
    """A model, on all boards that you may see."""

    model: str
    maker: str
    open_weights: bool | None
    billions: float | None
    numbers: list[Number]


@page(router, "/models/{model:path}", "model.html", summary="All numbers of one model")
def model(here: Here, by: By, model: Annotated[str, Path(max_length=300), AfterValidator(sound)]) -> Model:
    """Its place on every board that it is on."""
    found = boards.opened(here.config.site, here.database, by)
    numbers = [one for listed in found.listed if (one := _number(found, listed, model)) is not None]
    if not numbers:
        raise Missing(f"no board has a model {model}, or none that you may see")
    facts = known(model, found.parameters.get(model))
    return Model(model=model, maker=facts.maker, open_weights=facts.open, billions=facts.billions, numbers=numbers)


def _number(found: boards.Boards, listed: boards.Listed, name: str) -> Number | None:
    board = found.board(listed)
    one = board.by_model.get(name)
    if one is None:
        return None
    return Number(
        slug=listed.slug,
        kind=listed.kind,
        title=listed.title,
        benchmark=listed.benchmarks[0] if listed.kind == "benchmark" else None,
        value=one.value,
        ci=None if one.low is None or one.high is None else (one.low, one.high),
        in_percent=board.in_percent,
        rank=one.rank,
        rank_interval=None if one.first is None or one.last is None else (one.first, one.last),
        models=listed.models,
        ties=board_view.letters(one.ties),
        n=one.n,
        runs=list(one.runs),
        date=one.date,
        cost_usd=one.cost_usd,
        tokens_in=one.tokens_in,
        tokens_out=one.tokens_out,
    )
