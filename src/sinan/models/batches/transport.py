"""In the place of a Transport: what is posted waits for a batch. A provider asks as always, and is answered later."""

import hashlib
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sinan import settings
from sinan.errors import ModelError, TransientError
from sinan.models.batches.api import BatchApi
from sinan.models.batches.files import FileTransport
from sinan.models.batches.ledger import Ledger
from sinan.models.batches.queue import Call, Queue
from sinan.models.transport import Endpoint, Patience, Reply, Transport
from sinan.types import Signal
from sinan.types.asking import ASKING, Asking

T = TypeVar("T")

TRIES = 3
"""Batches that a question is sent in where it got no answer and another try may succeed."""


class BatchTransport(Transport):
    """A Transport whose `post` takes hours and costs half."""

    def __init__(
        self, endpoint: Endpoint, patience: Patience, api: Callable[[FileTransport], BatchApi], size: int, poll: float
    ) -> None:
        """`api`: whose batches; `size`: questions of one, at the most; `poll`: seconds between two looks, at the
        most."""
        super().__init__(endpoint, patience)
        self._files = FileTransport(endpoint, patience)
        self._api = api(self._files)
        folder = settings.load().cache / "batches"
        ledger = Ledger(folder, f"{endpoint.base_url} {endpoint.key_name}")
        self.size = min(size, self._api.most)
        """Questions of one batch, at the most."""
        self._queue = Queue(self._api, ledger, self.size, poll, self._tell)
        self._nobodys = Asking("")

    async def post(
        self,
        path: str,
        body: Any,
        read: Callable[[Any], T],
        tokens: int = 0,
        took: Callable[[T], int | None] | None = None,
    ) -> Reply[T]:
        """As Transport.post; `latency_s` is 0, since nobody knows how long the answer itself took."""
        call = self._call(path, self._encode(body))
        for attempt in range(1, TRIES + 1):
            await self.pace.enter(tokens)
            began, signal = time.perf_counter(), Signal.LEFT
            try:
                value = read(await self._queue.answer(call))
                signal = Signal.ANSWERED
                return Reply(value, attempt, 0.0)
            except ModelError as error:
                signal = Signal.ANSWERED  # of the pace's business is only who waits, not how it went
                if attempt == TRIES or not isinstance(error, TransientError):
                    raise self._named(error, attempt) from None
            finally:
                self.pace.leave(signal, time.perf_counter() - began)
        raise AssertionError("the last attempt returns or raises")

    async def settle(self) -> None:
        """All that was answered is on disk."""
        await self._queue.settle()

    async def close(self) -> None:
        """Batches go on at the provider."""
        await self._queue.close()
        await self._files.close()
        await super().close()

    def _call(self, path: str, payload: bytes) -> Call:
        """Named by what is asked, for which draw of which question, and how often before: the same in every process
        that goes on with the run, and different for two draws."""
        asking = ASKING.get(self._nobodys)
        what = hashlib.sha256(path.encode() + b" " + payload).digest()
        whose = f"{asking.name}/{asking.number(what)}/".encode("utf-8", "surrogatepass")
        id = hashlib.sha256(whose + what).hexdigest()[:48]
        return Call(id, path, self._api.line(id, path, payload))

    def _tell(self, doing: str, line: str) -> None:
        self.pace.tell(doing, f"{self.endpoint.model}: {line}" if line else "")
