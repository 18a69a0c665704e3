"""Batches of OpenAI and of servers that offer the same: a file goes up, two come down."""

from collections.abc import Container, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from sinan.models.batches.api import Hear, State
from sinan.models.batches.files import FileTransport
from sinan.models.batches.ledger import Entry
from sinan.models.dialects import batch_replies
from sinan.models.dialects import openai_batch as dialect

CLOCKS_APART = 3_600.0
"""Seconds that the provider's clock and ours may differ."""


class OpenAIBatches:
    """A BatchApi."""

    most, most_bytes = dialect.MOST, dialect.MOST_BYTES

    def __init__(self, files: FileTransport) -> None:
        self._files = files

    def line(self, custom_id: str, path: str, body: bytes) -> bytes:
        """A request as a line of the file."""
        return dialect.line(custom_id, path, body)

    async def create(self, name: str, path: str, lines: Sequence[bytes]) -> str:
        """Upload the file, then make the batch; a file that no batch is made of costs nothing."""
        file = await self._files.upload("/files", dialect.PURPOSE, f"{name}.jsonl", lines, batch_replies.identifier)
        body = orjson.dumps(dialect.creation(name, path, file))
        return await self._files.send_once("/batches", body, batch_replies.identifier)

    async def find(self, entry: Entry, known: Container[str]) -> str | None:
        """By our name in its metadata, among all that were made since."""
        after = ""
        while True:
            batches, last = await self._files.read(f"/batches?limit=100{after}", batch_replies.listed)
            for batch in batches:
                if dialect.named(batch, entry.name):
                    return str(batch["id"])
            if last is None or any(dialect.made_before(batch, entry.created - CLOCKS_APART) for batch in batches):
                return None
            after = f"&after={quote(last, safe='')}"

    async def state(self, batch: str) -> State:
        """From GET /batches/ID."""
        return await self._files.read(f"/batches/{quote(batch, safe='')}", dialect.state)

    async def results(self, batch: str, state: State, hear: Hear) -> None:
        """Both files."""

        def row(line: Any) -> None:
            custom_id, status, body = dialect.result(line)
            hear(custom_id, self._files.outcome(status, body))

        for path in state.results:
            await self._files.lines(path, row)
