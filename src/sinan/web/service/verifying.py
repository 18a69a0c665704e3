"""Verifying a run: a share of its questions is asked again by a job of this server, and judged by a rule.

Whoever may submit evaluations may ask for it, of any run that they may see, with a key of their own where the model
takes one. The rule is in `sinan.statistics.reproduced`, the drawing in `asked_again`.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel
from sqlalchemy import Connection, select

from sinan.errors import StoreError
from sinan.models import options
from sinan.store import description
from sinan.web.config import Config
from sinan.web.failures import Clash, Failure, TooMany
from sinan.web.service import audit, jobs, orders, quotas, shelf
from sinan.web.service.database import Database
from sinan.web.service.orders import ModelOrder, Order
from sinan.web.service.people import Asker
from sinan.web.service.tables import jobs as job_table
from sinan.web.service.tables import now, users, verifications

WAITING, GIVEN_UP = "waiting", "given up"
Decided = Literal["confirmed", "contradicted", "undecided"]
AT_ONCE = 5_000
"""Runs that one question to the database names."""
SECONDS = 6 * 3600.0
"""That asking again may take."""


def ask(database: Database, config: Config, asker: Asker, run: str, share: float, key: int | None) -> tuple[int, str]:
    """(verification, job): the job that asks again.

    Raises Missing, NotSignedIn, Denied, TooMany where the month's tokens are used, Clash for a run that is not finished
    or is being verified, Failure where its questions or its model cannot be asked from here."""
    person = asker.known("submit", "evaluator")
    found, folder = shelf.opened(database, config.runs, asker, run)
    if found.status not in shelf.ENDED or found.origin == "verification":
        raise Clash(f"{run} cannot be verified: it has not ended, or is itself a verification")
    order = _order(folder, key)
    with database.write() as connection:
        if quotas.tokens_left(connection, config, person.id) == 0:
            raise TooMany("your jobs have used this month's tokens", 3600)
        stored = orders.checked(connection, config, asker, person, order)
        _give_up(connection)
        waiting = (verifications.c.run == run) & (verifications.c.verdict == WAITING)
        if connection.execute(select(verifications.c.id).where(waiting)).first():
            raise Clash(f"{run} is being verified already")
        stored["again"] = {"run": run, "share": share, "seed": secrets.token_hex(16)}
        title = f"again: {run}"
        job = jobs.add(connection, person, stored, title, kind="verification", most_queued=config.queued_per_user)
        row = {"run": run, "job": job, "share": share, "asked_by": person.id, "found": {}, "created": now()}
        number = connection.execute(verifications.insert().values(**row).returning(verifications.c.id)).scalar_one()
        audit.note(connection, asker, "run.verify", run, share=share, job=job)
    return int(number), job


def _give_up(connection: Connection) -> None:
    """Of jobs that ended before a worker had them."""
    over = select(job_table.c.id).where(job_table.c.state.in_((jobs.FAILED, jobs.CANCELLED)))
    lost = (verifications.c.verdict == WAITING) & verifications.c.job.in_(over)
    connection.execute(verifications.update().where(lost).values(verdict=GIVEN_UP, ended=now()))


def verdict_of(row: Any) -> str:
    """The verdict of a row of `of_run`, also where its job was cancelled before anybody had it."""
    over = row.verdict == WAITING and row.state in (jobs.FAILED, jobs.CANCELLED)
    return GIVEN_UP if over else str(row.verdict)


def _order(folder: Any, key: int | None) -> Order:
    """The run's own, as an order of this server. Raises Failure where it cannot be one."""
    try:
        spec = description.spec_from_json(folder.about())
    except StoreError as error:
        raise Failure(str(error)) from None
    if spec.scorer is not None or spec.few_shot is not None:
        raise Failure("how this run was asked or judged was its maker's own: it cannot be asked again from here")
    try:
        return Order(
            targets=list(spec.targets),
            models=[_model(one, key) for one in spec.models],
            judges=[_model(one, key) for one in spec.judges],
            limit=spec.limit,
            draws=spec.draws,
            shots=spec.shots,
            seed=spec.seed,
            protocol=spec.protocol,
            max_time=SECONDS,
        )
    except ValueError:
        raise Failure("what this run asked cannot be an order of this server: it is asked again by hand") from None


def _model(written: str, key: int | None) -> ModelOrder:
    """`PROVIDER/NAME?KEY=VALUE` as an order has it. The key is one of whoever verifies."""
    named, _, query = written.partition("?")
    provider, _, name = named.partition("/")
    told = options.parse(query)
    address = told.pop("base_url", "")
    told.pop("key_env", None)
    own = key if provider in orders.OFFICIAL else None
    return ModelOrder(provider=provider, name=name, address=address, key=own, options=told)


def settle(connection: Connection, job: str, state: str, found: Mapping[str, Any] | None) -> None:
    """A job has ended, or rests: what it found is kept. Nothing where it was no verification."""
    if state in jobs.KEPT_FOR:
        return
    row: dict[str, Any] = {"verdict": found["verdict"], "found": dict(found)} if found else {"verdict": GIVEN_UP}
    mine = (verifications.c.job == job) & (verifications.c.verdict == WAITING)
    connection.execute(verifications.update().where(mine).values(**row, ended=now()))


def changed(site: Path) -> Path:
    """The file that changes when a verdict has been found: what was made with the verdicts before is old then."""
    return site / "verdicts"


def tell(site: Path) -> None:
    """That a verdict has been found, once it is stored. Where that cannot be written, what is kept ready shows it with
    the next boards."""
    try:
        changed(site).write_text(str(now()))
    except OSError:
        pass


def of_run(connection: Connection, run: str) -> list[Any]:
    """Every verification of a run, the newest first, with who asked, and the job's run."""
    columns = [verifications.c[name] for name in ("id", "job", "share", "verdict", "found", "created", "ended")]
    return list(
        connection.execute(
            select(*columns, users.c.name, job_table.c.state, job_table.c.run.label("again"))
            .select_from(verifications)
            .join(users, users.c.id == verifications.c.asked_by)
            .outerjoin(job_table, job_table.c.id == verifications.c.job)
            .where(verifications.c.run == run)
            .order_by(verifications.c.id.desc())
            .limit(50)
        )
    )


class Badge(BaseModel):
    """What came of asking runs again, in a word."""

    verdict: Decided
    run: str
    """That the verdict is of; the first, where it is of several."""
    n: int
    """Questions that were asked again."""
    at: int | None
    runs: int = 1
    """That have this verdict."""
    of: int = 1
    """Runs that the number beside it is from."""


def badges(connection: Connection, named: Iterable[str]) -> dict[str, Badge]:
    """Of each run that was verified, the newest verdict. Boards and pages show it beside the run."""
    told: dict[str, Badge] = {}
    sought = list(dict.fromkeys(named))
    columns = [verifications.c[name] for name in ("run", "verdict", "found", "ended")]
    for begin in range(0, len(sought), AT_ONCE):
        mine = verifications.c.run.in_(sought[begin : begin + AT_ONCE])
        decided = verifications.c.verdict.in_(get_args(Decided))
        for row in connection.execute(select(*columns).where(mine, decided).order_by(verifications.c.id)):
            told[row.run] = Badge(verdict=row.verdict, run=row.run, n=row.found.get("n", 0), at=row.ended)
    return told


def together(found: Mapping[str, Badge], named: Sequence[str]) -> Badge | None:
    """Of a number that is from these runs: contradicted where one is, else confirmed, with how many of them are."""
    for verdict in ("contradicted", "confirmed", "undecided"):
        mine = [found[run] for run in named if run in found and found[run].verdict == verdict]
        if mine:
            questions, ended = sum(one.n for one in mine), max((one.at or 0 for one in mine), default=0)
            return mine[0].model_copy(update={"n": questions, "at": ended, "runs": len(mine), "of": len(named)})
    return None
