"""The stand-in for a model's server: chat alone, one process, a raw asyncio protocol, so that it is never slow.

    python bench/server.py '{"work": "problem", "seconds": 0.1}'

prints the port that it listens at. What it answers, after how long, and what goes wrong on the way is a function of
the seed, the question's number and how often that question was asked before: every client meets the same.

GET /stats tells what happened since the last GET /forget; GET /counts how often each question was asked.
"""

import asyncio
import functools
import hashlib
import json
import math
import re
import statistics
import sys
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, cast

import loops
import orjson
import work

TAG = re.compile(rb"#(\d{7})#")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
NORMAL = statistics.NormalDist()
FAULTS = ("429", "500", "hang", "cut", "garbage")


@dataclass(frozen=True)
class Behaviour:
    """How the server behaves."""

    work: str
    """Whose questions are answered."""
    seconds: float = 0.0
    """Latency; the median where it is log-normal."""
    sigma: float = 0.0
    """Of the latency's logarithm, drawn once for each question; 0: all take `seconds`."""
    faults: Mapping[str, float] = field(default_factory=dict)
    """Probability of each of FAULTS, at each attempt."""
    rate: float = 0.0
    """Requests per second that are let in, the others get a 429; 0: all."""
    limit: Literal["bucket", "window"] = "bucket"
    burst: int = 5
    """What a full bucket holds."""
    window: float = 10.0
    """Seconds in which a sliding window lets in `rate * window` requests."""
    seed: int = 0

    def latency(self, i: int) -> float:
        """Seconds that question `i` takes."""
        if not self.sigma:
            return self.seconds
        return self.seconds * math.exp(self.sigma * NORMAL.inv_cdf(self.drawn(i, "latency")))

    def fault(self, i: int, attempt: int) -> str | None:
        """What goes wrong with this attempt."""
        place = self.drawn(i, attempt) if self.faults else 1.0
        for name in FAULTS:
            place -= self.faults.get(name, 0.0)
            if place < 0:
                return name
        return None

    def drawn(self, *key: object) -> float:
        """Uniform between 0 and 1, neither included; the same for the same key."""
        digest = hashlib.blake2b(repr((self.seed, *key)).encode(), digest_size=6).digest()
        return (int.from_bytes(digest, "big") + 0.5) / 2**48


class Limit:
    """What lets in `rate` requests per second, as a token bucket or as a sliding window."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._how, self._tokens, self._last = behaviour, float(behaviour.burst), time.monotonic()
        self._let_in: deque[float] = deque()

    def lets_in(self, now: float) -> bool:
        """Whether a request may pass now; it is counted if so."""
        if not self._how.rate:
            return True
        return self._bucket(now) if self._how.limit == "bucket" else self._window(now)

    def _bucket(self, now: float) -> bool:
        self._tokens = min(self._how.burst, self._tokens + (now - self._last) * self._how.rate)
        self._last = now
        allowed = self._tokens >= 1
        self._tokens -= allowed
        return allowed

    def _window(self, now: float) -> bool:
        while self._let_in and self._let_in[0] <= now - self._how.window:
            self._let_in.popleft()
        allowed = len(self._let_in) < self._how.rate * self._how.window
        if allowed:
            self._let_in.append(now)
        return allowed


class Seen:
    """What happened since it was made."""

    def __init__(self) -> None:
        self.asked: Counter[int] = Counter()
        self.hung: Counter[int] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.by_second: Counter[int] = Counter()
        """Answers by whole seconds since the first request."""
        self.first = self.last = self._changed = self._area = self.planned = self.longest = 0.0
        self.in_flight = self.most_in_flight = 0

    def begin(self, now: float, i: int) -> int:
        """A request is here; returns how often its question was asked before."""
        self.first = self.first or now
        self.change(now, 1)
        attempt = self.asked[i]
        self.asked[i] = attempt + 1
        return attempt

    def change(self, now: float, by: int) -> None:
        """One more or one less in flight."""
        self._area += self.in_flight * (now - self._changed)
        self._changed = now
        self.in_flight += by
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def end(self, now: float, outcome: str, planned: float) -> None:
        """A reply goes out; `planned` is the latency that it was given."""
        self.last = now
        self.change(now, -1)
        self.outcomes[outcome] += 1
        if outcome == "answered":
            self.by_second[int(now - self.first)] += 1
            self.planned += planned
            self.longest = max(self.longest, planned)

    def told(self) -> dict[str, Any]:
        """The answer to GET /stats. All times in seconds."""
        active = max(self.last - self.first, 0.0)
        return {
            "requests": sum(self.asked.values()),
            "questions": len(self.asked),
            "answered": self.outcomes["answered"],
            "outcomes": dict(self.outcomes),
            "first": self.first,
            "last": self.last,
            "active": active,
            "planned": self.planned,
            "longest": self.longest,
            "in_flight_mean": self._area / active if active else 0.0,
            "in_flight_most": self.most_in_flight,
            "hung_most": max(self.hung.values(), default=0),
            "by_second": {str(second): n for second, n in sorted(self.by_second.items())},
        }


class Server:
    """What all connections share."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour, self.limit, self.seen = behaviour, Limit(behaviour), Seen()
        self.open = 0
        """Connections, those that only look on included."""

    def looked_at(self, path: bytes) -> bytes:
        """The answer to a GET."""
        if path == b"/forget":
            self.seen, self.limit = Seen(), Limit(self.behaviour)  # what is in flight ends where it began
            return http(200, b"{}")
        if path == b"/stats":
            return http(200, json.dumps(self.seen.told() | {"open": self.open}).encode())
        if path == b"/counts":
            return http(200, json.dumps(self.seen.asked).encode())
        if path == b"/v1/models":
            return http(200, b'{"object": "list", "data": [{"id": "mock", "object": "model", "owned_by": "bench"}]}')
        return http(404, ERROR)


def http(status: int, body: bytes) -> bytes:
    """A whole response."""
    phrase = HTTPStatus(status).phrase.encode()
    head = b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, phrase, len(body)) + body


ERROR = b'{"error": {"message": "on purpose", "type": "bench", "code": null}}'


@functools.lru_cache(maxsize=20_000)
def answer(name: str, i: int) -> bytes:
    """The whole response to question `i`."""
    said = work.reply(name, i)
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
    used = {"prompt_tokens": 120, "completion_tokens": len(said) // 4, "total_tokens": 120 + len(said) // 4}
    head = {"id": f"chatcmpl-{i}", "object": "chat.completion", "created": 1_700_000_000, "model": "mock"}
    return http(200, orjson.dumps(head | {"choices": [choice], "usage": used}))


class Connection(asyncio.Protocol):
    """One client's connection; one request after the other."""

    transport: asyncio.Transport

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server, self.loop, self.buffer = server, loop, b""
        self.waiting: asyncio.TimerHandle | None = None
        self.seen: Seen | None = None
        """Where the request in flight was counted; None where there is none."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # of uvloop, which is no subclass
        self.server.open += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.open -= 1
        if self.waiting:
            self.waiting.cancel()
        if self.seen:
            self.seen.change(time.monotonic(), -1)
            self.seen.outcomes["given up"] += 1

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, end + 2)
            stop = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < stop:
                return
            head, body, self.buffer = self.buffer[:end], self.buffer[end + 4 : stop], self.buffer[stop:]
            method, path, _ = head.split(b" ", 2)
            if method == b"POST" and path.endswith(b"/chat/completions"):
                self.asked(body)
            else:
                self.transport.write(self.server.looked_at(path))

    def asked(self, body: bytes) -> None:
        server, now, tag = self.server, time.monotonic(), TAG.search(body)
        if tag is None:
            self.transport.write(http(400, ERROR))
            return
        i, how = int(tag[1]), server.behaviour
        self.seen = server.seen
        attempt = self.seen.begin(now, i)
        fault = how.fault(i, attempt) if server.limit.lets_in(now) else "429"
        if fault == "hang":
            self.seen.hung[i] += 1
            return
        seconds = 0.0 if fault in ("429", "500") else how.latency(i)
        if seconds:
            self.waiting = self.loop.call_later(seconds, self.replied, i, fault, seconds)
        else:
            self.replied(i, fault, 0.0)

    def replied(self, i: int, fault: str | None, seconds: float) -> None:
        assert self.seen is not None
        self.seen.end(time.monotonic(), fault or "answered", seconds)
        self.seen = self.waiting = None
        if fault in ("429", "500"):
            self.transport.write(http(int(fault), ERROR))
        elif fault == "garbage":
            self.transport.write(http(200, b'{"id": "chatcmpl-0", "choices": [{"ind'))
        elif fault == "cut":
            whole = answer(self.server.behaviour.work, i)
            self.transport.write(whole[: -len(whole) // 4])
            self.transport.close()
        else:
            self.transport.write(answer(self.server.behaviour.work, i))


async def main(behaviour: Behaviour) -> None:
    loop, server = asyncio.get_running_loop(), Server(behaviour)
    listening = await loop.create_server(lambda: Connection(server, loop), "127.0.0.1", 0, backlog=4096)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    loops.run(main(Behaviour(**json.loads(sys.argv[1]))))
