"""Endpoints as they are met, on a simulated clock, and a crowd of callers that asks them through a pace."""

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sinan.engine.pace import EndpointPace
from sinan.types import Signal

Rule = Callable[[float], bool]
"""Whether a request that arrives now is let through."""


def token_bucket(rate: float, burst: float) -> Rule:
    tokens, last = float(burst), 0.0

    def allow(now: float) -> bool:
        nonlocal tokens, last
        tokens, last = min(float(burst), tokens + (now - last) * rate), now
        if tokens < 1.0 - 1e-9:
            return False
        tokens -= 1.0
        return True

    return allow


def sliding_window(count: int, seconds: float = 1.0) -> Rule:
    times: deque[float] = deque()

    def allow(now: float) -> bool:
        while times and times[0] <= now - seconds:
            times.popleft()
        if len(times) >= count:
            return False
        times.append(now)
        return True

    return allow


def fixed_window(count: int, seconds: float = 1.0) -> Rule:
    window, used = -1, 0

    def allow(now: float) -> bool:
        nonlocal window, used
        if math.floor(now / seconds) != window:
            window, used = math.floor(now / seconds), 0
        used += 1
        return used <= count

    return allow


def refusing_at_random(share: float, seed: int = 1) -> Rule:
    draw = random.Random(seed).random
    return lambda now: draw() >= share


def fixed(seconds: float) -> Callable[[], float]:
    return lambda: seconds


def log_normal(mean: float, sigma: float = 0.5, seed: int = 1) -> Callable[[], float]:
    rng = random.Random(seed)
    return lambda: mean * rng.lognormvariate(-sigma * sigma / 2.0, sigma)


@dataclass
class Endpoint:
    """Answers after `latency()` unless `allow` refuses; `capacity` at once, the others wait in its queue."""

    allow: Rule = lambda now: True
    latency: Callable[[], float] = fixed(0.05)
    capacity: int | None = None
    retry_after: float | None = None
    slow_refusals: bool = True
    """A refusal takes as long as an answer; otherwise 5 ms."""
    answered: list[float] = field(default_factory=list)
    """When each answer was let through."""
    refused: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.capacity) if self.capacity else None

    async def ask(self) -> tuple[Signal, float | None]:
        now = asyncio.get_running_loop().time()
        if not self.allow(now):
            self.refused.append(now)
            await asyncio.sleep(self.latency() if self.slow_refusals else 0.005)
            return Signal.REFUSED, self.retry_after
        self.answered.append(now)
        if self._slots is None:
            await asyncio.sleep(self.latency())
        else:
            async with self._slots:
                await asyncio.sleep(self.latency())
        return Signal.ANSWERED, None

    def rate(self, since: float, until: float) -> float:
        """Answers per second of what arrived in that time."""
        return sum(since <= t < until for t in self.answered) / (until - since)

    def refused_share(self) -> float:
        return len(self.refused) / max(1, len(self.refused) + len(self.answered))


class Crowd:
    """Callers without end, always as many as the pace lets in and some more; each asks again after a refusal."""

    def __init__(self, pace: EndpointPace, endpoint: Endpoint, seed: int = 1, most: int = 10**9) -> None:
        self.pace, self.endpoint, self.most = pace, endpoint, most
        self.finished = 0
        self._draw = random.Random(seed).random
        self._tasks: list[asyncio.Task[None]] = []
        pace.changed = self._grow

    async def go_on(self, seconds: float) -> None:
        self._grow()
        await asyncio.sleep(seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _grow(self) -> None:
        wanted = min(self.most, self.pace.limit + 8)
        for _ in range(wanted - len(self._tasks)):
            self._tasks.append(asyncio.ensure_future(self._work()))

    async def _work(self) -> None:
        while True:
            await self._call()
            self.finished += 1

    async def _call(self) -> None:
        loop = asyncio.get_running_loop()
        for attempt in range(1, 100):
            await self.pace.enter(100)
            began, signal, wait = loop.time(), Signal.LEFT, None
            try:
                signal, wait = await self.endpoint.ask()
            finally:
                self.pace.leave(signal, loop.time() - began, retry_after=wait)
            if signal is Signal.ANSWERED:
                return
            await asyncio.sleep(self._draw() * min(30.0, 0.5 * 2.0 ** (attempt - 1)) + (wait or 0.0))
