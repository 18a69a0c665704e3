"""What every request passes before a page sees it, and every answer on its way out.

- Changes (all but GET, HEAD, OPTIONS) come as JSON, or as bytes where a file is sent, and from our own pages: a form or
  a script of another site can send neither without asking first, which we never allow. A token needs no such proof.
- Who asks too often is told so; a name that is not this site's is not answered, so that no name can be made to point
  here by a page that a browser of this machine has open.
- Bodies are bounded, and must arrive in time.
- Headers: no script but our own files, no other host, no frame; what is private is kept by nobody.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from sinan.web.failures import Denied, Failure, TooLarge, TooSlow

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
EMBEDDABLE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Of pictures that other sites may show."""

QUESTIONS_BYTES = 64 << 20
LARGER = {
    re.compile(r"/api/pushes/[^/]+/files/[^/]+/[^/]+"): 9 << 20,
    re.compile(r"/api/benchmarks/[^/]+/file"): QUESTIONS_BYTES,
}
"""Bytes of a body, by the path, where more is taken than elsewhere: of files alone, and their pages read nothing of one
before they know who sends it."""
PATIENCE_S = 30.0
"""Between two parts of a body, and for the first of it."""
PACE = 10_000
"""Bytes a second that a body must come with on the whole, beyond `PATIENCE_S`."""
SAFE = ("GET", "HEAD", "OPTIONS")
KINDS = ("application/json", "application/octet-stream")


class Gate:
    """The outermost layer of the application."""

    def __init__(
        self,
        app: App,
        body_bytes: int,
        admit: Callable[[Scope], None],
        refuse: Callable[[Scope, Receive, Send, Failure], Awaitable[None]],
        address: str = "",
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.app, self.body_bytes, self.admit, self.refuse = app, body_bytes, admit, refuse
        self.own, self.patience_s = urlsplit(address), patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        guarded = _with_headers(scope, send)
        try:
            self.admit(scope)
            self._refuse_foreign(scope)
            bounded = _Bounded(receive, self._limit(scope["path"]), Headers(scope=scope), self.patience_s)
        except Failure as failure:
            return await self.refuse(scope, receive, guarded, failure)
        return await self.app(scope, bounded, guarded)

    def _limit(self, path: str) -> int:
        return next((size for one, size in LARGER.items() if one.fullmatch(path)), self.body_bytes)

    def _refuse_foreign(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if scope["method"] in SAFE:
            return
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        if kind not in KINDS and (has_body or kind):
            raise Failure("changes are sent as application/json")
        if headers.get("authorization", "").lower().startswith("bearer "):
            return
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Denied("this change was asked for by a page of another site")
        origin = headers.get("origin")
        if origin is not None and not self._is_own(origin, headers.get("host", "")):
            raise Denied("this change was asked for by a page of another site")
        if "cookie" in headers and kind not in KINDS:
            raise Denied("a change by a browser comes as application/json")

    def _is_own(self, origin: str, host: str) -> bool:
        try:
            there = urlsplit(origin)
        except ValueError:
            return False
        if self.own.scheme == "https" and there.scheme != "https":
            return False
        return bool(there.netloc) and there.netloc in (host, self.own.netloc)


class _Bounded:
    """Hands on the body as it comes, up to its bound. Raises TooLarge where the page reads beyond it, TooSlow."""

    def __init__(self, receive: Receive, limit: int, headers: Headers, patience_s: float) -> None:
        self.receive, self.limit, self.seen, self.patience_s = receive, limit, 0, patience_s
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > limit:
            raise TooLarge(f"a body of {int(length[:20]):,} bytes; up to {limit:,} are taken here")
        self.ended = False
        self.began = time.monotonic()

    async def __call__(self) -> MutableMapping[str, Any]:
        if self.ended:  # what is awaited now is that the client goes away, however late
            return await self.receive()
        late = self.began + self.patience_s + self.seen / PACE - time.monotonic()
        try:
            async with asyncio.timeout(min(self.patience_s, late)):
                message = await self.receive()
        except TimeoutError:
            self.ended = True
            took = time.monotonic() - self.began
            raise TooSlow(f"of the body {self.seen:,} bytes came in {took:.0f} s; nothing was changed") from None
        self.seen += len(message.get("body", b""))
        self.ended = not message.get("more_body", False)
        if self.seen > self.limit:
            self.ended = True
            raise TooLarge(f"a body of more than {self.limit:,} bytes, which is the most that is taken here")
        return message


def _with_headers(scope: Scope, send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers.setdefault("Content-Security-Policy", POLICY)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "same-origin")
            headers.setdefault("X-Frame-Options", "DENY")
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
            headers.setdefault("Cache-Control", "no-store" if scope["path"].startswith("/api") else "private, no-cache")
        await send(message)

    return sending
