"""A server on loopback that answers exactly what a test tells it to, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

HANG = b"(no answer)"


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """`answers` are raw HTTP answers in order, the last for ever; or a function from what was asked to one."""

    port: int
    answers: list[bytes] | Callable[[Asked], bytes] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    listed: Any = None
    """What GET answers (the list of models); 404 where there is none. Not counted among what was asked."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def next(self, asked: Asked) -> bytes:
        if asked.body is None:
            return http(404) if self.listed is None else http(200, self.listed)
        self.asked.append(asked)
        if callable(self.answers):
            return self.answers(asked)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def http(status: int, body: Any = b"", headers: str = "") -> bytes:
    """A whole answer; JSON unless `body` is bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n{headers}\r\n".encode() + data


def ok(text: str = "4") -> bytes:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return http(200, {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 1}})


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(first.split()[1], headers, json.loads(body) if body else None)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                answer = found.next(await _request(reader))
                if answer == HANG:
                    await reader.read()
                    break
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer:
                    break
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**26)
    found = Server(listening.sockets[0].getsockname()[1])
    yield found
    listening.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def closed_port() -> int:
    """A port on loopback where nothing listens."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
