"""The study of a table of known scores: each question that a sequential procedure answers, what it cost beside asking
everything, and how often everything says something else. Cold, and with earlier models' answers at hand."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sinan.statistics import item_response
from sinan.statistics.sequential import replay
from sinan.statistics.sequential.betting import Numbers

GAPS = (0.0, 0.01, 0.03, 0.05, 0.1, 0.2, 0.4, 1.0)
"""Bounds of the gaps between full scores that pairs are told apart by."""
TOP = 10
WIDTHS = (0.1, 0.06)
"""From one end of a confidence sequence to the other: five points, and three, to each side."""
FEWEST = 4
"""Models that a warm start is tried with, at least: half of them are taken as stored."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job, over all the orders that it was tried in."""

    job: str
    runs: int
    used: float
    """Requests over those of asking everything of the models that are asked."""
    contradicted: int
    """Verdicts that all the questions contradict."""
    verdicts: int
    fewer: float | None = None
    """How many times fewer requests than the same job took with nothing stored."""

    @property
    def saving(self) -> float:
        """How many times fewer requests."""
        return 1 / self.used if self.used else float("inf")

    def to_json(self) -> dict[str, Any]:
        """With the saving and the share contradicted."""
        return asdict(self) | {"saving": self.saving, "share_contradicted": self.contradicted / max(1, self.verdicts)}


@dataclass(frozen=True, slots=True)
class Gap:
    """Pairs whose full scores are as far apart as this."""

    least: float
    most: float
    pairs: int
    used: float
    contradicted: int


@dataclass(frozen=True)
class Study:
    """What was found."""

    models: int
    questions: int
    alpha: float
    seed: int
    orders: int
    jobs: tuple[Job, ...]
    gaps: tuple[Gap, ...]

    def of(self, job: str) -> Job | None:
        """The job of this name, where it was tried."""
        return next((one for one in self.jobs if one.job == job), None)

    def to_json(self) -> dict[str, Any]:
        """As `sinan replay --json` prints it."""
        told = {name: getattr(self, name) for name in ("models", "questions", "alpha", "seed", "orders")}
        return told | {"jobs": [one.to_json() for one in self.jobs], "gaps": [asdict(one) for one in self.gaps]}


def study(scores: Numbers, orders: int = 20, seed: int = 0, alpha: float = 0.05, newcomers: int = 12) -> Study:
    """Of (models, questions) scores, none missing. `newcomers`: models that are placed, at most.

    Raises ValueError for fewer than two models or questions, and for scores that are no numbers from 0 to 1.
    """
    models, questions = scores.shape
    if models < 2 or questions < 2 or not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError(f"{models} models, {questions} questions: two of each are needed, with scores from 0 to 1")
    duels = replay.pairs(scores, replay.orders(questions, orders, seed), alpha)
    settled = duels.contradicted
    jobs = [Job("pairs", orders, float(duels.used.mean()), int(settled.sum()), settled.size)]
    jobs += _races(scores, orders, seed, alpha)
    jobs.append(_ranking(scores, max(1, orders // 4), seed, alpha))
    if models >= FEWEST:
        jobs += _stored(scores, orders, seed, alpha)
        jobs += _places(scores, newcomers, seed, alpha)
    return Study(models, questions, alpha, seed, orders, tuple(jobs), tuple(_gaps(duels)))


def _gaps(duels: replay.Pairs) -> Iterator[Gap]:
    for least, most in pairwise(GAPS):
        within = (duels.gaps >= least - 1e-9) & (duels.gaps < most - 1e-9 if most < 1 else duels.gaps <= most)
        if within.any():
            used, wrong = duels.used[:, within], duels.contradicted[:, within]
            yield Gap(least, most, int(within.sum()), float(used.mean()), int(wrong.sum()))


def _races(scores: Numbers, orders: int, seed: int, alpha: float) -> Iterator[Job]:
    drawn = replay.orders(scores.shape[1], orders, seed)
    yield _raced("best of all", [replay.best(scores, order, alpha) for order in drawn])
    if len(scores) > TOP:
        top = scores[np.argsort(-scores.sum(1), kind="stable")[:TOP]]
        yield _raced(f"best of the top {TOP}", [replay.best(top, order, alpha) for order in drawn])


def _raced(job: str, races: Sequence[replay.Raced], fewer: float | None = None) -> Job:
    used = sum(one.requests for one in races) / sum(one.full for one in races)
    return Job(job, len(races), used, sum(one.contradicted for one in races), len(races), fewer)


def _ranking(scores: Numbers, orders: int, seed: int, alpha: float) -> Job:
    count = len(scores) * (len(scores) - 1) // 2
    duels = replay.pairs(scores, replay.orders(scores.shape[1], orders, seed), alpha / count)
    wrong = duels.contradicted.any(1)
    return Job("complete ranking", orders, float(duels.asked.mean()), int(wrong.sum()), orders)


def _stored(scores: Numbers, orders: int, seed: int, alpha: float) -> Iterator[Job]:
    """A random half of the models is taken as stored: the others are asked, without and with what is known of these."""
    cold, warm, whole = [], [], []
    for at, order in enumerate(replay.orders(scores.shape[1], orders, seed)):
        mixed = np.random.default_rng([seed, at, 1]).permutation(len(scores))
        stored, new = mixed[: len(scores) // 2], mixed[len(scores) // 2 :]
        board = {f"stored {i}": float(scores[i].mean()) for i in stored}
        if len(new) > 1:
            cold.append(replay.best(scores[new], order, alpha))
        warm.append(replay.best(scores[new], order, alpha, board))
        whole.append(replay.best(scores, order, alpha))
    fewer = sum(one.requests for one in whole) / sum(one.requests for one in warm)
    yield _raced("best of a random half, nothing stored", cold)
    yield _raced("best of all, half of them stored", warm, fewer)


def _places(scores: Numbers, newcomers: int, seed: int, alpha: float) -> Iterator[Job]:
    rng = np.random.default_rng([seed, 2])
    models, questions = scores.shape
    found: dict[bool, list[replay.Placed]] = {False: [], True: []}
    folds = min(4, models // 2)
    for fold in np.array_split(rng.permutation(models), folds):
        earlier = np.setdiff1d(np.arange(models), fold)
        items, _ = item_response.fit(scores[earlier])
        for new in fold[: max(1, newcomers // folds)]:
            order, board = rng.permutation(questions), scores[earlier].mean(1)
            for warm, known in ((False, None), (True, items)):
                found[warm].append(replay.placed(scores[new], board, order, known, WIDTHS, alpha))
    for warm, placed in found.items():
        how = "warm" if warm else "cold"
        verdicts = len(placed) * (models - models // folds)
        wrong, fewer = (
            sum(one.contradicted for one in placed),
            [_mean(found[False], at) / _mean(placed, at) for at in (0, 1, 2)],
        )
        gains = fewer if warm else [None] * 3
        yield Job(f"new model beside each earlier one, {how}", len(placed), _mean(placed, 0), wrong, verdicts, gains[0])
        missed = sum(one.missed for one in placed)
        for at, width in enumerate(WIDTHS, 1):
            job = f"new model to within {100 * width / 2:g} points each way, {how}"
            yield Job(job, len(placed), _mean(placed, at), missed, len(placed), gains[at])


def _mean(placed: Sequence[replay.Placed], at: int) -> float:
    return float(np.mean([(one.verdicts, *one.widths)[at] for one in placed]))
