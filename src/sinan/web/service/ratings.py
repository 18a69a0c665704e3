"""Ratings of the arena: made from the votes that count, off the requests, by what `sinan rank --votes` does.

The file that is exported is the file that is ranked, so that whoever downloads it finds the same numbers. Votes on
runs that are no longer public are left out of both. Voters appear under a pseudonym that is keyed with the site's
secret, days without their hours.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, func, or_, select

from sinan.errors import SinanError
from sinan.ranked import rank_votes
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.database import Database
from sinan.web.service.shelf import PUBLIC
from sinan.web.service.tables import battles, facts, now, runs, votes
from sinan.web.service.voting import LIVE

FACT = "arena.ratings"
BATCH = 2_000


def counted() -> Any:
    """The query of all votes that make ratings, in the order in which they came."""
    public = select(runs.c.id).where(runs.c.visibility == PUBLIC)
    sides = [or_(run == LIVE, run.in_(public)) for run in (battles.c.left_run, battles.c.right_run)]
    columns = [votes.c[name] for name in ("id", "model_a", "model_b", "winner", "voter", "created")]
    return (
        select(*columns, battles.c.benchmark, battles.c.sample)
        .join_from(votes, battles)
        .where(votes.c.counted.is_(True), *sides)
        .order_by(votes.c.id)
    )


def lines(database: Database, ciphers: Ciphers) -> Iterator[bytes]:
    """Votes as JSON lines, as `sinan rank --votes` reads them; a batch at a time."""
    last = 0
    while True:
        with database.read() as connection:
            rows = connection.execute(counted().where(votes.c.id > last).limit(BATCH)).all()
        if not rows:
            return
        last = rows[-1].id
        yield b"".join(_line(row, ciphers) for row in rows)


def _line(row: Any, ciphers: Ciphers) -> bytes:
    told = {
        "model_a": row.model_a,
        "model_b": row.model_b,
        "winner": row.winner,
        "question_id": f"{row.benchmark}/{row.sample}",
        "judge": ciphers.pseudonym("judge", row.voter),
        "day": datetime.fromtimestamp(row.created / 1000, UTC).date().isoformat(),
    }
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def make(database: Database, ciphers: Ciphers) -> bool:
    """Bring the ratings to what the votes say; whether anything had changed. Cheap where nothing had."""
    with database.read() as connection:
        state = _state(connection)
        before = connection.execute(select(facts.c.value).where(facts.c.name == FACT)).scalar()
    if before is not None and before["state"] == state:
        return False
    told = {"state": state, "made": now()} | _ranked(database, ciphers)
    with database.write() as connection:
        changed = connection.execute(facts.update().where(facts.c.name == FACT).values(value=told))
        if changed.rowcount == 0:
            connection.execute(facts.insert().values(name=FACT, value=told))
    return True


def _state(connection: Connection) -> list[int]:
    """Changes with every vote that begins or ceases to count."""
    found = counted().order_by(None).subquery()
    count, last, total = connection.execute(
        select(func.count(), func.coalesce(func.max(found.c.id), 0), func.coalesce(func.sum(found.c.id), 0))
    ).one()
    return [int(count), int(last), int(total)]


def _ranked(database: Database, ciphers: Ciphers) -> dict[str, Any]:
    """The board, and how often each pair met; where there can be none, why."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "votes.jsonl"
        with file.open("wb") as out:
            for some in lines(database, ciphers):
                out.write(some)
        if not file.stat().st_size:
            return {"board": None, "why": "Nobody has voted yet, or no vote counts yet."}
        try:
            return {"board": rank_votes(file).to_json(), "why": ""}
        except SinanError as error:
            return {"board": None, "why": str(error).replace(str(file), "the votes")}


def stored(connection: Connection) -> dict[str, Any]:
    """What was made last; empty where nothing was."""
    found = connection.execute(select(facts.c.value).where(facts.c.name == FACT)).scalar()
    return dict(found) if found else {}


def strengths(told: dict[str, Any]) -> dict[str, float]:
    """Rating by model."""
    board = told.get("board")
    return {one["model"]: one["value"] for one in board["standings"]} if board else {}


def met(told: dict[str, Any]) -> dict[frozenset[str], int]:
    """Votes by pair of models."""
    board = told.get("board")
    wins = (board or {}).get("wins")
    if not wins:
        return {}
    names, counts = wins["models"], wins["votes"]
    return {frozenset((a, b)): counts[i][j] for i, a in enumerate(names) for j, b in enumerate(names) if i < j}
