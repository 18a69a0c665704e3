"""`/rank`: who is ahead, and is it real? And each view as a table to take away."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from sinan.web.failures import Missing
from sinan.web.page import Document, page
from sinan.web.service import board_view, boards, downloads, history, rank_plots, verifying
from sinan.web.service.board_view import Column, Seen, View, ViewRow
from sinan.web.service.boards import Board, Listed, Standing
from sinan.web.service.making import BENCHMARK
from sinan.web.service.rank_plots import Plot
from sinan.web.service.verifying import Badge
from sinan.web.site import By, Here, Site

router = APIRouter()
Ends = tuple[float, float]


class Choice(BaseModel):
    """A board that may be chosen."""

    slug: str
    kind: str
    title: str
    models: int
    dimension: str
    languages: list[str]
    protocol: str


class Head(BaseModel):
    """What a column is."""

    slug: str
    kind: str
    title: str
    metric: str
    chance: float | None
    in_percent: bool
    less_is_better: bool
    benchmark: str | None
    """Where it is one; else it is a mean of several."""
    scale: Ends
    """What the bars run from and to."""


class Cell(BaseModel):
    """A model's number in a column."""

    value: float | None
    ci: Ends | None
    rank: int | None
    rank_interval: tuple[int, int] | None
    n: int
    run: str | None
    """The run it is from, where it is one."""


class Row(BaseModel):
    """A model."""

    model: str
    maker: str
    open_weights: bool | None
    billions: float | None
    rank: int | None
    rank_interval: tuple[int, int] | None
    tie_group: str
    ties: str
    """The letters of `tie_group` in little room."""
    lanes: list[int]
    """Bars that join it with the models it is tied with."""
    verification: Badge | None
    """What came of asking the runs of its main number again."""
    main: Cell
    cells: list[Cell | None]
    """In the order of the columns."""
    cost_per_1000: float | None
    tokens_per_answer: float | None
    date: str


class Place(BaseModel):
    """As `sinan rank --json` tells it."""

    model: str
    value: float | None
    ci: Ends | None
    rank: int | None
    rank_interval: tuple[int, int] | None
    tie_group: str
    n: int
    runs: list[str]


class Leaderboard(BaseModel):
    """The board, as far as it is shown."""

    name: str
    standings: list[Place]


class Known(BaseModel):
    """What the board rests on."""

    metric: str
    estimand: str
    method: str
    alpha: float
    draws: int
    pairs: int
    items: int
    chance: float | None
    notes: list[str]
    made: int


class Rank(Document):
    """A view of the leaderboards."""

    view: View
    waiting: bool
    """Whether newer boards, or the reader's own, are still being made."""
    boards: list[Choice]
    board: Head | None
    """The one that ranks; None where there is none yet."""
    columns: list[Head]
    rows: list[Row]
    total: int
    """Models that pass the filters; `rows` are those from `view.offset` on."""
    about: Known | None
    makers: list[str]
    languages: list[str]
    protocols: list[str]
    plots: list[Plot]
    """Charts that this view has numbers for: `/rank/plot.json`."""
    leaderboards: list[Leaderboard]

    def kinds(self) -> dict[str, list[Choice]]:
        """The boards that may be chosen, by kind."""
        found: dict[str, list[Choice]] = {}
        for one in self.boards:
            found.setdefault(one.kind, []).append(one)
        return found

    def bar(self, head: Head, cell: Cell) -> tuple[float, float, float] | None:
        """Where the interval begins, where the value stands, where it ends, on a bar of 60."""
        if cell.value is None:
            return None
        low, high = cell.ci or (cell.value, cell.value)
        start, end = head.scale
        return tuple(round(60 * min(1.0, max(0.0, (x - start) / (end - start))), 1) for x in (low, cell.value, high))  # type: ignore[return-value]

    def filtered(self) -> bool:
        """Whether something keeps models away."""
        view = self.view
        return any((view.q, view.maker, view.weights, view.min_size, view.max_size, view.since, view.until))


@page(router, "/rank", "rank.html", summary="Leaderboards: who is ahead, and is it real?")
def rank(here: Here, by: By, view: Annotated[View, Query()]) -> Rank:
    """A view of the leaderboards that you may see: ranks with their intervals, ties, costs, and further columns."""
    found = boards.opened(here.config.site, here.database, by)
    seen = board_view.seen(found, view)
    told = seen.main.board if seen else None
    return Rank(
        view=view,
        waiting=found.waiting,
        boards=[_choice(one) for one in found.listed],
        board=_head(seen.main) if seen else None,
        columns=[_head(one) for one in seen.columns] if seen else [],
        rows=_rows(here, seen.rows) if seen else [],
        total=seen.total if seen else 0,
        about=_known(told, found.made) if told else None,
        makers=list(seen.makers) if seen else [],
        languages=sorted({code for one in found.listed for code in one.languages}),
        protocols=sorted({one.protocol for one in found.listed if one.protocol}),
        plots=rank_plots.plots(seen) if seen else [],
        leaderboards=[_leaderboard(seen)] if seen else [],
    )


def _choice(one: Listed) -> Choice:
    told = {name: getattr(one, name) for name in ("slug", "kind", "title", "models", "dimension", "protocol")}
    return Choice(**told, languages=list(one.languages))


def _head(one: Column) -> Head:
    listed, board = one.listed, one.board
    return Head(
        slug=listed.slug,
        kind=listed.kind,
        title=listed.title,
        metric=board.metric,
        chance=board.chance,
        in_percent=board.in_percent,
        less_is_better=board.less_is_better,
        benchmark=listed.benchmarks[0] if listed.kind == BENCHMARK else None,
        scale=one.scale,
    )


def _cell(one: Standing) -> Cell:
    run = one.runs[0] if len(one.runs) == 1 else None
    return Cell(value=one.value, ci=_ends(one), rank=one.rank, rank_interval=_ranks(one), n=one.n, run=run)


def _ends(one: Standing) -> Ends | None:
    return None if one.low is None or one.high is None else (one.low, one.high)


def _ranks(one: Standing) -> tuple[int, int] | None:
    return None if one.first is None or one.last is None else (one.first, one.last)


def _rows(here: Site, shown: Sequence[ViewRow]) -> list[Row]:
    with here.database.read() as connection:
        found = verifying.badges(connection, (run for one in shown for run in one.standing.runs))
    return [_row(one, verifying.together(found, one.standing.runs)) for one in shown]


def _row(one: ViewRow, badge: Badge | None) -> Row:
    standing = one.standing
    return Row(
        model=standing.model,
        maker=one.known.maker,
        open_weights=one.known.open,
        billions=one.known.billions,
        rank=standing.rank,
        rank_interval=_ranks(standing),
        tie_group=standing.ties,
        ties=board_view.letters(standing.ties),
        lanes=list(one.lanes),
        verification=badge,
        main=_cell(standing),
        cells=[None if cell is None else _cell(cell) for cell in one.cells],
        cost_per_1000=one.cost_per_1000,
        tokens_per_answer=one.tokens_per_answer,
        date=standing.date,
    )


def _known(board: Board, made: int) -> Known:
    told = {name: getattr(board, name) for name in ("metric", "estimand", "method", "alpha", "draws", "chance")}
    return Known(**told, pairs=board.family, items=board.n, notes=list(board.notes), made=made)


def _leaderboard(seen: Seen) -> Leaderboard:
    places = []
    for row in seen.rows:
        one = row.standing
        told: dict[str, Any] = {name: getattr(one, name) for name in ("model", "value", "rank", "n")}
        told |= {"ci": _ends(one), "rank_interval": _ranks(one), "tie_group": one.ties, "runs": list(one.runs)}
        places.append(Place(**told))
    return Leaderboard(name=seen.main.board.name, standings=places)


FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A row for each model", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
PARQUET: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A row for each model",
        "content": {downloads.PARQUET: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/rank.csv", tags=["rank"], response_class=Response, responses=FILE, summary="The view as CSV")
def rank_csv(here: Here, by: By, view: Annotated[View, Query()]) -> Response:
    """The view as a table: model, value, interval, ranks; three columns for each further board."""
    found = _seen(here, by, view)
    return _file(downloads.csv(found), "text/csv; charset=utf-8", "rank.csv")


@router.get("/rank.parquet", tags=["rank"], response_class=Response, responses=PARQUET, summary="The view as Parquet")
def rank_parquet(here: Here, by: By, view: Annotated[View, Query()]) -> Response:
    """The view as a table, as of `/rank.csv`."""
    found = _seen(here, by, view)
    return _file(downloads.parquet(found), downloads.PARQUET, "rank.parquet")


def _seen(here: Here, by: By, view: View) -> Seen:
    found = board_view.seen(boards.opened(here.config.site, here.database, by), view)
    if found is None:
        raise Missing("there is no board yet. Remedy: evaluate a model")
    return found


def _file(body: bytes, kind: str, name: str) -> Response:
    return Response(body, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


class Then(BaseModel):
    """A model on the board at some time."""

    model: str
    value: float | None
    ci: Ends | None
    rank: int | None
    rank_interval: tuple[int, int] | None


class Moment(BaseModel):
    """The board at some time, in milliseconds since 1970."""

    at: int
    standings: list[Then]


class History(Document):
    """How a board stood, the oldest first; a day has one entry at most."""

    board: str
    title: str
    moments: list[Moment]


@router.get("/rank/history.json", tags=["rank"], summary="How a board stood over time")
def rank_history(here: Here, by: By, view: Annotated[View, Query()]) -> History:
    """Of the board of a view: value, interval and ranks of each model of the view that is still on the board."""
    found = boards.opened(here.config.site, here.database, by)
    seen = board_view.seen(found, view)
    if seen is None:
        raise Missing("there is no board yet. Remedy: evaluate a model")
    still = {row.standing.model for row in seen.rows}
    listed = seen.main.listed
    moments = [_moment(one, still) for one in history.read(found.folder, found.audience, listed.slug)]
    return History(board=listed.slug, title=listed.title, moments=moments)


def _moment(one: history.Moment, still: set[str]) -> Moment:
    return Moment(at=one.at, standings=[_then(stood) for stood in one.standings if stood.model in still])


def _then(one: history.Stood) -> Then:
    ends = None if one.low is None or one.high is None else (one.low, one.high)
    ranks = None if one.first is None or one.last is None else (one.first, one.last)
    return Then(model=one.model, value=one.value, ci=ends, rank=one.rank, rank_interval=ranks)
