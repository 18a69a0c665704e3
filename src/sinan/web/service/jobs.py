"""Jobs: a queue in one table, from which any worker takes what is next, and takes over what a dead one left.

    queued -> running -> complete | partial | stopped | failed | cancelled
                 |  ^
               paused, and back to queued

A worker holds a job by a lease that it renews; leases go by the database's clock, for workers may be on machines that
disagree. Every claim raises the job's `fence`, and everything that a worker writes is written only where the fence is
still its own: one that was thought dead, and wakes up, changes nothing.
The id of the job's run stands in the row, and on the shelf, before anything is asked: however often the job is taken
over, it goes on with that one run.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, false, func, or_, select, true

from sinan import store
from sinan.web.failures import Clash, Denied, Failure, Missing, TooMany
from sinan.web.service import deliveries, keys, shelf
from sinan.web.service.database import Database, clock
from sinan.web.service.people import Asker, Person
from sinan.web.service.tables import cells, job_log, jobs, now, runs

QUEUED, RUNNING, PAUSED, COMPLETE, PARTIAL = "queued", "running", "paused", "complete", "partial"
STOPPED, FAILED, CANCELLED = "stopped", "failed", "cancelled"
STATES = (QUEUED, RUNNING, PAUSED, COMPLETE, PARTIAL, STOPPED, FAILED, CANCELLED)
ENDED = (COMPLETE, PARTIAL, STOPPED, FAILED, CANCELLED)
RESUMABLE = (PAUSED, STOPPED, FAILED, PARTIAL)
KEPT_FOR = (PAUSED, STOPPED)
"""States in which a key that was given for one job is kept: it is likely to go on."""
PAUSE, CANCEL = "pause", "cancel"

LEASE_MS = 15_000
ATTEMPTS = 200
"""Claims in a row in which nothing was answered, after which a job is given up: many, for workers that die are rarely
the job's doing, and on a busy machine that is switched off again and again no claim comes as far as an answer."""
DEATH = 40
"""As so many claims counts one in which the job's own process died, and its worker did not: that is the job's doing far
more likely than the death of a worker, which carries others, or of the whole machine."""
LOG_LINES, LOG_CHARACTERS = 500, 500
LOWEST, HIGHEST = -10, 10
"""Of priorities. Who is no administrator may only let a job wait for others: up to 0."""
_TURN = 728
"""The lock of PostgreSQL under which jobs are claimed, one worker at a time: limits per user are exact."""


@dataclass(frozen=True)
class Claimed:
    """A job in the hands of a worker."""

    id: str
    user: int
    kind: str
    order: Mapping[str, Any]
    run: str
    fence: int
    wanted: str
    """What was asked for while its worker was dead."""
    attempts: int
    """Claims before this one in which nothing was answered, a process that died counting as DEATH of them."""
    progress: Mapping[str, Any]


def add(
    connection: Connection,
    person: Person,
    order: Mapping[str, Any],
    title: str,
    *,
    kind: str = "evaluation",
    organisation: int | None = None,
    priority: int = 0,
    estimate: Mapping[str, Any] | None = None,
    webhook: str | None = None,
    webhook_secret: bytes | None = None,
    most_queued: int | None = None,
) -> str:
    """A new job; its id. Raises TooMany where as many wait as the user may have, Failure for what cannot be."""
    if organisation is not None and organisation not in person.organisations:
        raise Failure("this is no organisation of yours")
    waiting = select(func.count()).where(jobs.c.user == person.id, jobs.c.state.in_((QUEUED, PAUSED)))
    if most_queued is not None and connection.execute(waiting).scalar_one() >= most_queued:
        raise TooMany(f"{most_queued} jobs of yours wait already, which is the most. Remedy: cancel one, or wait", 60)
    row: dict[str, Any] = {"id": secrets.token_hex(8), "user": person.id, "organisation": organisation, "kind": kind}
    row |= {"title": title[:200], "order": dict(order), "priority": _allowed(person, priority), "state": QUEUED}
    row |= {"progress": {}, "estimate": dict(estimate or {}), "created": now()}
    row |= {"webhook": webhook, "webhook_secret": webhook_secret}
    connection.execute(jobs.insert().values(**row))
    return str(row["id"])


def _allowed(person: Person, priority: int) -> int:
    if not LOWEST <= priority <= HIGHEST:
        raise Failure(f"a priority is from {LOWEST} to {HIGHEST}")
    if priority > 0 and person.role != "admin":
        raise Denied("a priority above 0 goes before everybody else's jobs: an administrator gives it")
    return priority


# What people may do


def visible(asker: Asker) -> ColumnElement[bool]:
    """The condition under which a job may be seen: one's own, those of one's organisations; administrators see all."""
    if asker.sees_all:
        return true()
    person = asker.reader
    if person is None:
        return false()
    shared = jobs.c.organisation.in_(sorted(person.organisations)) if person.organisations else false()
    return or_(jobs.c.user == person.id, shared)


def found(connection: Connection, asker: Asker, job: str) -> Any:
    """The row of a job that the asker may see. Raises Missing."""
    row = connection.execute(select(jobs).where(jobs.c.id == job, visible(asker))).first()
    if row is None:
        raise Missing("there is no such job, or none that you may see")
    return row


def own(connection: Connection, asker: Asker, person: Person, job: str) -> Any:
    """The row of a job that the person may change, locked until the transaction ends. Raises Missing, Denied."""
    seen = or_(visible(asker), jobs.c.user == person.id)
    row = connection.execute(select(jobs).where(jobs.c.id == job, seen).with_for_update()).first()
    if row is None:
        raise Missing("there is no such job, or none that you may see")
    if row.user != person.id and not asker.admin:
        raise Denied("this job is another's: they, or an administrator, may change it")
    return row


def pause(connection: Connection, row: Any) -> str:
    """Let it rest; its state now. What is running rests as soon as its worker hears. Raises Clash."""
    return _ask(connection, row, PAUSE, PAUSED)


def rest(connection: Connection, user: int) -> None:
    """Let all of somebody's jobs rest that wait or run."""
    mine = (jobs.c.user == user) & jobs.c.state.in_((QUEUED, RUNNING)) & (jobs.c.wanted == "")
    for row in connection.execute(select(jobs).where(mine).order_by(jobs.c.id).with_for_update()).all():
        pause(connection, row)


def cancel(connection: Connection, row: Any) -> str:
    """End it for good; its state now. Raises Clash."""
    return _ask(connection, row, CANCEL, CANCELLED)


def _ask(connection: Connection, row: Any, wanted: str, state: str) -> str:
    if row.state == RUNNING:
        if row.wanted != CANCEL:
            connection.execute(jobs.update().where(jobs.c.id == row.id).values(wanted=wanted))
        return RUNNING
    if row.state == QUEUED or (wanted == CANCEL and row.state == PAUSED):
        _over(connection, row, state, None, row.progress)
        return state
    raise Clash(f"the job is {row.state}: it cannot be {state} any more")


def resume(connection: Connection, row: Any, limits: Mapping[str, Any] | None = None) -> str:
    """Put it into the queue again; it goes on where it was. What it may spend counts anew, with new limits where such
    are given. Raises Clash."""
    if row.state not in RESUMABLE:
        raise Clash(f"the job is {row.state}: only what is {', '.join(RESUMABLE)} can go on")
    keys.refuse_forgotten(connection, row.user, row.order)
    progress = dict(row.progress) | {
        "base": {name: row.progress.get(name) for name in ("tokens", "cost_usd", "seconds")}
    }
    changed = {"state": QUEUED, "wanted": "", "error": None, "attempts": 0, "not_before": 0, "ended": None}
    order = dict(row.order) | {name: value for name, value in (limits or {}).items() if value is not None}
    connection.execute(jobs.update().where(jobs.c.id == row.id).values(**changed, order=order, progress=progress))
    return QUEUED


def prioritise(connection: Connection, row: Any, person: Person, priority: int) -> None:
    """Before or after others. Raises Failure, Denied."""
    connection.execute(jobs.update().where(jobs.c.id == row.id).values(priority=_allowed(person, priority)))


def tokens_this_month(connection: Connection, user: int, since: int) -> int:
    """Tokens that a user's jobs took which were made or went on since that moment."""
    mine = select(jobs.c.progress).where(jobs.c.user == user, or_(jobs.c.created >= since, jobs.c.started >= since))
    return sum(int(progress.get("tokens") or 0) for progress in connection.execute(mine).scalars())


# What workers do


def claim(database: Database, worker: str, per_user: int) -> Claimed | None:
    """The next job, in this worker's hands from now on; None where there is none that may run.

    The highest priority first, then users who have less running, then the oldest."""
    with database.read() as connection:  # a look costs nobody the right to write
        if connection.execute(_next(clock(connection), per_user)).first() is None:
            return None
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
        following = _next(clock(connection), per_user).with_for_update(of=jobs, skip_locked=True)
        row = connection.execute(following).first()
        return None if row is None else _taken(connection, row, worker)


def _next(at: int, per_user: int) -> Select[Any]:
    other = jobs.alias()
    busy = (
        select(other.c.user, func.count().label("n"))
        .where(other.c.state == RUNNING, other.c.lease_until >= at)
        .group_by(other.c.user)
        .subquery()
    )
    n = func.coalesce(busy.c.n, 0)
    ready = or_(
        and_(jobs.c.state == QUEUED, jobs.c.not_before <= at), and_(jobs.c.state == RUNNING, jobs.c.lease_until < at)
    )
    first = (jobs.c.priority.desc(), n, jobs.c.created, jobs.c.id)
    joined = jobs.outerjoin(busy, busy.c.user == jobs.c.user)
    return select(jobs).select_from(joined).where(ready, n < per_user).order_by(*first).limit(1)


def _taken(connection: Connection, row: Any, worker: str) -> Claimed:
    at = clock(connection)
    run = row.run or store.fresh_id(str((row.order.get("targets") or ["job"])[0]))
    if connection.execute(select(runs.c.id).where(runs.c.id == run)).first() is None:
        shelf.put(connection, run, row.user, "verification" if row.kind == "verification" else "job", row.organisation)
    changed = {"state": RUNNING, "fence": row.fence + 1, "worker": worker[:100], "lease_until": at + LEASE_MS}
    changed |= {"attempts": row.attempts + 1, "run": run, "started": row.started or at}
    connection.execute(jobs.update().where(jobs.c.id == row.id).values(**changed))
    return Claimed(
        row.id, row.user, row.kind, row.order, run, row.fence + 1, row.wanted, row.attempts, row.progress or {}
    )


def _mine(job: Claimed) -> ColumnElement[bool]:
    return and_(jobs.c.id == job.id, jobs.c.fence == job.fence, jobs.c.state == RUNNING)


def renew(
    connection: Connection, job: Claimed, progress: Mapping[str, Any] | None = None, answered: bool = False
) -> str | None:
    """Hold it for longer, and say how it stands; what people want of it: '', pause or cancel. None: it is lost.

    `answered`: whether anything was since it was claimed, which makes all attempts before forgotten."""
    changed: dict[str, Any] = {"lease_until": clock(connection) + LEASE_MS}
    if progress is not None:
        changed["progress"] = dict(progress)
    if answered:
        changed["attempts"] = 0
    row = connection.execute(jobs.update().where(_mine(job)).values(**changed).returning(jobs.c.wanted)).first()
    return None if row is None else str(row.wanted)


def give_back(connection: Connection, job: Claimed, after_ms: int = 0, attempts: int | None = None) -> bool:
    """Leave it to the next worker that comes. `attempts`: how many count; None: as before it was claimed."""
    changed: dict[str, Any] = {"state": QUEUED, "lease_until": None, "worker": None}
    changed["not_before"] = clock(connection) + after_ms if after_ms else 0
    changed["attempts"] = job.attempts if attempts is None else attempts
    return bool(connection.execute(jobs.update().where(_mine(job)).values(**changed)).rowcount)


def end(
    connection: Connection, job: Claimed, state: str, error: str | None, progress: Mapping[str, Any] | None = None
) -> bool:
    """Its end, or its pause: told once, by whoever holds it. Whether it was this worker."""
    row = connection.execute(select(jobs).where(_mine(job)).with_for_update()).first()
    if row is None:
        return False
    _over(connection, row, state, error, row.progress if progress is None else progress)
    return True


def _over(connection: Connection, row: Any, state: str, error: str | None, progress: Mapping[str, Any]) -> None:
    at = now()
    changed: dict[str, Any] = {"state": state, "wanted": "", "error": error, "lease_until": None, "worker": None}
    changed |= {"progress": dict(progress), "ended": None if state == PAUSED else at}
    connection.execute(jobs.update().where(jobs.c.id == row.id).values(**changed))
    if state not in KEPT_FOR:
        keys.forget_of_job(connection, row.user, row.order)
    if row.webhook:
        deliveries.add(connection, row, state, error, progress)


def without_run(connection: Connection, run: str) -> None:
    """A run that never began leaves no row behind."""
    connection.execute(delete(cells).where(cells.c.run == run))
    connection.execute(delete(runs).where(runs.c.id == run))


def log(connection: Connection, job: str, lines: Sequence[str]) -> None:
    """Add to a job's log, which is bounded: the oldest lines go."""
    if not lines:
        return
    rows = [{"job": job, "at": now(), "line": line.replace("\0", "")[:LOG_CHARACTERS]} for line in lines[-LOG_LINES:]]
    connection.execute(job_log.insert(), rows)
    nth = select(job_log.c.id).where(job_log.c.job == job).order_by(job_log.c.id.desc()).offset(LOG_LINES - 1).limit(1)
    oldest = connection.execute(nth).scalar()
    if oldest is not None:
        connection.execute(delete(job_log).where(job_log.c.job == job, job_log.c.id < oldest))
