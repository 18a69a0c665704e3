"""`/hub`: what is there? Every benchmark of the catalogue and of one's own, searched, filtered, counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy import func, select

from sinan.web import words
from sinan.web.page import Document, page
from sinan.web.service import catalogue, own, shelf
from sinan.web.service.people import Asker
from sinan.web.service.tables import cells, runs
from sinan.web.site import By, Here, Site

router = APIRouter()
Text = Annotated[str, Query(max_length=80)]
State = Literal["", "here", "mirror", "fetchable", "missing"]


class Line(Document):
    """A benchmark."""

    id: str
    title: str
    measures: str
    dimension: str
    languages: list[str]
    modality: str
    samples: int | None
    licence: str
    data: str
    own: bool
    """Whether somebody sent it, rather than the catalogue listing it."""
    visibility: str
    runs: int
    """Of those that the reader may see."""


class Row(Document):
    """One dimension: how many benchmarks in each language."""

    dimension: str
    counts: list[int]
    all: int


class Grid(Document):
    """Dimension by language; what is searched for and the other filters count, these two do not."""

    languages: list[str]
    rows: list[Row]


class Suite(Document):
    """Benchmarks that are run together."""

    id: str
    benchmarks: list[str]


class HubPage(Document):
    """What is there."""

    q: str
    dimension: str
    language: str
    modality: str
    data: str
    every: int
    """Before anything was filtered."""
    found: list[Line]
    dimensions: list[str]
    languages: list[str]
    modalities: list[str]
    language_names: dict[str, str]
    grid: Grid
    suites: list[Suite]
    may_add: bool


@page(router, "/hub", "hub.html", summary="Every benchmark, searched and filtered")
def hub(
    here: Here,
    by: By,
    q: Text = "",
    dimension: Text = "",
    language: Text = "",
    modality: Text = "",
    data: State = "",
) -> HubPage:
    """Every benchmark, searched and filtered."""
    every = lines(here, by)
    sought = [one for one in every if _matches(one, q)]
    near = [one for one in sought if modality in ("", one.modality) and data in ("", one.data)]
    found = [one for one in near if dimension in ("", one.dimension) and language in ("", *one.languages)]
    return HubPage(
        q=q,
        dimension=dimension,
        language=language,
        modality=modality,
        data=data,
        every=len(every),
        found=found,
        dimensions=_by_number(one.dimension for one in every),
        languages=_by_number(code for one in every for code in one.languages),
        modalities=_by_number(one.modality for one in every),
        language_names=catalogue.LANGUAGES,
        grid=_grid(near),
        suites=[Suite(id=name, benchmarks=list(members)) for name, members in catalogue.shelf().suites.items()],
        may_add=by.person is not None and by.person.role != "viewer",
    )


def lines(here: Site, by: Asker) -> list[Line]:
    """Every benchmark that the reader may see, with the number of runs of it."""
    with here.database.read() as connection:
        counted = select(cells.c.benchmark, func.count(cells.c.run.distinct())).join_from(cells, runs)
        counts = {
            row[0]: row[1] for row in connection.execute(counted.where(shelf.visible(by)).group_by(cells.c.benchmark))
        }
        owned = own.listed(connection, by)
    there = catalogue.shelf()
    found = [
        Line(
            **{
                name: getattr(one, name)
                for name in ("id", "title", "dimension", "modality", "samples", "licence", "data")
            },
            measures=there.measures.get(one.id, ""),
            languages=list(one.languages),
            own=False,
            visibility="public",
            runs=counts.get(one.id, 0),
        )
        for one in there.entries
    ]
    return found + [_own_line(one, counts.get(one.name, 0)) for one in owned]


def _own_line(one: own.Own, count: int) -> Line:
    card, guess = own.card_of(one), one.card.get("report", {}).get("guess", {})
    return Line(
        id=one.name,
        title=card.title,
        measures=card.measures,
        dimension=card.dimension,
        languages=list(card.languages),
        modality="text",
        samples=guess.get("rows"),
        licence=card.licence,
        data="here" if one.file else "missing",
        own=True,
        visibility=one.visibility,
        runs=count,
    )


def _matches(line: Line, q: str) -> bool:
    """Whether every word that is sought is somewhere in it, in English or in 中文."""
    sought = q.casefold().split()
    if not sought:
        return True
    names = [
        line.dimension,
        line.modality,
        line.data,
        *(catalogue.LANGUAGES.get(code, code) for code in line.languages),
    ]
    said = [line.id, line.title, line.measures, line.licence, *line.languages, *names]
    said += [words.say("zh", one) for one in (line.measures, *names)]
    text = " ".join(said).casefold()
    loose = text.replace("_", " ").replace("-", " ")
    return all(word in text or word in loose for word in sought)


def _grid(found: Sequence[Line]) -> Grid:
    languages = _by_number(code for one in found for code in one.languages)
    counts = Counter((one.dimension, code) for one in found for code in one.languages)
    rows = [
        Row(
            dimension=dimension,
            counts=[counts[dimension, code] for code in languages],
            all=sum(one.dimension == dimension for one in found),
        )
        for dimension in _by_number(one.dimension for one in found)
    ]
    return Grid(languages=languages, rows=rows)


def _by_number(names: Iterable[str]) -> list[str]:
    """Each once, the most frequent first."""
    counts = Counter(names)
    return sorted(counts, key=lambda name: (-counts[name], name))
