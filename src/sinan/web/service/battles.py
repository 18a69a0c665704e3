"""Which question, and which two answers to it, somebody is shown in the arena.

Both answers are stored ones, of runs that the asker may see, to the same question of the same version of a benchmark.
First a benchmark is drawn, those with open answers more often; then two of its models, those pairs more often of which
another vote tells the most; then a question that this voter has not seen of them; then which side is which. Some are
checks: one answer is known to be right and the other to be wrong, and nothing shows it.
"""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from sinan import catalog
from sinan.errors import SinanError, StoreError
from sinan.ranking.next_pair import gains
from sinan.store import RunFolder, frames
from sinan.web.failures import Missing
from sinan.web.service import blind, shelf
from sinan.web.service.database import Database
from sinan.web.service.people import Asker
from sinan.web.service.tables import battles, cells, now, runs

OPEN_ANSWERS = ("instruction", "safety", "language", "writing", "judging")
"""Dimensions of benchmarks whose answers people judge best."""
OPEN_WEIGHT = 4.0
CHECKS = 0.15
"""Of battles, where there is a question that tells."""
MODELS, TRIES = 24, 12
"""So many models of a benchmark are considered at once; so many pairs are looked at before there is nothing to show."""
LONGEST = 20_000
"""Characters of an answer or a question that are shown."""
SCANNED = 4_000
"""Questions of a run that a pair is looked for among."""


@dataclass(frozen=True)
class Answered:
    """One model on one benchmark in one run."""

    run: str
    model: str
    samples: int


@dataclass(frozen=True)
class Drawn:
    """A question and two answers, left and right drawn."""

    benchmark: str
    sample: str
    left: Answered
    right: Answered
    held_out: str
    """`left` or `right` where that one is known to be better; else empty."""
    shown: Mapping[str, Any]


def draw(
    database: Database,
    folders: Path,
    asker: Asker,
    voter: str,
    ratings: Mapping[str, float],
    met: Mapping[frozenset[str], int],
) -> Drawn:
    """The next battle of a voter. Raises Missing where no two models answered one question that may be shown."""
    chance = random.Random(secrets.randbits(64))
    with database.read() as connection:
        left = {group: OPEN_WEIGHT if _is_open(group[0]) else 1.0 for group in _groups(connection, asker)}
        for _ in range(TRIES):
            if not left:
                break
            name, version = chance.choices(list(left), list(left.values()))[0]
            pair = _pair(_answered(connection, asker, name, version), ratings, met, chance)
            seen = _seen(connection, voter, name, pair)
            found = _question(folders, name, pair, seen, chance.random() < CHECKS, chance)
            if found is not None:
                return found
            left[name, version] /= 8
            if left[name, version] < 1 / 8:
                del left[name, version]
    raise Missing(
        "no two models answered one question that you may see. Remedy: publish runs of two models on one benchmark"
    )


def _groups(connection: Connection, asker: Asker) -> list[tuple[str, str]]:
    """Benchmarks that two models or more answered."""
    rows = connection.execute(
        select(cells.c.benchmark, cells.c.version)
        .join_from(cells, runs)
        .where(shelf.visible(asker), runs.c.status.in_(shelf.ENDED), cells.c.n > 0)
        .group_by(cells.c.benchmark, cells.c.version)
        .having(func.count(func.distinct(cells.c.model)) > 1)
        .order_by(cells.c.benchmark, cells.c.version)
    )
    return [(row.benchmark, row.version) for row in rows]


def _is_open(benchmark: str) -> bool:
    try:
        return catalog.load(benchmark).card.dimension in OPEN_ANSWERS
    except SinanError:
        return False


def _answered(connection: Connection, asker: Asker, benchmark: str, version: str) -> list[Answered]:
    """The newest run of each model."""
    rows = connection.execute(
        select(runs.c.id, cells.c.model, runs.c.samples)
        .join_from(cells, runs)
        .where(shelf.visible(asker), runs.c.status.in_(shelf.ENDED), cells.c.n > 0)
        .where(cells.c.benchmark == benchmark, cells.c.version == version)
        .order_by(runs.c.created, runs.c.id)
    )
    return list({row.model: Answered(row.id, row.model, row.samples) for row in rows}.values())


def _pair(
    there: Sequence[Answered],
    ratings: Mapping[str, float],
    met: Mapping[frozenset[str], int],
    chance: random.Random,
) -> tuple[Answered, Answered]:
    some = chance.sample(list(there), min(MODELS, len(there)))
    pairs = [(a, b) for at, a in enumerate(some) for b in some[at + 1 :]]
    weights = gains([(a.model, b.model) for a, b in pairs], ratings, met)
    a, b = chance.choices(pairs, weights)[0]
    return (a, b) if chance.random() < 0.5 else (b, a)


def _seen(connection: Connection, voter: str, benchmark: str, pair: tuple[Answered, Answered]) -> list[str]:
    models = [one.model for one in pair]
    rows = connection.execute(
        select(battles.c.sample)
        .where(battles.c.voter == voter, battles.c.benchmark == benchmark)
        .where(battles.c.left_model.in_(models), battles.c.right_model.in_(models))
        .limit(2_000)
    )
    return [row.sample for row in rows]


def _question(
    folders: Path,
    benchmark: str,
    pair: tuple[Answered, Answered],
    seen: Sequence[str],
    check: bool,
    chance: random.Random,
) -> Drawn | None:
    """A question that both answered, in different words; as a check one that one answered right and the other wrong."""
    opened = [RunFolder(folders / one.run) for one in pair]
    if not all(folder.samples.exists() and _generates(folder, benchmark) for folder in opened):
        return None
    rows = _rows(opened, benchmark, pair, seen, check, chance)
    if not rows and check:
        check, rows = False, _rows(opened, benchmark, pair, seen, False, chance)
    for sample, prompt, left, right, *scores in rows:
        asked = blind.question(prompt)
        if asked is not None and len(asked) <= LONGEST:
            better = "left" if scores[2] == "correct" else "right"
            return Drawn(benchmark, sample, *pair, better if check else "", _shown(asked, (left, right), pair, scores))
    return None


def _generates(folder: RunFolder, benchmark: str) -> bool:
    """Whether its answers are texts. Raises nothing: a run that cannot be read has none."""
    try:
        entries = folder.about()["cells"]
    except StoreError:
        return False
    return any(one["benchmark"] == benchmark and one.get("needs", "generate") == "generate" for one in entries)


def _shown(
    asked: str, answers: tuple[str, str], pair: tuple[Answered, Answered], scores: Sequence[Any]
) -> dict[str, Any]:
    models = [one.model for one in pair]
    left, right = (blind.blacked(answer, models) for answer in answers)
    after = {"left_score": scores[0], "right_score": scores[1], "left_outcome": scores[2], "right_outcome": scores[3]}
    return {"question": asked, "left": left, "right": right, "after": after}


TELLS = "AND [a.outcome, b.outcome] IN (['correct', 'wrong'], ['wrong', 'correct'])"
COLUMNS = "sample_id, target, prompt, completion, score, outcome"


def _rows(
    opened: Sequence[RunFolder],
    benchmark: str,
    pair: tuple[Answered, Answered],
    seen: Sequence[str],
    check: bool,
    chance: random.Random,
) -> list[tuple[Any, ...]]:
    """(sample, prompt, two answers, two scores, two outcomes) of a few questions in a random order."""
    seed = frames.literal(f"{chance.getrandbits(64):x}")
    part = max(1, max(one.samples for one in pair) // SCANNED)
    try:
        with frames.together(*opened) as (connection, found):
            sides = [
                f"(SELECT {COLUMNS} FROM {rows.sql} WHERE benchmark = {frames.literal(benchmark)} "
                f"AND model = {frames.literal(one.model)} AND draw = 0 AND hash(sample_id || {seed}) % {part} = 0 "
                f"AND length(trim(completion)) BETWEEN 1 AND {LONGEST})"
                for rows, one in zip(found, pair, strict=True)
            ]
            chosen = connection.execute(
                "SELECT a.sample_id, a.prompt, a.completion, b.completion, a.score, b.score, a.outcome, b.outcome "
                f"FROM {sides[0]} AS a JOIN {sides[1]} AS b ON a.sample_id = b.sample_id AND a.target = b.target "
                f"WHERE trim(a.completion) <> trim(b.completion) AND NOT list_contains($seen, a.sample_id) "
                f"{TELLS if check else ''} ORDER BY hash(a.sample_id || {seed} || 'x'), a.sample_id LIMIT 5",
                {"seen": list(seen) or [""]},
            )
            return [tuple(row) for row in chosen.fetchall()]
    except StoreError:
        return []


def store(connection: Connection, voter: str, drawn: Drawn) -> str:
    """Keep a battle as it is shown; its id, which tells nothing."""
    name = secrets.token_urlsafe(18)
    connection.execute(
        battles.insert().values(
            id=name,
            voter=voter,
            benchmark=drawn.benchmark[:200],
            sample=drawn.sample[:300],
            left_run=drawn.left.run,
            left_model=drawn.left.model,
            right_run=drawn.right.run,
            right_model=drawn.right.model,
            held_out=drawn.held_out,
            shown=dict(drawn.shown),
            created=now(),
        )
    )
    return name
