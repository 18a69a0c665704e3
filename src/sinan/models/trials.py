"""The attempts of one call: how long to wait between them, and when to give up."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sinan.errors import Refused, TransientError

if TYPE_CHECKING:
    from sinan.models.transport import Patience


@dataclass
class Trials:
    """What was tried for one call.

    Two budgets, because two different things go wrong. A server that fails is tried `attempts` times, fewer where it
    says the very same thing `same` times in a row. A server that is asked too much is not failing: such a call is
    tried for as long as `refused_for`, with waits that grow.
    """

    patience: "Patience"
    _began: float
    """When the first of them began, by `time.perf_counter`."""
    made: int = 0
    _failed: int = 0
    _refused: int = 0
    _alike: int = 0
    _last: TransientError | None = None

    def add(self, error: TransientError) -> None:
        """One more attempt ended so."""
        self.made += 1
        self._alike = self._alike + 1 if self._last is not None and str(self._last) == str(error) else 1
        if isinstance(error, Refused):
            self._refused += 1
        else:
            self._failed += 1
        self._last = error

    @property
    def over(self) -> bool:
        """Whether to give up."""
        if isinstance(self._last, Refused):
            return time.perf_counter() - self._began > self.patience.refused_for
        return self._failed >= self.patience.attempts or self._final

    @property
    def _final(self) -> bool:
        """A server's own error, word for word the same each time: it is about this request."""
        return self._alike >= self.patience.same and self._last is not None and str(self._last)[:1] == "5"

    def wait(self, draw: float) -> float:
        """Seconds before the next attempt; `draw` is uniform in [0, 1)."""
        assert self._last is not None
        number = self._refused if isinstance(self._last, Refused) else self._failed
        return self.patience.wait(number, draw, self._last.retry_after)

    def verdict(self) -> TransientError:
        """What is said of a call that is given up."""
        assert self._last is not None
        tries = f"{self.made} attempt{'s' * (self.made != 1)}"
        what = "no answer after" if not self._final else "the server says the same after"
        return type(self._last)(f"{what} {tries}; the last: {self._last}", self._last.retry_after)
