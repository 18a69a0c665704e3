"""Whether the site answers, for whoever watches over it."""

from fastapi import APIRouter
from sqlalchemy import text

from sinan import __version__
from sinan.web.page import Document
from sinan.web.site import Here

router = APIRouter()


class Health(Document):
    """It answers."""

    status: str
    version: str


@router.get("/healthz", tags=["health"])
def healthz(here: Here) -> Health:
    """Whether the site and its database answer."""
    with here.database.read() as connection:
        connection.execute(text("SELECT 1"))
    return Health(status="ok", version=__version__)
