"""`/`: what ran lately, what moved on the boards, where to begin."""

from itertools import islice

from fastapi import APIRouter
from sqlalchemy import func, select

from sinan.web.failures import NotYet
from sinan.web.page import Document, page
from sinan.web.service import boards, history, shelf
from sinan.web.service.tables import now, runs
from sinan.web.site import By, Here

router = APIRouter()
MOVES = 12


class Lately(Document):
    """A run."""

    id: str
    title: str
    status: str
    created: str
    samples: int


class Moved(Document):
    """A model that came onto a board, or passed others there."""

    at: int
    board: str
    title: str
    model: str
    before: int | None
    """Its rank the day before; None where it is new."""
    rank: int
    rank_interval: tuple[int, int] | None
    """Ranks that it may have: a move within them may be chance."""


class Overview(Document):
    """What the reader may see of it."""

    runs: int
    lately: list[Lately]
    moved: list[Moved]
    """On the boards in the last seven days, the newest first."""


@page(router, "/", "overview.html", summary="What ran lately, and where to begin")
def overview(here: Here, by: By) -> Overview:
    """What ran lately, and where to begin."""
    seen = shelf.visible(by)
    names = ("id", "title", "status", "created", "samples")
    with here.database.read() as connection:
        count = connection.execute(select(func.count()).select_from(runs).where(seen)).scalar_one()
        rows = connection.execute(
            select(*(runs.c[name] for name in names)).where(seen).order_by(runs.c.created.desc()).limit(10)
        )
        lately = [Lately(**dict(zip(names, row, strict=True))) for row in rows]
    return Overview(runs=count, lately=lately, moved=_moved(here, by))


def _moved(here: Here, by: By) -> list[Moved]:
    """Of what still stands so: what has moved on or was withdrawn since is no news."""
    try:
        found = boards.opened(here.config.site, here.database, by)
        told = history.lately(found.folder, found.audience, now() - 7 * history.DAY_MS)
        moved = (_move(found, one) for one in told)
        return list(islice((one for one in moved if one is not None), MOVES))
    except NotYet:
        return []


def _move(found: boards.Boards, one: history.Move) -> Moved | None:
    listed = next((board for board in found.listed if board.slug == one.slug), None)
    standing = found.board(listed).by_model.get(one.model) if listed else None
    if listed is None or standing is None or standing.rank != one.now:
        return None
    ranks = None if standing.first is None or standing.last is None else (standing.first, standing.last)
    return Moved(
        at=one.at,
        board=one.slug,
        title=listed.title,
        model=one.model,
        before=one.before,
        rank=one.now,
        rank_interval=ranks,
    )
