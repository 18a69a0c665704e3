"""One model's scores as they come in, and the range in which its full score must be, at every moment at once."""

import math
from typing import Protocol

import numpy as np

from sinan.statistics.sequential.betting import Numbers, paths
from sinan.types.sequential import Followed

FINEST = 2000
"""Where scores are no whole numbers, the range is cut this fine."""


TRUSTED = 0.8
"""Share of the money that follows the guesses. The rest bets as if there were none: bad guesses cost little."""


class Predictor(Protocol):
    """Guesses made from earlier models' answers. However bad they are, every guarantee holds."""

    def __call__(self, values: list[float | None]) -> Numbers:
        """(n,) guessed scores of all questions in the order, from this model's first ones."""
        ...


class Following:
    """The scores of one model in the order, and of each draw what a bet may be made about.

    With a predictor the draw is x = y - f + mean(f over what was left), f being guessed before: its mean over what was
    left is that of y, and it varies less where the guesses are any good (a control variate). `parts`: scores are
    multiples of 1 / parts; where one is not, the range is cut 1 / FINEST fine.
    """

    def __init__(
        self, model: str, n: int, alpha: float = 0.05, predictor: Predictor | None = None, parts: int = 1
    ) -> None:
        if n < 1 or not 0 < alpha < 1:
            raise ValueError(f"n is {n} and alpha {alpha}; n is 1 or more, and alpha between 0 and 1")
        self.model, self.n, self.alpha = model, n, alpha
        self.values: list[float | None] = []
        self._parts = parts
        self.failed = 0
        self._sum = 0.0
        self._interval = (0.0, 1.0)
        self._looked = 0
        self._whole = True
        self._guesses = _Guesses(predictor, n) if predictor is not None else None
        self._drawn: list[tuple[float, float, float]] = []
        """Of each draw f - mean(f), and the least and the most of it over what was left."""

    def observe(self, value: float | None) -> None:
        """Raises ValueError for a score outside [0, 1], and where all n are there."""
        if value is not None and not 0 <= value <= 1:
            raise ValueError(f"the score {value} of {self.model} is not between 0 and 1")
        if len(self.values) >= self.n:
            raise ValueError(f"all {self.n} scores of {self.model} were observed")
        if self._guesses is not None:
            self._drawn.append(self._guesses.offset(self.values))
        self.values.append(value)
        if value is None:
            self.failed += 1
        else:
            self._sum += value
            self._whole = self._whole and float(value * self._parts).is_integer()

    @property
    def t(self) -> int:
        """Questions that it has been through."""
        return len(self.values)

    @property
    def known(self) -> tuple[float, float]:
        """Where its full score is for certain, without any chance."""
        left = self.n - len(self.values) + self.failed
        return self._sum / self.n, (self._sum + left) / self.n

    @property
    def last_drawn(self) -> tuple[float, float, float] | None:
        """f - mean(f) of the last question, and its range over what was left; None without a predictor."""
        return self._drawn[-1] if self._drawn else None

    def interval(self) -> tuple[float, float]:
        """Confidence sequence: all totals that no bet has refuted until now; after the
        last question what is known for certain."""
        if self._looked < len(self.values):
            self._looked = len(self.values)
            low, high = self.known
            if self._looked == self.n:
                self._interval = low, high
            else:
                low, high = max(low, self._bound(below=False)), min(high, 1 - self._bound(below=True))
                self._interval = max(self._interval[0], low), min(self._interval[1], high)
        return self._interval

    def followed(self) -> Followed:
        """As a decision tells it."""
        heard = len(self.values) - self.failed
        value = self._sum / heard if heard else None
        return Followed(self.model, len(self.values), self.failed, value, self.interval())

    def _bound(self, *, below: bool) -> float:
        """The lowest total over n that was never refuted; `below`: of 1 - y. Evidence falls as m0 grows: bisection."""
        worst = 1.0 if below else 0.0
        y = np.array([worst if value is None else value for value in self.values])
        y = 1 - y if below else y
        drawn = self._shifted(y, below) if self._drawn else None
        steps = self.n * self._parts if self._whole else max(self.n, FINEST)
        limit = math.log(2 / self.alpha)
        standing = 1 - self._interval[1] if below else self._interval[0]
        refuted, stands = math.ceil(standing * steps - 1e-9) - 1, steps
        while stands - refuted > 1:
            tried = np.unique(np.linspace(refuted, stands, 6)[1:-1].round()).astype(int)
            tried = tried[(tried > refuted) & (tried < stands)]
            log_e = paths(y, self.n, tried / steps)
            if drawn is not None:
                log_e = mixed(log_e, paths(y, self.n, tried / steps, drawn))
            gone = log_e.max(-1) >= limit
            refuted = int(max(tried[gone], default=refuted))
            stands = int(min(tried[~gone], default=stands))
        return max(0.0, (stands if self._whole else refuted) / steps)

    def _shifted(self, y: Numbers, below: bool) -> tuple[Numbers, Numbers, Numbers]:
        shift, least, most = np.array(self._drawn).T
        return (y + shift, least, 1 + most) if below else (y - shift, -most, 1 - least)


def mixed(plain: Numbers, guided: Numbers) -> Numbers:
    """Log e of both kinds of bettors together."""
    found: Numbers = np.logaddexp(plain + math.log(1 - TRUSTED), guided + math.log(TRUSTED))
    return found


class _Guesses:
    """Guesses that are made anew each time that the answers have grown by a quarter."""

    def __init__(self, predictor: Predictor, n: int) -> None:
        self._predictor, self._n = predictor, n
        self._next = 0
        self._f: Numbers = np.zeros(n)
        self._means = self._least = self._most = self._f

    def offset(self, values: list[float | None]) -> tuple[float, float, float]:
        t = len(values)
        if t >= self._next:
            self._f = np.clip(np.asarray(self._predictor(values), dtype=float), 0, 1)
            left = self._f[::-1]
            self._means = (np.cumsum(left) / np.arange(1, self._n + 1))[::-1]
            self._least, self._most = np.minimum.accumulate(left)[::-1], np.maximum.accumulate(left)[::-1]
            self._next = max(t + 5, math.ceil(t * 1.25))
        mean = float(self._means[t])
        return float(self._f[t]) - mean, float(self._least[t]) - mean, float(self._most[t]) - mean
