"""Several benchmarks as one number per model. Each way answers another question, and they may name different winners.

All take scores as (models, benchmarks), NaN where a model was not asked; a model that lacks one has no number.
"""

from collections.abc import Sequence

import numpy as np

from sinan.errors import UsageError
from sinan.ranking.bradley_terry import fit
from sinan.ranking.contrasts import Numbers
from sinan.types.votes import Votes

EDGE = 0.005
"""Scores are kept so far from 0 and 1 where their log-odds are taken."""


def chance_corrected(scores: Numbers, chance: Sequence[float]) -> Numbers:
    """(a - c) / (1 - c): 0 is guessing, 1 is all right. Below guessing it is negative, and stays so: cut off at 0, luck
    would count in one direction only."""
    floor = np.array(chance)
    result: Numbers = (scores - floor) / (1 - floor)
    return result


def weighted_mean(scores: Numbers, weights: Sequence[float] | Numbers) -> Numbers:
    """Of weights that sum to one."""
    result: Numbers = scores @ np.array(weights)
    return result


def standardised_mean(scores: Numbers) -> Numbers:
    """The mean of z: how many standard deviations (ddof 1) above the mean of these models. It depends on who else is
    listed. NaN where models do not differ."""
    if len(scores) < 2:
        return np.full(len(scores), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (scores - scores.mean(axis=0)) / scores.std(axis=0, ddof=1)
    result: Numbers = z.mean(axis=1)
    return result


def geometric_mean(scores: Numbers) -> Numbers:
    """0 as soon as one score is; NaN where one is below."""
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Numbers = np.exp(np.log(scores).mean(axis=1))
    return result


def mean_win_rate(scores: Numbers) -> Numbers:
    """The share of (other model, benchmark) that a model is ahead of, a tie as a half. It depends on who else is
    listed, and throws away by how much."""
    models = len(scores)
    if models < 2:
        return np.full(models, np.nan)
    ahead = (scores[:, None] > scores[None]).astype(float) + 0.5 * (scores[:, None] == scores[None])
    result: Numbers = (ahead.sum(axis=1) - 0.5).mean(axis=1) / (models - 1)
    return np.where(np.isnan(scores).any(axis=1), np.nan, result)


def strengths(scores: Numbers) -> Numbers:
    """Bradley-Terry over benchmarks: every benchmark is one vote between every two models. Sums to zero."""
    models, benchmarks = scores.shape
    if models < 2:
        return np.zeros(models)
    first, second = np.triu_indices(models, 1)
    a, b = np.repeat(first, benchmarks), np.repeat(second, benchmarks)
    which = np.tile(np.arange(benchmarks), len(first))
    won = 0.5 + 0.5 * np.sign(scores[a, which] - scores[b, which])
    known = ~np.isnan(won)
    names = tuple(map(str, range(models)))
    votes = Votes(names, a[known], b[known], won[known], np.zeros((int(known.sum()), 0)))
    try:
        return fit(votes).theta
    except UsageError:
        return np.full(models, np.nan)


def first_share(scores: Numbers) -> float | None:
    """The share of the first eigenvalue of the benchmarks' correlations: near 1 they all measure one thing. None for
    fewer than three benchmarks or four models, or where one does not tell models apart."""
    complete = scores[~np.isnan(scores).any(axis=1)]
    if complete.shape[0] < 4 or complete.shape[1] < 3 or not (complete.std(axis=0) > 0).all():
        return None
    return float(np.linalg.eigvalsh(np.corrcoef(complete.T))[-1] / complete.shape[1])


def additive(scores: Numbers) -> tuple[Numbers, Numbers]:
    """Missing scores as an additive model has them: logit of a score = strength of the model - difficulty of the
    benchmark, by least squares. Returns the whole table and (models, benchmarks) standard errors of what was filled in:
    the spread of the rest about the model, with the uncertainty of both parts.

    Raises UsageError where the cells do not join all models and benchmarks, or leave nothing to judge the spread by.
    """
    there = ~np.isnan(scores)
    models, benchmarks = scores.shape
    row, column = np.nonzero(there)
    design = np.zeros((len(row), models + benchmarks))
    design[np.arange(len(row)), row], design[np.arange(len(row)), models + column] = 1, -1
    free = len(row) - (models + benchmarks - 1)
    if np.linalg.matrix_rank(design) < models + benchmarks - 1 or free < 1:
        raise UsageError(
            "too few scores are there to fill in the others: every model needs benchmarks that others have as well. "
            "Remedy: run what is missing"
        )
    told = _log_odds(scores[there])
    inverse = np.linalg.pinv(design.T @ design)
    parts = inverse @ design.T @ told
    spread = float(((told - design @ parts) ** 2).sum() / free)
    whole, errors = scores.copy(), np.zeros_like(scores)
    for m, b in zip(*np.nonzero(~there), strict=True):
        x = np.zeros(models + benchmarks)
        x[m], x[models + b] = 1, -1
        p = 1 / (1 + np.exp(-(x @ parts)))
        whole[m, b], errors[m, b] = p, p * (1 - p) * np.sqrt(spread * (1 + x @ inverse @ x))
    return whole, errors


def _log_odds(scores: Numbers) -> Numbers:
    inside = np.clip(scores, EDGE, 1 - EDGE)
    result: Numbers = np.log(inside / (1 - inside))
    return result
