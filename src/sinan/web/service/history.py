"""What stood on the boards before: for what moved lately, and for plots over time.

SITE/boards/history/AUDIENCE/NAME.jsonl, one line a day and board at most, the newest last:
    {"at": 1764290000000, "key": "...", "standings": [["needle/m", 0.71, 0.64, 0.77, 1, 1, 2], ...]}
Of the public and of the whole site only: what a person may see changes with time, and so would their past.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from sinan.web.service.tables import now

DAY_MS = 24 * 3600 * 1000
MOST = 730
"""Days that are kept."""
MOST_MOVES = 200


class Stood(NamedTuple):
    """A model on a board at some time."""

    model: str
    value: float | None
    low: float | None
    high: float | None
    rank: int | None
    first: int | None
    last: int | None


class Moment(NamedTuple):
    """A board at some time."""

    at: int
    key: str
    standings: tuple[Stood, ...]


class Move(NamedTuple):
    """A model that came, or that passed others."""

    at: int
    slug: str
    model: str
    before: int | None
    """Its rank the day before; None where it is new."""
    now: int


def remember(folder: Path, audience: str, at: int | None = None) -> None:
    """Write down how the boards of an audience stand. The last of a day counts."""
    pointer = orjson.loads((folder / "audiences" / f"{audience}.json").read_bytes())
    boards = orjson.loads((folder / "sets" / f"{pointer['set']}.json").read_bytes())["boards"]
    moves: list[Move] = []
    for one in boards:
        path = _path(folder, audience, one["slug"])
        before = read(folder, audience, one["slug"])
        if not before or before[-1].key != one["key"]:
            moment = now() if at is None else at
            made = orjson.loads((folder / "made" / f"{one['key']}.json").read_bytes())
            kept = [m for m in before if m.at // DAY_MS != moment // DAY_MS]
            stands = Moment(moment, one["key"], _standings(made["standings"]))
            _write(path, [*kept, stands][-MOST:])
            if kept:
                moves += _moves(one["slug"], kept[-1], stands)
    if moves:
        _tell(folder / "history" / audience / "moves.json", moves)


def read(folder: Path, audience: str, slug: str) -> list[Moment]:
    """How a board stood, the oldest first."""
    try:
        lines = _path(folder, audience, slug).read_bytes().splitlines()
        found = [orjson.loads(line) for line in lines]
        return [Moment(m["at"], m["key"], tuple(Stood(*one) for one in m["standings"])) for m in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def before(moments: Sequence[Moment], at: int) -> Moment | None:
    """How it stood then; where it is younger, how it stood first."""
    older = [moment for moment in moments if moment.at <= at]
    return older[-1] if older else moments[0] if moments else None


def lately(folder: Path, audience: str, since: int) -> list[Move]:
    """What moved, the newest first."""
    try:
        told = orjson.loads((folder / "history" / audience / "moves.json").read_bytes())
        return [move for move in (Move(*one) for one in told) if move.at >= since]
    except (OSError, ValueError, TypeError):
        return []


def _moves(slug: str, then: Moment, stands: Moment) -> list[Move]:
    """Who is new, and whose order with those that were there has changed: that somebody new came before them moves
    nobody."""
    old = {one.model: one.rank for one in then.standings if one.rank is not None}
    ranked = {one.model: one.rank for one in stands.standings if one.rank is not None}
    fresh = [Move(stands.at, slug, model, None, rank) for model, rank in ranked.items() if model not in old]
    common = [model for model in ranked if model in old]
    was, places = (_places({model: ranks[model] for model in common}) for ranks in (old, ranked))
    return fresh + [
        Move(stands.at, slug, model, old[model], ranked[model]) for model in common if was[model] != places[model]
    ]


def _places(ranks: Mapping[str, int]) -> dict[str, int]:
    """Ranks among these alone."""
    order = sorted(ranks.values())
    return {model: 1 + bisect_left(order, rank) for model, rank in ranks.items()}


def _tell(path: Path, moves: Sequence[Move]) -> None:
    """The newest move of a model on a board counts."""
    known = {
        (one.slug, one.model): one
        for one in lately(path.parent.parent.parent, path.parent.name, moves[0].at - 7 * DAY_MS)
    }
    known |= {(one.slug, one.model): one for one in moves}
    newest = sorted(known.values(), key=lambda one: (-one.at, one.now))[:MOST_MOVES]
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(orjson.dumps([list(one) for one in newest]))
    temporary.replace(path)


def _standings(rows: Sequence[Mapping[str, Any]]) -> tuple[Stood, ...]:
    found = []
    for row in rows:
        low, high = row["ci"] or (None, None)
        first, last = row["rank_interval"] or (None, None)
        found.append(Stood(row["model"], row["value"], low, high, row["rank"], first, last))
    return tuple(found)


def _path(folder: Path, audience: str, slug: str) -> Path:
    return folder / "history" / audience / f"{hashlib.sha256(slug.encode()).hexdigest()[:24]}.jsonl"


def _write(path: Path, moments: Sequence[Moment]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(
        b"".join(
            orjson.dumps({"at": m.at, "key": m.key, "standings": [list(one) for one in m.standings]}) + b"\n"
            for m in moments
        )
    )
    temporary.replace(path)
