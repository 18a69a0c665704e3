"""Whether something can be used on this machine, and what to do where it cannot."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Availability:
    """One line of `sinan models` and `sinan doctor`."""

    name: str
    available: bool
    detail: str
    """What was found."""
    remedy: str = ""
    """What makes it available; empty where nothing is missing."""
