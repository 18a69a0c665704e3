"""`/hub/ID`: what does it measure, and can I trust it?"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from sinan.hub.items import Analysis
from sinan.types.message import prompt_text
from sinan.web.page import Document, page
from sinan.web.service import catalogue, item_analysis, own, standings
from sinan.web.service.people import Asker
from sinan.web.service.standings import Kind
from sinan.web.site import By, Here

router = APIRouter()
Name = Annotated[str, Path(max_length=200)]
ARXIV = re.compile(r"\d{4}\.\d{4,5}")
LONG = 6000
"""Characters of an example that are shown."""


class Protocol(Document):
    """One way of asking and judging."""

    name: str
    asked: str
    judged: str
    needs: str
    shots: int
    scorer: str
    sampling: str
    version: str
    command: str
    differs: list[str]
    """What is not as under `default`."""


class Pinned(Document):
    """A file of the data."""

    repo: str
    revision: str
    path: str
    sha256: str
    url: str


class Example(Document):
    """A question as a chat model is asked it."""

    id: str
    group: str
    target: str
    asked: str
    cut: bool


class Owned(Document):
    """What is known of a benchmark that somebody sent."""

    owner: str
    visibility: str
    scorer: str
    sha256: str
    may_change: bool
    report: dict[str, Any] | None


class Place(Document):
    """A model's last result."""

    run: str
    model: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    status: str
    created: str
    in_percent: bool


class Group(Document):
    """Results that may be compared, and where they are shown."""

    protocol: str
    version: str
    models: int
    current: bool
    chosen: bool


class BenchmarkPage(Document):
    """One benchmark."""

    id: str
    title: str
    measures: str
    dimension: str
    languages: list[str]
    language_names: dict[str, str]
    modality: str
    samples: int | None
    licence: str
    paper: str
    paper_url: str
    source: str
    data: str
    chance: float | None
    note: str
    metrics: list[str]
    subsets: list[str]
    protocols: list[Protocol]
    files: list[Pinned]
    """The first of them."""
    files_all: int
    example: Example | None
    own: Owned | None
    groups: list[Group]
    places: list[Place]
    items: Analysis | None
    items_state: Literal["none", "few", "making", "failed", "ready"]
    items_why: str


@page(router, "/hub/{name:path}", "hub_one.html", summary="One benchmark: card, results, difficulty of its items")
def benchmark(
    here: Here,
    by: By,
    name: Name,
    protocol: Annotated[str, Query(max_length=80)] = "",
    version: Annotated[str, Query(max_length=80)] = "",
) -> BenchmarkPage:
    """One benchmark: card, results, difficulty of its items."""
    with here.database.read() as connection:
        owned = own.sought(connection, by, name)
        told = (own.card(here.config.site, owned) or _bare(owned)) if owned else catalogue.card(name)
        about_own = _owned(connection, by, owned) if owned else None
        kinds = standings.kinds(connection, by, name, told["versions"])
        chosen = _chosen(kinds, protocol, version)
        found = standings.of(connection, by, name, chosen) if chosen else []
    state, why, items = item_analysis.sought(here.config.site, here.runs, name, chosen, found)
    return BenchmarkPage(
        **{
            key: told[key]
            for key in ("id", "title", "measures", "dimension", "modality", "samples", "licence", "paper")
        },
        **{key: told[key] for key in ("source", "data", "chance", "note", "metrics", "subsets")},
        languages=list(told["languages"]),
        language_names=catalogue.LANGUAGES,
        paper_url=_address(told["paper"]),
        protocols=_protocols(told),
        files=[Pinned(**source) for source in told["sources"][:20]],
        files_all=len(told["sources"]),
        example=_example(told["example"]),
        own=about_own,
        groups=[_group(kind, kind == chosen) for kind in kinds[:40]],
        places=[Place(**{key: getattr(one, key) for key in Place.model_fields}) for one in found],
        items=items,
        items_state=state,
        items_why=why,
    )


def _chosen(kinds: Sequence[Kind], protocol: str, version: str) -> Kind | None:
    wanted = (one for one in kinds if protocol in ("", one.protocol) and version in ("", one.version))
    return next(wanted, kinds[0] if kinds and not (protocol or version) else None)


def _group(kind: Kind, chosen: bool) -> Group:
    return Group(protocol=kind.protocol, version=kind.version, models=kind.models, current=kind.current, chosen=chosen)


def _owned(connection: Connection, by: Asker, one: own.Own) -> Owned:
    mine = one.belongs_to(by)
    return Owned(
        owner=own.owner_name(connection, one) if by.person else "",
        visibility=one.visibility,
        scorer=own.scorer(one) or "",
        sha256=one.sha256,
        may_change=mine,
        report=one.card.get("report"),
    )


def _bare(one: own.Own) -> dict[str, Any]:
    """What is told of a benchmark whose questions were not sent yet, or are gone."""
    card = own.card_of(one)
    told = {key: getattr(card, key) for key in ("title", "measures", "dimension", "languages", "licence", "paper")}
    told |= {"id": one.name, "modality": "text", "samples": None, "source": "uploaded", "data": "missing"}
    empty: dict[str, Any] = {key: [] for key in ("metrics", "subsets", "protocols", "sources")}
    return told | empty | {"chance": None, "note": "", "example": None, "versions": {}}


def _protocols(told: Mapping[str, Any]) -> list[Protocol]:
    default = next((one for one in told["protocols"] if one["name"] == "default"), None)
    return [
        Protocol(
            **{key: one[key] for key in ("name", "asked", "judged", "needs", "shots", "scorer")},
            sampling=json.dumps(one["sampling"], ensure_ascii=False) if one["needs"] == "generate" else "",
            version=told["versions"].get(one["name"], ""),
            command=told["run"] + ("" if one is default else f" --protocol {one['name']}"),
            differs=[key for key in ("solver", "shots", "scorer_settings", "sampling") if one[key] != default[key]]
            if default
            else [],
        )
        for one in told["protocols"]
    ]


def _example(found: Mapping[str, Any] | None) -> Example | None:
    if found is None:
        return None
    text = prompt_text(found["prompt"])
    told = {key: str(found[key]) for key in ("id", "group", "target")}
    return Example(**told, asked=text[:LONG], cut=len(text) > LONG)


def _address(paper: str) -> str:
    """Of a paper, where it has one that can be followed."""
    if ARXIV.fullmatch(paper):
        return f"https://arxiv.org/abs/{paper}"
    return paper if paper.startswith("https://") else ""
