"""`/`: what ran lately, what moved on the boards, where to begin."""

from fastapi import APIRouter
from sqlalchemy import func, select

from sinan.web.page import Document, page
from sinan.web.service import shelf
from sinan.web.service.tables import runs
from sinan.web.site import By, Here

router = APIRouter()


class Lately(Document):
    """A run."""

    id: str
    title: str
    status: str
    created: str
    samples: int


class Overview(Document):
    """What the reader may see of it."""

    runs: int
    lately: list[Lately]


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
    return Overview(runs=count, lately=lately)
