"""What a question's other forms do to its score: the worst of them, how far they lie apart, the step from the question
as it is to one form of it.

The question is the unit: its forms are taken together first, and the questions are the data of the interval.
"""

from collections.abc import Sequence
from dataclasses import replace

from sinan.statistics.averages import estimate_mean
from sinan.statistics.intervals import mean_t
from sinan.statistics.mcnemar import bonett_price
from sinan.statistics.paired import FEW_DISCORDANT, FEW_PAIRS
from sinan.types import Estimate, Metric
from sinan.types.sample import ORIGINAL


def apart(values: Sequence[float]) -> float:
    """The best form's score less the worst one's."""
    return max(values) - min(values)


def step(values: Sequence[float]) -> float:
    """The second score less the first."""
    return values[1] - values[0]


def estimate_difference(values: Sequence[float], k: int) -> Estimate:
    """The mean of differences of pairs. Of few differences between verdicts the interval is that of Bonett and Price
    (2012), as of `statistics.paired`; otherwise that of t; none where nothing varies."""
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, "none", 0)
    value, stderr, interval = mean_t(values)
    gains, losses = values.count(1.0), values.count(-1.0)
    of_verdicts = gains + losses + values.count(0.0) == n
    if of_verdicts and (n < FEW_PAIRS or gains + losses < FEW_DISCORDANT):
        return Estimate(value, stderr, bonett_price(gains, losses, n), "bonett-price", n)
    if not stderr:
        interval = None
    return Estimate(value, stderr, interval, "t" if interval else "none", n)


worst = Metric("worst", min, estimate_mean, whole=True)
spread = Metric("spread", apart, estimate_mean, whole=True)
difference = Metric("difference", step, estimate_difference, whole=True)


def of_variants(metric: Metric, kinds: Sequence[str]) -> tuple[Metric, ...]:
    """What is reported beside the mean over all variants: the score of the question as it is, and of each other one."""
    return tuple(replace(metric.named(kind), forms=(kind,)) for kind in (ORIGINAL, *kinds))


def of_forms(metric: Metric, kinds: Sequence[str]) -> tuple[Metric, ...]:
    """What is reported beside the mean over all forms: the question's own score, the worst form's and the spread; then
    of every kind its score, and how far it is from the question's own. Of a metric that is no mean of samples only the
    scores."""
    own = replace(metric.named(ORIGINAL), forms=(ORIGINAL,))
    each = [replace(metric.named(kind), forms=(kind,)) for kind in kinds]
    if metric.width != 1 or metric.vote or metric.whole:
        return own, *each
    steps = [replace(difference.named(f"{kind} - {ORIGINAL}", metric.of), forms=(ORIGINAL, kind)) for kind in kinds]
    beside = worst.named("worst", metric.of), spread.named("spread", metric.of)
    return own, *beside, *(one for pair in zip(each, steps, strict=True) for one in pair)


def guess_floor(options: int) -> float:
    """Of a question that counts only if it is right in all rotations of its options: what guessing gets."""
    return (1 / options) ** options
