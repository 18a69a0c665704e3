"""All that the log-likelihoods of choices say, with the names and rules of lm-evaluation-harness.

`acc`: the largest log-likelihood is that of the right choice (of equals the first). `acc_norm`: the largest per
character of the choice, without its delimiter; `acc_bytes`: per byte of UTF-8. `acc_mutual_info`: the largest gain
over the choice's log-likelihood behind nothing. `exact_match`: the right choice is what the model would write.
`brier_score`: sum of squared differences between the choices' probabilities and 1 for the right one, in [0, 2].
`f1` and `mcc` bring the pair (right, chosen).

A right choice that is none of the choices is never met. Where several are right, any of them will do.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sinan.scoring.verdict import Reading, nothing, verdict
from sinan.types import Completion, Outcome, Sample, Score

NO_CHOICE = -100
"""Stands for a right choice that is none."""


@dataclass(frozen=True)
class LikelihoodChoices:
    """Judges by the log-likelihoods of a sample's choices, or of its target behind each of them.

    The right choice is the sample's target; where its metadata hold `gold`, that: an index, a choice's text, or a
    list of indices.
    """

    metrics: tuple[str, ...] = ("acc", "acc_norm")
    """Out of the names above; the first is the score's value, and all are in its `values`."""
    letters: bool = False
    """Whether the choices were asked by their letters, which are then what characters and bytes are counted of."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.metrics if name not in METRICS]
        if unknown or not self.metrics:
            raise ValueError(f"metrics are out of {', '.join(METRICS)}, not {', '.join(unknown) or 'none'}")

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        seen = _Seen.of(sample, completion, self.letters)
        if seen is None:
            found, wanted = len(completion.loglikelihoods), len(sample.choices)
            return nothing(completion, f"{found} log-likelihoods for {wanted} choices")
        values = {name: value for name in self.metrics for value in METRICS[name](seen)}
        return self._score(sample, completion, seen, values)

    def _score(self, sample: Sample, completion: Completion, seen: "_Seen", values: "Mapping[str, Value]") -> Score:
        chosen, rule = seen.best("acc"), "the largest log-likelihood"
        if self.metrics[0] in _WAYS:
            chosen, rule = seen.best(self.metrics[0]), rule + _WAYS[self.metrics[0]]
        answer = sample.letters[chosen] if chosen < len(sample.letters) else str(chosen)
        value = values.get(self.metrics[0])
        if self.metrics[0] == "brier_score" and isinstance(value, float):
            return Score(value, Outcome.MEASURED, answer, "squared distance of the probabilities", values)
        right = bool(value) if isinstance(value, float) else seen.hit(chosen)
        score = verdict(completion, Reading(answer, rule), right)
        return Score(score.value, score.outcome, score.answer, score.explanation, values)


@dataclass(frozen=True)
class TrueMass:
    """The share of the choices' probability that lies on the right ones (TruthfulQA's MC2), in [0, 1].

    The right ones are the indices in the sample's metadata under `gold`, a list.
    """

    name: str = "acc"

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """A measured number."""
        seen = _Seen.of(sample, completion)
        if seen is None:
            return nothing(completion, f"{len(completion.loglikelihoods)} log-likelihoods for the choices")
        share = math.fsum(seen.probabilities()[place] for place in seen.golds if place >= 0)
        return Score(share, Outcome.MEASURED, None, "probability of the right choices", {self.name: share})


@dataclass(frozen=True)
class _Seen:
    """What a sample's log-likelihoods are, and what is right."""

    loglikelihoods: Sequence[float]
    greedy: Sequence[bool]
    unconditional: Sequence[float]
    choices: Sequence[str]
    golds: Sequence[int]
    several: bool
    """Whether the right choices were given as a list."""

    @classmethod
    def of(cls, sample: Sample, completion: Completion, letters: bool = False) -> "_Seen | None":
        """None where the numbers do not fit the choices."""
        n, found = len(sample.choices), completion.loglikelihoods
        if n == 0 or len(found) not in (n, 2 * n):
            return None
        values = [one.value for one in found]
        gold = _gold(sample)
        golds = [_index(one, sample.choices) for one in (gold if isinstance(gold, list | tuple) else [gold])]
        greedy = [one.greedy for one in found[:n]]
        choices = tuple(sample.letters) if letters else sample.choices
        return cls(values[:n], greedy, values[n:], choices, golds, isinstance(gold, list | tuple))

    def best(self, way: str) -> int:
        """The choice that is chosen."""
        values = self.loglikelihoods
        if way == "acc_norm":
            return first_largest([_per(v, len(c)) for v, c in zip(values, self.choices, strict=True)])
        if way == "acc_bytes":
            sizes = [len(choice.encode("utf-8", "surrogatepass")) for choice in self.choices]
            return first_largest([_per(v, size) for v, size in zip(values, sizes, strict=True)])
        if way == "acc_mutual_info":
            return first_largest([v - alone for v, alone in zip(values, self.unconditional, strict=True)])
        return first_largest(values)

    def hit(self, chosen: int) -> bool:
        return chosen in self.golds

    def would_write(self) -> bool:
        """Whether a right choice is what the model would write."""
        return any(self.greedy[place] for place in self.golds if -len(self.greedy) <= place)

    def probabilities(self) -> list[float]:
        """Of the choices, adding up to 1."""
        largest = max(self.loglikelihoods)
        weights = [math.exp(value - largest) for value in self.loglikelihoods]
        return [weight / math.fsum(weights) for weight in weights]

    def brier(self) -> float | None:
        """None where the right choice is none, or not one alone: there is no distance to it."""
        n = len(self.choices)
        if self.several or not -n <= self.golds[0] < n:
            return None
        right = self.golds[0] % n
        return math.fsum((p - (place == right)) ** 2 for place, p in enumerate(self.probabilities()))


def first_largest(values: Sequence[float]) -> int:
    """Place of the largest, of equals the first; what is no number comes before all numbers, as with numpy."""
    for place, value in enumerate(values):
        if math.isnan(value):
            return place
    return max(range(len(values)), key=lambda place: (values[place], -place))


def _per(value: float, size: int) -> float:
    """A log-likelihood by the size of its choice; of an empty choice as in floating point: no number for 0 by 0."""
    if size:
        return value / size
    return math.nan if value == 0 or math.isnan(value) else math.copysign(math.inf, value)


def _gold(sample: Sample) -> Any:
    given = sample.metadata.get("gold")
    return sample.gold if given is None else given


def _index(gold: Any, choices: Sequence[str]) -> int:
    """The index of a right choice; `NO_CHOICE` where there is none like it."""
    if isinstance(gold, str):
        return choices.index(gold) if gold in choices else NO_CHOICE
    return int(gold) if gold < len(choices) else NO_CHOICE


Value = float | tuple[float, ...]


def _accuracy(name: str) -> Callable[[_Seen], list[Value]]:
    return lambda seen: [float(seen.hit(seen.best(name)))]


def _mutual(seen: _Seen) -> list[Value]:
    return [float(seen.hit(seen.best("acc_mutual_info")))] if seen.unconditional else []


def _pair(seen: _Seen) -> list[Value]:
    return [] if seen.several else [(float(seen.golds[0]), float(seen.best("acc")))]


def _brier(seen: _Seen) -> list[Value]:
    value = seen.brier()
    return [] if value is None else [value]


_WAYS = {
    "acc_norm": " per character",
    "acc_bytes": " per byte",
    "acc_mutual_info": " beyond that behind nothing",
}

METRICS: dict[str, Callable[[_Seen], list[Value]]] = {
    "acc": _accuracy("acc"),
    "acc_norm": _accuracy("acc_norm"),
    "acc_bytes": _accuracy("acc_bytes"),
    "acc_mutual_info": _mutual,
    "exact_match": lambda seen: [float(seen.would_write())],
    "brier_score": _brier,
    "f1": _pair,
    "mcc": _pair,
}
"""By name: no value, or one."""
