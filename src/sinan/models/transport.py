"""The way to a server and back: the only place with timeouts, retries and rate limits.

One `Transport` per endpoint. It knows HTTP and JSON, no dialect: a caller hands it the function that reads the
answer, so that an answer of the wrong shape is asked for again just like one that was cut.
Not here: how many attempts are in flight (the engine's pace, which every attempt goes through), what a request says
(dialects), where a key comes from (providers).

aiohttp, not httpx: at 256 connections a request costs 0.4 ms of processor time there, and 6-10 ms with httpx,
whose connection pool is searched in time that grows with the number of connections.
"""

import asyncio
import contextlib
import errno
import os
import random
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import aiohttp
import orjson
import yarl

from sinan.errors import Declined, ModelError, ModelUnusable, Refused, RequestRejected, TransientError, Unsupported
from sinan.models import decoding, reach, refusal
from sinan.models.trials import Trials
from sinan.types import Pace, Signal, Unpaced

T = TypeVar("T")
Error = TypeVar("Error", bound=ModelError)

_TRY_AGAIN = {408, 409, 425}
_TOO_MUCH = {429, 529}
"""529, which is no standard status, says that the server is overloaded by all its users."""
_UNUSABLE = {401, 402, 403, 404}
_MAY_BE_ACCOUNT = {400, 429}
_REJECTED = {400, 422}
DENIED = 5
_ERROR_BODY = 64 * 1024
"""Bytes of an error's body that are read; no message is longer."""


@dataclass(frozen=True)
class Endpoint:
    """Where requests go, and with which key. `repr` never shows the key."""

    model: str
    """As in results; every error begins with it."""
    base_url: str
    key_name: str
    """The environment name of the key: what errors say instead of the key."""
    key: str | None = field(default=None, repr=False)
    key_header: str = "Authorization"
    """Carries the key: `Authorization` as a bearer's, any other, such as `x-api-key`, as it is."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What else every request says, such as the version of the API."""

    def request_headers(self) -> dict[str, str]:
        """All that every request says; the key is among them."""
        bearer = "Bearer " if self.key_header == "Authorization" else ""
        ours = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "sinan"}
        return ours | dict(self.headers) | ({self.key_header: bearer + self.key} if self.key else {})


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to try. All times in seconds."""

    timeout: float = 600.0
    """One attempt, from its start to its last byte."""
    connect: float = 10.0
    attempts: int = 6
    """Of one call, where there was no answer. Being sent away for asking too much is not counted here."""
    same: int = 5
    """The same error of the server so often in a row is taken for its last word on this request."""
    refused_for: float = 900.0
    """How long one call may be sent away (429) before it is given up."""
    backoff: float = 0.5
    """Upper end of the first wait; it doubles with every further one. The wait is drawn uniformly from 0 to it."""
    backoff_limit: float = 30.0
    retry_after_limit: float = 120.0
    """The longest wait that a server may ask for."""
    body_limit: int = 64 * 1024 * 1024
    """Bytes of an answer, after decompression."""

    def wait(self, attempt: int, draw: float, retry_after: float | None) -> float:
        """Seconds before the attempt after number `attempt`. A server's wish is a lower bound, and spread as well,
        or all the calls that it sent away would come back at one instant."""
        spread = draw * min(self.backoff_limit, self.backoff * 2.0 ** min(attempt - 1, 60))
        return spread + min(retry_after or 0.0, self.retry_after_limit)


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """An answer, and what it took."""

    value: T
    attempts: int
    latency_s: float
    """Seconds of the last attempt."""


class Transport:
    """Posts JSON to one endpoint. The session belongs to the event loop of the first call."""

    def __init__(
        self,
        endpoint: Endpoint,
        patience: Patience = Patience(),
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """`sleep` and `draw` (uniform in [0, 1)) can be replaced, so that a test waits for nothing."""
        self.endpoint = endpoint
        self.patience = patience
        self.pace: Pace = Unpaced()
        """What every attempt goes through; set by whoever opens the model."""
        self.retried = 0
        """Attempts beyond the first, over all calls."""
        self._sleep, self._draw = sleep, draw
        self._answered, self._denied = False, 0
        """Whether anything was answered yet; and how often in a row it was said since that nothing will be."""
        self._unusable: ModelUnusable | None = None
        self._open: aiohttp.ClientSession | None = None
        self._urls: dict[str, yarl.URL] = {}

    async def check(self) -> None:
        """Find out whether anything listens, without a request. Raises ModelUnusable."""
        url = urlsplit(self.endpoint.base_url)
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            async with asyncio.timeout(self.patience.connect):
                writer = await reach.here().connect(url.hostname or "", port)
        except reach.Forbidden as error:
            raise ModelUnusable(f"{self.endpoint.model}: {self._out_of_reach(error)}") from None
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
            reason = _connection_reason(error, self.patience.connect)
        else:
            writer.close()
            return
        raise ModelUnusable(
            f"{self.endpoint.model}: nothing answers at {self.endpoint.base_url} ({reason}). Is the server running? "
            "base_url=http://HOST:PORT/v1 names another address."
        )

    async def get(self, path: str, within: float) -> Any:
        """The JSON at `path`, asked for once; None where there is none within so many seconds. Never raises."""
        url = self.endpoint.base_url + path
        try:
            async with (
                asyncio.timeout(within),
                self._session().get(yarl.URL(url), allow_redirects=False) as response,
            ):
                return await self._answer(response, url)
        except (ModelError, aiohttp.ClientError, OSError, ValueError):
            return None

    async def post(
        self,
        path: str,
        body: Any,
        read: Callable[[Any], T],
        tokens: int = 0,
        took: Callable[[T], int | None] | None = None,
    ) -> Reply[T]:
        """Send `body` and read the answer: `read` turns the decoded JSON (of an event stream the list of its events)
        into the value, and raises TransientError where it cannot. The rest is as in `call`."""
        payload = self._encode(body)

        async def attempt() -> T:
            return read(await self._attempt(path, payload))

        return await self.call(attempt, tokens, took)

    async def call(
        self,
        attempt: Callable[[], Awaitable[T]],
        tokens: int = 0,
        took: Callable[[T], int | None] | None = None,
        patience: Patience | None = None,
    ) -> Reply[T]:
        """Make attempts at the right pace until one gives a value, as long as that may help.

        An attempt that fails raises a ModelError; `tokens` is what the call is expected to take, and `took` tells of
        a value what it took; `patience`: where it is not the transport's. Raises ModelUnusable, RequestRejected, or
        TransientError after the last attempt; `attempts` is set on each.
        """
        trials: Trials | None = None  # most calls need none
        while True:
            await self.pace.enter(tokens)
            if self._unusable is not None:  # found out by another call while this one waited
                self.pace.leave(Signal.LEFT, 0.0)
                raise self._unusable
            began, signal, reason, wish, spent = time.perf_counter(), Signal.LEFT, "", None, None
            try:
                value = await attempt()
                signal, self._answered, self._denied = Signal.ANSWERED, True, 0
                spent = took(value) if took else None
                return Reply(value, trials.made + 1 if trials else 1, time.perf_counter() - began)
            except TransientError as error:
                signal = Signal.REFUSED if isinstance(error, Refused) else Signal.FAILED
                reason, wish = refusal.scrub(str(error), self.endpoint.key), error.retry_after
                trials = trials or Trials(patience or self.patience, began)
                trials.add(error)
            except ModelError as error:
                signal = Signal.ANSWERED
                if isinstance(error, Declined):
                    error.latency_s = time.perf_counter() - began
                raise self._judged(self._named(error, trials.made + 1 if trials else 1)) from None
            finally:
                seconds = time.perf_counter() - began
                self.pace.leave(signal, seconds, tokens=spent, retry_after=wish, reason=reason)
            if trials.over:
                raise self._named(trials.verdict(), trials.made)
            self.retried += 1
            await self._sleep(trials.wait(self._draw()))

    def _judged(self, error: ModelError) -> ModelError:
        """Whether nothing more can be asked, or only not this: a filter before a server denies single questions with
        the very codes that mean everything. One that has answered is believed the `DENIED`th time in a row."""
        if not isinstance(error, ModelUnusable):
            return error
        self._denied += 1
        if self._answered and self._denied < DENIED and not isinstance(error, Unsupported):
            rejected = RequestRejected(*error.args)
            rejected.attempts = error.attempts
            return rejected
        self._unusable = error
        return error

    async def settle(self) -> None:
        """All that was answered is on disk. Nothing is kept of it here."""

    async def close(self) -> None:
        """Let go of all connections. A later call opens new ones."""
        session, self._open, self._unusable = self._open, None, None
        if session is not None:
            await session.close()

    def _encode(self, body: Any) -> bytes:
        try:
            return orjson.dumps(body)
        except (TypeError, ValueError) as error:  # a lone surrogate, an integer beyond 64 bits
            reason = refusal.one_line(str(error))
        raise self._named(RequestRejected(f"the request cannot be written as JSON ({reason})"), 1)

    async def _attempt(self, path: str, payload: bytes) -> Any:
        url = self._urls.get(path) or self._urls.setdefault(path, yarl.URL(self.endpoint.base_url + path))
        return await self._exchange("POST", url, self._answer, data=payload)

    async def _exchange(
        self, method: str, url: yarl.URL, answer: Callable[[aiohttp.ClientResponse, str], Awaitable[Any]], **how: Any
    ) -> Any:
        """One request. What aiohttp raises is turned into our errors outside its `except`: some of its errors hold
        the request's headers, and no error of ours may carry them along."""
        try:
            async with self._session().request(method, url, allow_redirects=False, **how) as response:
                return await answer(response, str(url))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = self._network_failure(error)
        raise failure

    async def _answer(self, response: aiohttp.ClientResponse, url: str) -> Any:
        if response.status < 200:
            raise TransientError(f"the answer is no HTTP (status {response.status})")
        if response.status // 100 != 2:
            raise await self._failure(response, url)
        body = await self._body(response, self.patience.body_limit)
        if len(body) > self.patience.body_limit:
            raise RequestRejected(f"the answer is longer than {self.patience.body_limit:,} bytes")
        reason = "an empty answer" if not body.strip() else "an answer that is no JSON"
        decode = decoding.events if response.content_type == "text/event-stream" else decoding.reply
        with contextlib.suppress(ValueError, RecursionError):
            return self._decoded(body, decode)
        raise TransientError(f"{reason} ({response.status})")

    def _decoded(self, body: bytes, decode: Callable[[bytes], Any] = decoding.reply) -> Any:
        """The JSON without the key: a server that repeats it must not get it into a run. Raises ValueError."""
        key = self.endpoint.key or ""
        if len(key) < 8:
            return decode(body)
        value = decode(body.replace(key.encode(), b"(key)"))
        return decoding.without(value, key) if b"\\" in body else value

    async def _body(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        """The body, or just over `limit` bytes of it."""
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                response.close()  # the rest is not read, so the connection cannot be used again
                break
        return b"".join(chunks)

    async def _failure(self, response: aiohttp.ClientResponse, url: str) -> ModelError:
        status = response.status
        if status // 100 == 3:
            return ModelUnusable(refusal.redirect(url, status, response.headers.get("Location", "")))
        body = await self._body(response, _ERROR_BODY)
        return self.failure(status, body, url, refusal.wait_asked(response.headers, time.time()))

    def failure(self, status: int, body: bytes, url: str, wish: float | None = None) -> ModelError:
        """What it means that a server says so; `wish` is the wait in seconds that it asks for."""
        failure = self._meaning(status, body, url, wish)
        failure.status = status
        return failure

    def _meaning(self, status: int, body: bytes, url: str, wish: float | None) -> ModelError:
        said = refusal.message(body)
        what = f"{status} {refusal.phrase(status)}" + (f": {said}" if said else "")
        if status in _UNUSABLE or (status in _MAY_BE_ACCOUNT and refusal.is_about_account(said)):
            return ModelUnusable(refusal.unusable(status, url, self.endpoint.key_name, bool(self.endpoint.key), said))
        wish = wish or refusal.wait_told(body)
        if status in _TOO_MUCH or (status == 503 and wish is not None):
            return Refused(what, wish)
        if status in _TRY_AGAIN or status >= 500:
            return TransientError(what, wish)
        if status in _REJECTED and refusal.is_declined(body):
            return Declined(f"the server declines to answer ({what})", refusal.scrub(said, self.endpoint.key))
        return RequestRejected(f"the server rejected the request ({what})")

    def _out_of_reach(self, error: OSError) -> str:
        return f"{self.endpoint.base_url} must not be connected to from here ({error})"

    def _network_failure(self, error: Exception) -> ModelError:
        if refused := reach.forbidden(error):
            return ModelUnusable(self._out_of_reach(refused))
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return ModelUnusable(f"the certificate of {self.endpoint.base_url} is not trusted by this machine")
        if isinstance(error, aiohttp.ClientConnectorSSLError) and "WRONG_VERSION" in str(error):
            return ModelUnusable(f"{self.endpoint.base_url} does not speak TLS. Is it an http:// address?")
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return TransientError(f"no connection within {self.patience.connect:g} s")
        if isinstance(error, TimeoutError):
            return TransientError(f"no answer within {self.patience.timeout:g} s")
        if isinstance(error, aiohttp.ClientPayloadError):
            return TransientError("the answer was cut")
        if isinstance(error, aiohttp.ServerDisconnectedError):
            return TransientError("the server closed the connection")
        return TransientError(_connection_reason(error, self.patience.connect))

    def _named(self, error: Error, attempts: int) -> Error:
        """The error with the model in front, the key out of it, and the number of attempts on it."""
        said = refusal.scrub(str(error), self.endpoint.key)
        error.args = (f"{self.endpoint.model}: {said}",)
        error.attempts = attempts
        return error

    def _session(self) -> aiohttp.ClientSession:
        if self._open is None:
            self._open = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, keepalive_timeout=_KEEPALIVE, socket_factory=reach.here().socket
                ),
                timeout=aiohttp.ClientTimeout(total=self.patience.timeout, sock_connect=self.patience.connect),
                headers=self.endpoint.request_headers(),
                cookie_jar=aiohttp.DummyCookieJar(),
                # What decides where a key travels is the model's address alone: no HTTP_PROXY, no ~/.netrc.
                trust_env=False,
            )
        return self._open


_KEEPALIVE = 4.0
"""Seconds an idle connection is kept. Common servers drop one after 5 s, and a request sent at that very moment is
lost: letting go first turns a retry into a new connection."""


def _connection_reason(error: BaseException, connect: float) -> str:
    cause = getattr(error, "os_error", error)
    if isinstance(cause, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(cause):
        return "connection refused"  # asked for by its text as well: a name with several addresses gives one summary
    if isinstance(cause, (socket.gaierror, UnicodeError)) or isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(cause, TimeoutError):
        return f"no connection within {connect:g} s"
    if isinstance(cause, ssl.SSLError):
        return "the TLS handshake failed"
    if isinstance(cause, ConnectionError):
        return "the connection was lost"
    if isinstance(cause, OSError):
        return os.strerror(cause.errno) if cause.errno else "no connection"
    return f"the answer is no HTTP ({type(error).__name__})"
