"""Item response: how hard each question is, and how well it tells good models from bad, fitted on earlier models.

P(model m has item i right) = sigma(a_i (theta_m - b_i)), the two-parameter logistic model (Birnbaum 1968). Fitted by
maximum a posteriori with log a ~ N(0, 0.5), b ~ N(0, 2), theta ~ N(0, 1), the second number being the standard
deviation; a model is then placed with theta ~ N(0, 1.5). The model is never quite true: what is computed with it guides
bets, whose guarantee does not depend on it, and a preview, which has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

Numbers = npt.NDArray[np.float64]

SPREAD_LOG_A, SPREAD_B, SPREAD_THETA, SPREAD_SCORED = 0.5, 2.0, 1.0, 1.5
ABILITIES: Numbers = np.linspace(-6, 6, 241)
"""Where posteriors of theta are computed."""


@dataclass(frozen=True, eq=False)
class Ability:
    """Theta of one model after some answers."""

    theta: float
    """Posterior mean (EAP)."""
    sd: float
    """Posterior standard deviation."""
    posterior: Numbers
    """On ABILITIES; sums to 1."""


@dataclass(frozen=True, eq=False)
class Items:
    """What is known of n questions."""

    a: Numbers
    """(n,) discrimination, above 0."""
    b: Numbers
    """(n,) difficulty, on the scale of theta."""

    def curves(self, theta: npt.ArrayLike) -> Numbers:
        """(thetas, n) probabilities of a right answer."""
        found: Numbers = expit(self.a * (np.atleast_1d(np.asarray(theta, dtype=float))[:, None] - self.b))
        return found

    def information(self, theta: float) -> Numbers:
        """(n,) Fisher information about theta: a^2 P (1 - P)."""
        p = self.curves(theta)[0]
        found: Numbers = self.a**2 * p * (1 - p)
        return found

    def ability(self, index: npt.ArrayLike, values: npt.ArrayLike, spread: float = SPREAD_SCORED) -> Ability:
        """From the scores, in [0, 1], of the items of `index`."""
        at, y = np.asarray(index, dtype=int), np.asarray(values, dtype=float)
        logits = self.a[at] * (ABILITIES[:, None] - self.b[at])
        log_p = (y * logits - np.logaddexp(0, logits)).sum(1) - ABILITIES**2 / (2 * spread**2)
        posterior = np.exp(log_p - log_p.max())
        posterior /= posterior.sum()
        theta = float(posterior @ ABILITIES)
        return Ability(theta, float(np.sqrt(posterior @ (ABILITIES - theta) ** 2)), posterior)

    def of(self, index: npt.ArrayLike) -> "Items":
        """These items alone, in this order."""
        at = np.asarray(index, dtype=int)
        return Items(self.a[at], self.b[at])


def fit(scores: Numbers) -> tuple[Items, Numbers]:
    """Items, and (models,) thetas, from (models, items) scores in [0, 1], NaN where there is none.

    Raises ValueError for fewer than two models.
    """
    models, items = scores.shape
    if models < 2:
        raise ValueError(f"{models} earlier models; items are told apart by the answers of two or more")
    there = ~np.isnan(scores)
    y = np.where(there, scores, 0.0)
    counts_of_models, counts_of_items = there.sum(1), there.sum(0)
    right_of_models = (y.sum(1) + 0.5) / (counts_of_models + 1)
    right_of_items = (y.sum(0) + 0.5) / (counts_of_items + 1)
    theta = np.log(right_of_models / (1 - right_of_models))
    theta = (theta - theta.mean()) / max(float(theta.std()), 1e-9)
    start = np.concatenate([theta, np.zeros(items), -np.log(right_of_items / (1 - right_of_items))])
    found = minimize(_loss, start, (y, there), jac=True, method="L-BFGS-B", options={"maxiter": 1000}).x
    return Items(np.exp(found[models : models + items]), found[models + items :]), found[:models]


def _loss(point: Numbers, y: Numbers, there: npt.NDArray[np.bool_]) -> tuple[float, Numbers]:
    """Minus the log posterior, and its gradient."""
    models, items = y.shape
    theta, log_a, b = np.split(point, [models, models + items])
    a = np.exp(log_a)
    logits = a * (theta[:, None] - b)
    loss = float(np.where(there, np.logaddexp(0, logits) - y * logits, 0.0).sum())
    loss += float((theta**2).sum() / (2 * SPREAD_THETA**2) + (log_a**2).sum() / (2 * SPREAD_LOG_A**2))
    loss += float((b**2).sum() / (2 * SPREAD_B**2))
    rest = np.where(there, expit(logits) - y, 0.0)
    gradient = [
        (rest * a).sum(1) + theta / SPREAD_THETA**2,
        (rest * logits).sum(0) + log_a / SPREAD_LOG_A**2,
        -rest.sum(0) * a + b / SPREAD_B**2,
    ]
    return loss, np.concatenate(gradient)


@dataclass(frozen=True, eq=False)
class Guided:
    """Guesses of a new model's scores from its first answers: a `Predictor` of sequential procedures."""

    items: Items
    """In the order in which they are asked."""

    def __call__(self, values: list[float | None]) -> Numbers:
        """(n,) probabilities of a right answer, at the ability that the answers so far speak for."""
        heard = [(i, value) for i, value in enumerate(values) if value is not None]
        ability = self.items.ability([i for i, _ in heard], [value for _, value in heard])
        guessed: Numbers = self.items.curves(ability.theta)[0]
        return guessed


@dataclass(frozen=True)
class Preview:
    """A score foretold from a part of the questions. No guarantee: see `COVERED`."""

    score: float
    """Over all questions: those asked as they came out, the others as the model has them."""
    interval: tuple[float, float]
    """Nominally 95 %."""
    theta: float
    sd: float
    asked: int


def next_item(items: Items, asked: Sequence[int], values: Sequence[float]) -> int | None:
    """The question, of those not asked, that tells most about the ability as it seems now; None: none is left."""
    information = items.information(items.ability(asked, values).theta)
    information[np.asarray(asked, dtype=int)] = -1.0
    best = int(np.argmax(information))
    return best if information[best] >= 0 else None


def preview(items: Items, asked: Sequence[int], values: Sequence[float]) -> Preview:
    """What the full score seems to be, were the fitted model true.

    The spread has two parts: that of the ability, and the coin flips of the questions that were not asked.
    """
    n = len(items.a)
    ability = items.ability(asked, values)
    left = np.setdiff1d(np.arange(n), np.asarray(asked, dtype=int))
    curves = items.of(left).curves(ABILITIES)
    totals = curves.sum(1)
    mean = float(ability.posterior @ totals)
    variance = float(ability.posterior @ ((totals - mean) ** 2 + (curves * (1 - curves)).sum(1)))
    known = float(np.sum(values))
    score, half = (known + mean) / n, 1.959963984540054 * variance**0.5 / n
    interval = max(known / n, score - half), min((known + len(left)) / n, score + half)
    return Preview(score, interval, ability.theta, ability.sd, len(asked))
