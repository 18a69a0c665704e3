"""How much of an error is chance in the drawing, and how much the choice of questions.

With W the mean variance of a sample's draws (ddof 1), T the variance of the samples' means and K draws of each: B =
T - W / K lies between samples. The standard error of the mean holds both parts; sqrt(W / (K n)) is the part that would
change if the same questions were drawn anew, and what is left without it is where ever more draws lead to.

Of a number that is no mean of a question's draws, such as pass@k, the variance by chance is that of the jackknife,
which leaves out one draw of the question at a time (Efron and Stein 1981).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from sinan.statistics.proportions import mean
from sinan.types import DrawsSplit, Estimate


def of_mean(scores: Sequence[float]) -> float:
    """Variance of the mean of a sample's draws, by the chance in drawing; NaN for fewer than two."""
    return _variance(scores) / len(scores) if len(scores) > 1 else math.nan


def jackknifed(value: Callable[[Sequence[float]], float], scores: Sequence[float]) -> float:
    """The same of any number that is made of the draws; NaN where it is none without one of them."""
    n, counts = len(scores), {score: scores.count(score) for score in scores}
    without = {score: value(_less_one(scores, score)) for score in counts} if n > 1 else {}
    if not without or any(map(math.isnan, without.values())):
        return math.nan
    centre = math.fsum(counts[score] * one for score, one in without.items()) / n
    return (n - 1) / n * math.fsum(counts[score] * (one - centre) ** 2 for score, one in without.items())


def _less_one(scores: Sequence[float], score: float) -> list[float]:
    rest = list(scores)
    rest.remove(score)
    return rest


def split(means: Sequence[float], variances: Sequence[float], k: int, estimate: Estimate) -> DrawsSplit | None:
    """The parts, of samples that have all `k` draws, and the variances of their means by chance; None for fewer than
    two samples, or draws. `estimate` is that of the means."""
    found = split_of_values(means, variances, k, estimate)
    if found is None:
        return None
    within = k * mean(variances)
    between = max(0.0, _variance(means) - mean(variances))
    share = within / (within + between) if within + between else None
    return replace(found, within=within, between=between, noise_share=share)


def split_of_values(
    values: Sequence[float], variances: Sequence[float], k: int, estimate: Estimate
) -> DrawsSplit | None:
    """The standard errors alone, of values that are no means of draws."""
    n = len(values)
    if k < 2 or n < 2:
        return None
    of_draws = mean(variances) / n
    whole = _variance(values) / n if estimate.stderr is None else estimate.stderr**2
    return DrawsSplit(None, None, None, math.sqrt(of_draws), math.sqrt(max(0.0, whole - of_draws)), n)


def _variance(values: Sequence[float]) -> float:
    centre = mean(values)
    return math.fsum((one - centre) ** 2 for one in values) / (len(values) - 1)
