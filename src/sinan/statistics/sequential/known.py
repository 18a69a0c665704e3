"""Which of two models is the better one, where the score of one of them is known already?"""

import math

import numpy as np

from sinan.statistics.sequential.following import Predictor
from sinan.statistics.sequential.one import OfOne, Sides
from sinan.types.sequential import Claim, Decision


class DuelWithKnown(OfOne):
    """A duel of a and b in which one alone is asked: the other went through all questions before and scored `known`.

    Told as of `Duel`, with its levels and for its reasons: the difference is the asked model's score minus a number.
    """

    kind = "duel"

    def __init__(
        self,
        pair: tuple[str, str],
        n: int,
        known: tuple[str, float],
        alpha: float = 0.05,
        epsilon: float = 0.0,
        predictor: Predictor | None = None,
    ) -> None:
        """`pair`: a and b; `known`: one of them, and its score."""
        self._a, self._b = pair
        self._stored, self._score = known
        super().__init__(self._b if self._stored == self._a else self._a, n, alpha, predictor)
        self.epsilon = epsilon
        self._sides = Sides(self._following, self._score + np.array([0.0, epsilon, -epsilon]))
        self._found = ""

    def observe(self, model: str, value: float | None) -> None:
        """The next score of the one that is asked; None for a call that failed for good."""
        self._hear(model, value)
        if not self._found:
            self._sides.observe()
            self._found = self._verdict()

    def _settled(self) -> bool:
        return bool(self._found)

    def _verdict(self) -> str:
        """Of the asked model beside the other."""
        side = int(self._sides.verdicts(self.alpha)[0])
        if side:
            return "better" if side > 0 else "worse"
        if self._following.t == self.n:
            low, high = (end - self._score for end in self._following.known)
            if max(-low, high) <= 1e-12:
                return "tied"
            return "equivalent" if -self.epsilon < low and high < self.epsilon else ""
        above, below = self._sides.peak
        within = self.epsilon and min(above[2], below[1]) >= math.log(1 / self.alpha)
        return "equivalent" if within else ""

    def decision(self) -> Decision:
        """Of a beside b, as of `Duel`."""
        sign = -1 if self._stored == self._a else 1
        above, below = self._sides.peak
        evidence = {"better": above[0], "worse": below[0], "equivalent": min(above[2], below[1])}
        log_e = float(evidence.get(self._found, max(above[0], below[0])))
        turned = {"better": "worse", "worse": "better"} if sign < 0 else {}
        claim = Claim(f"{self._a} - {self._b}", turned.get(self._found, self._found) or "undecided", log_e)
        followed = self._following.followed()
        apart = None if followed.value is None else sign * (followed.value - self._score)
        ends = sorted(sign * (end - self._score) for end in followed.interval or (0.0, 1.0))
        further = {"difference": apart, "ci": ends, "known": {self._stored: self._score}, "pair": [self._a, self._b]}
        return self._decision((claim,), further, self.epsilon)
