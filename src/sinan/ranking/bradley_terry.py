"""Bradley-Terry: strengths of models from votes between two of them (Bradley and Terry 1952; Zermelo 1929).

P(a is better than b) = 1 / (1 + exp(-(theta_a - theta_b + x' beta))); x may hold what else differs between the two
answers, and a constant for the place that each was shown in. A tie is half a win of either: a quasi-likelihood, whose
Hessian overstates the errors. Errors are the sandwich's, over clusters of votes that are not independent. Strengths are
known but for a constant: they sum to zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sinan.errors import UsageError
from sinan.ranking.contrasts import Indices, Numbers
from sinan.types.votes import Votes

STEPS, CLOSE = 200, 1e-11
"""Newton's steps at most; and when the largest part of the gradient, over the votes, is nothing."""

SURE = 25.0
"""Log-odds that no number of votes can show."""
SAME = 1e-10
"""Of the largest eigenvalue: below it one is what rounding left of 0."""
POSITION = "position"
NO_END = "a style that tells votes in advance has no finite effect. Remedy: leave it out of --style"


@dataclass(frozen=True, eq=False)
class Fit:
    """The maximum of the likelihood."""

    votes: Votes
    weight: Numbers
    """(N,) as they were used."""
    theta: Numbers
    """(M,) strengths, summing to zero."""
    beta: Numbers
    """(q,) effects of the covariates, in log-odds per unit."""
    inverse: Numbers
    """(M + q, M + q) the pseudo-inverse of the Hessian: the covariance, if every vote were independent and no tie."""
    held: tuple[int, ...] = ()
    """Models that would have no finite strength: each was given one tie against the mean of all."""
    unit: float = 1.0
    """The weight of that tie."""

    @property
    def predicted(self) -> Numbers:
        """(N,) chance that a is better."""
        return _chance(self.votes, self.theta, self.beta)

    @property
    def scores(self) -> csr_array:
        """(N, M + q) what each vote pulls: the gradient of its log-likelihood."""
        return _design(self.votes).multiply((self.weight * (self.votes.won - self.predicted))[:, None]).tocsr()

    def independent(self) -> Numbers:
        """The covariance if all votes are independent."""
        scores = self.scores
        return self._sandwich((scores.T @ scores).toarray())

    def clustered(self, clusters: Indices) -> Numbers:
        """The covariance if votes of different clusters are independent. Raises UsageError for fewer than two."""
        groups = int(clusters.max(initial=-1)) + 1
        if groups < 2:
            raise UsageError(
                "all votes are in one cluster: nothing can be said of their errors. Remedy: --cluster none"
            )
        rows = np.arange(len(clusters))
        sums = csr_array((np.ones(len(rows)), (clusters, rows)), shape=(groups, len(rows))) @ self.scores
        return groups / (groups - 1) * self._sandwich((sums.T @ sums).toarray())

    def _sandwich(self, meat: Numbers) -> Numbers:
        spread: Numbers = self.inverse @ (meat + self._coins()) @ self.inverse
        return spread

    def _coins(self) -> Numbers:
        """What the votes of a model that always won, always lost or always tied do not say: they agree with each other,
        as those of a few throws may, and alone would give an error of nearly nothing. One more vote against the mean of
        all, which falls either way, is counted in."""
        models, size = len(self.theta), len(self.theta) + len(self.beta)
        meat = np.zeros((size, size))
        for model in {*self.held, *_only_tied(self.votes, self.weight)}:
            row = _against_mean(model, models, size)
            chance = float(_logistic(row[:models] @ self.theta))
            meat += self.unit**2 * (chance**2 + (1 - chance) ** 2) / 2 * np.outer(row, row)
        return meat


def fit(votes: Votes, weight: Numbers | None = None, start: Numbers | None = None, unit: float = 1.0) -> Fit:
    """The strengths of all models. `unit`: the weight of the tie that a model without a finite strength is given.
    Raises UsageError where two groups of models never met: then there is no order between them, and they are named."""
    weight = np.ones(len(votes.won)) if weight is None else weight
    cells, cell = collapsed(votes)
    counts = summed(cell, weight, len(cells.won))
    held = _without_bound(cells, counts)
    _refuse_what_cannot_be_told_apart(cells, counts)
    begin = np.zeros(len(votes.models) + votes.covariates.shape[1]) if start is None else start
    found, hessian = _maximum(cells, counts, held, begin, unit)
    theta, beta = found[: len(votes.models)], found[len(votes.models) :]
    inverse = np.linalg.pinv(hessian, hermitian=True).astype(np.float64)
    return Fit(votes, weight, theta - theta.mean(), beta, inverse, tuple(held), unit)


def summed(places: Indices, weight: Numbers, size: int) -> Numbers:
    """(size,) the weights at each place, added up."""
    return np.bincount(places, weight, size).astype(np.float64)


def collapsed(votes: Votes) -> tuple[Votes, Indices]:
    """Votes that are all different, and (N,) which of them each is: a million votes between a hundred models are no
    more than thirty thousand. With covariates every vote is its own."""
    if votes.covariates.shape[1]:
        return votes, np.arange(len(votes.won))
    models = len(votes.models)
    outcomes, outcome = np.unique(votes.won, return_inverse=True)
    key = (votes.a * models + votes.b) * len(outcomes) + outcome.reshape(-1)
    _, chosen, cell = np.unique(key, return_index=True, return_inverse=True)
    cells = replace(
        votes,
        a=votes.a[chosen],
        b=votes.b[chosen],
        won=votes.won[chosen],
        covariates=np.zeros((len(chosen), 0)),
        clusters={},
    )
    return cells, cell.reshape(-1).astype(np.int64)


def evenly(votes: Votes, least: float = 50.0) -> Numbers:
    """Weights by which every pair of models counts nearly alike: 1 / max(votes of the pair, `least`)."""
    pair, total = by_pair(votes)
    result: Numbers = 1 / np.maximum(total, least)[pair]
    return result


def scaled(votes: Votes) -> tuple[Votes, Numbers]:
    """Covariates over their standard deviations, and these. They are not centred: which answer is called a must not
    matter, and a centre would be an intercept in disguise."""
    if not votes.covariates.shape[1]:
        return votes, np.ones(0)
    spread = votes.covariates.std(axis=0, ddof=1) if len(votes.won) > 1 else np.zeros(votes.covariates.shape[1])
    flat = [name for name, sd in zip(votes.named, spread, strict=True) if not sd > 0]
    if flat:
        raise UsageError(f"{flat[0]} is the same in every vote: it explains nothing. Remedy: leave it out of --style")
    return replace(votes, covariates=votes.covariates / spread), spread


def with_position(votes: Votes) -> Votes:
    """With an intercept: the advantage of being shown as a."""
    ones = np.ones((len(votes.won), 1))
    return replace(votes, covariates=np.hstack([votes.covariates, ones]), named=(*votes.named, POSITION))


def by_pair(votes: Votes) -> tuple[Indices, Indices]:
    """(N,) number of the vote's unordered pair, and (pairs,) its votes."""
    models = len(votes.models)
    low, high = np.minimum(votes.a, votes.b), np.maximum(votes.a, votes.b)
    _, pair = np.unique(low * models + high, return_inverse=True)
    return pair.reshape(-1), np.bincount(pair.reshape(-1))


def _design(votes: Votes) -> csr_array:
    """(N, M + q) 1 for a, -1 for b, and the covariates."""
    n, models, q = len(votes.won), len(votes.models), votes.covariates.shape[1]
    rows = np.concatenate([np.arange(n), np.arange(n), np.repeat(np.arange(n), q)])
    columns = np.concatenate([votes.a, votes.b, np.tile(models + np.arange(q), n)])
    entries = np.concatenate([np.ones(n), -np.ones(n), votes.covariates.reshape(-1)])
    return csr_array((entries, (rows, columns)), shape=(n, models + q))


def _chance(votes: Votes, theta: Numbers, beta: Numbers) -> Numbers:
    return _logistic(theta[votes.a] - theta[votes.b] + votes.covariates @ beta)


def _logistic(x: Numbers) -> Numbers:
    result: Numbers = 0.5 * (1 + np.tanh(x / 2))
    return result


def _maximum(
    votes: Votes, weight: Numbers, held: Sequence[int], start: Numbers, unit: float
) -> tuple[Numbers, Numbers]:
    """Newton's way to the top, with half steps where a whole one leads down; and the Hessian there."""
    models, at = len(votes.models), start
    for _ in range(STEPS):
        gradient, hessian, level = _derivatives(votes, weight, held, at, unit)
        if np.abs(gradient).max(initial=0.0) <= CLOSE * max(1.0, weight.sum()):
            return _bounded(votes, at), hessian
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        while _derivatives(votes, weight, held, at + step, unit)[2] < level - 1e-9 * abs(level):
            step = step / 2
        at = at + step
    raise UsageError(f"the strengths of {models} models were not found in {STEPS} steps: {NO_END}")


def _bounded(votes: Votes, at: Numbers) -> Numbers:
    """Raises UsageError where the way led on for ever: chances of 1 - 1e-11 are of no finite strength."""
    log_odds = at[votes.a] - at[votes.b] + votes.covariates @ at[len(votes.models) :]
    if votes.covariates.shape[1] and np.abs(log_odds).max(initial=0.0) > SURE:
        raise UsageError(f"no finite effects of style: {NO_END}")
    return at


def _derivatives(
    votes: Votes, weight: Numbers, held: Sequence[int], at: Numbers, unit: float = 1.0
) -> tuple[Numbers, Numbers, float]:
    """Gradient, minus second derivative and log-likelihood, by sums over pairs: no row of N by M is made."""
    models = len(votes.models)
    x, z = votes.covariates, at[votes.a] - at[votes.b] + votes.covariates @ at[models:]
    p = _logistic(z)
    pull, bend = weight * (votes.won - p), weight * p * (1 - p)
    gradient = np.concatenate([np.bincount(votes.a, pull, models) - np.bincount(votes.b, pull, models), pull @ x])
    across = np.bincount(votes.a * models + votes.b, bend, models * models).reshape(models, models)
    across = across + across.T
    hessian = np.zeros((len(at), len(at)))
    hessian[:models, :models] = np.diag(across.sum(axis=1)) - across
    for column in range(x.shape[1]):
        mixed = np.bincount(votes.a, bend * x[:, column], models) - np.bincount(votes.b, bend * x[:, column], models)
        hessian[:models, models + column] = hessian[models + column, :models] = mixed
    hessian[models:, models:] = x.T @ (bend[:, None] * x)
    level = float(weight @ (votes.won * z - np.logaddexp(0, z)))
    for model in held:
        row = _against_mean(model, models, len(at))
        chance = float(_logistic(row @ at))
        gradient = gradient + unit * (0.5 - chance) * row
        hessian = hessian + unit * chance * (1 - chance) * np.outer(row, row)
        level += unit * (0.5 * float(row @ at) - float(np.logaddexp(0, row @ at)))
    return gradient, hessian, level


def _against_mean(model: int, models: int, size: int) -> Numbers:
    """(size,) the row of a vote between a model and the mean of all."""
    row = np.zeros(size)
    row[:models] = -1 / models
    row[model] += 1
    return row


def _only_tied(votes: Votes, weight: Numbers) -> list[int]:
    """Models that have votes, all of them ties."""
    models, counts = len(votes.models), weight > 0
    both = np.concatenate([votes.a[counts], votes.b[counts]])
    decided = np.tile(votes.won[counts] != 0.5, 2)
    seen, told = np.bincount(both, minlength=models), np.bincount(both, decided, models)
    return [int(model) for model in np.flatnonzero((seen > 0) & (told == 0))]


def _without_bound(votes: Votes, weight: Numbers) -> list[int]:
    """Models to be held, since strengths would run away: those that never lost, and those that never won. Where groups
    of several stand at both ends, all models of such groups as well. Raises UsageError where groups never met at all.

    It is enough: if strengths can run away, then to the most for a group that never lost to another and to the least
    for one that never won; with every group at one end tied to the mean, the most, or the least, is the mean."""
    models, counts = len(votes.models), weight > 0
    a, b, won = votes.a[counts], votes.b[counts], votes.won[counts]
    beaten = np.zeros((models, models), dtype=bool)
    beaten[a[won > 0], b[won > 0]] = True
    beaten[b[won < 1], a[won < 1]] = True
    _refuse_strangers(votes, beaten | beaten.T)
    groups, label = connected_components(csr_array(beaten), directed=True, connection="strong")
    if groups == 1:
        return []
    winner, loser = np.nonzero(beaten & (label[:, None] != label[None, :]))
    unbeaten = ~np.isin(label, label[loser])
    winless = ~np.isin(label, label[winner])
    alone = np.bincount(label)[label] == 1
    one_end = alone[unbeaten].all() or alone[winless].all()
    return [int(m) for m in np.flatnonzero((unbeaten | winless) & (alone | (not one_end)))]


def _refuse_what_cannot_be_told_apart(votes: Votes, weight: Numbers) -> None:
    """An effect that strengths could make as well has any size: where one model is always shown first, say, or where a
    model's answers have all the same length. The least of all solutions would be a number that means nothing."""
    models, covariates = len(votes.models), votes.covariates.shape[1]
    if not covariates:
        return
    hessian = _derivatives(votes, weight, (), np.zeros(models + covariates))[1]
    for count in range(1, covariates + 1):
        known = np.linalg.eigvalsh(hessian[: models + count, : models + count])
        if int((known > SAME * known[-1]).sum()) < models - 1 + count:
            name = votes.named[count - 1]
            raise UsageError(
                f"the effect of {name} cannot be told from the models' strengths: these votes could be explained by "
                f"either. Remedy: leave out {'--position' if name == POSITION else f'--style {name}'}"
            )


def _refuse_strangers(votes: Votes, met: NDArray[np.bool_]) -> None:
    groups, label = connected_components(csr_array(met), directed=False)
    if groups > 1:
        named = ["{" + ", ".join(np.array(votes.models)[label == group][:6]) + "}" for group in range(min(groups, 6))]
        raise UsageError(
            f"no vote joins {groups} groups of models: {', '.join(named)}. There is no order between them. Remedy: "
            "rank each group by itself, or collect votes between them"
        )
