"""`/hub/ID/samples`: the questions of a benchmark, leafed through, each with what stored runs answered."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from sinan.hub import leaves
from sinan.web.failures import Failure, Missing
from sinan.web.page import Document, page
from sinan.web.service import behind, browsing, catalogue, own, standings
from sinan.web.service.people import Asker
from sinan.web.service.standings import Standing
from sinan.web.site import By, Here, Site

router = APIRouter()
NO_NUL = r"^[^\x00]*$"
LONG = 4000
"""Characters of a question that are shown in a list; alone it is shown whole, up to WHOLE."""
WHOLE = 200_000
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
Name = Annotated[str, Path(max_length=200, pattern=NO_NUL)]


class Answer(Document):
    """How one model ended with a question."""

    run: str
    model: str
    draw: int
    outcome: str
    score: float | None


class Question(Document):
    """One question."""

    number: int
    subset: str
    id: str
    group: str
    question: str
    cut: bool
    choices: list[str]
    target: str
    pictures: list[str]
    """Their sha256: each is at /hub/ID/pictures/SHA256."""
    answers: list[Answer]


class ItemsPage(Document):
    """Some questions of a benchmark."""

    id: str
    title: str
    state: Literal["ready", "making", "failed", "absent"]
    why: str
    subsets: dict[str, int]
    subset: str
    q: str
    sample: str
    number: int
    size: int
    total: int | None
    more: bool
    questions: list[Question]


@page(router, "/hub/{name:path}/samples", "hub_items.html", summary="The questions of a benchmark, a page at a time")
def samples(
    here: Here,
    by: By,
    name: Name,
    subset: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    q: Annotated[str, Query(max_length=200, pattern=NO_NUL, description="In the question, an option, the answer")] = "",
    sample: Annotated[str, Query(alias="id", max_length=2000, pattern=NO_NUL, description="One question whole")] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ItemsPage:
    """The questions of a benchmark, a page at a time."""
    title, made, found = _sought(here, by, name)
    about = {"id": name, "title": title, "subset": subset, "q": q, "sample": sample, "number": number, "size": size}
    if made is None or made.state != "ready":
        state, why = ("absent", "") if made is None else (made.state, made.why)
        nothing: dict[str, Any] = {"subsets": {}, "total": None, "more": False, "questions": []}
        return ItemsPage.model_validate(about | nothing | {"state": state, "why": why})
    parts = leaves.subsets(made.path)
    leafed = _leafed(made, subset if subset in parts else None, q, sample, (number - 1) * size, size)
    answered = browsing.answers(here.runs, name, found, [leaf.id for leaf in leafed.leaves])
    questions = [_question(leaf, answered.get(leaf.id, []), WHOLE if sample else LONG) for leaf in leafed.leaves]
    told = {"subsets": parts, "total": leafed.total, "more": leafed.more, "questions": questions}
    return ItemsPage.model_validate(about | told | {"state": "ready", "why": ""})


@router.get(
    "/hub/{name:path}/pictures/{sha256}",
    tags=["hub_items"],
    summary="A picture of a question",
    response_class=FileResponse,
    responses={200: {"content": {kind: {} for kind in PICTURES}, "description": "The picture"}},
)
def picture(
    here: Here, by: By, name: Name, sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", max_length=64)]
) -> FileResponse:
    """A picture of a question, as its data holds it."""
    _, made, _ = _sought(here, by, name)
    if made is None or made.state != "ready":
        raise Missing("there is no such picture here")
    path, kind = browsing.picture(made.path, sha256)
    if kind not in PICTURES:
        raise Failure("this is no picture that is shown here")
    policy = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=86400"}
    return FileResponse(path, media_type=kind, headers=policy)


def _sought(here: Site, by: Asker, name: str) -> tuple[str, behind.Made | None, list[Standing]]:
    """Its title, the file of its questions (None where the data is not here), and the results to show beside.
    Raises Missing."""
    with here.database.read() as connection:
        owned = own.sought(connection, by, name)
        told = own.card(here.config.site, owned) if owned else catalogue.card(name)
        if told is None:
            return name, None, []
        kinds = standings.kinds(connection, by, name, told["versions"])
        current = next((kind for kind in kinds if kind.current), None)
        found = standings.of(connection, by, name, current) if current else []
    if told["data"] != "here":
        return told["title"], None, []
    return told["title"], browsing.sought(here.config.site, name, owned, told["versions"]["default"]), found


def _leafed(made: behind.Made, subset: str | None, q: str, sample: str, offset: int, size: int) -> leaves.Found:
    if sample:
        return leaves.by_id(made.path, sample)
    if q.strip():
        return leaves.search(made.path, q.strip(), subset, offset, size)
    return leaves.page(made.path, subset, offset, size)


def _question(leaf: leaves.Leaf, answered: list[browsing.Answered], longest: int) -> Question:
    return Question(
        number=leaf.number,
        subset=leaf.subset,
        id=leaf.id,
        group=leaf.group,
        question=leaf.question[:longest],
        cut=len(leaf.question) > longest,
        choices=[choice[:longest] for choice in leaf.choices],
        target=leaf.target[:longest],
        pictures=list(leaf.images),
        answers=[Answer(**{name: getattr(one, name) for name in Answer.model_fields}) for one in answered],
    )
