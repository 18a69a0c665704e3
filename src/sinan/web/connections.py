"""Connections that cannot be held for nothing: uvicorn's, with what it leaves open closed.

uvicorn waits for ever for the end of a request's head and for a reader that takes nothing. Here
- a head must come whole within `HEAD_S`, and in `HEAD_BYTES`; that holds for the first of a connection, for each that
  follows, and for what is still sent of a request that was answered already;
- a reader who takes nothing for `DRAIN_S` while there is more for them is cut off;
- one address holds so many connections and no more; a proxy that is believed holds as many as it likes.

How slowly a body may come is the gate's to say.
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from sinan.web.service.rates import network


@dataclass
class Bounds:
    """What a connection may take, and how many there are."""

    head_s: float = 10.0
    head_bytes: int = 32 * 1024
    drain_s: float = 30.0
    each: int = 512
    """Connections of one address."""
    free: Collection[str] = ()
    """Addresses that are not counted."""
    open: Counter[str] = field(default_factory=Counter)


def guarded(bounds: Bounds, base: Any = AutoHTTPProtocol) -> type[asyncio.Protocol]:
    """The protocol of a server, for `uvicorn.Config(http=...)`, on one of uvicorn's."""

    class Guarded(base):  # type: ignore[misc]
        """One connection."""

        _who: str | None = None
        _head: asyncio.TimerHandle | None = None
        _drain: asyncio.TimerHandle | None = None
        _heard = 0

        def connection_made(self, transport: asyncio.Transport) -> None:
            """Count it; too many of one address are closed at once."""
            super().connection_made(transport)
            host = self.client[0] if self.client else ""
            if host not in bounds.free:
                who = network(host)
                if bounds.open[who] >= bounds.each:
                    transport.abort()
                    return
                bounds.open[who] += 1
                self._who = who
            self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            """Nothing is left of it."""
            if self._who is not None:
                bounds.open[self._who] -= 1
                if not bounds.open[self._who]:
                    del bounds.open[self._who]
            self._who = None
            self._stop("_head")
            self._stop("_drain")
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """A part of a head, of a body, or of what nobody reads any more."""
            before = self.cycle
            super().data_received(data)
            if self.cycle is not before:
                self._stop("_head")
                self._heard = 0
            elif self.cycle is None or self.cycle.response_complete:
                self._heard += len(data)
                self._await_head()
                if self._heard > bounds.head_bytes:
                    self._refuse(b"431 Request Header Fields Too Large")

        def pause_writing(self) -> None:
            """The reader does not keep up."""
            super().pause_writing()
            self._stop("_drain")
            self._drain = self.loop.call_later(bounds.drain_s, self.transport.abort)

        def resume_writing(self) -> None:
            """It does again."""
            self._stop("_drain")
            super().resume_writing()

        def on_response_complete(self) -> None:
            """What was answered must also be taken."""
            super().on_response_complete()
            if self.transport.is_closing():
                self._last()

        def timeout_keep_alive_handler(self) -> None:
            """Nothing more is asked."""
            super().timeout_keep_alive_handler()
            self._last()

        def _await_head(self) -> None:
            if self._head is None:
                self._head = self.loop.call_later(bounds.head_s, self._refuse, b"408 Request Timeout")

        def _refuse(self, status: bytes) -> None:
            if not self.transport.is_closing():
                if self._heard and (self.cycle is None or self.cycle.response_complete):
                    self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                self.transport.close()
            self._last()

        def _last(self) -> None:
            """It is closing: whoever does not take what is left is cut off."""
            self._stop("_head")
            if self._drain is None:
                self._drain = self.loop.call_later(bounds.drain_s, self.transport.abort)

        def _stop(self, name: str) -> None:
            timer: asyncio.TimerHandle | None = getattr(self, name)
            if timer is not None:
                timer.cancel()
                setattr(self, name, None)

    return Guarded
