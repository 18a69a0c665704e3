"""Procedures about one model: is it above a threshold, how good is it to within a width, where is its place?"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sinan.statistics.sequential.betting import Bets, Numbers, Wealth
from sinan.statistics.sequential.following import Following, Predictor, mixed
from sinan.types.sequential import Claim, Decision

GUIDED = "Earlier models' answers guide the bets; the guarantee does not depend on them."


class Sides:
    """Both one-sided tests of one model against many thresholds. With guesses, most of the money follows them."""

    def __init__(self, following: Following, m0: Numbers) -> None:
        self.following, self.m0 = following, np.asarray(m0, dtype=float)
        n = following.n
        self._bets = (Bets(n, self.m0, 0, 1), Bets(n, -self.m0, -1, 0))
        self._guided = (Wealth(self.m0.shape), Wealth(self.m0.shape))
        self.peak: tuple[Numbers, Numbers] = (np.zeros(self.m0.shape), np.zeros(self.m0.shape))
        """Largest log e so far, that the score is above, and below."""

    def observe(self) -> None:
        """The score that the model was just given. One that failed counts 0 for "above", and 1 for "below"."""
        value, drawn = self.following.values[-1], self.following.last_drawn
        for side, sign in enumerate((1.0, -1.0)):
            bets = self._bets[side]
            y = sign * (side if value is None else value)
            left = bets.left()
            bets.observe(y)
            log_e = bets.log_e
            if drawn is not None:
                self._guided[side].pay(_gains(y, left, sign, drawn))
                log_e = mixed(log_e, self._guided[side].log_e)
            self.peak[side][:] = np.maximum(self.peak[side], log_e)

    def verdicts(self, alpha: float) -> Numbers:
        """1 above, -1 below, 0 not known yet, at alpha / 2 for each side, and for certain at the end."""
        limit = math.log(2 / alpha)
        low, high = self.following.known
        above = (self.peak[0] >= limit) | (low > self.m0 + 1e-12)
        below = (self.peak[1] >= limit) | (high < self.m0 - 1e-12)
        if self.following.t == self.following.n:
            above, below = low > self.m0 + 1e-12, high < self.m0 - 1e-12
        found: Numbers = above.astype(float) - below.astype(float)
        return found


def _gains(y: float, left: Numbers, sign: float, drawn: tuple[float, float, float]) -> Numbers:
    shift, least, most = drawn
    x = y - sign * shift
    low, high = (-most, 1 - least) if sign > 0 else (-1 + least, most)
    gains: Numbers = np.where(left >= high, 0.0, np.maximum((x - left) / np.maximum(left - low, 1e-9), -1.0))
    return gains


class OfOne:
    """What procedures about one model have in common."""

    kind = ""

    def __init__(self, model: str, n: int, alpha: float, predictor: Predictor | None) -> None:
        self.model, self.n, self.alpha = model, n, alpha
        self._following = Following(model, n, alpha, predictor)
        self._notes = (GUIDED,) if predictor is not None else ()

    @property
    def asking(self) -> frozenset[str]:
        """The model, until all is said."""
        return frozenset() if self._settled() or self._following.t >= self.n else frozenset([self.model])

    def _settled(self) -> bool:
        raise NotImplementedError

    def _hear(self, model: str, value: float | None) -> None:
        if model != self.model:
            raise ValueError(f"{model} has no part in this; {self.model} has")
        self._following.observe(value)

    def _decision(
        self, claims: tuple[Claim, ...], further: Mapping[str, Any] | None = None, epsilon: float | None = None
    ) -> Decision:
        notes = self._notes
        if self._following.failed:
            notes = (*notes, f"{self._following.failed} calls failed: what is said holds whatever they would have been")
        return Decision(
            self.kind,
            self.n,
            self.alpha,
            claims,
            (self._following.followed(),),
            over=not self.asking,
            epsilon=epsilon,
            notes=notes,
            further=further or {},
        )


class Threshold(OfOne):
    """Is the full score above `m0` or below it?"""

    kind = "threshold"

    def __init__(self, model: str, n: int, m0: float, alpha: float = 0.05, predictor: Predictor | None = None) -> None:
        super().__init__(model, n, alpha, predictor)
        self.m0 = m0
        self._sides = Sides(self._following, np.array([m0]))
        self._found = 0

    def observe(self, model: str, value: float | None) -> None:
        """The next score of the model in the order; None for a call that failed for good."""
        self._hear(model, value)
        if not self._found:
            self._sides.observe()
            self._found = int(self._sides.verdicts(self.alpha)[0])

    def _settled(self) -> bool:
        return self._found != 0

    def decision(self) -> Decision:
        """`above`, `below`, `undecided`; `tied` where the full score is m0 itself."""
        low = self._following.known[0]
        tied = self._following.t == self.n and not self._following.failed and abs(low - self.m0) <= 1e-12
        verdict = "tied" if tied else {1: "above", -1: "below", 0: "undecided"}[self._found]
        peak = max(self._sides.peak, key=lambda side: float(side[0])) if not self._found else None
        log_e = float((peak if peak is not None else self._sides.peak[self._found < 0])[0])
        claim = Claim(f"{self.model} > {self.m0:g}", verdict, log_e)
        return self._decision((claim,))


class Precision(OfOne):
    """How good is it, to within `width` from one end of the confidence sequence to the other?"""

    kind = "precision"

    def __init__(
        self, model: str, n: int, width: float, alpha: float = 0.05, predictor: Predictor | None = None
    ) -> None:
        super().__init__(model, n, alpha, predictor)
        self.width = width
        self._found = False

    def observe(self, model: str, value: float | None) -> None:
        """The next score. The interval is looked at some 200 times over the whole benchmark."""
        self._hear(model, value)
        t = self._following.t
        if not self._found and (t == self.n or t % max(1, self.n // 200) == 0):
            low, high = self._following.interval()
            self._found = high - low < self.width

    def _settled(self) -> bool:
        return self._found

    def decision(self) -> Decision:
        """`precise` or `undecided`."""
        low, high = self._following.interval()
        verdict = "precise" if self._found else "undecided"
        claim = Claim(f"{self.model} to within {self.width:g}", verdict, detail=f"[{100 * low:.1f}, {100 * high:.1f}]")
        return self._decision((claim,), {"width": self.width})


class Place(OfOne):
    """Where is a new model on a finished board? The scores there are known, so one confidence sequence of the new one
    settles all of them together, without a correction for how many they are."""

    kind = "place"

    def __init__(
        self,
        model: str,
        n: int,
        board: Mapping[str, float],
        alpha: float = 0.05,
        predictor: Predictor | None = None,
    ) -> None:
        super().__init__(model, n, alpha, predictor)
        self.board = dict(board)
        self._scores = np.array(list(self.board.values()), dtype=float)
        self._sides = Sides(self._following, self._scores)
        self.found = np.zeros(len(self._scores))
        """1, -1 or 0 for each score on the board: above it, below it, not known."""

    def observe(self, model: str, value: float | None) -> None:
        """The next score of the model in the order; None for a call that failed for good."""
        self._hear(model, value)
        self._sides.observe()
        new = self._sides.verdicts(self.alpha)
        self.found = np.where(self.found == 0, new, self.found)

    def _settled(self) -> bool:
        return bool((self.found != 0).all())

    def decision(self) -> Decision:
        """Of each score on the board whether the new model is `better`, `worse`, `tied` or `undecided` beside it, and
        the interval of its rank."""
        low = self._following.known[0]
        exact = self._following.t == self.n and not self._following.failed
        words = {1: "better", -1: "worse", 0: "undecided"}
        claims = []
        for at, (name, score) in enumerate(self.board.items()):
            found = int(self.found[at])
            verdict = "tied" if exact and not found and abs(low - score) <= 1e-12 else words[found]
            log_e = float(self._sides.peak[0 if found >= 0 else 1][at])
            claims.append(Claim(f"{self.model} - {name}", verdict, log_e))
        worse, better = int((self.found < 0).sum()), int((self.found > 0).sum())
        lowest = 1 + worse if exact else 1 + len(self._scores) - better
        rank = [1 + worse, lowest]
        return self._decision(tuple(claims), {"rank": rank, "of": len(self._scores) + 1})
