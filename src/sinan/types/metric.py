"""One number over many samples, with its uncertainty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value that knows how sure it is. No samples is no number: every field but `n` and `method` is None."""

    value: float | None
    stderr: float | None
    ci: tuple[float, float] | None
    """Two-sided 95 % interval."""
    method: str
    """`wilson`, `t`, `none`: how `ci` was computed."""
    n: int
    """Independent units the estimate rests on (samples, not draws)."""


@dataclass(frozen=True, slots=True)
class Metric:
    """How values of samples become one number."""

    name: str
    reduce: Callable[[Sequence[float]], float]
    """The draws of one sample -> the sample's value. The sample is the unit; a draw is not."""
    estimate: Callable[[Sequence[float], int], Estimate]
    """(values of the samples, draws per sample) -> the estimate. The order of values plays no part."""
