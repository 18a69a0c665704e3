"""What earlier runs tell about a run before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Earlier:
    """What one answer of a (benchmark, model) took on average."""

    tokens_out: float | None
    latency_s: float | None = None
    """Of one request. None where only other models answered: how fast they are says nothing about this one."""
    same_model: bool = True
    """Whether it was this model; else `tokens_out` is the mean over the others that answered the benchmark."""


@dataclass(frozen=True)
class EarlierRuns:
    """All that a folder of runs tells about a few benchmarks and models. Empty where nothing is known."""

    means: Mapping[tuple[str, str], Earlier] = field(default_factory=dict)
    """By (benchmark, model)."""
    seconds: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)
    """By (benchmark, model): sample id -> seconds that its answer may take, the longest only. Good for ordering:
    where the model is new, it is how long another model's answers were, at that model's own speed."""
