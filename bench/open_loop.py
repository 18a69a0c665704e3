"""Asks an address at a constant rate, whether answers come or not, and says how long each took from when it was due.

    python bench/open_loop.py ADDRESS PER_SECOND SECONDS

An open loop over raw connections that are kept: a client that waits for answers would hide that they are late. Prints
one JSON object: seconds of each answer, sorted, and how many failed.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit


async def main(address: str, rate: float, seconds: float) -> None:
    """Ask, wait for the last answer, print."""
    parts = urlsplit(address)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    taken: list[float] = []
    failed = 0

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        idle.append((reader, writer))
        return head.startswith(b"HTTP/1.1 200")

    async def asked() -> bool:
        if idle:
            try:
                return await answered(*idle.pop())
            except (OSError, asyncio.IncompleteReadError):
                pass  # the server closes what was idle for long: any client opens another then
        return await answered(*await asyncio.open_connection(host, port))

    async def one(due: float) -> None:
        nonlocal failed
        try:
            failed += not await asked()
            taken.append(time.perf_counter() - due)
        except (OSError, asyncio.IncompleteReadError, StopIteration):
            failed += 1

    began, tasks = time.perf_counter() + 0.1, set()
    for at in range(int(rate * seconds)):
        due = began + at / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.add(task := asyncio.create_task(one(due)))
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=30)
    print(json.dumps({"taken": sorted(taken), "failed": failed, "asked": int(rate * seconds)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
