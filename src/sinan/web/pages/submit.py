"""`/submit`: evaluate mine. What it would take is told first; then it is asked."""

import secrets
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select

from sinan.models.providers.needle import SIZES
from sinan.web.failures import Failure, TooMany
from sinan.web.page import Document, page
from sinan.web.service import audit, catalogue, children, jobs, keys, orders, own, quotas, rates
from sinan.web.service.orders import ModelOrder, Order, Text
from sinan.web.service.tables import jobs as table
from sinan.web.service.tables import organisations
from sinan.web.site import By, Here

router = APIRouter()
TRIALS, ESTIMATES, JOBS = 10, 20, 30
"""A minute and person."""


class Choice(Document):
    """Something that can be chosen."""

    value: str
    title: str


class KeyChoice(Document):
    """A stored key."""

    id: int
    name: str
    origin: str


class SubmitPage(Document):
    """What may be asked here, of whom, and with what."""

    may_submit: bool
    signed_in: bool
    bundled: list[str]
    """Models that come with sinan and may be evaluated here."""
    local: list[str]
    """Patterns of further models of this machine."""
    providers: dict[str, str]
    suites: list[Choice]
    benchmarks: list[Choice]
    dimensions: list[str]
    own: list[Choice]
    keys: list[KeyChoice]
    organisations: list[Choice]
    queued: int
    most_queued: int
    tokens_left: int | None
    """Of this month; null: no limit."""
    most_priority: int
    lowest_priority: int
    target: str
    """What the address asks to be chosen."""
    model: str


class Estimate(Document):
    """What a job would take."""

    requests: int
    tokens_in: int
    tokens_out: int | None
    tokens_out_at_most: bool
    """Whether answers are likely to be shorter than that."""
    cost_usd: float | None
    """USD; null: no price is known."""
    cost_usd_at_least: float | None
    seconds: float | None
    pictures: int
    cells: list["EstimateCell"]
    tokens_left: int | None
    """Of this month, for who asks; null: no limit."""


class EstimateCell(Document):
    """Of one benchmark and model."""

    benchmark: str
    model: str
    questions: int
    requests: int
    tokens_in: int
    tokens_out: int | None
    cost_usd: float | None
    seconds: float | None


class Trial(Document):
    """What a model says to one small question."""

    answer: str
    seconds: float
    reasoning: bool
    """Whether it thought before it answered."""


class Asked(BaseModel):
    """What an estimate is wanted of."""

    model_config = ConfigDict(extra="forbid")

    order: Order


class Tried(BaseModel):
    """Whom to try."""

    model_config = ConfigDict(extra="forbid")

    model: ModelOrder


class Submission(BaseModel):
    """A job."""

    model_config = ConfigDict(extra="forbid")

    order: Order
    title: Annotated[Text, Field(max_length=200)] = ""
    priority: Annotated[int, Field(ge=jobs.LOWEST, le=jobs.HIGHEST)] = 0
    """Above 0: administrators only."""
    organisation: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """One of the submitter's, whose members will see the job and its run."""
    webhook: Annotated[Text, Field(max_length=2000, pattern="^https?://")] | None = None
    """Told of the end, signed."""


class Submitted(Document):
    """The new job."""

    id: str
    state: Literal["queued"] = "queued"
    webhook_secret: str | None
    """What deliveries are signed with; shown this once."""


@page(router, "/submit", "submit.html", summary="What may be submitted")
def submit(
    here: Here,
    by: By,
    target: Annotated[Text, Query(max_length=200)] = "",
    model: Annotated[Text, Query(max_length=250)] = "",
) -> SubmitPage:
    """Models, benchmarks, keys and quotas, as who asks has them."""
    person = by.person if by.reader is not None else None
    shelf, config = catalogue.shelf(), here.config
    named = [f"needle/{size}" for size in SIZES]
    told: dict[str, Any] = {"own": [], "keys": [], "organisations": [], "queued": 0, "tokens_left": None}
    if person is not None:
        with here.database.read() as connection:
            told["own"] = [Choice(value=f"own:{one.name}", title=_title(one)) for one in own.listed(connection, by)]
            told["keys"] = [KeyChoice(**_of_key(row)) for row in keys.listed(connection, person)]
            groups = select(organisations.c.id, organisations.c.name).where(
                organisations.c.id.in_(sorted(person.organisations))
            )
            told["organisations"] = [Choice(value=str(one.id), title=one.name) for one in connection.execute(groups)]
            waiting = (table.c.user == person.id) & table.c.state.in_((jobs.QUEUED, jobs.PAUSED))
            told["queued"] = connection.execute(select(func.count()).select_from(table).where(waiting)).scalar_one()
            told["tokens_left"] = quotas.tokens_left(connection, config, person.id)
    return SubmitPage(
        **told,
        may_submit=person is not None and person.role in ("admin", "evaluator"),
        signed_in=by.person is not None,
        bundled=[one for one in named if orders.is_of_this_machine(config, one)],
        local=[one for one in config.models if not one.startswith("needle/")],
        providers=orders.OFFICIAL,
        suites=[Choice(value=name, title=" · ".join(within)) for name, within in shelf.suites.items()],
        benchmarks=[Choice(value=one.id, title=one.title) for one in shelf.entries],
        dimensions=sorted({one.dimension for one in shelf.entries}),
        most_queued=config.queued_per_user,
        most_priority=jobs.HIGHEST if by.admin else 0,
        lowest_priority=jobs.LOWEST,
        target=target,
        model=model,
    )


def _title(one: own.Own) -> str:
    return str(one.card.get("title") or one.name)[:200]


def _of_key(row: Any) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "origin": row.origin}


@router.post("/api/models/test", summary="Ask a model one small question", tags=["submit"])
def try_model(here: Here, by: By, given: Tried) -> Trial:
    """From where jobs are asked, with the same bounds."""
    person = by.known("submit", "evaluator")
    rates.take(here, by, "testing a model", TRIALS)
    order = Order(targets=["first-light"], models=[given.model])
    with here.database.write() as connection:
        stored = orders.checked(connection, here.config, by, person, order)
        order, found = orders.with_keys_at_hand(connection, here.ciphers, person, order)
    stored |= order.model_dump(mode="json", exclude_none=True)
    told = children.answer(children.document(here.config, "trial", stored, found))
    return Trial(**told["trial"])


@router.post("/api/estimates", summary="What a job would take", tags=["submit"])
def estimate(here: Here, by: By, given: Asked) -> Estimate:
    """Requests, tokens, cost and time. Nothing is asked of any model."""
    person = by.known("submit", "evaluator")
    rates.take(here, by, "estimating", ESTIMATES)
    with here.database.write() as connection:
        stored = orders.checked(connection, here.config, by, person, given.order)
        order, found = orders.with_keys_at_hand(connection, here.ciphers, person, given.order)
        left = quotas.tokens_left(connection, here.config, person.id)
    stored |= order.model_dump(mode="json", exclude_none=True)
    told = children.answer(children.document(here.config, "estimate", stored, found))["estimate"]
    found_cells = [
        EstimateCell(**{k: v for k, v in cell.items() if k in EstimateCell.model_fields}) for cell in told["cells"]
    ]
    plain = {name: value for name, value in told.items() if name in Estimate.model_fields and name != "cells"}
    return Estimate(**plain, cells=found_cells, tokens_left=left)


@router.post("/api/jobs", summary="Submit an evaluation", tags=["submit"], status_code=201)
def add(here: Here, by: By, given: Submission) -> Submitted:
    """It waits for its turn, and is carried out whatever happens to the machine meanwhile. What it would take:
    /api/estimates."""
    person = by.known("submit", "evaluator")
    rates.take(here, by, "submitting", JOBS)
    webhook, secret = _webhook(given.webhook)
    with here.database.write() as connection:
        if quotas.tokens_left(connection, here.config, person.id) == 0:
            raise TooMany("your jobs have used this month's tokens", 3600)
        orders.checked(connection, here.config, by, person, given.order)
        order = orders.with_stored_keys(connection, here.ciphers, person, given.order)
        stored = orders.checked(connection, here.config, by, person, order)
        job = jobs.add(
            connection,
            person,
            stored,
            given.title or orders.title(stored),
            organisation=given.organisation,
            priority=given.priority,
            webhook=webhook,
            webhook_secret=here.ciphers.encrypt(secret) if secret else None,
            most_queued=here.config.queued_per_user,
        )
        audit.note(connection, by, "job.submit", job, title=orders.title(stored))
    return Submitted(id=job, webhook_secret=secret)


def _webhook(address: str | None) -> tuple[str | None, str | None]:
    """The address, and a new secret that deliveries to it are signed with. Raises Failure."""
    if address is None:
        return None, None
    try:
        parts = urlsplit(address)
        keys.origin_of(f"{parts.scheme}://{parts.netloc}")
    except (ValueError, Failure):
        raise Failure("the webhook is no http address. It looks like https://example.com/hook") from None
    if any(c.isspace() or not c.isprintable() for c in address):
        raise Failure("the webhook's address holds blanks")
    return address, secrets.token_urlsafe(24)
