"""What stood on the boards before: for what moved lately, and for plots over time.

SITE/boards/history/AUDIENCE/NAME.jsonl, one line a day and board at most, the newest last:
    {"at": 1764290000000, "key": "...", "standings": [["needle/m", 0.71, 0.64, 0.77, 1, 1, 2], ...]}
Of the public and of the whole site only: what a person may see changes with time, and so would their past.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from sinan.web.service.tables import now

DAY_MS = 24 * 3600 * 1000
MOST = 730
"""Days that are kept."""


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


def remember(folder: Path, audience: str, at: int | None = None) -> None:
    """Write down how the boards of an audience stand. The last of a day counts."""
    pointer = orjson.loads((folder / "audiences" / f"{audience}.json").read_bytes())
    boards = orjson.loads((folder / "sets" / f"{pointer['set']}.json").read_bytes())["boards"]
    for one in boards:
        path = _path(folder, audience, one["slug"])
        before = read(folder, audience, one["slug"])
        if not before or before[-1].key != one["key"]:
            moment = now() if at is None else at
            made = orjson.loads((folder / "made" / f"{one['key']}.json").read_bytes())
            kept = [m for m in before if m.at // DAY_MS != moment // DAY_MS]
            _write(path, [*kept, Moment(moment, one["key"], _standings(made["standings"]))][-MOST:])


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
