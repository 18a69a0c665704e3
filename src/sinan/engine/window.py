"""How many calls may be in flight, found by trying: double while that pays, then small experiments.

Only experiments decide: the limit changes, and what counts is whether the throughput followed. Latency alone says
little here, because the questions of the next benchmark may simply take ten times as long.
"""

import math

STEP = 1.15
"""The factor of a first experiment; each success doubles its exponent, up to a doubling of the limit."""
DOUBLING = 0.075
"""Seconds in which the limit doubles at the most: a quick endpoint must have the time to refuse."""
REST = 4.0
"""Seconds between experiments, at the least; after each that failed it is longer, up to LONGEST_REST."""
LONGEST_REST = 60.0
HEADROOM = 1.25
"""What is allowed in flight, relative to what the endpoint works on at once: keeps it busy between two calls."""
ENOUGH = 64
"""Answers to measure a throughput by, at the least."""


class Window:
    """The number of calls that may be in flight. Times in seconds, of one clock."""

    def __init__(self, now: float, start: int, most: int) -> None:
        self.limit = min(start, most)
        self.latency = 0.0
        """Mean seconds of late answers; 0 before the first."""
        self.doubling = True
        self._start, self._most = self.limit, most
        self._round = _Round(now)
        self._best: _Measured | None = None
        self._quickest = math.inf
        self._doubted = False
        self._grown = 0.0
        self._before: _Measured | None = None
        self._settled_limit = self.limit
        self._power = 0.0
        """log of the factor that is being tried; 0: nothing is."""
        self._direction = 1.0
        self._exponent = 1.0
        self._skip = 0
        self._rest, self._rest_until = REST, 0.0

    def answered(self, now: float, seconds: float, in_flight: int, away: int = 0) -> None:
        """An answer came after so many seconds; `in_flight` counts it still. `away`: callers that wait before they
        ask again, and would fill the places that are free."""
        self.latency += (seconds - self.latency) * (0.1 if self.latency else 1.0)
        if self._skip > 0:  # was sent before the limit changed
            self._skip -= 1
            if not self._skip:
                self._round = _Round(now, in_flight)
            return
        self._round.add(seconds, in_flight)
        if self.doubling:
            self._double(now, seconds, in_flight, away)
        elif self._round.count >= max(ENOUGH, 2 * self.limit):
            self._experiment(now)

    def shrink(self, now: float, needed: float) -> None:
        """The rate was cut, and keeps so many in flight on average: allow twice that, since some answers are slow."""
        self.limit = max(1, min(self.limit, math.ceil(2.0 * needed) + 4))
        self.doubling, self._best, self._doubted = True, None, False
        self._forget(now)

    def restart(self, now: float) -> None:
        """The endpoint is back from being away: begin anew."""
        self.limit = min(self._start, self.limit)
        self.doubling, self._best, self._doubted = True, None, False
        self._forget(now)

    def _forget(self, now: float) -> None:
        self._round, self._skip, self._power, self._before = _Round(now), 0, 0.0, None
        self._settled_limit = self.limit

    def _double(self, now: float, seconds: float, in_flight: int, away: int) -> None:
        if not self._doubted and 1.25 * (in_flight + away) + 2.0 >= self.limit < self._most:
            self._grown += min(1.0, seconds / DOUBLING)
            self.limit += int(self._grown)
            self._grown -= int(self._grown)
        if self._round.count < self._round.until:
            return
        late, self._round = self._round.measured(now), _Round(now, in_flight)
        if late.in_flight < 0.5 * self.limit:  # something else holds the calls back
            return
        best, self._quickest = self._best, min(self._quickest, late.latency)
        if best is None or (late.in_flight > 1.3 * best.in_flight and late.pays(best, 0.4)):
            self._best, self._doubted = late, False
        elif late.in_flight > 1.3 * best.in_flight and late.latency > 1.2 * best.latency:
            if self._doubted:
                self._settle(now, late)
            self._doubted, self._skip = True, in_flight  # once more, at a standing limit

    def _settle(self, now: float, last: "_Measured") -> None:
        """More in flight no longer pays: what the endpoint works on at once is its throughput times its latency when
        it was idle."""
        self.doubling = False
        self.limit = max(1, min(self.limit, math.ceil(last.throughput * self._quickest * HEADROOM)))
        self._skip = max(1, int(last.in_flight))
        self._rest_until = now + REST
        self._settled_limit = self.limit

    def _experiment(self, now: float) -> None:
        measured, self._round = self._round.measured(now), _Round(now)
        if measured.in_flight < 0.8 * self.limit - 1.0:  # the callers have no more work, or the pace holds them
            self.limit, self._power, self._before = max(self.limit, self._settled_limit), 0.0, None
            return
        if not self._power:
            if now >= self._rest_until:
                self._before = measured
                self._try(now)
            return
        assert self._before is not None
        self._judge(now, self._before, measured)

    def _try(self, now: float) -> None:
        self._power = self._direction * self._exponent * math.log(STEP)
        self._settled_limit = self.limit
        changed = self.limit * math.exp(self._power)
        changed = math.ceil(changed) if self._power > 0 else math.floor(changed)
        self.limit = max(1, min(self._most, changed))
        if self.limit == self._settled_limit:
            self._power, self._direction = 0.0, -self._direction
            return
        self._skip = max(self.limit, self._settled_limit)

    def _judge(self, now: float, before: "_Measured", measured: "_Measured") -> None:
        more = self._power > 0
        pays = measured.pays(before, 0.5) if more else before.pays(measured, 0.5)
        if pays is more:
            self._exponent = min(self._exponent * 2.0, math.log(2.0) / math.log(STEP))
            self._rest, self._before = REST, measured
            self._try(now)
        else:
            self.limit, self._power, self._exponent = self._settled_limit, 0.0, 1.0
            self._direction = -self._direction
            self._rest_until = now + self._rest
            self._rest = min(LONGEST_REST, self._rest * 1.5)
            self._skip = self.limit


class _Measured:
    """What came of a while at one limit."""

    __slots__ = ("in_flight", "latency", "throughput")

    def __init__(self, throughput: float, latency: float, in_flight: float) -> None:
        self.throughput, self.latency, self.in_flight = throughput, latency, in_flight

    def pays(self, less: "_Measured", share: float) -> bool:
        """Whether the throughput grew by at least this share (in logarithms) of what in_flight grew by."""
        if self.in_flight <= less.in_flight:
            return self.throughput >= less.throughput
        needed: float = less.throughput * (self.in_flight / less.in_flight) ** share
        return self.throughput >= needed


class _Round:
    """Answers since `began`, being counted."""

    __slots__ = ("began", "count", "in_flight", "seconds", "until")

    def __init__(self, began: float, until: int = 0) -> None:
        self.until = max(24, until)
        self.began, self.count, self.seconds, self.in_flight = began, 0, 0.0, 0

    def add(self, seconds: float, in_flight: int) -> None:
        self.count += 1
        self.seconds += seconds
        self.in_flight += in_flight

    def measured(self, now: float) -> _Measured:
        elapsed = max(now - self.began, 1e-9)
        return _Measured(self.count / elapsed, self.seconds / self.count, self.in_flight / self.count)
