"""What else votes say: who beats whom, whether one strength per model explains it, and how little it takes to change
who is first."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from sinan.errors import UsageError
from sinan.ranking.bradley_terry import Fit, by_pair, collapsed, fit, summed
from sinan.ranking.contrasts import Indices, Numbers
from sinan.types.votes import Votes

FEWEST = 5
"""Votes of a pair that enter the test of fit."""
FAR = 3.0
"""Standard errors beyond which the fit is told to be poor."""


def win_matrix(votes: Votes) -> tuple[Numbers, Indices]:
    """(M, M) share of the votes between row and column that the row won, a tie as a half, NaN without a vote; and the
    numbers of votes."""
    models = len(votes.models)
    there, back = votes.a * models + votes.b, votes.b * models + votes.a
    won = np.bincount(there, votes.won, models**2) + np.bincount(back, 1 - votes.won, models**2)
    met = np.bincount(there, minlength=models**2) + np.bincount(back, minlength=models**2)
    share = np.divide(won, met, out=np.full(len(met), np.nan), where=met > 0)
    return share.reshape(models, models), met.reshape(models, models)


def fit_test(found: Fit) -> dict[str, Any]:
    """Squared residuals of the pairs' win rates over their variances, against a chi-square: where it is large, the
    models have no common order (A beats B, B beats C, C beats A). Votes are taken as independent here. The variance of
    a vote is p (1 - p), less a quarter of the chance of a tie."""
    votes, p = found.votes, found.predicted
    pair, total = by_pair(votes)
    sign = np.where(votes.a < votes.b, 1.0, -1.0)
    apart = np.bincount(pair, sign * (votes.won - p))
    variance = np.bincount(pair, p * (1 - p)) - np.bincount(pair, votes.won == 0.5) / 4
    used = (total >= FEWEST) & (variance > 0)
    free = int(used.sum()) - (len(votes.models) - 1) - votes.covariates.shape[1]
    if free < 1:
        return {"statistic": None, "df": None, "poor": False}
    statistic = float((apart[used] ** 2 / variance[used]).sum())
    return {"statistic": statistic, "df": free, "poor": statistic > free + FAR * math.sqrt(2 * free)}


def flip(found: Fit) -> dict[str, Any] | None:
    """The fewest votes whose removal was found to put another model first: those that pull the two apart the most,
    checked by fitting the rest. A smaller set may exist. None where no such set was found, or nobody is first."""
    votes, theta = found.votes, found.theta
    if len(theta) < 2:
        return None
    first = int(np.argmax(theta))
    tried = sorted(_candidates(found, first), key=lambda one: one[0])[:3]
    done = [(needed, other) for guess, other, order in tried if (needed := _fewest(found, first, other, order, guess))]
    if not done:
        return None
    needed, other = min(done)
    names = votes.models
    return {"votes": needed, "share": needed / len(votes.won), "from": names[first], "to": names[other]}


def _candidates(found: Fit, first: int) -> Iterator[tuple[int, int, Indices]]:
    """Of every other model how many votes it seems to take, and the votes in the order in which they matter."""
    scores = found.scores
    for other in (m for m in range(len(found.theta)) if m != first):
        contrast = found.inverse[first] - found.inverse[other]
        pull = scores @ contrast
        order = np.argsort(-pull, kind="stable")
        reach = np.cumsum(pull[order])
        enough = int(np.searchsorted(reach[: int((pull > 0).sum())], found.theta[first] - found.theta[other]))
        if enough < int((pull > 0).sum()):
            yield enough + 1, other, order


def _fewest(found: Fit, first: int, other: int, order: Indices, guess: int) -> int | None:
    """The smallest number of the first votes in that order without which the fit has `other` above."""
    cells, cell = collapsed(found.votes)

    def turned(dropped: int) -> bool:
        weight = found.weight.copy()
        weight[order[:dropped]] = 0
        try:
            rest = fit(cells, summed(cell, weight, len(cells.won)), unit=found.unit)
        except UsageError:
            return False
        return bool(rest.theta[other] > rest.theta[first])

    low, high, end = 0, guess, len(order) // 2
    while not turned(high):
        low, high = high, high + max(1, high // 2)
        if high > end:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if turned(middle) else (middle, high)
    return high
