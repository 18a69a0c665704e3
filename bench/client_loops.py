"""The same questions through one HTTP client library and nothing else: what the library costs.

`python bench/client_loops.py CLIENT LOOP URL FILE CONCURRENCY` prints seconds and processor seconds, imports left out,
as JSON. Ends with 3 where the library or the event loop is not installed.
"""

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from bare_client import message

Ask = Callable[[bytes], Awaitable[bytes]]
JSON = {"Content-Type": "application/json"}
NOT_INSTALLED = 3


class Wire(asyncio.Protocol):
    """One connection of the hand-written client: a request out, an answer of known length in."""

    transport: asyncio.Transport
    answer: "asyncio.Future[bytes]"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # of uvloop, which is no subclass
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if found and len(body) >= int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0]):
            self.buffer = b""
            self.answer.set_result(body)


@asynccontextmanager
async def by_hand(url: str, concurrency: int) -> Any:
    place, loop = urlsplit(url), asyncio.get_running_loop()
    free: list[Wire] = []
    head = f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\nContent-Length: "

    async def ask(body: bytes) -> bytes:
        wire = free.pop() if free else (await loop.create_connection(Wire, str(place.hostname), place.port or 80))[1]
        wire.answer = loop.create_future()
        wire.transport.write(b"%s%d\r\n\r\n%s" % (head.encode(), len(body), body))
        answer = await wire.answer
        free.append(wire)
        return answer

    yield ask
    for wire in free:
        wire.transport.close()


@asynccontextmanager
async def aiohttp(url: str, concurrency: int) -> Any:
    library = importlib.import_module("aiohttp")
    async with library.ClientSession(connector=library.TCPConnector(limit=0), headers=JSON) as session:

        async def ask(body: bytes) -> bytes:
            async with session.post(url, data=body) as response:
                return bytes(await response.read())

        yield ask


@asynccontextmanager
async def pyreqwest(url: str, concurrency: int) -> Any:
    builder = importlib.import_module("pyreqwest.client").ClientBuilder
    async with builder().max_connections(concurrency).default_headers(JSON).build() as client:

        async def ask(body: bytes) -> bytes:
            response = await client.post(url).body_bytes(body).build().send()
            return bytes(await response.bytes())

        yield ask


@asynccontextmanager
async def httpx(url: str, concurrency: int, name: str = "httpx") -> Any:
    library = importlib.import_module(name)
    limits = library.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with library.AsyncClient(limits=limits, headers=JSON, timeout=60, trust_env=False) as client:

        async def ask(body: bytes) -> bytes:
            return bytes((await client.post(url, content=body)).content)

        yield ask


def httpx2(url: str, concurrency: int) -> Any:
    return httpx(url, concurrency, "httpx2")


@asynccontextmanager
async def niquests(url: str, concurrency: int) -> Any:
    library = importlib.import_module("niquests")
    async with library.AsyncSession(pool_connections=1, pool_maxsize=concurrency) as session:

        async def ask(body: bytes) -> bytes:
            return bytes((await session.post(url, data=body, headers=JSON)).content)

        yield ask


CLIENTS = {each.__name__: each for each in (by_hand, aiohttp, pyreqwest, httpx, httpx2, niquests)}


async def loop_over(client: str, url: str, bodies: Iterator[bytes], concurrency: int) -> None:
    async with CLIENTS[client](url, concurrency) as ask:

        async def work() -> None:
            for body in bodies:
                json.loads(await ask(body))["choices"][0]["message"]["content"]

        await asyncio.gather(*(work() for _ in range(concurrency)))


def main(client: str, loop: str, url: str, file: str, concurrency: str) -> None:
    try:
        run = importlib.import_module(loop).run
        if client != "by_hand":
            importlib.import_module(f"{client}.client" if client == "pyreqwest" else client)
    except ImportError:
        sys.exit(NOT_INSTALLED)
    with Path(file).open() as lines:
        bodies = [json.dumps({"model": "mock", "messages": [message(json.loads(line))]}).encode() for line in lines]
    wall, cpu = time.perf_counter(), time.process_time()
    run(loop_over(client, f"{url}/chat/completions", iter(bodies), int(concurrency)))
    taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "requests": len(bodies)}
    print(json.dumps(taken))


if __name__ == "__main__":
    main(*sys.argv[1:])
