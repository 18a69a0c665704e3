"""`/compare`: why do they differ? Two or more runs beside each other, or the models of one."""

from itertools import product
from typing import Annotated, Any

from fastapi import APIRouter, Query

from sinan.comparison import words
from sinan.store import differing
from sinan.web.page import Document, page
from sinan.web.service import candidates, compared, shelf
from sinan.web.service.compared import Asked, Kept
from sinan.web.service.compared_query import Asking, At, Text, Wanting
from sinan.web.site import By, Here, Site

router = APIRouter()


class Said(Document):
    """A sentence with places, and what stands in them."""

    text: str
    values: dict[str, "str | Said"]


class Shelved(Document):
    """A run that is compared, or could be."""

    id: str
    title: str
    created: str
    status: str
    benchmarks: list[str]
    models: list[str]
    shared: int = 0
    """Benchmarks that it has in common with those that are chosen."""


class Difference(Document):
    """One thing that two runs did not do alike."""

    what: str
    a: str
    b: str
    unfair: bool
    sort: str


class Flipped(Document):
    """Draws that are right in one of the two only."""

    a_only: int
    b_only: int


class Group(Document):
    """The pairs of one group."""

    name: str
    value_a: float | None
    value_b: float | None
    difference: float | None
    stderr: float | None
    ci: tuple[float, float] | None
    p_value: float | None
    adjusted_p: float | None
    method: str
    n: int
    flips: Flipped
    differ: int
    sign: int


class Outcomes(Document):
    """How many pairs ended so in a and so in b."""

    a: str
    b: str
    count: int


class Spent(Document):
    """What the answers took."""

    what: str
    mean_a: float
    mean_b: float
    total_a: float
    total_b: float
    pairs: int
    ratio: float | None
    ci: tuple[float, float] | None
    method: str


class Closer(Document):
    """A closer look."""

    groups: list[Group]
    outcomes: list[Outcomes]
    spent: list[Spent]


class Compared(Document):
    """As `sinan compare --json` tells it, but for the draws that differ; `flips` of the page holds those."""

    benchmark: str
    metric: str
    model_a: str
    model_b: str
    run_a: str
    run_b: str
    value_a: float | None
    value_b: float | None
    difference: float | None
    """a - b, on the samples that both have."""
    stderr: float | None
    ci: tuple[float, float] | None
    p_value: float | None
    method: str
    n: int
    clusters: int | None
    df: float | None
    deff: float | None
    estimand: str
    tests: dict[str, dict[str, Any]]
    intervals: dict[str, list[float]]
    adjusted_p: float | None
    family: dict[str, Any]
    equivalence: dict[str, Any] | None
    compares: str
    comparable: bool
    anyway: bool
    verdict: str
    flips: Flipped
    protocol_differences: list[str]
    unfair: list[str]
    causes: dict[str, dict[str, int]]
    left_out: dict[str, int]
    notes: list[str]
    differ: int
    pair: tuple[int, int]
    """Which of the runs."""
    in_percent: bool
    less_is_better: bool
    finding: str
    """What the numbers say, whether or not the two are comparable."""
    says: Said
    """The verdict in words."""
    why_not: Said | None
    differences: list[Difference]
    explained: int
    """Draws whose causes were looked for."""
    targets: int
    closer: Closer | None


class Side(Document):
    """A model in a run."""

    run: str
    model: str


class Beside(Document):
    """What stands at one place of the matrix: the row beside the column."""

    at: int
    verdict: str
    difference: float | None


class Matrix(Document):
    """Every side beside every other, on one benchmark."""

    sides: list[Side]
    cells: list[list[Beside | None]]


class Flip(Document):
    """One draw that ends differently."""

    sample_id: str
    draw: int
    group: str
    target: str | None
    score_a: float | None
    score_b: float | None
    outcome_a: str
    outcome_b: str
    answer_a: str | None
    answer_b: str | None
    right_in: str
    causes: list[str]
    detail: str


class Flips(Document):
    """A page of them."""

    rows: list[Flip]
    total: int
    page: int
    pages: int


class ComparePage(Document):
    """Runs beside each other."""

    runs: list[Shelved]
    comparisons: list[Compared]
    at: int
    """Which of them `flips` and `matrix` are of."""
    matrix: Matrix | None
    flips: Flips | None
    notices: list[str]
    trouble: str
    """Why nothing could be compared; else empty."""
    choices: list[tuple[str, str]]
    """Models that could stand beside each other, where it is not clear which do."""
    candidates: list[Shelved]
    """Runs that could be compared with these."""
    find: str
    meanings: dict[str, str]
    """Of the causes, what differs."""


@page(router, "/compare", "compare.html", summary="Two or more runs beside each other: how far apart, and why")
def compare(
    here: Here,
    by: By,
    asked: Asking,
    wanted: Wanting,
    at: At = 0,
    find: Annotated[Text, Query(description="Runs with these words.")] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    rows: Annotated[int, Query(ge=1, le=200)] = 25,
) -> ComparePage:
    """Two or more runs beside each other, or the models of one: how far apart they are, why, and what changed sides.
    Answers 503 with Retry-After while a comparison is being made."""
    chosen, others = _shelved(here, by, asked.runs, find)
    kept = _kept(here, asked, chosen)
    found = [Compared.model_validate(one) for one in kept.comparisons] if kept else []
    at = min(at, max(0, len(found) - 1))
    flips = None
    if kept and found:
        file = kept.folder / kept.comparisons[at]["closer"]["file"]
        some, total = differing.page(file, wanted, rows, (page - 1) * rows)
        flips = Flips(rows=[Flip(**one) for one in some], total=total, page=page, pages=max(1, -(-total // rows)))
    return ComparePage(
        runs=chosen,
        comparisons=found,
        at=at,
        matrix=_matrix(found, at),
        flips=flips,
        notices=list(kept.notices) if kept else [],
        trouble=kept.trouble if kept else "",
        choices=_choices(chosen, asked, kept),
        candidates=others,
        find=find,
        meanings={str(cause): said for cause, said in words.CAUSES.items()},
    )


def _shelved(here: Site, by: By, names: tuple[str, ...], find: str) -> tuple[list[Shelved], list[Shelved]]:
    """The runs that are asked for, and others. Raises Missing for one that is not theirs to see."""
    with here.database.read() as connection:
        rows = [shelf.found(connection, by, name) for name in names]
        held: Any = candidates.asked_of(connection, names)
        about = [{name: getattr(one, name) for name in ("id", "title", "created", "status")} for one in rows]
        chosen = [Shelved(**one, **held[one["id"]]) for one in about]
        others = candidates.candidates(connection, by, find, names)
    return chosen, [Shelved(**one) for one in others]


def _kept(here: Site, asked: Asked, chosen: list[Shelved]) -> Kept | None:
    """None where there is nothing to compare yet: no run, or one with a single model."""
    if not chosen or (len(chosen) == 1 and len(chosen[0].models) < 2):
        return None
    return compared.compared(here.config.site, here.runs, asked)


def _choices(chosen: list[Shelved], asked: Asked, kept: Kept | None) -> list[tuple[str, str]]:
    """Only where something was left out because it could be paired in several ways."""
    if kept is None or len(chosen) != 2 or asked.beside or not (kept.notices or kept.trouble):
        return []
    return list(product(chosen[0].models[:12], chosen[1].models[:12]))


def _matrix(found: list[Compared], at: int) -> Matrix | None:
    """Of the benchmark that is looked at, where there are more than two sides."""
    if not found:
        return None
    own = [(i, one) for i, one in enumerate(found) if (one.benchmark, one.metric) == _of(found[at])]
    sides: dict[tuple[str, str], int] = {}
    places = {}
    for i, one in own:
        a, b = (sides.setdefault(side, len(sides)) for side in ((one.run_a, one.model_a), (one.run_b, one.model_b)))
        turned = {"better": "worse", "worse": "better"}.get(one.verdict, one.verdict)
        back = None if one.difference is None else -one.difference
        places[a, b] = Beside(at=i, verdict=one.verdict, difference=one.difference)
        places[b, a] = Beside(at=i, verdict=turned, difference=back)
    if len(sides) < 3 or len(own) < len(sides):
        return None
    all_ = range(len(sides))
    return Matrix(
        sides=[Side(run=run, model=model) for run, model in sides],
        cells=[[places.get((i, j)) for j in all_] for i in all_],
    )


def _of(one: Compared) -> tuple[str, str]:
    return one.benchmark, one.metric
