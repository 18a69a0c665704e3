"""Is the endpoint there at all? After many failures in a row everybody waits, and one call at a time finds out.

closed --(10 failures in a row, 3 s without an answer)--> open --(an answer)--> closed
                                                            `--(30 s, a failed probe, none in flight)--> dead
"""

import math

FAILURES = 10
"""Attempts that must fail in a row; a shorter run of calls can never open the circuit."""
SILENCE = 3.0
"""Seconds since the last answer before the circuit may open: a blip of a restarting worker is no outage."""
FIRST_PAUSE, LAST_PAUSE = 0.5, 8.0
"""Seconds between probes; each pause is twice the one before."""


class Breaker:
    """The state of one endpoint's circuit. Times in seconds, of one clock."""

    def __init__(self, now: float, give_up: float) -> None:
        self.give_up = give_up
        self.failed = 0
        """Attempts that failed in a row."""
        self.reason = ""
        """Of the last failure, in one line."""
        self.open = False
        self.probing = 0
        """Probes in flight: 0 or 1."""
        self.answered_at = now
        """When it last said something."""
        self._failing_since = now
        self._opened_at = math.inf
        self._probed = False
        self._pause = FIRST_PAUSE
        self._next_probe = math.inf

    def wait(self, now: float) -> float:
        """Seconds until a probe may be sent, where the circuit is open; inf while one is in flight."""
        return math.inf if self.probing else max(0.0, self._next_probe - now)

    def alive(self, now: float) -> bool:
        """The endpoint said something; True where that closes the circuit."""
        self.answered_at, self.failed = now, 0
        if not self.open:
            return False
        self.open, self.probing, self._pause = False, 0, FIRST_PAUSE
        return True

    def failure(self, now: float, began: float, reason: str) -> None:
        """An attempt begun at `began` failed."""
        if not self.failed:
            self._failing_since = began
        self.failed += 1
        self.reason = reason or self.reason
        if self.open:
            if self.probing and began >= self._opened_at:
                self.probing, self._probed = 0, True
                self._pause = min(LAST_PAUSE, self._pause * 2.0)
                self._next_probe = now + self._pause
        elif self.failed >= FAILURES and now - self.answered_at >= SILENCE:
            self.open, self._opened_at, self._probed, self._pause = True, now, False, FIRST_PAUSE
            self._next_probe = now + self._pause

    def left(self, began: float) -> None:
        """An attempt was given up by its caller; where it was the probe, another may go."""
        if self.open and self.probing and began >= self._opened_at:
            self.probing = 0

    def verdict_in(self, now: float) -> float:
        """Seconds until the endpoint is given up, where nothing is in flight; inf while a probe has yet to fail."""
        return max(0.0, self._opened_at + self.give_up - now) if self.open and self._probed else math.inf

    def told(self, now: float) -> str:
        """What is being waited for, for the progress line."""
        left = max(0.0, self._opened_at + self.give_up - now)
        reason = f": {self.reason}" if self.reason else ""
        return f"server not answering for {now - self._failing_since:.0f} s{reason}; stopping in {left:.0f} s"

    def verdict(self, now: float, endpoint: str) -> str:
        """Why the endpoint is given up, in one line."""
        reason = f"; the last: {self.reason}" if self.reason else ""
        return (
            f"{endpoint} does not answer: {self.failed:,} attempts in a row failed over "
            f"{now - self._failing_since:.0f} s{reason}. Everything answered so far is kept; "
            "resume the run once the server is back."
        )
