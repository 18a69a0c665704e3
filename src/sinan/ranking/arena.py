"""The leaderboard of an arena: ratings from votes, with errors that know which votes hang together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sinan.errors import UsageError
from sinan.ranking.bradley_terry import Fit, collapsed, evenly, fit, scaled, summed, with_position
from sinan.ranking.contrasts import Contrasts, Numbers, of_covariance, pairs
from sinan.ranking.standings import Entry, Ways, standings
from sinan.ranking.votes_checked import fit_test, flip, win_matrix
from sinan.statistics.clustered import FEW
from sinan.statistics.intervals import t_quantile
from sinan.types import Estimate
from sinan.types.leaderboard import Leaderboard
from sinan.types.votes import Votes

MEAN, PER_THETA = 1000.0, 400 / math.log(10)
"""The mean rating, and rating points per unit of strength: 400 points are odds of ten to one."""


SHORT = {"max-t": "step-down max-t", "bonferroni": "bonferroni"}


@dataclass(frozen=True)
class Arena:
    """How votes become ratings."""

    evenly: bool = False
    """Whether every pair of models counts nearly alike, however often it was shown."""
    position: bool = False
    """Whether the advantage of being shown as a is told apart."""
    resamples: int = 0
    """Of the cluster bootstrap that is held beside the errors; 0: none."""


@dataclass(frozen=True)
class _Errors:
    """The joint covariance of all strengths, and how it was made."""

    covariance: Numbers
    stderr: Numbers
    """(P,) of the pairs."""
    own: Numbers
    """(M,)"""
    method: str
    clusters: int | None
    df: float


def arena_board(votes: Votes, ways: Ways, arena: Arena = Arena()) -> Leaderboard:
    """Ratings of all models, simultaneous rank intervals, and what else the votes say. Raises UsageError where a joint
    ranking is impossible."""
    if len(votes.models) < 2:
        raise UsageError("no vote is between two different models. Remedy: another file, or --model-a and --model-b")
    votes, spread = scaled(votes)
    asked = with_position(votes) if arena.position else votes
    weight = evenly(asked) if arena.evenly else None
    found = fit(asked, weight, unit=1.0 if weight is None else float(weight.max()))
    errors = _errors(found)
    beside = {"hessian": _own(found.inverse, found), "iid": _own(found.independent(), found)}
    resampled = _bootstrap(found, arena.resamples, ways.seed) if arena.resamples else None
    contrasts = _contrasts(found, errors)
    placed, decided = standings(_entries(found, errors, beside, resampled), contrasts, ways)
    return Leaderboard(
        "votes",
        placed,
        "rating",
        f"bradley-terry; simultaneous: {SHORT[ways.method]}, {errors.method}",
        ways.alpha,
        len(contrasts.difference),
        len(votes.won),
        errors.clusters,
        errors.df,
        decided.critical if math.isfinite(decided.critical) else None,
        estimand="E2: votes like these (prompts, pairs and voters as they came)",
        in_percent=False,
        notes=(*votes.notes, *_notes(found, errors, arena)),
        further=_further(found, errors, spread, arena, resampled),
    )


def _errors(found: Fit) -> _Errors:
    """One clustering by the sandwich; two crossed ones by the sum of both less that of their intersection (Cameron,
    Gelbach and Miller 2011), no pair's variance below the larger of the two."""
    named = found.votes.clusters
    if not named:
        covariance = found.independent()
        return _of(found, [covariance], covariance, "sandwich, every vote by itself", None, len(found.votes.won) - 1)
    counts = {name: int(clusters.max()) + 1 for name, clusters in named.items()}
    each = [found.clustered(clusters) for clusters in named.values()]
    told = "sandwich, clusters by " + " and ".join(named)
    fewest = min(counts.values())
    if len(each) == 1:
        return _of(found, each, each[0], told, fewest, fewest - 1)
    one, other = named.values()
    _, both = np.unique(one * (int(other.max()) + 1) + other, return_inverse=True)
    whole = each[0] + each[1] - found.clustered(both.reshape(-1))
    return _of(found, each, whole, told, fewest, fewest - 1)


def _of(
    found: Fit, least: Sequence[Numbers], covariance: Numbers, method: str, clusters: int | None, df: float
) -> _Errors:
    models = len(found.theta)
    first, second = pairs(models)
    candidates = [covariance, *least]
    own = np.max([np.diag(one)[:models] for one in candidates], axis=0)
    apart = [_of_pairs(one, first, second) for one in candidates]
    return _Errors(covariance, np.sqrt(np.max(apart, axis=0)), np.sqrt(own), method, clusters, float(df))


def _of_pairs(covariance: Numbers, first: Any, second: Any) -> Numbers:
    variance = np.diag(covariance)
    result: Numbers = np.maximum(0.0, variance[first] + variance[second] - 2 * covariance[first, second])
    return result


def _own(covariance: Numbers, found: Fit) -> Numbers:
    result: Numbers = np.sqrt(np.maximum(0.0, np.diag(covariance)[: len(found.theta)]))
    return result


def _contrasts(found: Fit, errors: _Errors) -> Contrasts:
    """Differences of ratings; n: the votes between the two themselves."""
    models = len(found.theta)
    first, second = pairs(models)
    met = win_matrix(found.votes)[1][first, second]
    covariance = errors.covariance[:models, :models] * PER_THETA**2
    ratings, stderr = MEAN + PER_THETA * found.theta, errors.stderr * PER_THETA
    return of_covariance(ratings, covariance, met, errors.df, errors.clusters is not None, stderr)


def _entries(found: Fit, errors: _Errors, beside: Mapping[str, Numbers], resampled: Numbers | None) -> list[Entry]:
    votes, half = found.votes, t_quantile(max(1.0, errors.df))
    return [
        Entry(
            model,
            _rating(found.theta[at], errors.own[at], half, errors.method, votes, at),
            (),
            _counts(votes, at),
            more,
        )
        for at, model in enumerate(votes.models)
        for more in [_strength(found, errors, beside, resampled, at)]
    ]


def _rating(theta: float, stderr: float, half: float, method: str, votes: Votes, at: int) -> Estimate:
    value, error = MEAN + PER_THETA * theta, PER_THETA * stderr
    n = int(((votes.a == at) | (votes.b == at)).sum())
    return Estimate(float(value), float(error), (float(value - half * error), float(value + half * error)), method, n)


def _counts(votes: Votes, at: int) -> dict[str, int]:
    won = np.concatenate([votes.won[votes.a == at], 1 - votes.won[votes.b == at]])
    return {"wins": int((won > 0.5).sum()), "losses": int((won < 0.5).sum()), "ties": int((won == 0.5).sum())}


def _strength(
    found: Fit, errors: _Errors, beside: Mapping[str, Numbers], resampled: Numbers | None, at: int
) -> dict[str, Any]:
    row = {"theta": float(found.theta[at]), "theta_stderr": float(errors.own[at])}
    row |= {f"theta_stderr_{name}": float(own[at]) for name, own in beside.items()}
    if resampled is not None:
        low, high = np.quantile(MEAN + PER_THETA * resampled[:, at], [0.025, 0.975])
        row |= {"theta_stderr_bootstrap": float(resampled[:, at].std(ddof=1))}
        return row | {"ci_bootstrap": [float(low), float(high)]}
    return row


def _bootstrap(found: Fit, resamples: int, seed: int) -> Numbers:
    """(resamples, M) strengths of votes drawn anew, cluster by cluster (of the first clustering)."""
    votes, random = found.votes, np.random.default_rng(seed)
    clusters = next(iter(votes.clusters.values()), np.arange(len(votes.won)))
    groups, (cells, cell) = int(clusters.max()) + 1, collapsed(votes)
    start, rows = np.concatenate([found.theta, found.beta]), []
    for _ in range(resamples):
        times = random.multinomial(groups, np.full(groups, 1 / groups))[clusters]
        try:
            rows.append(fit(cells, summed(cell, found.weight * times, len(cells.won)), start, found.unit).theta)
        except UsageError:  # what was drawn joins no longer all models; how many were kept is told
            continue
    if len(rows) < 2:
        raise UsageError("no bootstrap: what is drawn of these votes hardly ever joins all models")
    return np.array(rows)


def _further(found: Fit, errors: _Errors, spread: Numbers, arena: Arena, resampled: Numbers | None) -> dict[str, Any]:
    votes = found.votes
    share, met = win_matrix(votes)
    shares = [[None if math.isnan(one) else one for one in row] for row in share.tolist()]
    weight = found.weight
    row: dict[str, Any] = {
        "kind": "votes",
        "votes": len(votes.won),
        "ties": votes.ties,
        "against_itself": votes.against_itself,
        "clustered_by": list(votes.clusters),
        "convention": "bradley-terry, maximum likelihood without a penalty; a tie is half a win of either; votes of a "
        "model against itself are dropped; ratings have the mean 1000, and 400 points are odds of ten to one",
        "weights": "1 / max(votes of the pair, 50)" if arena.evenly else "every vote counts the same",
        "n_eff": float(weight.sum() ** 2 / (weight**2).sum()),
        "held": [votes.models[m] for m in found.held],
        "effects": _effects(found, errors, spread),
        "fit": fit_test(found),
        "flip": flip(found),
        "wins": {"models": list(votes.models), "share": shares, "votes": met.tolist()},
    }
    return row | ({} if resampled is None else {"bootstrap": {"asked": arena.resamples, "kept": len(resampled)}})


def _effects(found: Fit, errors: _Errors, spread: Numbers) -> list[dict[str, Any]]:
    """What style and position do to the log-odds that a is better."""
    models = len(found.theta)
    rows = []
    for at, name in enumerate(found.votes.named):
        unit = float(spread[at]) if at < len(spread) else 1.0
        stderr = math.sqrt(max(0.0, float(errors.covariance[models + at, models + at])))
        effect = float(found.beta[at])
        rows.append({"name": name, "effect": effect, "stderr": stderr, "sd": unit, "effect_per_unit": effect / unit})
    return rows


def _notes(found: Fit, errors: _Errors, arena: Arena) -> list[str]:
    votes = found.votes
    notes = []
    if votes.against_itself:
        notes.append(f"{votes.against_itself:,} votes of a model against itself are left out")
    if found.held:
        held = [votes.models[m] for m in found.held]
        named = ", ".join(held[:6]) + (f" and {len(held) - 6} more" if len(held) > 6 else "")
        notes.append(
            f"{named} never lost to, or never won against, the rest: no finite strength. Each is given "
            "one tie against the mean of all"
        )
    if errors.clusters is not None and errors.clusters < FEW:
        notes.append(f"only {errors.clusters} clusters: errors on so few are rough")
    if errors.clusters is None:
        notes.append("no field says which votes share a prompt: if prompts come again, these intervals are too narrow")
    if arena.evenly:
        notes.append("pairs count alike: the ratings are those of an arena that shows every pair equally often")
    if fit_test(found)["poor"]:
        notes.append("one strength per model does not explain these votes: some pairs are far from what it predicts")
    return notes
