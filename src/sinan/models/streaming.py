"""Asking once and watching the clock: for load tests, which want to see what the transport hides.

Nothing is tried again here, and nothing is paced: a refused request is a failed request. The answer's text is not
kept; what is kept is when its parts came. A server that streams for ever meets the timeout or the byte limit.
"""

import asyncio
import contextlib
import errno
import json
import time
import typing
from array import array
from functools import partial
from typing import Any, NoReturn

import aiohttp
import orjson
import yarl

from sinan.errors import ModelError, ModelUnusable, TransientError, UsageError
from sinan.models import reach, refusal
from sinan.models.dialects import openai_stream as stream
from sinan.models.event_stream import LINE_LIMIT, Events
from sinan.models.providers.openai import OpenAI
from sinan.types import Model, Prompt, Sampling, Usage, in_batches
from sinan.types.load import Ask, Exchange, Failure

BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of one answer."""
_ERROR_BODY = 64 * 1024
_CONNECT = 10.0
_TAIL = 1.0
"""Seconds that the rest of a stream may take after its [DONE], so that the connection can be used again."""
_KEEPALIVE = 4.0
"""Seconds an idle connection is kept: common servers drop one after 5, and a request sent into that is lost."""
_UNUSABLE = {401, 402, 403, 404}
_REJECTED = {400, 422}


class Asker(typing.Protocol):
    """Who sends the requests of a load test."""

    streams: bool
    """Whether a first token can be seen."""
    local: bool
    """Whether the model computes in this very process."""

    def prepare(self, prompt: Prompt, sampling: Sampling) -> Ask:
        """The request, written; raises RequestRejected where it cannot be."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


def asker(model: Model, stream: bool, timeout: float) -> Asker:
    """For an OpenAI-compatible server one that sees every chunk; for any other model one that sees whole answers.

    `timeout` is seconds for one request; where the model's own address says another one, that holds. Raises UsageError.
    """
    if in_batches(model):
        raise UsageError(f"{model.name}: a load test measures calls that are answered at once; leave batch=1 out.")
    if isinstance(model, OpenAI) and model.api != "responses":
        return Streaming(model, stream, model.transport.patience.timeout)
    return Whole(model, timeout)


class Streaming:
    """An OpenAI-compatible model, each request sent once, over as many connections as there are requests in flight."""

    local = False

    def __init__(self, model: OpenAI, stream: bool, timeout: float) -> None:
        self.streams = stream
        self.wants_usage = True
        """Whether the server is asked to count tokens; some refuse the field that asks for it."""
        self._model, self._timeout = model, timeout
        self._endpoint = model.transport.endpoint
        self._session: aiohttp.ClientSession | None = None

    def prepare(self, prompt: Prompt, sampling: Sampling) -> Ask:
        """The request as bytes, so that sending it takes no time."""
        path, body = self._model.request(prompt, sampling, {})
        if self.streams:
            body = stream.streamed(body, self.wants_usage)
        return partial(self._ask, yarl.URL(self._endpoint.base_url + path), orjson.dumps(body))

    async def close(self) -> None:
        """Let go of the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(self, url: yarl.URL, payload: bytes) -> Exchange:
        heard = _Heard()
        session, sent = self._opened(), time.perf_counter()
        try:
            async with (
                asyncio.timeout(self._timeout),
                session.post(url, data=payload, allow_redirects=False) as response,
            ):
                await self._answer(response, heard)
        except (_Failed, ModelError, aiohttp.ClientError, OSError, ValueError) as error:
            failure = error.failure if isinstance(error, _Failed) else self._failure(error)
            return Exchange(sent, time.perf_counter(), heard.first, heard.gaps, heard.chunks, heard.usage, failure)
        return Exchange(sent, heard.last, heard.first, heard.gaps, heard.chunks, heard.usage)

    async def _answer(self, response: aiohttp.ClientResponse, heard: "_Heard") -> None:
        if response.status // 100 != 2:
            await self._refused(response)
        if not self.streams:
            return await self._whole(response, heard)
        if response.content_type == "application/json":
            raise TransientError("the answer was not streamed (measure whole answers with --no-stream)")
        await self._chunks(response, heard)
        if heard.first is None:
            raise TransientError("the answer is empty (no chunk holds content or reasoning)")
        return None

    async def _chunks(self, response: aiohttp.ClientResponse, heard: "_Heard") -> None:
        """Everything up to [DONE], each piece with the instant at which it came.

        Some servers leave the marker out; there a stream that ends as HTTP wants it, after a finish_reason, is whole.
        """
        events, size = Events(), 0
        async for piece in response.content.iter_any():
            now = time.perf_counter()
            size += len(piece)
            if size > BODY_LIMIT:
                raise TransientError(f"the stream is longer than {BODY_LIMIT:,} bytes")
            if heard.took_all(events.feed(piece), now):
                return await self._tail(response)
        if not heard.took_all(events.end(), time.perf_counter()) and not heard.finished:
            raise TransientError("the stream ended without [DONE] and without a finish_reason")
        return None

    async def _tail(self, response: aiohttp.ClientResponse) -> None:
        """A stream that goes on after [DONE] is let go of, and its connection with it."""
        size = 0
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(_TAIL):
                async for piece in response.content.iter_any():
                    size += len(piece)
                    if size > LINE_LIMIT:
                        return

    async def _whole(self, response: aiohttp.ClientResponse, heard: "_Heard") -> None:
        body = await _body(response, BODY_LIMIT)
        heard.last = time.perf_counter()
        if len(body) > BODY_LIMIT:
            raise TransientError(f"the answer is longer than {BODY_LIMIT:,} bytes")
        heard.usage = self._model.read(_decoded(body)).usage

    async def _refused(self, response: aiohttp.ClientResponse) -> NoReturn:
        """Raises _Failed: the status is the reason, and what the server said the detail."""
        status, url = response.status, str(response.url)
        if status // 100 == 3:
            said = refusal.redirect(url, status, response.headers.get("Location", ""))
            raise _Failed(self._told(f"{status} {refusal.phrase(status)}", said, unusable=True))
        said = refusal.message(await _body(response, _ERROR_BODY))
        reason = f"{status} {refusal.phrase(status)}"
        if status in _UNUSABLE:
            key_name, has_key = self._endpoint.key_name, bool(self._endpoint.key)
            said = refusal.unusable(status, url, key_name, has_key, said)
            raise _Failed(self._told(reason, said, unusable=True))
        raise _Failed(self._told(reason, f"{reason}: {said}" if said else reason, rejected=status in _REJECTED))

    def _failure(self, error: Exception) -> Failure:
        """A sentence of ours is the reason up to its colon; behind that are the server's words."""
        said = str(error) if isinstance(error, ModelError) else self._network(error)
        return self._told(said.partition(": ")[0], said)

    def _network(self, error: Exception) -> str:
        cause = getattr(error, "os_error", error)
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return f"no connection within {_CONNECT:g} s"
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout:g} s"
        if isinstance(error, aiohttp.ClientPayloadError):
            return "the answer was cut"
        if isinstance(error, aiohttp.ServerDisconnectedError):
            return "the server closed the connection"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, ConnectionError):
            return "the connection was lost"
        if isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL):
            return "this machine can open no more connections (see: ulimit -n)"
        if isinstance(error, aiohttp.ClientConnectorError):
            return "no connection"
        return f"the answer is no HTTP ({type(error).__name__})"

    def _told(self, reason: str, detail: str, *, unusable: bool = False, rejected: bool = False) -> Failure:
        detail = refusal.scrub(refusal.one_line(detail), self._endpoint.key)
        return Failure(refusal.one_line(reason), detail, unusable, rejected)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            accept = "text/event-stream" if self.streams else "application/json"
            self._session = aiohttp.ClientSession(
                # A name is looked up once: the time of that is not the server's.
                connector=aiohttp.TCPConnector(
                    limit=0, keepalive_timeout=_KEEPALIVE, ttl_dns_cache=None, socket_factory=reach.here().socket
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT),
                # Compressed chunks would come when the compressor is full, not when they are written.
                headers=self._endpoint.request_headers() | {"Accept": accept, "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


class Whole:
    """Any other model, through its own protocol: when the answer was whole is all that can be seen."""

    streams = False

    def __init__(self, model: Model, timeout: float) -> None:
        self._model, self._timeout = model, timeout
        self.local = not getattr(model, "endpoint", "")

    def prepare(self, prompt: Prompt, sampling: Sampling) -> Ask:
        """Nothing to prepare: the model writes its own requests."""
        return partial(self._ask, prompt, sampling)

    async def close(self) -> None:
        """The model is closed by whoever opened it."""

    async def _ask(self, prompt: Prompt, sampling: Sampling) -> Exchange:
        sent, usage, failure = time.perf_counter(), Usage(), None
        try:
            async with asyncio.timeout(self._timeout):
                completion = await self._model.generate(prompt, sampling)
            usage = completion.usage
            if completion.attempts > 1:  # its time holds failed attempts and the waits between them
                failure = Failure("answered at a later attempt", f"answered at attempt {completion.attempts}")
        except TimeoutError:
            said = f"no answer within {self._timeout:g} s"
            failure = Failure(said, said)
        except ModelError as error:
            said = str(error).removeprefix(f"{self._model.name}: ")
            failure = Failure(said.partition(": ")[0], said, isinstance(error, ModelUnusable))
        return Exchange(sent, time.perf_counter(), usage=usage, failure=failure)


class _Failed(Exception):
    """The server refused the request."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class _Heard:
    """What has come of one answer so far."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.last = 0.0
        """When the last thing of interest came."""
        self.gaps = array("d")
        self.chunks = 0
        self.usage = Usage()
        self.finished = False
        """Whether the server said why the answer ended."""
        self._before = 0.0

    def took_all(self, events: list[bytes], now: float) -> bool:
        """Takes the events that came at `now`; whether [DONE] was among them. Raises TransientError."""
        for data in events:
            self.last = now
            if data == stream.DONE:
                return True
            chunk = stream.read_chunk(data)
            self.finished = self.finished or chunk.finished
            if chunk.usage is not None:
                self.usage = chunk.usage
            if chunk.content:
                self._wrote(now)
        return False

    def _wrote(self, now: float) -> None:
        self.chunks += 1
        if self.first is None:
            self.first = now
        else:
            self.gaps.append(now - self._before)
        self._before = now


def _decoded(body: bytes) -> Any:
    """The JSON; the standard library reads half a surrogate pair and NaN, which orjson refuses."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise TransientError("the answer is no JSON") from None


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body, or just over `limit` bytes of it."""
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            break
    return b"".join(pieces)
