"""`/runs/ID/samples` and `/runs/ID/sample`: the samples of a run a page at a time, and one of them whole."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from sinan.store import RunFolder
from sinan.store.browse import Samples, Sort, Wanted
from sinan.web.failures import Missing
from sinan.web.page import Document, page
from sinan.web.service import leafing, samples, shelf
from sinan.web.service.samples import Line, Sample
from sinan.web.site import By, Here

router = APIRouter()
NO_NUL = r"^[^\x00]*$"
OutcomeName = Literal[
    "", "not-correct", "correct", "wrong", "unparsed", "truncated", "refused", "measured", "collected", "failed"
]
NOT_CORRECT = ("wrong", "unparsed", "truncated", "refused")


def _filter(
    outcome: Annotated[list[OutcomeName] | None, Query(max_length=10)] = None,
    benchmark: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    model: Annotated[str, Query(max_length=300, pattern=NO_NUL)] = "",
    group: Annotated[str, Query(max_length=300, pattern=NO_NUL)] = "",
    text: Annotated[str, Query(max_length=200, pattern=NO_NUL, description="In prompt, answer, target or id")] = "",
    sort: Sort = "order",
    descending: bool = False,
) -> Wanted:
    """Which samples."""
    return Wanted(_outcomes(outcome), benchmark, model, group, text, sort, descending)


def _beside(
    outcome: Annotated[list[OutcomeName] | None, Query(max_length=10)] = None,
    of_benchmark: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    of_model: Annotated[str, Query(max_length=300, pattern=NO_NUL)] = "",
    group: Annotated[str, Query(max_length=300, pattern=NO_NUL)] = "",
    text: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
    sort: Sort = "order",
    descending: bool = False,
) -> Wanted:
    """Among which samples one stands, for the one before and the one after."""
    return Wanted(_outcomes(outcome), of_benchmark, of_model, group, text, sort, descending)


def _outcomes(names: Sequence[str] | None) -> tuple[str, ...]:
    each = [one for name in names or () for one in (NOT_CORRECT if name == "not-correct" else (name,)) if one]
    return tuple(dict.fromkeys(each))


class Facet(Document):
    """What can be filtered by, and how many samples there are of it."""

    name: str
    count: int


class SamplesPage(Document):
    """Samples of a run."""

    run: str
    total: int | None
    """Samples that are like that; None where to count them would have taken too long."""
    page: int
    size: int
    more: bool
    samples: list[Line]
    outcomes: list[Facet]
    benchmarks: list[Facet]
    models: list[Facet]
    groups: list[Facet]
    outcome: list[str]
    benchmark: str
    model: str
    group: str
    text: str
    sort: Sort
    descending: bool
    chosen: Sample | None
    """The sample that is opened beside the list."""

    @property
    def pages(self) -> int | None:
        """How many pages there are."""
        return None if self.total is None else max(1, -(-self.total // self.size))


class SamplePage(Document):
    """One sample, and those beside it."""

    run: str
    sample: Sample
    before: Line | None
    after: Line | None


@page(router, "/runs/{run}/samples", "samples.html", summary="Samples of a run, filtered and sorted, a page at a time")
async def list_samples(
    request: Request,
    here: Here,
    by: By,
    run: samples.RunName,
    wanted: Annotated[Wanted, Depends(_filter)],
    number: Annotated[int, Query(alias="page", ge=1, le=10_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
    sample: Annotated[int | None, Query(ge=0, le=2**53, description="`row` of the sample that is opened")] = None,
) -> SamplesPage:
    """The samples, and one of them whole where `sample` says which."""
    _, folder = await asyncio.to_thread(shelf.opened, here.database, here.runs, by, run)
    if not folder.journal.exists():
        return _page(folder, wanted, number, size, [], ([], 0, False), None)

    def question(found: Samples) -> SamplesPage:
        listed = found.page(wanted, size, (number - 1) * size)
        record = found.at(sample) if sample is not None else None
        if sample is not None and record is None:
            raise Missing(f"run {folder.id} has no sample {sample}. Remedy: choose one from the list")
        chosen = None if record is None else samples.whole(record)
        return _page(folder, wanted, number, size, found.facets(), (listed.rows, listed.total, listed.more), chosen)

    return await leafing.asked(folder, question, request.is_disconnected)


def _page(
    folder: RunFolder,
    wanted: Wanted,
    number: int,
    size: int,
    facets: Sequence[tuple[str, str, str, str, int]],
    listed: tuple[Sequence[dict[str, Any]], int | None, bool],
    chosen: Sample | None,
) -> SamplesPage:
    like = [one for one in facets if all(not w or w == v for w, v in zip(_wanted(wanted), one[:3], strict=True))]
    return SamplesPage(
        run=folder.id,
        total=listed[1],
        page=number,
        size=size,
        more=listed[2],
        samples=list(map(samples.line, listed[0])),
        outcomes=_facets(like, 3),
        benchmarks=_facets(facets, 0),
        models=_facets(facets, 1),
        groups=[one for one in _facets(facets, 2) if one.name],
        outcome=list(wanted.outcomes),
        benchmark=wanted.benchmark,
        model=wanted.model,
        group=wanted.group,
        text=wanted.text,
        sort=wanted.sort,
        descending=wanted.descending,
        chosen=chosen,
    )


def _wanted(wanted: Wanted) -> tuple[str, str, str]:
    return wanted.benchmark, wanted.model, wanted.group


def _facets(rows: Sequence[tuple[str, str, str, str, int]], place: int) -> list[Facet]:
    counts: dict[str, int] = {}
    for row in rows:
        name = str(row[place])
        counts[name] = counts.get(name, 0) + row[4]
    names = samples.OUTCOMES if place == 3 else sorted(counts)
    return [Facet(name=name, count=counts[name]) for name in names if name in counts]


@page(router, "/runs/{run}/sample", "sample.html", summary="One sample whole")
async def one_sample(
    request: Request,
    here: Here,
    by: By,
    run: samples.RunName,
    benchmark: Annotated[str, Query(max_length=200, pattern=NO_NUL)],
    model: Annotated[str, Query(max_length=300, pattern=NO_NUL)],
    sample_id: Annotated[str, Query(alias="id", max_length=2000, pattern=NO_NUL)],
    wanted: Annotated[Wanted, Depends(_beside)],
    draw: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> SamplePage:
    """What was asked, what was answered, what was read of it, and why it counts as it does."""
    _, folder = await asyncio.to_thread(shelf.opened, here.database, here.runs, by, run)
    missing = Missing(f"run {folder.id} has no such sample. Remedy: choose one at /runs/{folder.id}/samples")
    if not folder.journal.exists():
        raise missing

    def question(found: Samples) -> SamplePage:
        place = found.place(benchmark, model, sample_id, draw)
        record = found.at(place) if place is not None else None
        if place is None or record is None:
            raise missing
        before, after = found.neighbours(wanted, place)
        beside = {name: samples.line(one) if one else None for name, one in (("before", before), ("after", after))}
        return SamplePage(run=folder.id, sample=samples.whole(record), **beside)

    return await leafing.asked(folder, question, request.is_disconnected)


@router.get(
    "/runs/{run}/samples.jsonl",
    tags=["samples"],
    summary="Samples of a run, whole, one JSON object a line",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}, "description": "The samples that are wanted"}},
)
def download(
    here: Here, by: By, run: samples.RunName, wanted: Annotated[Wanted, Depends(_filter)]
) -> StreamingResponse:
    """As they come from the file: nothing is held."""
    _, folder = shelf.opened(here.database, here.runs, by, run)
    named = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in folder.id)
    headers = {"Content-Disposition": f'attachment; filename="{named}-samples.jsonl"'}
    return StreamingResponse(_lines(folder, wanted), media_type="application/x-ndjson", headers=headers)


def _lines(folder: RunFolder, wanted: Wanted) -> Iterator[bytes]:
    if not folder.journal.exists():
        return iter(())
    return (
        orjson.dumps(record, default=str, option=orjson.OPT_APPEND_NEWLINE) for record in leafing.all_of(folder, wanted)
    )
