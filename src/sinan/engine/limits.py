"""Requests and tokens per minute that the user knows of: kept over every window of 60 s, and spread evenly.

What was sent is remembered for 60 s, so the limit holds for any window and not only for whole minutes. Besides, a
minute's worth is not sent at the top of the minute: sends are spaced, with one second's worth at once.
"""

import math
from collections import deque
from collections.abc import Hashable

from sinan.types import Limits

WINDOW = 60.0
BURST = 1.0
"""Seconds' worth that may be sent at once."""


class MinuteLimits:
    """What may be sent now under `limits`. Times in seconds, of one clock that never goes back."""

    def __init__(self, limits: Limits) -> None:
        self.requests = _Budget(limits.requests_per_minute)
        self.tokens = _Budget(limits.tokens_per_minute)
        self._open: dict[Hashable, tuple[_Spent, _Spent]] = {}

    def wait(self, now: float, tokens: float) -> float:
        """Seconds until a request of so many tokens may be sent; 0: now."""
        return max(self.requests.wait(now, 1.0), self.tokens.wait(now, tokens))

    def reserve(self, now: float, tokens: float, by: Hashable) -> None:
        """Such a request is sent now; `by` is who will say what it took."""
        self._open[by] = (self.requests.spend(now, 1.0), self.tokens.spend(now, tokens))

    def settle(self, now: float, by: Hashable, tokens: float | None) -> None:
        """The request has ended, and took so many tokens (None: unknown, the estimate stands)."""
        if by not in self._open:
            by = next(iter(self._open), None)  # ended by another task than began it: the oldest stands for it
        spent = self._open.pop(by, None)
        if spent is not None and tokens is not None:
            self.tokens.correct(spent[1], tokens)

    def cancel(self, by: Hashable) -> None:
        """The request was never sent."""
        spent = self._open.pop(by, None)
        if spent is not None:
            self.requests.correct(spent[0], 0.0)
            self.tokens.correct(spent[1], 0.0)

    def told(self, now: float, tokens: float) -> str:
        """Which limit a request of so many tokens waits for now, in a few words; '' for none."""
        for budget, unit in ((self.requests, "requests"), (self.tokens, "tokens")):
            if budget.wait(now, 1.0 if unit == "requests" else tokens) > 0.0:
                return f"{budget.limit:,.0f} {unit}/min allowed"
        return ""


class _Spent:
    """One send: when, and how much of the budget."""

    __slots__ = ("amount", "at")

    def __init__(self, at: float, amount: float) -> None:
        self.at, self.amount = at, amount


class _Budget:
    """So much in any 60 s. `limit` is infinite where there is none."""

    def __init__(self, limit: float | None) -> None:
        self.limit = math.inf if limit is None else float(limit)
        self._spent: deque[_Spent] = deque()
        self._sum = 0.0
        self._due = -math.inf
        """When the budget would be even again, had everything been sent at the allowed rate."""

    def wait(self, now: float, amount: float) -> float:
        if self.limit == math.inf:
            return 0.0
        self._forget(now)
        return max(self._window_wait(now, min(amount, self.limit)), self._due - BURST - now, 0.0)

    def spend(self, now: float, amount: float) -> _Spent:
        spent = _Spent(now, amount)
        if self.limit < math.inf:
            self._spent.append(spent)
            self._sum += amount
            self._due = max(self._due, now) + amount * WINDOW / self.limit
        return spent

    def correct(self, spent: _Spent, amount: float) -> None:
        if self.limit == math.inf:
            return
        change = amount - spent.amount
        self._due += change * WINDOW / self.limit
        if self._spent and spent.at >= self._spent[0].at:  # otherwise it has left the window already
            self._sum += change
        spent.amount = amount

    def _forget(self, now: float) -> None:
        while self._spent and self._spent[0].at <= now - WINDOW:
            self._sum -= self._spent.popleft().amount
        if not self._spent:
            self._sum = 0.0

    def _window_wait(self, now: float, amount: float) -> float:
        excess = self._sum + amount - self.limit
        if excess <= 1e-9:
            return 0.0
        for spent in self._spent:
            excess -= spent.amount
            if excess <= 1e-9:
                return spent.at + WINDOW - now
        return 0.0
