"""The process beside the site that keeps the index of runs current and makes leaderboards: no request ever does.

One at a time works in a site's folder: it holds a lock that the kernel lets go of, however the process ends. It is
told its configuration on standard input, and ends when that does.
"""

import fcntl
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import orjson
from sqlalchemy import Connection, or_, select

from sinan.errors import SinanError
from sinan.shelves import FINISHED
from sinan.web import config as configuration
from sinan.web.config import Config
from sinan.web.service import ciphers, history, ratings, shelf
from sinan.web.service.boards import ALL, PUBLIC, of_person
from sinan.web.service.database import Database
from sinan.web.service.making import Maker, RunState
from sinan.web.service.people import SCOPES, Asker, Person
from sinan.web.service.tables import members, now, runs, sessions, tokens, users

EVERY_S = 2.0
ACTIVE_MS = 3 * 24 * 3600 * 1000
"""Who has not asked for so long has no boards made; they see the public ones until theirs are."""


def main() -> int:
    """Until standard input ends, or SIGTERM."""
    told = sys.stdin.buffer.readline()
    if not told.strip():
        return 0
    config = configuration.from_json(orjson.loads(told))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # files are whole at every moment
    threading.Thread(target=_end_with_the_site, daemon=True).start()
    folder = config.site / "boards"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):
        keep(config)
    return 0


def _end_with_the_site() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def locked(path: Path) -> IO[bytes]:
    """Waits until no other maker works here."""
    file = path.open("wb")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def keep(config: Config) -> None:
    """Look every few seconds, for ever. What fails is told, and tried again."""
    database = Database(config.url)
    maker, secret = Maker(config.site / "boards", config.runs, _say), ciphers.of(config.site)
    said = ""
    while True:
        began = time.monotonic()
        try:
            shelf.index(database, config.runs)
            once(database, maker)
            ratings.make(database, secret)
        except (SinanError, OSError) as error:
            if str(error) != said:
                _say(said := str(error))
        taken = time.monotonic() - began
        time.sleep(max(EVERY_S, 2 * taken if taken < 30 else 30))


def _say(line: str) -> None:
    print(f"maker: {line}", file=sys.stderr, flush=True)


def once(database: Database, maker: Maker) -> None:
    """Bring the boards of every audience to what the index holds."""
    with database.read() as connection:
        seen = {name: _seen(connection, asker) for name, asker in audiences(connection).items()}
    changed = False
    for name, states in seen.items():
        if maker.make(name, states):
            changed = True
            if name in (PUBLIC, ALL):
                history.remember(maker.folder, name)
    if changed:
        maker.forget(seen)


def audiences(connection: Connection) -> dict[str, Asker]:
    """Everybody for whom boards are made: the public first."""
    found = {PUBLIC: Asker(), ALL: Asker(alone=True)}
    at = now() - ACTIVE_MS
    active = or_(
        users.c.id.in_(select(sessions.c.user).where(sessions.c.seen > at)),
        users.c.id.in_(select(tokens.c.user).where(tokens.c.used > at, tokens.c.revoked.is_(None))),
    )
    rows = connection.execute(
        select(users.c.id, users.c.name, users.c.role).where(
            active, users.c.disabled.is_(False), users.c.role != "admin"
        )
    ).all()
    belongs: dict[int, set[int]] = {}
    for user, organisation in connection.execute(select(members.c.user, members.c.organisation)):
        belongs.setdefault(user, set()).add(organisation)
    for row in rows:
        person = Person(row.id, row.name, row.role, frozenset(belongs.get(row.id, ())))
        found[of_person(person)] = Asker(person, "session", frozenset(SCOPES))
    return found


def _seen(connection: Connection, asker: Asker) -> list[RunState]:
    rows = connection.execute(
        select(runs.c.id, runs.c.seen, runs.c.visibility).where(
            shelf.visible(asker), runs.c.status.in_(FINISHED), runs.c.origin != "verification"
        )
    )
    return [RunState(row.id, row.seen, row.visibility == shelf.PUBLIC) for row in rows]


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        raise SystemExit(main())
