"""What several draws of one sample, or several forms of one question, tell beside their mean.

Values are made for each sample first and are the data of the interval: a draw is no sample. A sample of which a draw
failed has no value here. For scores of 0 and 1 alone: of any other there is none of these numbers.

pass@k of n draws of which c are right is 1 - C(n-c, k) / C(n, k) (Chen et al., arXiv:2107.03374), which is unbiased
where 1 - (1 - c/n)^k is not; pass^k is C(c, k) / C(n, k) (Yao et al., arXiv:2406.12045): all of k are right.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from sinan.statistics.intervals import estimate_accuracy, mean
from sinan.types import Estimate, Metric


def pass_at(k: int, values: Sequence[float]) -> float:
    """Probability that one of k draws is right, by the draws that there are; NaN for fewer than k, or no 0 and 1."""
    if not _binary(values) or len(values) < k:
        return math.nan
    n, right = len(values), sum(map(int, values))
    return 1.0 - math.comb(n - right, k) / math.comb(n, k)


def pass_all(k: int, values: Sequence[float]) -> float:
    """Probability that all of k draws are right, by the draws that there are; NaN for fewer than k, or no 0 and 1."""
    if not _binary(values) or len(values) < k:
        return math.nan
    return math.comb(sum(map(int, values)), k) / math.comb(len(values), k)


def average(values: Sequence[float]) -> float:
    """The mean; NaN where a score is neither 0 nor 1."""
    return mean(values) if _binary(values) else math.nan


def majority(values: Sequence[float], answers: Sequence[str | None]) -> float:
    """Whether the answer that most draws gave is right. Answers that came equally often share the vote, so that the
    order in which they came plays no part; draws without an answer do not vote. NaN where a score is not 0 or 1."""
    if not _binary(values):
        return math.nan
    votes: dict[str, list[float]] = defaultdict(list)
    for value, answer in zip(values, answers, strict=True):
        if answer is not None:
            votes[answer].append(value)
    most = max(map(len, votes.values()), default=0)
    return mean([mean(own) for own in votes.values() if len(own) == most]) if votes else 0.0


def all_right(values: Sequence[float]) -> float:
    """1 where every one is right."""
    return float(min(values) == 1.0)


def same(values: Sequence[float]) -> float:
    """1 where all are one and the same number."""
    return float(min(values) == max(values))


def over_units(values: Sequence[float], draws: int) -> Estimate:
    """The mean over the units, each a value in [0, 1] whatever number of draws it is made from."""
    return estimate_accuracy(values, 1)


circular = Metric("circular", all_right, over_units, whole=True)
"""A question counts as right only if it is in every one of its forms."""


alike = Metric("alike", same, over_units, whole=True)
"""Whether all forms of a question came to the same."""


def _pass_at(k: int) -> Metric:
    return Metric(f"pass@{k}", partial(pass_at, k), over_units, whole=True)


def _pass_all(k: int) -> Metric:
    return Metric(f"pass^{k}", partial(pass_all, k), over_units, whole=True)


def _majority(k: int) -> Metric:
    return Metric(f"majority@{k}", average, over_units, whole=True, vote=majority)


def _average(k: int) -> Metric:
    return Metric(f"avg@{k}", average, over_units, whole=True)


PASS_AT_1 = "pass@1"
FAMILIES: dict[str, Callable[[int], Metric]] = {
    "pass@": _pass_at,
    "pass^": _pass_all,
    "majority@": _majority,
    "avg@": _average,
}
"""Metrics that have a number in their name."""


def of_draws(draws: int) -> tuple[Metric, ...]:
    """What is reported of so many draws: `avg@K`, `majority@K`, and pass@k and pass^k for the powers of two and K."""
    ks = sorted({*(2**power for power in range(draws.bit_length()) if 2**power <= draws), draws})
    return (_average(draws), _majority(draws), *map(_pass_at, ks), *map(_pass_all, ks[1:]))


def passes(draws: int) -> tuple[Metric, ...]:
    """What is reported of programs beside pass@1: pass@k for 5, 10 and 100, as papers do, and for K. How often most
    draws agree tells nothing of programs, of which no two are the same text."""
    return tuple(_pass_at(k) for k in sorted({5, 10, 100, draws}) if 1 < k <= draws)


def by_kind(kind: str) -> Metric:
    """The metric of a kind such as `pass@4`. Raises KeyError."""
    for family, made in FAMILIES.items():
        number = kind.removeprefix(family)
        if kind.startswith(family) and number.isdecimal() and int(number) > 0:
            return made(int(number))
    raise KeyError(kind)


def _binary(values: Sequence[float]) -> bool:
    return all(value in (0.0, 1.0) for value in values)
