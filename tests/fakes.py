"""A model that is a peer of the real ones: it answers by a function, and counts what it was asked."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinan.prompts import Template
from sinan.solving import OneTurn
from sinan.statistics import accuracy
from sinan.types import (
    Benchmark,
    Card,
    Completion,
    Dataset,
    Limits,
    Outcome,
    Prompt,
    Protocol,
    Sample,
    Sampling,
    Score,
    Usage,
)


@dataclass
class FakeModel:
    answer: Callable[[str], str]
    name: str = "fake/one"
    form: Any = "chat"
    capabilities: frozenset[str] = frozenset({"generate"})
    concurrency: int = 8
    identity: Mapping[str, Any] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    endpoint: str = ""
    limits: Limits = Limits()
    in_flight: int = 0
    most_in_flight: int = 0

    async def open(self, pace: Any) -> None: ...

    async def close(self) -> None: ...

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        text = str(prompt.messages[-1].content)
        self.asked[text] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            return Completion(self.answer(text), "stop", Usage(len(text), 1))
        finally:
            self.in_flight -= 1

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        raise NotImplementedError


@dataclass(frozen=True)
class Same:
    """Right where the completion is the target, letter for letter."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        right = completion.text == sample.target
        return Score(float(right), Outcome.CORRECT if right else Outcome.WRONG, completion.text)


def benchmark(samples: Sequence[Sample], id: str = "toy", **protocol: Any) -> Benchmark:
    card = Card("Toy", "Nothing.", "math", ("en",), "none", "generated")
    subsets = tuple(dict.fromkeys(s.group for s in samples)) or ("",)

    def read(subset: str, seed: int) -> Iterable[Sample]:
        return (s for s in samples if s.group == subset)

    parts = {"prompt": Template(), "solver": OneTurn(), "scorer": Same()} | protocol
    return Benchmark(id, card, Dataset(read, subsets, len(samples)), accuracy, {"default": Protocol(**parts)})


def numbered(count: int, group: str = "") -> list[Sample]:
    return [Sample(f"{group}{i}", f"{group}{i}", str(i % 3), group=group) for i in range(count)]
