"""The way to a server and back for what batches need besides JSON: files up, documents read, long bodies by lines.

The same timeouts, retries and errors as `transport`. Nothing here is paced: a batch takes a handful of calls.
"""

import io
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp
import orjson
import yarl

from sinan.errors import ModelError, RequestRejected, TransientError
from sinan.models import refusal
from sinan.models.transport import Error, Patience, Transport

T = TypeVar("T")

LINE_LIMIT = 64 * 1024 * 1024
"""Bytes of one line."""
_SLOWEST = 100_000.0
"""Bytes in a second of an upload that is not given up."""
_SILENCE = 120.0
"""Seconds without a byte after which a download is given up; how long it takes in all is not limited."""


class FileTransport(Transport):
    """A Transport with more verbs."""

    async def read(self, path: str, read: Callable[[Any], T]) -> T:
        """The JSON at `path`, asked for again where that may help. Raises ModelError."""
        return await self._asked(lambda: self._exchange("GET", self._url(path), self._answer), read)

    async def send_once(self, path: str, payload: bytes, read: Callable[[Any], T]) -> T:
        """Post JSON that must not arrive twice: again only after a 429, which says that it was not taken.

        Raises TransientError where it may have been taken all the same.
        """
        return await self._asked(lambda: self._sent(path, payload), read, replace(self.patience, attempts=1))

    async def upload(
        self, path: str, fields: Mapping[str, str], name: str, lines: Sequence[bytes], read: Callable[[Any], T]
    ) -> T:
        """Post a file of lines as a form, beside `fields`. Raises ModelError."""
        boundary = secrets.token_hex(16)
        payload, kind = form(fields, name, lines, boundary), f"multipart/form-data; boundary={boundary}"
        return await self._asked(lambda: self._sent(path, payload, kind), read)

    async def lines(self, path: str, hear: Callable[[Any], None]) -> None:
        """The JSON of every line at `path`. A body that was cut is asked for again, from its beginning.

        `hear` may raise TransientError for a line that makes no sense.
        """
        url = self._url(path)

        async def answer(response: aiohttp.ClientResponse, where: str) -> None:
            if response.status // 100 != 2:
                raise await self._failure(response, where)
            begun: list[bytes] = []  # pieces of a line, joined once
            async for piece in response.content.iter_any():
                first, *more = piece.split(b"\n")
                begun.append(first)
                if sum(map(len, begun)) > LINE_LIMIT:
                    raise RequestRejected(f"a line of {where} is longer than {LINE_LIMIT:,} bytes")
                for line in more:
                    self._hear(b"".join(begun), hear)
                    begun = [line]
            self._hear(b"".join(begun), hear)

        quiet = aiohttp.ClientTimeout(total=None, sock_connect=self.patience.connect, sock_read=_SILENCE)
        await self.call(lambda: self._exchange("GET", url, answer, timeout=quiet))

    def outcome(self, status: int, body: Any) -> Any:
        """What a request of a batch came to: the reply's JSON, or a ModelError. `status`: that of HTTP, had it been
        sent alone; 0 where it was not worked on, which another batch may do."""
        if 200 <= status < 300:
            return body
        said = orjson.dumps(body)
        if status == 0:
            return TransientError(refusal.message(said) or "the request was not worked on")
        return self.failure(status, said, self.endpoint.base_url)

    async def _asked(
        self, attempt: Callable[[], Awaitable[Any]], read: Callable[[Any], T], patience: Patience | None = None
    ) -> T:
        async def one() -> T:
            return read(await attempt())

        return (await self.call(one, patience=patience)).value

    def _hear(self, line: bytes, hear: Callable[[Any], None]) -> None:
        if not line.strip():
            return
        try:
            row = self._decoded(line)
        except (ValueError, RecursionError):
            raise TransientError("a line of the results is cut, or no JSON") from None
        hear(row)

    async def _sent(self, path: str, payload: bytes, kind: str = "application/json") -> Any:
        headers = {"Content-Type": kind, "Content-Length": str(len(payload))}
        long = aiohttp.ClientTimeout(
            total=self.patience.timeout + len(payload) / _SLOWEST, sock_connect=self.patience.connect
        )
        # As a file: aiohttp writes bytes in one piece, which holds up the event loop where they are many.
        return await self._exchange(
            "POST", self._url(path), self._answer, data=io.BytesIO(payload), headers=headers, timeout=long
        )

    def _url(self, path: str) -> yarl.URL:
        return yarl.URL(self.endpoint.base_url + path)

    def _named(self, error: Error, attempts: int) -> Error:
        """Without the model's name: it is put in front once, by whoever answers a call."""
        error.args = (refusal.scrub(str(error), self.endpoint.key),)
        error.attempts = attempts
        return error

    def _judged(self, error: ModelError) -> ModelError:
        """What is denied here is one batch or one file: whoever asked for it knows what that means."""
        return error


def form(fields: Mapping[str, str], name: str, lines: Sequence[bytes], boundary: str) -> bytes:
    """A multipart form (RFC 7578) with one file, the lines of which are closed here."""
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="'
    head = "".join(f'{part}{field}"\r\n\r\n{value}\r\n' for field, value in fields.items())
    head += f'{part}file"; filename="{name}"\r\nContent-Type: application/jsonl\r\n\r\n'
    return b"".join((head.encode(), *(line + b"\n" for line in lines), f"\r\n--{boundary}--\r\n".encode()))
