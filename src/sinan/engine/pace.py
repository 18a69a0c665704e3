"""The pace of one endpoint: who may send, and when.

    enter -> a place in the queue -> a slot, a moment, a minute's budget -> sent -> leave -> the next one

The parts each keep one idea: `window` (how many in flight), `send_rate` (how many per second), `limits` (what the
user knows is allowed per minute), `breaker` (is the endpoint there at all). This file holds the queue, and asks them.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Hashable

from sinan.engine.breaker import Breaker
from sinan.engine.limits import MinuteLimits
from sinan.engine.send_rate import SendRate
from sinan.engine.window import Window
from sinan.errors import BudgetReached, ModelUnusable
from sinan.types import Limits, Signal

_Waiter = asyncio.Future[None]

FIRST_GAP = 0.005
"""Seconds between the first sends of all: a strict endpoint should refuse the second, not the first eight."""

UNLIMITED = Limits()
NOW = 1e-6
"""Seconds that are no wait: a timer of less would only fire at the same instant again."""


class EndpointPace:
    """The way in and out of one endpoint, for callers on one event loop; several models may share it.

    `concurrency`: so many in flight and no adaptation, or None: found out, beginning with `start`, `most` at the
    most. `give_up`: seconds without any answer after which the endpoint counts as dead. `clock` must agree with the
    event loop's timers.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        concurrency: int | None,
        start: int = 8,
        most: int = 1024,
        limits: Limits = UNLIMITED,
        give_up: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        now = clock()
        self.endpoint = endpoint
        self.in_flight = 0
        """Calls that entered and have not left."""
        self.limit = start if concurrency is None else concurrency
        """Calls allowed in flight now."""
        self.changed: Callable[[], None] | None = None
        """Called whenever `limit` grew."""
        self.doing = ""
        """What goes on at the endpoint by itself, in a few words; '' for nothing."""
        self.notice: Callable[[str], None] | None = None
        """Hears what the user should know."""
        self.dead = False
        """Given up: every `enter` raises."""
        self._clock = clock
        self._window = Window(now, start, most) if concurrency is None else None
        self._sends = SendRate(now) if concurrency is None else None
        if self._sends:
            self._sends.smooth(FIRST_GAP)
        limited = limits.requests_per_minute is not None or limits.tokens_per_minute is not None
        self._minute = MinuteLimits(limits) if limited else None
        self._breaker = Breaker(now, give_up)
        self._queue: deque[tuple[_Waiter, int, Hashable]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped: BudgetReached | None = None
        self._away: set[Hashable] = set()
        """Callers that were sent away, or failed, and will ask again: work there is, though it is not in flight."""

    async def enter(self, tokens: int) -> None:
        """Wait until an attempt of about so many tokens may be sent, after those who came before.

        Raises ModelUnusable once the endpoint is dead.
        """
        if self._away:
            self._away.discard(asyncio.current_task())
        if self._stopped is not None:
            raise BudgetReached(str(self._stopped))
        if not self._queue:
            now = self._clock()
            if not self._wait(now, tokens):
                self._grant(now, tokens, asyncio.current_task() if self._minute else None)
                if self._sends:
                    self._sends.sent(now)
                return
        if self.dead:
            raise self._unusable()
        await self._queued(tokens)

    def leave(
        self,
        signal: Signal,
        seconds: float,
        *,
        tokens: int | None = None,
        retry_after: float | None = None,
        reason: str = "",
    ) -> None:
        """An attempt that entered has ended after `seconds`; see `sinan.types.Pace`."""
        now = self._clock()
        if self._minute:
            self._minute.settle(now, _task(), tokens)
        if signal is Signal.ANSWERED:
            self._breaker.answered_at = now
            if self._breaker.failed:
                self._alive(now)
            if self._window and self._sends:
                away = len(self._away) if self._away and not self._sends.rate else 0
                self._window.answered(now, seconds, self.in_flight, away)
                self._sends.smooth(self._window.latency / (2 * self._window.limit) if self._window.doubling else 0.0)
        elif signal is Signal.REFUSED:
            self._alive(now)
            if self._window and self._sends and self._sends.refused(now, seconds, retry_after):
                self._window.shrink(now, self._sends.rate * self._window.latency)
        elif signal is Signal.FAILED:
            self._breaker.failure(now, now - seconds, reason)
        else:
            self._breaker.left(now - seconds)
        if self._window and (signal is Signal.REFUSED or signal is Signal.FAILED):
            self._sent_away()
        self.in_flight -= 1
        self._follow()
        if self._queue:
            self._admit()

    def tell(self, doing: str, line: str) -> None:
        """See `sinan.types.Pace`."""
        self.doing = doing
        if line and self.notice is not None:
            self.notice(line)

    def stop(self, why: BudgetReached) -> None:
        """Let nobody in any more: whoever waits, and whoever comes, gets `why`. Those in flight go on."""
        self._stopped = why
        for waiter, _, _ in self._queue:
            if not waiter.done():
                waiter.set_exception(BudgetReached(str(why)))

    @property
    def waiting(self) -> str:
        """What the run is waiting for right now, in a few words; '' where nothing is special."""
        now = self._clock()
        if self._breaker.open:
            return self._breaker.told(now)
        if self._sends and self._sends.asked_until > now:
            return f"asked to wait {math.ceil(self._sends.asked_until - now)} s (429)"
        if self._minute and self._queue and self.in_flight < self.limit:
            return self._minute.told(now, self._queue[0][1])
        return self.doing

    @property
    def told(self) -> str:
        """The pace in a few words: `pace 64`, `pace 12 · 39/s`."""
        rate = self._sends.rate if self._sends else 0.0
        return f"pace {self.limit}" + (f" · {rate:.{0 if rate >= 10 else 1}f}/s" if rate else "")

    def _wait(self, now: float, tokens: int) -> float:
        """Seconds until the next may be sent: 0 now, inf when a call in flight must end first."""
        if self.in_flight >= self.limit or self.dead:
            return math.inf
        wait = self._breaker.wait(now) if self._breaker.open else 0.0
        if self._sends and now < self._sends.next_at:
            wait = max(wait, self._sends.wait(now))
        if self._minute:
            wait = max(wait, self._minute.wait(now, tokens))
        return wait if wait > NOW else 0.0

    def _grant(self, now: float, tokens: int, by: Hashable) -> None:
        self.in_flight += 1
        if self._sends:
            self._sends.granted(now)
        if self._minute:
            self._minute.reserve(now, tokens, by)
        if self._breaker.open:
            self._breaker.probing = 1

    async def _queued(self, tokens: int) -> None:
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        by = asyncio.current_task()
        self._queue.append((waiter, tokens, by))
        self._admit()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._return(by)  # it was let in at the very moment its caller went away
            else:
                waiter.cancel()
            self._admit()
            raise
        if self._sends:
            self._sends.sent(self._clock())

    def _return(self, by: Hashable) -> None:
        self.in_flight -= 1
        if self._minute:
            self._minute.cancel(by)
        self._breaker.left(self._clock())

    def _admit(self) -> None:
        """Let in as many as may send now, and set the timer for the next."""
        now, wait = self._clock(), math.inf
        if self._breaker.open:
            self._judge(now)
        while self._queue:
            waiter, tokens, by = self._queue[0]
            if waiter.done():  # cancelled
                self._queue.popleft()
                continue
            wait = self._wait(now, tokens)
            if wait > 0.0:
                break
            self._queue.popleft()
            self._grant(now, tokens, by)
            waiter.set_result(None)
        self._set_timer(now, wait if self._queue else math.inf)

    def _set_timer(self, now: float, wait: float) -> None:
        if self._breaker.open and self._queue and not self.in_flight:
            wait = min(wait, self._breaker.verdict_in(now))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wait < math.inf:
            self._timer = asyncio.get_running_loop().call_later(wait, self._admit)

    def _alive(self, now: float) -> None:
        if self._breaker.alive(now) and self._window:
            self._window.restart(now)

    def _judge(self, now: float) -> None:
        if self.in_flight or self._breaker.verdict_in(now) > 0.0:
            return
        self.dead = True
        for waiter, _, _ in self._queue:
            if not waiter.done():
                waiter.set_exception(self._unusable())
        self._queue.clear()

    def _unusable(self) -> ModelUnusable:
        return ModelUnusable(self._breaker.verdict(self._clock(), self.endpoint))

    def _sent_away(self) -> None:
        if len(self._away) > 2 * self.limit:  # some may have gone for good
            self._away.clear()
        self._away.add(_task())

    def _follow(self) -> None:
        """Take over the window's limit, and tell where it grew."""
        if self._window is None or self._window.limit == self.limit:
            return
        grew, self.limit = self._window.limit > self.limit, self._window.limit
        if grew and self.changed is not None:
            self.changed()


def _task() -> Hashable:
    try:
        return asyncio.current_task()
    except RuntimeError:  # called outside of the event loop's callbacks
        return None
