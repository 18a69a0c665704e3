"""`/runs/ID/pictures/SHA256`: a picture that a question of the run shows, as bytes that can be nothing else."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sinan.web.failures import Missing
from sinan.web.service import media, shelf
from sinan.web.service.samples import RunName
from sinan.web.site import By, Here

router = APIRouter()
KINDS = ("image/png", "image/jpeg", "image/gif", "image/webp")


@router.get(
    "/runs/{run}/pictures/{sha256}",
    tags=["samples"],
    summary="A picture that a question shows, by the hash of its content",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in KINDS}, "description": "The picture"}},
)
def picture(
    here: Here, by: By, run: RunName, sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", max_length=64)]
) -> Response:
    """Its type is what its first bytes say."""
    shelved, folder = shelf.opened(here.database, here.runs, by, run)
    found = media.found(folder, folder.about(), shelved.origin == "folder", sha256)
    if found is None:
        raise Missing(
            "this picture is not on this machine. Remedy: run its benchmark here once: that fetches its files"
        )
    headers = {
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=86400",
        "Content-Disposition": "inline",
    }
    return Response(found[0], media_type=found[1], headers=headers)
