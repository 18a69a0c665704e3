"""Which of two models is the better one on this benchmark?"""

import math

import numpy as np

from sinan.statistics.sequential.betting import Bets, Numbers
from sinan.statistics.sequential.following import Following
from sinan.types.sequential import Claim, Decision


class Duel:
    """Bets on the differences a - b of the same questions.

    `better` and `worse` are tested at alpha / 2 each; `equivalent` needs both "at least epsilon" and "at most
    -epsilon" refuted, at alpha each. All together are wrong with probability alpha at most: where the true difference
    is epsilon or more, refuting "at least 0" refutes "at least epsilon" as well (evidence falls as m0 grows), so both
    wrong verdicts lie within one event of probability alpha; where it is between 0 and epsilon, only `worse` is wrong;
    where it is 0, `better` and `worse` are, at alpha / 2 each.
    """

    kind = "duel"

    def __init__(self, a: str, b: str, n: int, alpha: float = 0.05, epsilon: float = 0.0) -> None:
        if a == b or not 0 <= epsilon < 1:
            raise ValueError(f"a duel of {a} and {b} within {epsilon}: it needs two models, and a margin below 1")
        self.a, self.b, self.n, self.alpha, self.epsilon = a, b, n, alpha, epsilon
        self._of = {model: Following(model, n, alpha) for model in (a, b)}
        self._difference = Following(f"{a} - {b}", n, alpha, parts=2)
        """Of (a - b + 1) / 2, which is from 0 to 1."""
        margins = np.array([0.0, -epsilon])
        self._bets = (Bets(n, margins, -1, 1), Bets(n, margins, -1, 1))
        self._peak: tuple[Numbers, Numbers] = (np.zeros(2), np.zeros(2))
        self._low = self._high = 0.0
        self._verdict = "undecided"

    def observe(self, model: str, value: float | None) -> None:
        """The next score of one of them; a pair counts once both have it."""
        if model not in self._of:
            raise ValueError(f"{model} has no part in the duel of {self.a} and {self.b}")
        self._of[model].observe(value)
        while self._verdict == "undecided" and self._pairs < min(len(f.values) for f in self._of.values()):
            self._pair(self._of[self.a].values[self._pairs], self._of[self.b].values[self._pairs])
            self._verdict = self._settled()

    @property
    def asking(self) -> frozenset[str]:
        """Both, until it is settled; then neither."""
        if self._verdict != "undecided":
            return frozenset()
        return frozenset(model for model, following in self._of.items() if following.t < self.n)

    @property
    def _pairs(self) -> int:
        return self._bets[0].t

    def _pair(self, a: float | None, b: float | None) -> None:
        """Of a call that failed whatever is worst for the claim."""
        self._difference.observe(None if a is None or b is None else (a - b + 1) / 2)
        low = (0.0 if a is None else a) - (1.0 if b is None else b)
        high = (1.0 if a is None else a) - (0.0 if b is None else b)
        for bets, peak, worst in zip(self._bets, self._peak, (low, -high), strict=True):
            bets.observe(worst)
            np.maximum(peak, bets.log_e, out=peak)
        self._low, self._high = self._low + low, self._high + high

    def _settled(self) -> str:
        strict, wide = math.log(2 / self.alpha), math.log(1 / self.alpha)
        if self._pairs == self.n:
            return self._at_the_end()
        if self._peak[0][0] >= strict:
            return "better"
        if self._peak[1][0] >= strict:
            return "worse"
        return "equivalent" if self.epsilon and min(self._peak[0][1], self._peak[1][1]) >= wide else "undecided"

    def _at_the_end(self) -> str:
        low, high = self._low / self.n, self._high / self.n
        if low > 1e-12 or high < -1e-12:
            return "better" if low > 0 else "worse"
        if max(abs(low), abs(high)) <= 1e-12:
            return "tied"
        return "equivalent" if -self.epsilon < low and high < self.epsilon else "undecided"

    def decision(self) -> Decision:
        """Of a beside b: `better`, `worse`, `equivalent` within epsilon, `undecided`; `tied` where both have the same
        score on all questions."""
        side = {"better": self._peak[0][0], "worse": self._peak[1][0], "equivalent": min(p[1] for p in self._peak)}
        log_e = float(side.get(self._verdict, max(p[0] for p in self._peak)))
        seen = self._pairs
        failed = sum(following.failed for following in self._of.values())
        notes = (f"{failed} calls failed: what is said holds whatever they would have been",) if failed else ()
        middle = self._difference.followed().value
        low, high = self._difference.interval()
        return Decision(
            self.kind,
            self.n,
            self.alpha,
            (Claim(f"{self.a} - {self.b}", self._verdict, log_e),),
            tuple(following.followed() for following in self._of.values()),
            over=not self.asking,
            epsilon=self.epsilon,
            notes=notes,
            further={
                "pairs": seen,
                "difference": None if middle is None else 2 * middle - 1,
                "ci": [2 * low - 1, 2 * high - 1],
            },
        )
