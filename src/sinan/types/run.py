"""A run: what was asked, what came of every sample, and the numbers at the end."""

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sinan.types.benchmark import Protocol
from sinan.types.completion import Completion, Model, Sampling
from sinan.types.message import Prompt
from sinan.types.metric import Estimate
from sinan.types.sample import Sample
from sinan.types.score import Score


@dataclass(frozen=True)
class RunSpec:
    """What a user asked for, before anything was looked up. Written to run.json; a resumed run reads it back."""

    targets: tuple[str, ...]
    models: tuple[str, ...]
    limit: int | None = None
    shots: int | None = None
    draws: int = 1
    seed: int = 0
    protocol: str = "default"
    scorer: str | None = None
    """Overrides the guess for a file of questions."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Generation parameters that override the protocol's."""


@dataclass(frozen=True)
class Cell:
    """One benchmark under one protocol for one model: the unit of results."""

    benchmark: str
    model: Model
    protocol: Protocol
    sampling: Sampling
    questions: Iterable["Question"]
    """Lazily: nothing is read or built before the engine is ready for it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One draw of one sample, ready to be asked."""

    sample: Sample
    prompt: Prompt
    draw: int = 0


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What came of one draw of one sample. `completion` is None exactly when the outcome is `failed`."""

    benchmark: str
    model: str
    sample: Sample
    draw: int
    prompt: Prompt
    completion: Completion | None
    score: Score
    attempts: int = 1

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What makes it one result of its run."""
        return self.benchmark, self.model, self.sample.id, self.draw


@dataclass(frozen=True)
class CellResult:
    """The number of one cell, and everything needed to doubt it."""

    benchmark: str
    version: str
    protocol: str
    model: str
    metric: str
    estimate: Estimate
    k: int
    """Draws per sample."""
    outcomes: Mapping[str, int]
    """Draws by outcome; all six are named."""
    groups: tuple[tuple[str, Estimate], ...]
    tokens_in: int
    tokens_out: int
    cost_usd: float | None = None


class Journal(typing.Protocol):
    """Where finished calls become durable before they count."""

    def append(self, result: SampleResult) -> None:
        """Write at once; durable at the next commit. Raises `StoreError` where it cannot be written."""
        ...

    async def commit(self) -> None:
        """Return once everything appended before is on disk."""
        ...
