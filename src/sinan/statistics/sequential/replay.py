"""What stopping early would have saved, and how often it would have been wrong: known scores of several models on the
same questions are asked for again in random orders, and what is said is held against what all of them say."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sinan.statistics import item_response
from sinan.statistics.item_response import Guided
from sinan.statistics.sequential.best import Best
from sinan.statistics.sequential.betting import Bets, Numbers
from sinan.statistics.sequential.one import Place, Precision
from sinan.types.sequential import Procedure

Order = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Duels of all pairs, looked at after every question, once for each order."""

    gaps: Numbers
    """(pairs,) difference of the full scores, without its sign."""
    used: Numbers
    """(orders, pairs) questions until it was settled, over all questions."""
    contradicted: npt.NDArray[np.bool_]
    """(orders, pairs) whether all questions say something else; a tie that was told apart counts."""
    asked: Numbers
    """(orders,) requests over those of a full run, when every model is asked until all its duels are settled."""


@dataclass(frozen=True)
class Raced:
    """One search for the best."""

    requests: int
    full: int
    """Requests of a full run of those that were asked."""
    contradicted: bool


def orders(questions: int, count: int, seed: int) -> list[Order]:
    """Random orders of all questions."""
    return [np.random.default_rng([seed, at]).permutation(questions) for at in range(count)]


def pairs(scores: Numbers, drawn: Iterable[Order], alpha: float = 0.05) -> Pairs:
    """Of (models, questions) scores. `alpha`: of each pair."""
    models, n = scores.shape
    a, b = np.triu_indices(models, 1)
    true = scores.sum(1)[a] - scores.sum(1)[b]
    used, wrong, asked = [], [], []
    for order in drawn:
        at, sign = _duels(scores[:, order], a, b, alpha)
        used.append(at / n)
        wrong.append((sign != 0) & (sign != np.sign(np.round(true, 9))))
        last = np.zeros(models)
        np.maximum.at(last, a, at)
        np.maximum.at(last, b, at)
        asked.append(last.sum() / (models * n))
    return Pairs(np.abs(true) / n, np.array(used), np.array(wrong), np.array(asked))


def _duels(scores: Numbers, a: Order, b: Order, alpha: float) -> tuple[Numbers, Numbers]:
    """(pairs,) questions that each took, and 1, -1 or 0 for what was said."""
    n, limit = scores.shape[1], math.log(2 / alpha)
    at, sign = np.full(len(a), float(n)), np.sign(np.round(scores.sum(1)[a] - scores.sum(1)[b], 9))
    going = np.arange(len(a))
    bets = Bets(n, np.zeros((len(a), 2)), -1, 1)
    for t in range(n - 1):
        difference = scores[a[going], t] - scores[b[going], t]
        bets.observe(np.stack([difference, -difference], -1))
        settled = bets.log_e >= limit
        done = settled.any(-1)
        if done.any():
            at[going[done]], sign[going[done]] = t + 1, np.where(settled[done, 0], 1, -1)
            going = going[~done]
            bets.keep(~done)
            if not len(going):
                break
    return at, sign


def best(scores: Numbers, order: Order, alpha: float = 0.05, board: Mapping[str, float] | None = None) -> Raced:
    """The best of all rows of (models, questions) scores; `board`: full scores of others, which are not asked."""
    names = [str(at) for at in range(len(scores))]
    race = Best(names, len(order), alpha, board=board)
    requests = follow(race, dict(zip(names, scores[:, order], strict=True)))
    full = dict(zip(names, scores.mean(1), strict=True)) | dict(board or {})
    top = max(full.values())
    said = race.decision().further["best"]
    true = {name for name, value in full.items() if value >= top - 1e-9}
    return Raced(requests, scores.size, not said or (set(said) != true if board is None else not set(said) <= true))


def missed(scores: Numbers, drawn: Iterable[Order], alpha: float = 0.05) -> npt.NDArray[np.bool_]:
    """(orders, models) whether the confidence sequence of a model's score ever leaves its full score out."""
    n, full = scores.shape[1], scores.mean(1)
    found = []
    for order in drawn:
        sides = Bets(n, full, 0, 1), Bets(n, -full, -1, 0)
        peak = np.zeros(len(full))
        for t in range(n - 1):
            for bets, sign in zip(sides, (1, -1), strict=True):
                bets.observe(sign * scores[:, order[t]])
                peak = np.maximum(peak, bets.log_e)
        found.append(peak >= math.log(2 / alpha))
    return np.array(found)


@dataclass(frozen=True)
class Placed:
    """One new model beside earlier ones, whose full scores are known."""

    verdicts: float
    """Share of the questions until it is told from an earlier model, on average over these."""
    widths: tuple[float, ...]
    """Share of the questions until its interval is as narrow as each width that was wanted."""
    contradicted: int
    """Verdicts that its full score contradicts."""
    missed: bool
    """Whether its interval left its full score out."""


def placed(
    own: Numbers,
    board: Numbers,
    order: Order,
    items: item_response.Items | None,
    widths: Iterable[float],
    alpha: float = 0.05,
) -> Placed:
    """Of (questions,) scores of the new model. `board`: full scores; `items`: of earlier models, for a warm start."""
    n = len(order)
    predictor = Guided(items.of(order)) if items is not None else None
    full = float(own.mean())
    others = board[np.abs(board - full) > 1e-9]
    place = Place("new", n, {str(i): float(score) for i, score in enumerate(others)}, alpha, predictor)
    at: dict[str, int] = {}
    wrong = 0
    for t, value in enumerate(own[order], 1):
        place.observe("new", float(value))
        for i in np.flatnonzero(place.found):
            if str(i) not in at:
                at[str(i)] = t
                wrong += int(np.sign(full - others[i]) != place.found[i])
        if len(at) == len(others):
            break
    told = sum(at.values()) + n * (len(others) - len(at))
    verdicts = told / (n * len(others)) if len(others) else 1.0  # that all are alike, the last question tells
    reached, missed = [], False
    for width in widths:
        precision = Precision("new", n, width, alpha, predictor)
        reached.append(follow(precision, {"new": own[order]}) / n)
        low, high = precision.decision().models[0].interval or (0.0, 1.0)
        missed |= not low - 1e-9 <= full <= high + 1e-9
    return Placed(verdicts, tuple(reached), wrong, missed)


def follow(procedure: Procedure, scores: Mapping[str, Numbers]) -> int:
    """Requests until the procedure asks for nothing more. `scores`: in the order."""
    asked = dict.fromkeys(scores, 0)
    while asking := procedure.asking:
        for model in asking:
            procedure.observe(model, float(scores[model][asked[model]]))
            asked[model] += 1
    return sum(asked.values())
