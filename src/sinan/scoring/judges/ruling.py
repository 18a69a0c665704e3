"""What a judge ruled, once it was read from what the judge wrote; and why nothing was."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ruling:
    """One judge's answer to one question."""

    label: str
    """Out of the labels that the form allows: `correct`, `A`, `7`."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """By criterion, where numbers were asked for."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """By field, where texts were asked for: the reason first of all."""
    span: tuple[int, int] | None = None
    """Where in the judge's text the verdict stands."""


class NoRuling(ValueError):
    """The text holds no verdict in the form and at the place that was asked for. The message says what it holds."""
