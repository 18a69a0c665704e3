"""Deciding while answers come: what is asked of whom until something is sure, and what may be said then."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sinan.types.run import Question

SURE = "the score that a full run of this benchmark would give, with these settings and seeds"
"""What a sequential verdict is about."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One model in a procedure, as it stands."""

    model: str
    observed: int
    """Questions of the order that it has been through."""
    failed: int
    """Of these, calls that failed for good: every claim holds whatever they would have been."""
    value: float | None
    """Mean of the scores that there are."""
    interval: tuple[float, float] | None
    """Confidence sequence of the score over all questions: it holds at every moment at once."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that was to be found out."""

    about: str
    """`A - B`, `A > 0.7`, `best`..."""
    verdict: str
    """`better`, `worse`, `equivalent`, `undecided`; `above`, `below`; `precise`; `best`, `dropped`, `tied`."""
    log_e: float | None = None
    """Natural logarithm of the evidence for the verdict; None where it is no bet."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a procedure says, whenever it is asked."""

    kind: str
    """`threshold`, `precision`, `duel`, `best`, `place`."""
    questions: int
    """Of the whole benchmark."""
    alpha: float
    """How often any of its verdicts may be wrong, at most, however often one looks."""
    claims: tuple[Claim, ...]
    models: tuple[Followed, ...]
    over: bool
    """Whether nothing is left to be asked for."""
    epsilon: float | None = None
    guaranteed: bool = True
    estimand: str = SURE
    notes: tuple[str, ...] = ()
    further: Mapping[str, Any] = field(default_factory=dict)
    """What else a kind has to tell."""


class Procedure(typing.Protocol):
    """Hears the scores of each model in the one random order that was drawn before, and says when it is enough."""

    def observe(self, model: str, value: float | None) -> None:
        """The next score of this model in the order; None for a call that failed for good."""
        ...

    @property
    def asking(self) -> frozenset[str]:
        """Models whose next score can still change a verdict."""
        ...

    def decision(self) -> Decision:
        """What can be said now."""
        ...


class Gate(typing.Protocol):
    """Where the questions of a cell wait until it is known that they are wanted."""

    @property
    def closed(self) -> bool:
        """Whether nothing more is asked of this cell."""
        ...

    def ready(self, question: "Question") -> bool:
        """Whether it can be asked, or dropped, without waiting."""
        ...

    async def admits(self, question: "Question") -> bool:
        """True once it may be asked; False where it is not wanted any more."""
        ...

    def close(self) -> None:
        """Nothing more is asked, for a reason that has nothing to do with the scores: a budget is met."""
        ...
