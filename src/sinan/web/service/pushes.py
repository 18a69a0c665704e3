"""Runs that were made elsewhere and are sent here: in pieces, bounded, to be gone on with after a break.

Three files are taken: run.json, journal.jsonl and results.json. Whatever else a run's folder has is derived from the
journal, and is derived here, by a process of its own (`pushed`): a stranger's Parquet is never read. What was sent lies
in SITE/pushes/ID until it has been checked; what nobody went on with for a day is forgotten.
"""

import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sinan.web.failures import Clash, Failure, Missing, TooLarge, TooMany
from sinan.web.service import audit, shelf
from sinan.web.service.database import Database
from sinan.web.service.people import Asker
from sinan.web.service.tables import now, pushes, runs

PIECE = 8 << 20
"""Bytes of a piece; the last one of a file is what is left."""
LARGEST = {"run.json": 16 << 20, "results.json": 64 << 20, "journal.jsonl": 1 << 50}
"""The files that are taken, and how large each may be; all of them together, what the site is configured for."""
NEEDED = ("run.json", "journal.jsonl")
OPEN_AT_ONCE = 5
FORGOTTEN_MS = 24 * 3600 * 1000
OPEN, CHECKING, DONE, REFUSED = "open", "checking", "done", "refused"
SECONDS = 1_800
"""That checking may take."""
ID = re.compile(r"[0-9a-f]{4,8}-[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Declared:
    """A file that will be sent."""

    size: int
    sha256: str


def begin(
    database: Database, site: Path, asker: Asker, run: str, files: Mapping[str, Declared], most: int
) -> tuple[str, str]:
    """(push, run as it will be called here). The same files of the same run go on where they stopped.

    Raises NotSignedIn, Denied, Failure for files that are not taken, TooLarge, TooMany, Clash."""
    person = asker.known("push", "evaluator")
    _refuse_files(files, most)
    told = {name: {"size": one.size, "sha256": one.sha256, "received": []} for name, one in sorted(files.items())}
    forget(database, site)
    with database.write() as connection:
        before = connection.execute(
            select(pushes).where(pushes.c.user == person.id, pushes.c.state == OPEN).order_by(pushes.c.created.desc())
        ).all()
        for row in before:
            if _slug(row.run) == _slug(run) and _declared(row.files) == _declared(told):
                return row.id, row.run
        if len(before) >= OPEN_AT_ONCE:
            raise TooMany(f"{len(before)} runs are being pushed already. Remedy: finish one of them", 60)
        name, push = _free(connection, run), secrets.token_hex(16)
        at = now()
        new = {"id": push, "user": person.id, "run": name, "files": told, "state": OPEN}
        connection.execute(pushes.insert().values(**new, created=at, touched=at))
        audit.note(connection, asker, "push.begin", name, bytes=sum(one.size for one in files.values()))
    return push, name


def _refuse_files(files: Mapping[str, Declared], most: int) -> None:
    if unknown := sorted(set(files) - set(LARGEST)):
        raise Failure(f"{unknown[0][:80]} is not taken. A run is pushed as {', '.join(LARGEST)}")
    if missing := [name for name in NEEDED if name not in files]:
        raise Failure(f"{missing[0]} is missing: without it there is no run")
    for name, one in files.items():
        if one.size > LARGEST[name]:
            raise TooLarge(f"{name} has {one.size:,} bytes; up to {LARGEST[name]:,} are taken")
    if (total := sum(one.size for one in files.values())) > most:
        raise TooLarge(f"the run has {total:,} bytes; up to {most:,} are taken here")


def _declared(files: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    return {name: (one["size"], one["sha256"]) for name, one in files.items() if name}


def _slug(run: str) -> str:
    return run.partition("-")[2]


def _free(connection: Connection, run: str) -> str:
    """The run's own name, where nothing here has it; else with another beginning."""
    if not ID.fullmatch(run) or len(run) > 60:
        raise Failure(f"{run[:80]!r} is no run's id: it is written like 7f3a-first-light")
    name = run
    while (
        connection.execute(select(runs.c.id).where(runs.c.id == name)).first()
        or connection.execute(
            select(pushes.c.id).where(pushes.c.run == name, pushes.c.state.in_((OPEN, CHECKING)))
        ).first()
    ):
        name = f"{secrets.token_hex(4)}-{_slug(run)}"
    return name


def own(connection: Connection, asker: Asker, push: str) -> Any:
    """The row of one's own push. Raises NotSignedIn, Denied, Missing."""
    person = asker.known("push", "evaluator")
    row = connection.execute(select(pushes).where(pushes.c.id == push, pushes.c.user == person.id)).first()
    if row is None:
        raise Missing("there is no such push, or it was forgotten. Remedy: sinan push again")
    return row


def receive(database: Database, site: Path, asker: Asker, push: str, name: str, piece: int, data: bytes) -> None:
    """Keep one piece of a file. Sent twice it is kept once.

    Raises Missing, Clash where nothing more is taken, Failure for a piece of the wrong size."""
    with database.read() as connection:
        row = own(connection, asker, push)
    file = row.files.get(name)
    if not name or file is None or piece >= pieces(file["size"]):
        raise Missing(f"{name} has no piece {piece}")
    if row.state != OPEN:
        raise Clash("this run is complete already")
    if len(data) != min(PIECE, file["size"] - piece * PIECE):
        raise Failure(f"piece {piece} of {name} has {len(data):,} bytes, and not those that were announced")
    _write(folder(site, push), name, piece * PIECE, data)
    with database.write() as connection:
        row = own(connection, asker, push)
        files = {**row.files}
        files[name] = files[name] | {"received": sorted({*files[name]["received"], piece})}
        connection.execute(pushes.update().where(pushes.c.id == push).values(files=files, touched=now()))


def pieces(size: int) -> int:
    """How many a file has."""
    return -(-size // PIECE)


def folder(site: Path, push: str) -> Path:
    """Where the files of a push lie."""
    return site / "pushes" / push


def _write(there: Path, name: str, offset: int, data: bytes) -> None:
    there.mkdir(parents=True, exist_ok=True)
    fd = os.open(there / name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.pwrite(fd, data, offset)
    finally:
        os.close(fd)


def complete(database: Database, asker: Asker, push: str) -> bool:
    """Nothing more is taken: the run is to be checked. False where it is being checked, or has been.

    Raises Missing, Failure where pieces are missing."""
    with database.write() as connection:
        row = own(connection, asker, push)
        if row.state in (DONE, REFUSED) or (row.state == CHECKING and row.touched > now() - SECONDS * 1000):
            return False
        for name, file in row.files.items():
            if (missing := pieces(file["size"]) - len(file["received"])) > 0:
                raise Failure(f"{missing} pieces of {name} are missing")
        connection.execute(pushes.update().where(pushes.c.id == push).values(state=CHECKING, touched=now()))
    return True


def check(database: Database, site: Path, folders: Path, asker: Asker, push: str) -> None:
    """Check what was sent in a process of its own, and take it among the runs, or refuse it. Never raises."""
    with database.read() as connection:
        row = connection.execute(select(pushes).where(pushes.c.id == push)).one()
    there = folder(site, push)
    try:
        for name, file in row.files.items():
            (there / name).touch()  # of no bytes no piece was sent
            if _sha256(there / name) != file["sha256"]:
                raise Failure(f"{name} did not arrive as it was announced. Remedy: push again")
        whole = there / row.run
        whole.mkdir(exist_ok=True)
        for name in row.files:
            (there / name).replace(whole / name)
        told = _checked(whole)
        _take(database, folders, asker, row, whole, told)
        error = ""
    except Failure as failure:
        error = str(failure)
    except Exception as failure:  # a fault of ours must not leave it waiting for ever
        error = f"it could not be checked ({type(failure).__name__}). Remedy: tell the operator"
    shutil.rmtree(there, ignore_errors=True)
    with database.write() as connection:
        state = {"state": REFUSED if error else DONE, "touched": now(), "files": {**row.files, "": {"error": error}}}
        connection.execute(pushes.update().where(pushes.c.id == push).values(**state))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(whole: Path) -> dict[str, Any]:
    """What the process that reads it says of it. Raises Failure where it is no run."""
    command = [sys.executable, "-m", "sinan.web.service.pushed", str(whole.absolute())]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL, cwd=whole, check=False
        )
        told: dict[str, Any] = orjson.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Failure(f"it could not be read within {SECONDS} s") from None
    except orjson.JSONDecodeError:
        raise Failure("it cannot be read: it takes more memory or time than is given to it, or is damaged") from None
    if "error" in told:
        raise Failure(told["error"])
    return told


def _take(database: Database, folders: Path, asker: Asker, row: Any, whole: Path, told: Mapping[str, Any]) -> None:
    """The row first: a folder without one would be the operator's."""
    with database.write() as connection:
        if connection.execute(select(runs.c.id).where(runs.c.id == row.run)).first() or (folders / row.run).exists():
            raise Failure(f"another run is called {row.run} by now. Remedy: push again")
        about = {"checked": told["checked"], "pushed": now()}
        shelf.put(connection, row.run, row.user, "push", provenance=about)
        audit.note(connection, asker, "push.done", row.run, agrees=told["agrees"])
        shutil.move(whole, folders / row.run)
    shelf.index(database, folders, [row.run])


def forget(database: Database, site: Path) -> None:
    """Remove pushes that nobody went on with."""
    with database.write() as connection:
        old = pushes.c.touched < now() - FORGOTTEN_MS
        names = connection.execute(select(pushes.c.id).where(old).limit(100)).scalars().all()
        if names:
            connection.execute(pushes.delete().where(pushes.c.id.in_(names)))
    for name in names:
        shutil.rmtree(folder(site, name), ignore_errors=True)
