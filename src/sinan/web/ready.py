"""Ready answers for who is not signed in: a leaderboard that many look at is made once for each change of the boards.

What is kept is found by path, query, language and encoding, and dies with the public boards' file, or when a run has
been verified. Whoever sends a session's cookie or a token is never answered from here, and nothing of what they are
told is kept.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request

from sinan.web import words
from sinan.web.service import verifying
from sinan.web.service.boards import PUBLIC, pointer_path
from sinan.web.site import COOKIE, Site

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 64 << 20
"""Of all that is kept."""
LARGEST = 8 << 20
"""Bytes of one answer that is kept."""
PATHS = ("/rank.", "/rank/", "/models/")

Stat = tuple[int, int, int]
Version = tuple[Stat, Stat | None]
Key = tuple[str, bytes, str, bool]


@dataclass
class Answer:
    """What is sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: str


@dataclass
class Ready:
    """A layer of the application: behind the gate, before compression."""

    app: App
    site: Site
    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[Key, Answer] = field(default_factory=OrderedDict)
    _making: dict[Key, "asyncio.Future[Answer | None]"] = field(default_factory=dict)
    _bytes: int = 0
    _version: Version | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: from what is kept, or made and kept."""
        key = self._key(scope)
        if key is None:
            return await self.app(scope, receive, send)
        version = self._current()
        if version is None:
            return await self.app(scope, receive, send)
        answer = self._found(key) or await self._awaited(key)
        if answer is None:
            return await self._make(key, version, scope, receive, send)
        return await _send(answer, scope, send)

    def _key(self, scope: Scope) -> Key | None:
        """None where the answer may be for one reader alone."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return None
        path = scope["path"]
        if path != "/rank" and not path.startswith(PATHS):
            return None
        if not self.site.config.public or not self.site.known_accounts:
            return None
        headers = Headers(scope=scope)
        if "authorization" in headers or any(COOKIE in one for one in headers.getlist("cookie")):
            return None
        request = Request(scope)
        spoken = words.chosen(
            request.query_params.get("lang"), request.cookies.get("lang"), headers.get("accept-language")
        )
        return path, scope["query_string"], spoken, "gzip" in headers.get("accept-encoding", "")

    def _current(self) -> Version | None:
        """Which boards there are. What was kept of others is forgotten."""
        boards = _stat(pointer_path(self.site.config.site, PUBLIC))
        found = None if boards is None else (boards, _stat(verifying.changed(self.site.config.site)))
        if found != self._version:
            self._kept.clear()
            self._making.clear()
            self._bytes, self._version = 0, found
        return found

    def _found(self, key: Key) -> Answer | None:
        answer = self._kept.get(key)
        if answer is not None:
            self._kept.move_to_end(key)
        return answer

    async def _awaited(self, key: Key) -> Answer | None:
        """What another request is having made."""
        making = self._making.get(key)
        return None if making is None else await asyncio.shield(making)

    async def _make(self, key: Key, version: Version, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            return await self.app(scope, receive, send)
        making = self._making[key] = asyncio.get_running_loop().create_future()
        made: Answer | None = None
        try:
            taken = _Taken(send)
            await self.app(scope, receive, taken)
            made = taken.answer()
            if made is not None and self._current() == version:
                self._keep(key, made)
        finally:
            if self._making.get(key) is making:
                del self._making[key]
            making.set_result(made)
        return None if made is None else await _send(made, scope, send)

    def _keep(self, key: Key, answer: Answer) -> None:
        self._kept[key] = answer
        self._bytes += _size(key, answer)
        while self._bytes > self.most_bytes:
            gone, old = self._kept.popitem(last=False)
            self._bytes -= _size(gone, old)


class _Taken:
    """Holds an answer back until it is whole; hands on what is not to be kept."""

    def __init__(self, send: Send) -> None:
        self.send, self.start, self.parts, self.size, self.passing = send, {}, list[bytes](), 0, False  # type: ignore[var-annotated]

    async def __call__(self, message: Message) -> None:
        if self.passing:
            return await self.send(message)
        if message["type"] == "http.response.start":
            self.start = dict(message)
            if message["status"] != 200:
                await self._pass()
            return None
        self.parts.append(message.get("body", b""))
        self.size += len(self.parts[-1])
        if self.size > LARGEST:
            await self._pass(message.get("more_body", False))
        return None

    async def _pass(self, more: bool = True) -> None:
        self.passing = True
        await self.send(self.start)
        if self.parts:
            await self.send({"type": "http.response.body", "body": b"".join(self.parts), "more_body": more})
            self.parts = []

    def answer(self) -> Answer | None:
        """None where it was handed on."""
        if self.passing or not self.start:
            return None
        body = b"".join(self.parts)
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        dropped = (b"etag", b"content-length")
        headers = [one for one in self.start["headers"] if one[0].lower() not in dropped]
        headers += [(b"etag", etag.encode()), (b"content-length", str(len(body)).encode())]
        return Answer(200, headers, body, etag)


async def _send(answer: Answer, scope: Scope, send: Send) -> None:
    known = Headers(scope=scope).get("if-none-match", "")
    if answer.etag in known:
        kept = [one for one in answer.headers if one[0].lower() in (b"etag", b"vary", b"cache-control")]
        await send({"type": "http.response.start", "status": 304, "headers": kept})
        return await send({"type": "http.response.body", "body": b""})
    # The gate adds to the list of headers: each answer has its own.
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    body = b"" if scope["method"] == "HEAD" else answer.body
    return await send({"type": "http.response.body", "body": body})


def _size(key: Key, answer: Answer) -> int:
    return len(answer.body) + len(key[0]) + len(key[1]) + 1_000


def _stat(path: Path) -> Stat | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
