"""What several draws of one sample, or several forms of one question, tell beside their mean.

Values are made for each sample first and are the data of the interval: a draw is no sample. A sample of which a draw
failed has no value here. For scores of 0 and 1 alone: of any other there is none of these numbers.

pass@k of n draws of which c are right is 1 - C(n-c, k) / C(n, k) (Chen et al., arXiv:2107.03374), which is unbiased
where 1 - (1 - c/n)^k is not; pass^k is C(c, k) / C(n, k) (Yao et al., arXiv:2406.12045): all of k are right. Between
them lies G-Pass@k_t, the probability that at least ceil(t k) of k are right, and mG-Pass@k, its mean over the upper
half of t: 2/k times the sum over i from k/2 + 1 to k of G-Pass@k_{i/k} (Liu et al., arXiv:2412.13147). Of an odd k that
sum has more than k/2 terms or fewer, so that a model which is always right would not get 1: it is refused.
"""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from sinan.errors import UsageError
from sinan.statistics.draws import jackknifed, split, split_of_values
from sinan.statistics.intervals import estimate_accuracy, mean
from sinan.types import Metric


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


def at_least(k: int, share: float, values: Sequence[float]) -> float:
    """G-Pass@k: probability that at least `share` of k draws are right, and one of them; NaN as of `pass_at`."""
    if not _binary(values) or len(values) < k:
        return math.nan
    return _at_least(k, max(1, math.ceil(share * k - 1e-9)), values)


def mostly(k: int, values: Sequence[float]) -> float:
    """mG-Pass@k: `at_least`, averaged over the shares above one half. NaN as of `pass_at`."""
    if not _binary(values) or len(values) < k:
        return math.nan
    return 2 / k * math.fsum(_at_least(k, number, values) for number in range(k // 2 + 1, k + 1))


def _at_least(k: int, number: int, values: Sequence[float]) -> float:
    n, right = len(values), sum(map(int, values))
    ways = sum(math.comb(right, j) * math.comb(n - right, k - j) for j in range(number, min(right, k) + 1))
    return ways / math.comb(n, k)


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


def majority_at(k: int, values: Sequence[float], answers: Sequence[str | None]) -> float:
    """`majority` of k of the draws, in the mean over all choices of k. NaN for fewer draws, or a score not 0 or 1.

    Of up to eight different answers over all counts that k draws may have of them, exactly; of more over 2,000 choices,
    from a seed that the answers alone decide."""
    if not _binary(values) or len(values) < k:
        return math.nan
    if len(values) == k:
        return majority(values, answers)
    kinds = sorted(Counter(zip(values, answers, strict=True)).items(), key=lambda kind: (str(kind[0][1]), kind))
    if len({answer for (_, answer), _ in kinds if answer is not None}) > DISTINCT:
        return _majority_of_some(k, kinds)
    return _majority_of_all(k, kinds)


Kinds = Sequence[tuple[tuple[float, str | None], int]]
"""((score, answer), how often)."""


def _majority_of_all(k: int, kinds: Kinds) -> float:
    """Each vector of counts, with the share of the choices that lead to it."""
    total, parts = math.comb(sum(count for _, count in kinds), k), []
    for taken in _vectors(k, [count for _, count in kinds]):
        ways = math.prod(math.comb(count, n) for (_, count), n in zip(kinds, taken, strict=True))
        parts.append(ways * _voted(kinds, taken))
    return math.fsum(parts) / total


def _majority_of_some(k: int, kinds: Kinds) -> float:
    rng = random.Random(f"majority/{k}/{kinds!r}")
    places = [place for place, (_, count) in enumerate(kinds) for _ in range(count)]
    parts = []
    for _ in range(CHOICES):
        taken = Counter(rng.sample(places, k))
        parts.append(_voted(kinds, [taken[place] for place in range(len(kinds))]))
    return math.fsum(parts) / CHOICES


def _vectors(k: int, counts: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All ways to take k in sum, of each no more than there are."""
    if not counts:
        if k == 0:
            yield ()
        return
    for first in range(max(0, k - sum(counts[1:])), min(k, counts[0]) + 1):
        for rest in _vectors(k - first, counts[1:]):
            yield first, *rest


def _voted(kinds: Kinds, taken: Sequence[int]) -> float:
    votes: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for ((value, answer), _), n in zip(kinds, taken, strict=True):
        if answer is not None and n:
            own = votes[answer]
            own[0], own[1] = own[0] + n, own[1] + n * value
    most = max((own[0] for own in votes.values()), default=0.0)
    return mean([right / n for n, right in votes.values() if n == most]) if votes else 0.0


def all_right(values: Sequence[float]) -> float:
    """1 where every one is right."""
    return float(min(values) == 1.0)


def same(values: Sequence[float]) -> float:
    """1 where all are one and the same number."""
    return float(min(values) == max(values))


circular = Metric("circular", all_right, estimate_accuracy, clustered=estimate_accuracy, whole=True)
"""A question counts as right only if it is in every one of its forms."""


alike = Metric("alike", same, estimate_accuracy, clustered=estimate_accuracy, whole=True)
"""Whether all forms of a question came to the same."""


def _of_draws(name: str, value: Callable[[Sequence[float]], float]) -> Metric:
    """A number that is made of a question's draws, and how much of it is their chance."""
    chance = partial(jackknifed, value)
    return Metric(
        name, value, estimate_accuracy, clustered=estimate_accuracy, whole=True, split=split_of_values, chance=chance
    )


def _pass_at(k: int) -> Metric:
    found = _of_draws(f"pass@{k}", partial(pass_at, k))
    return found if k > 1 else replace(found, split=split)


def _pass_all(k: int) -> Metric:
    return _of_draws(f"pass^{k}", partial(pass_all, k))


def _majority(k: int) -> Metric:
    vote = partial(majority_at, k)
    return Metric(f"majority@{k}", average, estimate_accuracy, clustered=estimate_accuracy, whole=True, vote=vote)


def _g_pass(k: int, share: float) -> Metric:
    return _of_draws(f"{G_PASS}{k}_{float(share)}", partial(at_least, k, share))


def _mg_pass(k: int) -> Metric:
    if k % 2:
        raise UsageError(
            f"{MG_PASS}{k}: only of an even number of draws does a model that is always right get 1. "
            f"Remedy: {MG_PASS}{k + 1}, or {G_PASS}{k}_0.5"
        )
    return _of_draws(f"{MG_PASS}{k}", partial(mostly, k))


def _average(k: int) -> Metric:
    return replace(_of_draws(f"avg@{k}", average), split=split)


PASS_AT_1 = "pass@1"
G_PASS, MG_PASS = "G-Pass@", "mG-Pass@"
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the draws, for G-Pass, as its paper reports it."""
SHARE = re.compile(r"[01](\.\d+)?")
DISTINCT, CHOICES = 8, 2_000
FAMILIES: dict[str, Callable[[int], Metric]] = {
    "pass@": _pass_at,
    "pass^": _pass_all,
    "majority@": _majority,
    "avg@": _average,
    MG_PASS: _mg_pass,
}
"""Metrics that have a number in their name."""


def of_draws(draws: int) -> tuple[Metric, ...]:
    """What is reported of so many draws: `avg@K`, `majority@K`, pass@k and pass^k for the powers of two, half of K and
    K, G-Pass@K for a few shares of K, and of an even K mG-Pass@K."""
    ks = sorted({*(2**power for power in range(draws.bit_length()) if 2**power <= draws), max(1, draws // 2), draws})
    stable = (*(_g_pass(draws, share) for share in SHARES), *([] if draws % 2 else [_mg_pass(draws)]))
    return (_average(draws), _majority(draws), *map(_pass_at, ks), *map(_pass_all, ks[1:]), *stable)


def passes(draws: int) -> tuple[Metric, ...]:
    """What is reported of programs beside pass@1: pass@k for 5, 10 and 100, as papers do, and for K. How often most
    draws agree tells nothing of programs, of which no two are the same text."""
    return tuple(_pass_at(k) for k in sorted({5, 10, 100, draws}) if 1 < k <= draws)


def by_kind(kind: str) -> Metric:
    """The metric of a kind such as `pass@4` or `G-Pass@4_0.5`. Raises KeyError; UsageError for an odd `mG-Pass@`."""
    if kind.startswith(G_PASS):
        number, _, share = kind.removeprefix(G_PASS).partition("_")
        if number.isdecimal() and int(number) > 0 and SHARE.fullmatch(share) and float(share) <= 1:
            return _g_pass(int(number), float(share))
    for family, made in FAMILIES.items():
        number = kind.removeprefix(family)
        if kind.startswith(family) and number.isdecimal() and int(number) > 0:
            return made(int(number))
    raise KeyError(kind)


def _binary(values: Sequence[float]) -> bool:
    return all(value in (0.0, 1.0) for value in values)
