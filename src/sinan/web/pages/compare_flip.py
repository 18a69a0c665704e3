"""`/compare/flip`: one draw that ends differently in two runs, both answers side by side, and why."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query

from sinan.comparison import words
from sinan.store import differing
from sinan.store.beside import Key
from sinan.types import CAUSES
from sinan.web.failures import Failure, Missing
from sinan.web.page import Document, page
from sinan.web.service import compared, shelf, two_answers
from sinan.web.service.compared import Asked, Kept
from sinan.web.service.compared_query import Asking, At, Text, Wanting
from sinan.web.site import By, Here, Site

router = APIRouter()
_PARTS = re.compile(rf"; (?=(?:{'|'.join(CAUSES)})(?:: |$))")


class Why(Document):
    """One cause."""

    cause: str
    means: str
    shown_by: list[str]


class Likelihood(Document):
    """Of one continuation that was offered."""

    text: str
    value: float
    tokens: int
    greedy: bool


class Answered(Document):
    """What one run made of it."""

    run: str
    model: str
    outcome: str
    score: float | None
    scores: dict[str, float]
    answer: str | None
    """What was read from it."""
    span: tuple[int, int] | None
    """The characters of `completion` that it was read from."""
    completion: str | None
    cut: bool
    """Whether the completion is longer than what stands here."""
    reasoning: str
    explanation: str | None
    rules: list[str]
    likelihoods: list[Likelihood]
    target: str | None
    shots: list[str]
    prompt_ids: str
    """Hash of the token ids."""
    finish_reason: str | None
    tokens_in: int | None
    tokens_out: int | None
    latency_s: float | None
    cost_usd: float | None


class Line(Document):
    """Of two prompts: what only `a` has, only `b`, or both; `place`: where in them it is."""

    kind: str
    text: str


class Prompts(Document):
    """What was asked."""

    same: bool
    a: str
    b: str | None
    lines: list[Line]


class Place(Document):
    """A draw of a sample."""

    sample: str
    draw: int


class FlipPage(Document):
    """One draw side by side."""

    benchmark: str
    metric: str
    sample: str
    draw: int
    why: list[Why]
    question: str
    question_b: str | None
    """Where it is another one."""
    pictures: list[str]
    """That the question of `a` shows, by their sha256: each is at /runs/RUN/pictures/SHA256."""
    pictures_b: list[str]
    """Those of `b`, where they are others."""
    prompts: Prompts
    a: Answered
    b: Answered
    previous: Place | None
    """Among those that are asked for by `only`, `group`, `cause`, `outcomes` and `q`."""
    next: Place | None


@page(router, "/compare/flip", "compare_flip.html", summary="One draw that ends differently, both answers side by side")
def flip(
    here: Here,
    by: By,
    asked: Asking,
    wanted: Wanting,
    sample: Annotated[Text, Query(description="Its id.")],
    at: At = 0,
    draw: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> FlipPage:
    """One draw of a sample as two runs have it. Answers 503 with Retry-After while their comparison is being made."""
    if not asked.runs:
        raise Failure("which runs? Remedy: /compare")
    for name in asked.runs:
        shelf.opened(here.database, here.runs, by, name)
    kept = compared.compared(here.config.site, here.runs, asked)
    if at >= len(kept.comparisons):
        raise Missing(kept.trouble or "these runs have no such comparison")
    one = kept.comparisons[at]
    file = kept.folder / one["closer"]["file"]
    rows = [_row(here, one, side, sample, draw) for side in "ab"]
    questions = [two_answers.question(row) for row in rows]
    found = differing.one(file, sample, draw)
    shown = [two_answers.pictures(row) for row in rows]
    before, after = differing.neighbours(file, sample, draw, wanted) if found else (None, None)
    return FlipPage(
        benchmark=one["benchmark"],
        metric=one["metric"],
        sample=sample,
        draw=draw,
        why=_why(found if not found or found["causes"] else _looked_for(here, asked, kept, at, found)),
        question=questions[0],
        question_b=questions[1] if questions[1] != questions[0] else None,
        pictures=shown[0],
        pictures_b=shown[1] if shown[1] != shown[0] else [],
        prompts=Prompts(**two_answers.prompts(*rows)),
        a=Answered(run=one["run_a"], model=one["model_a"], **two_answers.told(rows[0])),
        b=Answered(run=one["run_b"], model=one["model_b"], **two_answers.told(rows[1])),
        previous=_place(before),
        next=_place(after),
    )


def _row(here: Site, one: dict[str, Any], side: str, sample: str, draw: int) -> Any:
    folder = two_answers.run_folder(here.runs, one[f"run_{side}"])
    return two_answers.row(folder, one["benchmark"], one[f"model_{side}"], sample, draw)


def _looked_for(here: Site, asked: Asked, kept: Kept, at: int, found: dict[str, Any]) -> dict[str, Any]:
    """Of many draws the causes of a part are known: this one's are looked for now."""
    own = compared.compared(here.config.site, here.runs, compared.of_sample(asked, found["sample_id"]))
    for one in own.comparisons[at]["differing"] if len(own.comparisons) == len(kept.comparisons) else ():
        if one["draw"] == found["draw"]:
            return dict(one)
    return found


def _why(found: dict[str, Any] | None) -> list[Why]:
    """Each cause with what shows it; none where the draw ends alike."""
    if found is None:
        return []
    details: dict[str, list[str]] = {}
    for part in _PARTS.split(found["detail"]):
        cause, _, shown = part.partition(": ")
        details.setdefault(cause, []).append(shown)
    return [Why(cause=one, means=words.CAUSES[one], shown_by=details.get(one, [])) for one in found["causes"]]


def _place(key: Key | None) -> Place | None:
    return Place(sample=key[0], draw=key[1]) if key else None
