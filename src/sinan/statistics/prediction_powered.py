"""A mean of human labels, from a few of them and many verdicts of a judge: prediction-powered inference.

With y the human labels of n items, f the judge's verdicts on the same items, and g its verdicts on N further items,

    theta = lambda mean(g) + mean(y - lambda f)
    SE^2  = lambda^2 var(g) / N + var(y - lambda f) / n

(Angelopoulos et al., arXiv:2301.09633, at lambda = 1; Angelopoulos, Duchi, Zrnic, arXiv:2311.01453, for others). The
power-tuned lambda is cov(y, f) / ((1 + n / N) var(f)), var over all verdicts, within [0, 1]: a judge that tells nothing
gets 0, and what is left is the mean of the human labels.

The interval is t's with the degrees of freedom of Welch and Satterthwaite; of labels that are 0 or 1 it is Wilson's for
as many items as would have this standard error, theta (1 - theta) / SE^2, and no fewer than were labelled, with that
quantile of t. It holds where the labelled items are a random sample of all, whatever the judge is like: in simulations
of verdicts in 92 to 96 of 100 from 50 labels on, at rates from 0.02 to 0.98, and in 89 to 96 with 30
(bench/sections/judged.py). Near 0 and 1 t's interval holds far less often.

For the difference of two models take the differences of labels and of verdicts, item by item.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sinan.statistics.intervals import mean, t_quantile
from sinan.types import Estimate

METHOD = "t, prediction-powered"
OF_VERDICTS = "wilson, prediction-powered"


@dataclass(frozen=True, slots=True)
class Corrected:
    """The mean of human labels, as the judge's verdicts help to see it."""

    estimate: Estimate
    """n: items that people labelled."""
    weight: float
    """Lambda: how much the judge's verdicts count, from 0 to 1."""
    judged: int
    """Items that the judge alone saw."""


def prediction_powered(
    human: Sequence[float], judged: Sequence[float], further: Sequence[float], weight: float | None = None
) -> Corrected:
    """`human` and `judged` of the same items, `further` the judge's verdicts on items without a label. `weight`:
    lambda; None: tuned."""
    n, more = len(human), len(further)
    if len(judged) != n:
        raise ValueError(f"{n} human labels and {len(judged)} verdicts on them")
    if n < 2:
        return Corrected(Estimate(mean(human) if n else None, None, None, "none", n), 0.0, more)
    tuned = tuned_weight(human, judged, further) if weight is None else weight
    if more < 2:
        tuned = 0.0  # nothing is known beside the labels
    rest = [y - tuned * f for y, f in zip(human, judged, strict=True)]
    value = mean(rest) + (tuned * mean(further) if more else 0.0)
    of_labels, of_judge = _variance(rest) / n, tuned**2 * _variance(further) / more if more > 1 else 0.0
    total = of_labels + of_judge
    stderr = math.sqrt(total)
    verdicts = all(y in (0.0, 1.0) for y in human) and all(0 <= f <= 1 for f in (*judged, *further))
    if total == 0 and not verdicts:
        return Corrected(Estimate(value, stderr, None, "none", n), tuned, more)
    free = _degrees(of_labels, of_judge, n, more)
    if verdicts:
        return Corrected(Estimate(value, stderr, _wilson(value, total, n, free), OF_VERDICTS, n), tuned, more)
    half = t_quantile(free) * stderr
    return Corrected(Estimate(value, stderr, (value - half, value + half), METHOD, n), tuned, more)


def _degrees(of_labels: float, of_judge: float, n: int, more: int) -> float:
    """Of freedom (Welch and Satterthwaite)."""
    total = of_labels + of_judge
    if total == 0:
        return n - 1
    return 1 / ((of_labels / total) ** 2 / (n - 1) + ((of_judge / total) ** 2 / (more - 1) if of_judge else 0.0))


def _wilson(value: float, variance: float, n: int, free: float) -> tuple[float, float]:
    """Wilson's interval for as many items as would have this variance, and no fewer than n."""
    p, quantile = min(1.0, max(0.0, value)), t_quantile(free)
    items = max(float(n), p * (1 - p) / variance) if variance else float(n)
    z2 = quantile**2
    centre = (p + z2 / (2 * items)) / (1 + z2 / items)
    half = quantile / (1 + z2 / items) * math.sqrt(p * (1 - p) / items + z2 / (4 * items**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def tuned_weight(human: Sequence[float], judged: Sequence[float], further: Sequence[float]) -> float:
    """Lambda that makes the variance least, as estimated from these very items, within [0, 1]."""
    n, more, spread = len(human), len(further), _variance([*judged, *further])
    if not more or spread == 0:
        return 0.0
    centre_y, centre_f = mean(human), mean(judged)
    shared = math.fsum((y - centre_y) * (f - centre_f) for y, f in zip(human, judged, strict=True)) / (n - 1)
    return min(1.0, max(0.0, shared / ((1 + n / more) * spread)))


def _variance(values: Sequence[float]) -> float:
    """With ddof 1."""
    centre = mean(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)
