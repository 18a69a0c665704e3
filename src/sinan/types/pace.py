"""How fast an endpoint may be asked: everything that is sent to it goes through one `Pace`."""

import typing
from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """How one attempt ended, as far as the pace cares."""

    ANSWERED = "answered"
    """An answer came; also one that says that the request itself is wrong: the endpoint lives."""
    REFUSED = "refused"
    """Too many requests (429, or 503 with a wait): nothing is wrong but the pace."""
    FAILED = "failed"
    """No answer: 5xx, a timeout, a cut or unreadable answer, no connection."""
    LEFT = "left"
    """The caller went away (cancelled): says nothing about the endpoint."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an endpoint's owner allows, where the user knows it. None: not limited, or not known."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


class Pace(typing.Protocol):
    """The way in and out of one endpoint, shared by all that is sent to it."""

    async def enter(self, tokens: int) -> None:
        """Wait until an attempt may be sent; `tokens` is what it is expected to take, prompt and answer together.

        Raises ModelUnusable once the endpoint is plainly dead.
        """
        ...

    def leave(
        self,
        signal: Signal,
        seconds: float,
        *,
        tokens: int | None = None,
        retry_after: float | None = None,
        reason: str = "",
    ) -> None:
        """An attempt that entered has ended after `seconds`; called once for each `enter` that returned.

        `tokens`: what it took, where that is known. `retry_after`: seconds that the server asked to be left alone.
        `reason`: why there is no answer, in one line.
        """
        ...

    def tell(self, doing: str, line: str) -> None:
        """`doing`: what goes on at the endpoint by itself, in a few words, and goes on also where this process ends;
        '' for nothing. `line`: what the user should know now; '' for nothing."""
        ...


class Unpaced:
    """No limit at all: for a model that paces itself, and for calls outside of a run."""

    async def enter(self, tokens: int) -> None:
        """At once."""

    def leave(
        self,
        signal: Signal,
        seconds: float,
        *,
        tokens: int | None = None,
        retry_after: float | None = None,
        reason: str = "",
    ) -> None:
        """Nothing to keep."""

    def tell(self, doing: str, line: str) -> None:
        """Nobody hears it."""
