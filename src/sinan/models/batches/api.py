"""What a batch API is, whoever's it is: requests go there together, their answers are fetched hours later."""

import typing
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

from sinan.models.batches.ledger import Entry

Hear = Callable[[str, Any], None]
"""(custom_id, the reply's JSON or the ModelError that came instead); the same result may be heard more than once."""


@dataclass(frozen=True, slots=True)
class State:
    """How far a batch is."""

    over: bool = False
    """Nothing will change any more; whatever was answered can be fetched."""
    answered: int = 0
    """Requests."""
    failed: int = 0
    """Requests."""
    fault: str = ""
    """Why nothing of it was worked on, in one line; empty where it was."""
    full: bool = False
    """Whether the fault is that the provider's queue has no room for it now."""
    cancelled: bool = False
    """Whether somebody stopped it at the provider."""
    results: tuple[str, ...] = ()
    """Paths of the files that hold what came of it."""


class BatchApi(typing.Protocol):
    """The batches of one provider. Every method raises ModelError."""

    most: int
    """Requests of one batch."""
    most_bytes: int
    """Of one batch."""

    def line(self, custom_id: str, path: str, body: bytes) -> bytes:
        """A request as it stands in a batch; `body` is JSON."""
        ...

    async def create(self, name: str, path: str, lines: Sequence[bytes]) -> str:
        """Make a batch, in one attempt; its id. TransientError and status 0 or 5xx: it may have been made all the
        same. `name` is ours."""
        ...

    async def find(self, entry: Entry, known: Container[str]) -> str | None:
        """The id of a batch that was perhaps made, or None where it was not. `known`: ids of our other batches."""
        ...

    async def state(self, batch: str) -> State:
        """How far it is."""
        ...

    async def results(self, batch: str, state: State, hear: Hear) -> None:
        """All that came of a batch that is over."""
        ...
