"""How many sends per second an endpoint that refuses some takes: found out from what it refuses.

Calls in flight are too coarse a measure against 40 requests/s: at 50 ms they are two. So sends are spaced evenly, at
a rate which is cut to what was let through when a send is refused, climbs back quickly to just below it, stays there,
and tries more but rarely (the curve of CUBIC). Between two refusals an endpoint's allowance was used up both times,
so what it let through in between is its rate, however large a burst it allows.
"""

from bisect import bisect_right, insort

from sinan.engine.chance import PUSH, Chance

LATE = 0.003
"""Seconds: a send so late does not delay those after it. Timers are late by 1 ms or two."""
SECOND = 1.0
"""Seconds between two cuts, and over which what was let through is counted: allowances are commonly per second."""
LONGEST_WAIT = 120.0
"""The longest that an endpoint may ask to be left alone."""
SLOWEST_TRIAL = 10.0
"""Sends per second below which no trial is made: it would take seconds, and be a good part of all that is refused."""
KEPT = 8_192
"""Sends that are remembered."""
UNDER = 0.97
"""The pace after a cut, relative to what is let through."""
SURE, STEADY, UNSURE = 12.0, 4.0, 3.0
"""Seconds until the pace is again what was let through, where that was confirmed and where it is the first guess."""


class SendRate:
    """The rate of sends. Times in seconds, of one clock; `rate` in sends/s, 0 while nothing was refused."""

    def __init__(self, now: float) -> None:
        self.rate = 0.0
        self.gap = 0.0
        """Seconds between two sends."""
        self.next_at = now
        """When the next may be sent."""
        self.asked_until = now
        """The endpoint asked to be left alone until then."""
        self.feedback = 0.0
        """Mean seconds from a send to its refusal."""
        self._sends: list[float] = []
        self._refused: list[float] = []
        self._cut_at = self._heard_at = self._still = now
        self._bound, self._last = False, now
        self._anchor, self._climb, self._depth, self._age, self._began = 0.0, UNSURE, 0.0, 0.0, 0.0
        self._seeking = False
        self._shut_at, self._open_at, self._asked = now, now, 0.0
        self._hold = 0.0
        self._retry_after = 0.0
        self._ceiling = 0.0
        self.chance = Chance()
        self._number = 0
        self._since = 0
        self._before_trial = (0.0, 0.0, False)
        self._doubling = 1.0

    def wait(self, now: float) -> float:
        """Seconds until the next may be sent; 0: now."""
        if now >= self.next_at:
            return 0.0
        self._bound = True
        return self.next_at - now

    def sent(self, now: float) -> None:
        """One is on its way, `granted` some time before: where many are granted at once, the last is sent much later,
        and a refusal is told by when its send was sent."""
        self._sends.append(now)
        self._number += 1
        if len(self._sends) > 2 * KEPT:
            self._trim()

    def granted(self, now: float) -> None:
        """One may be sent."""
        if self.chance.trying:
            self._push(now)
        elif self.rate:
            self._grow(now)
        self.next_at = max(self.next_at, now - LATE) + self.gap
        self._last, self._bound = now, False

    def smooth(self, gap: float) -> None:
        """The spacing to keep while nothing was refused: a burst tells nothing about a rate."""
        if not self.rate:
            self.gap = gap

    def refused(self, now: float, seconds: float, retry_after: float | None) -> bool:
        """A send was refused after so many seconds; True where the rate was cut."""
        sent = now - seconds
        last = self._refused[-1] if self._refused else self._shut_at
        insort(self._refused, sent)
        self.feedback += (seconds - self.feedback) * (0.2 if self.feedback else 1.0)
        number = self._number - (len(self._sends) - bisect_right(self._sends, sent))
        if self.chance.trying:
            if self.chance.heard(number):
                self._tried(now)
            return False
        if self.rate:
            cut = self._heard(now, sent, last, number, bool(retry_after))
        else:
            cut = self._heard_first(now, sent, number)
        if retry_after and (self.rate or self._number <= 2 * len(self._refused)) and not self.chance.trying:
            self._leave_alone(now, min(retry_after, LONGEST_WAIT))
        return cut

    def _heard_first(self, now: float, sent: float, number: int) -> bool:
        """A refusal while no rate is kept."""
        if not self.chance.explains_not(number):
            return False
        self.chance.forget(number)
        self._cut(now, sent)
        return True

    def _heard(self, now: float, sent: float, last: float, number: int, asked: bool) -> bool:
        """Back off from a refusal; `last` was sent the last one before it that was refused."""
        if sent < self._heard_at:  # on its way already when the last was heard of
            return False
        if last <= sent and self._let_through(last, sent) < 1:
            self._shut(now, sent)
            return False
        self._hold = 0.0
        self._since += 1
        rate = self.rate
        slow = self._since >= 3 and rate < 25.0  # a second is too long where most sends are refused
        cut = sent >= self._cut_at + (0.4 * SECOND if slow else SECOND)
        if cut:
            self._cut(now, sent)
        if rate >= SLOWEST_TRIAL and self.chance.calls_for_trial(now, number):
            self._try(now, rate)
        return cut

    def _try(self, now: float, refused: float) -> None:
        """Send more quickly for a moment than at the rate that was refused, to see whether more are let through."""
        self._before_trial = (self.rate, self._anchor, self._seeking)
        self.chance.begin(now, self._number)
        self.rate = PUSH * refused
        self.gap = 1.0 / self.rate
        self.next_at = min(self.next_at, now + self.gap)

    def _push(self, now: float) -> None:
        """One was sent during a trial: its rate doubles in a while, as long as nothing speaks against it."""
        self.rate *= 2.0 ** (min(now - self._last, 0.1) / max(SECOND, 1.5 * self.feedback))
        self.gap = 1.0 / self.rate
        known = self._number - (len(self._sends) - bisect_right(self._sends, now - 1.2 * self.feedback))
        if self.chance.over(now, known):
            self._tried(now)

    def _tried(self, now: float) -> None:
        if self.chance.share:
            self.rate = self.gap = 0.0
            self.next_at = self.asked_until = now
        else:
            rate, anchor, seeking = self._before_trial
            self._set(now, now, rate, anchor, STEADY)
            self._seeking = seeking

    def _shut(self, now: float, sent: float) -> None:
        """Nothing is let through at the moment: look again after a growing while, whatever the rate is."""
        self._hold = min(10.0, max(2.0 * self.gap, self.feedback, 0.01, 2.0 * self._hold))
        self.next_at = max(self.next_at, now + self._hold)
        self._heard_at = self._still = now
        self._open_at = sent
        self.rate = min(self.rate, self._began)
        self.gap = 1.0 / self.rate

    def _leave_alone(self, now: float, seconds: float) -> None:
        before = max(self.asked_until, now)
        self.asked_until = max(self.asked_until, now + seconds)
        self._asked += max(0.0, self.asked_until - before)
        self.next_at = max(self.next_at, self.asked_until)
        self._retry_after = seconds

    def _cut(self, now: float, sent: float) -> None:
        """Set the rate by what was let through: over the last second no less than the allowance (its burst comes on
        top), since the last cut no more (some of it was left unused)."""
        recent = max(1, self._let_through(sent - SECOND, sent)) / SECOND
        if not self.rate:
            self._set(now, sent, max(1.0, 0.2 * recent), max(1.0, 0.2 * recent), UNSURE)
            self._seeking = True
            return
        high = min(self.rate, max(1.4 * recent, 2.0))
        before, self._ceiling = self._ceiling, high
        span, asked = sent - self._shut_at, self._asked
        low = min(high, max(1, self._let_through(self._shut_at, sent)) / max(span, 0.1))
        if self._open_at - self._shut_at >= 2.0 or asked >= 5.0:
            self._set(now, sent, UNDER * low, low, UNSURE)  # it counts over a time much longer than a second
        elif abs(high - before) < (0.03 if asked and span < 4.0 * asked else 0.1) * high:
            found = 0.98 * min(high, before) if asked else 0.99 * (high - 0.5 * max(0.0, before - high))
            found = found if asked else min(found, max(1.01 * recent, 0.95 * high))
            self._set(now, sent, UNDER * found, found, min(SURE, self._climb * 1.6))
        elif asked and self._seeking:
            found = 0.95 * max(recent, 0.7 * high)
            self._set(now, sent, found, min(high, 1.3 * found), UNSURE)
        elif asked:
            self._set(now, sent, 0.88 * high, 0.93 * high, UNSURE)
        elif self.rate < 1.15 * self._began:
            self._set(now, sent, UNDER * low, low, STEADY)
        else:
            self._set(now, sent, (low * high) ** 0.5, high, UNSURE)

    def _set(self, now: float, sent: float, rate: float, anchor: float, climb: float) -> None:
        rate, anchor = max(rate, 0.05), max(anchor, 0.05)
        unsure = climb == UNSURE
        self._climb = max(climb, (20.0 if unsure else 40.0) / anchor, (4.0 if unsure else 20.0) * self._retry_after)
        self._seeking, self._age, self._cut_at, self._heard_at, self._still = False, 0.0, now, now, now
        self._shut_at, self._open_at, self._asked, self._since = sent, sent, 0.0, 0
        self.rate = self._began = rate
        self._anchor, self._depth = anchor, 1.0 - rate / anchor
        self.gap = 1.0 / self.rate
        self.next_at = max(self.next_at, now + self.gap)

    def _grow(self, now: float) -> None:
        """Along the curve, where it is this rate that holds sends back."""
        if self._bound:
            passed = min(now - self._last, max(2.0 * self.gap, 0.1))
            if now < self._still + max(SECOND, self.feedback):
                return
            self._age += passed
            if self._seeking:
                self.rate *= 2.0 ** (passed / max(self._doubling, 1.5 * self.feedback))
            else:
                x = self._age / self._climb - 1.0
                self.rate = self._anchor * (1.0 + self._depth * x**3)
                if x > 1.0 and self.rate > 1.2 * self._anchor:
                    self._seeking, self._doubling = True, 4.0
            self.gap = 1.0 / self.rate

    def _let_through(self, after: float, until: float) -> int:
        """Sends in (after, until] that are not known to have been refused."""
        sends = bisect_right(self._sends, until) - bisect_right(self._sends, after)
        return sends - (bisect_right(self._refused, until) - bisect_right(self._refused, after))

    def _trim(self) -> None:
        del self._sends[:KEPT]
        del self._refused[: bisect_right(self._refused, self._sends[0])]
