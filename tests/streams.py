"""A server on loopback that streams what a test tells it to, byte for byte, and notes when it did what."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.loopback import Loopback

CUT = object()
"""The connection is dropped here, in the middle of the answer."""
HANG = object()
"""Nothing more comes, and the connection stays."""

Step = Any
"""bytes: written at once. A number: seconds of silence. A function: silence until it is true. CUT, HANG."""


def event(value: Any) -> bytes:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return b"data: " + data + b"\n\n"


def delta(**fields: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": fields, "finish_reason": None}]})


def usage(tokens_in: int, tokens_out: int) -> bytes:
    return event({"choices": [], "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}})


DONE = event(b"[DONE]")


def answer(tokens: int = 3, gap: float = 0.0, *, counted: bool = True) -> list[Step]:
    """A good stream: a role, so many tokens with silences between them, the count, the end."""
    steps: list[Step] = [delta(role="assistant", content="")]
    for number in range(tokens):
        steps += [gap, delta(content=f" t{number}")]
    return [*steps, *([usage(7, tokens)] if counted else []), DONE]


@dataclass
class Served:
    """One request, with the instants of `time.perf_counter`."""

    body: dict[str, Any]
    path: str
    headers: dict[str, str]
    came: float
    written: list[float] = field(default_factory=list)
    """Of each piece that holds content."""
    ended: float = 0.0


class StreamServer(Loopback):
    """`script(number, body)` gives the steps of a streamed answer, or a whole HTTP answer as bytes."""

    def __init__(self, script: Callable[[int, dict[str, Any]], Sequence[Step] | bytes] | None = None) -> None:
        super().__init__()
        self.script = script or (lambda number, body: answer())
        self.served: list[Served] = []
        self.in_flight = self.most = self.connections = 0
        self.enough = threading.Event()
        self.wanted = 1 << 30
        """Requests after which `enough` is set."""

    @property
    def measured(self) -> list[Served]:
        """Without the first request, with which a load test finds out whether there is any sense in it."""
        return self.served[1:]

    async def serve(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, limit=2**26)
        self.port = server.sockets[0].getsockname()[1]
        self.up()
        await self.stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        if first.startswith("GET"):  # a question about the server, such as which models it has
            writer.write(http(404))
            return True
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
        served = Served(body, first.split()[1], headers, time.perf_counter())
        self.served.append(served)
        if len(self.served) >= self.wanted:
            self.enough.set()
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            return await self._answer(served, self.script(len(self.served) - 1, body), writer)
        finally:
            self.in_flight -= 1
            served.ended = time.perf_counter()

    async def _answer(self, served: Served, steps: Sequence[Step] | bytes, writer: asyncio.StreamWriter) -> bool:
        if isinstance(steps, bytes):
            writer.write(steps)
            await writer.drain()
            return b"Connection: close" not in steps
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for step in steps:
            if step is CUT:
                return False
            if step is HANG:
                await asyncio.Event().wait()
            elif callable(step):
                while not step():
                    await asyncio.sleep(0.001)
            elif isinstance(step, bytes):
                if b"content" in step and b'"content": ""' not in step:
                    served.written.append(time.perf_counter())
                writer.write(b"%x\r\n%s\r\n" % (len(step), step))
                await writer.drain()
            elif step:
                await asyncio.sleep(step)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def http(status: int, body: Any = b"", headers: str = "") -> bytes:
    """A whole answer; JSON unless `body` is bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "" if isinstance(body, bytes) else "Content-Type: application/json\r\n"
    return f"HTTP/1.1 {status} X\r\n{kind}Content-Length: {len(data)}\r\n{headers}\r\n".encode() + data
