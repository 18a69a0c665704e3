"""One level of a load test: sends what it is handed, by one of two loops, and keeps what came of it.

Closed loop: so many requests are in flight; each answer lets the next one go. The server sets the pace.
Open loop: requests go out at instants that were drawn beforehand, whatever the answers do, and latency counts from
these instants. So a server that stalls is charged for everybody who would have waited; a client that waits with it
(coordinated omission) would not see them.
"""

import asyncio
import itertools
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from sinan.types.load import Ask, Exchange, Failures

Prepare = Callable[[int], Ask]
"""Request `number` of the level, ready to be sent."""

_REASONS = 50
"""Kinds of failures that are told apart; a hostile server may know more."""


def _floats() -> "array[float]":
    return array("d")


def _counts() -> "array[int]":
    return array("q")


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a level sends no more: after so many requests, or so many seconds. At least one of them is given."""

    requests: int | None
    seconds: float | None

    def reached(self, number: int, seconds: float) -> bool:
        """Whether request `number` (from 0) is not to be sent at this time of the level."""
        return (self.requests is not None and number >= self.requests) or (
            self.seconds is not None and seconds >= self.seconds
        )


@dataclass
class Tally:
    """What came of the requests of one level. Eight bytes for each number, so that long tests fit."""

    answered: Callable[[], None] = lambda: None
    """Heard whenever a request has ended."""
    ttft: "array[float]" = field(default_factory=_floats)
    tpot: "array[float]" = field(default_factory=_floats)
    itl: "array[float]" = field(default_factory=_floats)
    e2e: "array[float]" = field(default_factory=_floats)
    tokens_in: "array[int]" = field(default_factory=_counts)
    tokens_out: "array[int]" = field(default_factory=_counts)
    late: "array[float]" = field(default_factory=_floats)
    """Of an open loop: seconds from the instant that was drawn to the sending."""
    sent: int = 0
    ok: int = 0
    failures: dict[str, Failures] = field(default_factory=dict)
    in_flight: int = 0
    in_flight_max: int = 0
    busy: float = 0.0
    """Sum of the times that requests were in flight."""
    server_counted: int = 0
    """Answers whose tokens the server counted; those of others are counted by chunks, where there are chunks."""
    chunk_counted: int = 0
    chunks: int = 0
    chunk_tokens: int = 0
    """Of answers that were streamed and counted by the server: their chunks, and their tokens."""
    last_due: float = 0.0
    last_sent: float = 0.0
    """Seconds from the start of the level to the last arrival as drawn, and to the last sending."""
    began: float = field(default_factory=time.perf_counter)
    ended: float = 0.0

    @property
    def failed(self) -> int:
        """Requests without an answer."""
        return sum(one.count for one in self.failures.values())

    async def send(self, ask: Ask, due: float | None = None) -> None:
        """One request and all that is to be remembered of it; latency counts from `due` where that is given."""
        began = time.perf_counter()
        self.sent += 1
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)
        self.last_sent = max(self.last_sent, began - self.began)
        if due is not None:
            self.late.append(max(0.0, began - due))
        try:
            exchange = await ask()
            self._count(exchange, exchange.sent if due is None else due)
        finally:
            self.in_flight -= 1
            self.ended = time.perf_counter()
            self.busy += self.ended - began
        self.answered()

    def _count(self, exchange: Exchange, since: float) -> None:
        if exchange.failure is not None:
            return self._fail(exchange)
        self.ok += 1
        self.e2e.append(exchange.ended - since)
        tokens = self._tokens(exchange)
        if exchange.first is None:
            return None
        self.ttft.append(exchange.first - since)
        self.itl.extend(exchange.gaps)
        if tokens is not None and tokens > 1:
            self.tpot.append((exchange.ended - exchange.first) / (tokens - 1))
        return None

    def _tokens(self, exchange: Exchange) -> int | None:
        """Tokens of the answer, by the server's count or else by the chunks."""
        usage = exchange.usage
        if usage.tokens_in is not None:
            self.tokens_in.append(usage.tokens_in)
        if usage.tokens_out is not None:
            self.server_counted += 1
            if exchange.chunks:
                self.chunks += exchange.chunks
                self.chunk_tokens += usage.tokens_out
        elif exchange.chunks:
            self.chunk_counted += 1
        tokens = exchange.chunks or None if usage.tokens_out is None else usage.tokens_out
        if tokens is not None:
            self.tokens_out.append(tokens)
        return tokens

    def _fail(self, exchange: Exchange) -> None:
        assert exchange.failure is not None
        reason = exchange.failure.reason
        if reason not in self.failures and len(self.failures) >= _REASONS:
            reason = "other reasons"
        before = self.failures.get(reason, Failures(reason, 0, exchange.failure.detail))
        self.failures[reason] = Failures(reason, before.count + 1, before.example)


async def closed(prepare: Prepare, in_flight: int, bounds: Bounds, tally: Tally) -> None:
    """Keep `in_flight` requests under way until the bounds are reached, and wait for the last of them."""
    numbers = itertools.count()

    async def one_after_the_other() -> None:
        while not bounds.reached(number := next(numbers), time.perf_counter() - tally.began):
            await tally.send(prepare(number))

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight if bounds.requests is None else min(in_flight, bounds.requests)):
            group.create_task(one_after_the_other())


async def opened(prepare: Prepare, arrivals: Iterator[float], bounds: Bounds, tally: Tally) -> None:
    """Send at the arrivals (seconds from the start, rising) until the bounds are reached, and wait for the last."""
    async with asyncio.TaskGroup() as group:
        for number, arrival in enumerate(arrivals):
            if bounds.reached(number, arrival):
                break
            ask, due = prepare(number), tally.began + arrival  # written beforehand: writing takes time as well
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tally.last_due = arrival
            group.create_task(tally.send(ask, due))


class Lag:
    """How late the event loop wakes up, and how much processor its thread takes, while this is entered.

    A chunk that came in while the loop was busy is seen when the loop comes to it: lag is an error of every time
    that is measured here.
    """

    STEP = 0.01

    def __init__(self) -> None:
        self.lags = array("d")
        self.processor = 0.0
        """Share of one core."""

    async def __aenter__(self) -> "Lag":
        self._began, self._used = time.perf_counter(), time.thread_time()
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took = time.perf_counter() - self._began
        self.processor = (time.thread_time() - self._used) / took if took > 0 else 0.0
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _watch(self) -> None:
        while True:
            due = time.perf_counter() + self.STEP
            await asyncio.sleep(self.STEP)
            self.lags.append(max(0.0, time.perf_counter() - due))
