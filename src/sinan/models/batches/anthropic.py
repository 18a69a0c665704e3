"""Batches of Anthropic: one request holds all others, one file all answers."""

from collections.abc import Container, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sinan.models.batches.api import Hear, State
from sinan.models.batches.files import FileTransport
from sinan.models.batches.ledger import Entry
from sinan.models.dialects import anthropic_batch as dialect
from sinan.models.dialects import batch_replies

PATH = "/messages/batches"


class AnthropicBatches:
    """A BatchApi."""

    most, most_bytes = dialect.MOST, dialect.MOST_BYTES

    def __init__(self, files: FileTransport) -> None:
        self._files = files

    def line(self, custom_id: str, path: str, body: bytes) -> bytes:
        """A request among the others; all of them go to /messages."""
        return dialect.line(custom_id, body)

    async def create(self, name: str, path: str, lines: Sequence[bytes]) -> str:
        """The name stays here: the API has no place for it."""
        return await self._files.send_once(PATH, dialect.creation(lines), batch_replies.identifier)

    async def find(self, entry: Entry, known: Container[str]) -> str | None:
        """The one that is most likely ours. Where it is a stranger's after all, that shows in its results, which do
        not name our requests: they are then sent in a new batch, later than need be but not twice."""
        since: list[Mapping[str, Any]] = []
        after = ""
        while True:
            batches, last = await self._files.read(f"{PATH}?limit=100{after}", batch_replies.listed)
            since += batches
            if last is None or dialect.made_at(batches[-1]) < entry.created - dialect.CLOCKS_APART:
                return dialect.likely(since, entry, known)
            after = f"&after_id={quote(last, safe='')}"

    async def state(self, batch: str) -> State:
        """From GET /messages/batches/ID."""
        return await self._files.read(f"{PATH}/{quote(batch, safe='')}", dialect.state)

    async def results(self, batch: str, state: State, hear: Hear) -> None:
        """At the address that the API documents: the one that a reply names might be anybody's, and gets the key."""

        def row(line: Any) -> None:
            custom_id, status, body = dialect.result(line)
            hear(custom_id, self._files.outcome(status, body))

        await self._files.lines(f"{PATH}/{quote(batch, safe='')}/results", row)
