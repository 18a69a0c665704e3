"""`/runs`: what ran here, newest first, filtered by what one looks for; a page at a time, however many there are."""

import base64
import binascii
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select

from sinan.web.failures import Failure
from sinan.web.page import Document, page
from sinan.web.service import shelf
from sinan.web.service.people import Asker
from sinan.web.service.tables import cells, runs, users
from sinan.web.site import By, Here

router = APIRouter()
NO_NUL = r"^[^\x00]*$"
SORTS = {
    "newest": (runs.c.created, True),
    "oldest": (runs.c.created, False),
    "largest": (runs.c.samples, True),
    "name": (runs.c.id, False),
}
CELLS_SHOWN = 6
DATE = r"^(\d{4}-\d{2}-\d{2})?$"


class CellLine(Document):
    """One number of a run."""

    benchmark: str
    model: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    in_percent: bool


class RunLine(Document):
    """A run in the list."""

    id: str
    title: str
    status: str
    created: str
    samples: int
    visibility: str
    origin: str
    owner: str | None
    mine: bool
    outcomes: dict[str, int]
    cells: list[CellLine]
    """The first of them."""
    cell_count: int


class RunsPage(Document):
    """Runs."""

    runs: list[RunLine]
    total: int
    next: str | None
    """What `after` has to be for the runs behind these; None where there are none."""
    models: list[str]
    benchmarks: list[str]
    filtered: bool
    sort: str
    model: str
    benchmark: str
    status: str
    visibility: str
    owner: str
    text: str
    since: str
    until: str
    size: int


@page(router, "/runs", "runs.html", summary="Runs, filtered and sorted")
def list_runs(
    here: Here,
    by: By,
    model: Annotated[str, Query(max_length=300, pattern=NO_NUL)] = "",
    benchmark: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    status: Literal["", "running", "complete", "partial", "stopped", "damaged"] = "",
    visibility: Literal["", "private", "organisation", "public"] = "",
    owner: Literal["", "mine"] = "",
    text: Annotated[str, Query(max_length=200, pattern=NO_NUL, description="In the name or the targets")] = "",
    since: Annotated[str, Query(pattern=DATE, max_length=10)] = "",
    until: Annotated[str, Query(pattern=DATE, max_length=10)] = "",
    sort: Literal["newest", "oldest", "largest", "name"] = "newest",
    after: Annotated[str, Query(max_length=400, pattern=NO_NUL, description="`next` of the page before")] = "",
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunsPage:
    """The runs that the reader may see."""
    chosen = {"model": model, "benchmark": benchmark, "status": status, "visibility": visibility, "owner": owner}
    chosen |= {"text": text, "since": since, "until": until}
    where = and_(shelf.visible(by), *_conditions(by, **chosen))
    with here.database.read() as connection:
        total = connection.execute(select(func.count()).select_from(runs).where(where)).scalar_one()
        found = _rows(connection, where, sort, after, size)
        lines = _lines(connection, found[:size], by)
        names = [_names(connection, by, column) for column in (cells.c.model, cells.c.benchmark)]
    onward = _mark(found[size - 1], sort) if len(found) > size else None
    return RunsPage(
        runs=lines,
        total=total,
        next=onward,
        models=names[0],
        benchmarks=names[1],
        filtered=any(chosen.values()),
        sort=sort,
        size=size,
        model=model,
        benchmark=benchmark,
        status=status,
        visibility=visibility,
        owner=owner,
        text=text,
        since=since,
        until=until,
    )


def _conditions(
    by: Asker,
    model: str,
    benchmark: str,
    status: str,
    visibility: str,
    owner: str,
    text: str,
    since: str,
    until: str,
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in ((cells.c.model, model), (cells.c.benchmark, benchmark)):
        if value:
            found.append(exists().where(cells.c.run == runs.c.id, column == value))
    found += [column == value for column, value in ((runs.c.status, status), (runs.c.visibility, visibility)) if value]
    if owner:
        found.append(runs.c.owner == (by.reader.id if by.reader else -1))
    if text:
        found.append(or_(runs.c.id.icontains(text, autoescape=True), runs.c.title.icontains(text, autoescape=True)))
    found += [runs.c.created >= since] if since else []
    return found + ([runs.c.created < until + "U"] if until else [])  # what was begun on that day holds `T` there


def _rows(connection: Connection, where: ColumnElement[bool], sort: str, after: str, size: int) -> list[Row[tuple]]:  # type: ignore[type-arg]
    column, down = SORTS[sort]
    if after:
        value, name = _marked(after, sort)
        beyond = column < value if down else column > value
        same = and_(column == value, runs.c.id < name if down else runs.c.id > name)
        where = and_(where, or_(beyond, same))
    order = [column.desc(), runs.c.id.desc()] if down else [column, runs.c.id]
    query = select(*shelf.COLUMNS, users.c.name.label("owner_name")).join(
        users, users.c.id == runs.c.owner, isouter=True
    )
    return list(connection.execute(query.where(where).order_by(*order).limit(size + 1)))


def _mark(row: Row, sort: str) -> str:  # type: ignore[type-arg]
    value = row._mapping[SORTS[sort][0].name]
    return base64.urlsafe_b64encode(f"{value}\n{row.id}".encode()).decode()


def _marked(after: str, sort: str) -> tuple[str | int, str]:
    try:
        value, _, name = base64.urlsafe_b64decode(after.encode()).decode().partition("\n")
        if "\0" in value + name:
            raise ValueError
        return (min(int(value), 2**62) if sort == "largest" else value), name
    except (ValueError, binascii.Error):
        raise Failure("`after` is not what a page before gave. Remedy: begin at the first page") from None


def _lines(connection: Connection, found: list[Row[tuple]], by: Asker) -> list[RunLine]:  # type: ignore[type-arg]
    names = [row.id for row in found]
    own: dict[str, list[CellLine]] = {name: [] for name in names}
    outcomes: dict[str, dict[str, int]] = {name: {} for name in names}
    fields = list(CellLine.model_fields)
    query = select(cells.c.run, cells.c.outcomes, *(cells.c[name] for name in fields)).where(cells.c.run.in_(names))
    for row in connection.execute(query.order_by(cells.c.run, cells.c.benchmark, cells.c.model)):
        own[row.run].append(CellLine(**{name: row._mapping[name] for name in fields}))
        for name, count in row.outcomes.items():
            outcomes[row.run][name] = outcomes[row.run].get(name, 0) + count
    return [_line(row, own[row.id], outcomes[row.id], by) for row in found]


def _line(row: Row, own: list[CellLine], outcomes: dict[str, int], by: Asker) -> RunLine:  # type: ignore[type-arg]
    fields = ("id", "title", "status", "created", "samples", "visibility", "origin")
    return RunLine(
        **{name: row._mapping[name] for name in fields},
        owner=row.owner_name,
        mine=by.reader is not None and row.owner == by.reader.id,
        outcomes=outcomes,
        cells=own[:CELLS_SHOWN],
        cell_count=len(own),
    )


def _names(connection: Connection, by: Asker, column: ColumnElement[str]) -> list[str]:
    query = select(column).join(runs, runs.c.id == cells.c.run).where(shelf.visible(by)).distinct()
    return [row[0] for row in connection.execute(query.order_by(column).limit(2000))]
