"""How many questions a rule is likely to take, before anything is asked: it is followed on made-up answers of models
whose scores are as said."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from sinan.asked import Asked
from sinan.statistics.sequential import Precision, Threshold
from sinan.stopping.declared import Declared
from sinan.stopping.following import follow

APART = (0.05, 0.1, 0.2)
"""How far from a threshold the score is taken to be."""
TRIED = 5
"""Orders, of which the middle one is told."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Of one benchmark what one rule is likely to take of each model, with no help of finished runs."""

    benchmark: str
    rule: str
    questions: int
    """All of them: the most that is asked."""
    likely: tuple[tuple[float, int], ...]
    """A score that the model may have, and the questions until the rule is met then."""

    def to_json(self) -> dict[str, Any]:
        """Every field."""
        likely = [{"score": score, "questions": count} for score, count in self.likely]
        return {"benchmark": self.benchmark, "rule": self.rule, "questions": self.questions, "likely": likely}

    def __str__(self) -> str:
        told = ", ".join(f"{count:,} where the score is {100 * score:g} %" for score, count in self.likely)
        return f"{self.rule}, of {self.questions:,} questions of {self.benchmark} about: {told}."


def foreseen(declared: Declared, asked: Asked) -> tuple[Foreseen, ...]:
    """Of every benchmark and rule. Raises UsageError where the run cannot be stopped early."""
    found = {}
    for benchmark, rule, procedure in follow(replace(declared, warm=False), asked).procedures:
        if (benchmark, rule) not in found and isinstance(procedure, Threshold | Precision):
            found[benchmark, rule] = Foreseen(benchmark, rule, procedure.n, tuple(_likely(procedure)))
    return tuple(found.values())


def _likely(procedure: Threshold | Precision) -> Iterator[tuple[float, int]]:
    """Of a width what takes longest; of a threshold scores around it."""
    if isinstance(procedure, Precision):
        yield 0.5, _taken(procedure, 0.5, 0)  # it varies little with the order
        return
    for apart in APART:
        score = round(procedure.m0 + (apart if procedure.m0 + apart <= 1 else -apart), 9)
        yield score, int(median(_taken(procedure, score, seed) for seed in range(TRIED)))


def _taken(procedure: Threshold | Precision, score: float, seed: int) -> int:
    """Questions until it is met, in one order of right and wrong answers."""
    tried, n = deepcopy(procedure), procedure.n
    for heard, value in enumerate(np.random.default_rng(seed).permutation(np.arange(n) < round(score * n)), 1):
        tried.observe(tried.model, float(value))
        if not tried.asking:
            return heard
    return n
