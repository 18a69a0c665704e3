"""How a program ended."""

from dataclasses import dataclass
from typing import Literal

Ended = Literal["exited", "signal", "timeout", "memory", "output", "disk"]
Isolation = Literal["full", "reduced"]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program did. Nothing here is a verdict: a program that ends early with code 0 has exited with code 0."""

    ended: Ended
    """`exited` by itself; by a `signal`; or by what it took too much of."""
    exit_code: int | None
    """Of its own; minus the signal's number where one ended it; None where a limit did."""
    stdout: str
    """Decoded as UTF-8, with U+FFFD for what is not; cut at the limit."""
    stderr: str
    seconds: float
    """Of the wall clock, from the program's start to its end."""
    isolation: Isolation
    """`full`: namespaces, an own empty file system. `reduced`: what the kernel offers without these."""
