"""Which of many models is the best one on this benchmark?

Of each model j the null is "j is the best, or as good as the best". Under it the mean of every difference y_i - y_j is
at most 0, so each bet on such a difference makes no one rich, and neither does their average: half of the money is
spread evenly over all rivals, half follows whichever rival leads. A model is dropped when the evidence against its null
comes to r / alpha, r being the number of models still in (Holm's procedure on e-values). With probability 1 - alpha no
model that is the best, or as good, is ever dropped: at the first such error r is at least the number of all true nulls,
and their average evidence would have come to 1 / alpha.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sinan.statistics.sequential.betting import Bets, Numbers, Wealth
from sinan.statistics.sequential.following import Following
from sinan.types.sequential import Claim, Decision

Places = npt.NDArray[np.intp]

LARGEST = 700.0
"""exp of more is no number."""


class Best:
    """`epsilon`: it ends also where all that are left are within epsilon of the best; half of alpha is kept for that.

    `board`: scores of models that went through all questions before. They cost nothing, and the best of them runs along
    with its known score.
    """

    kind = "best"

    def __init__(
        self,
        models: Sequence[str],
        n: int,
        alpha: float = 0.05,
        epsilon: float = 0.0,
        board: Mapping[str, float] | None = None,
    ) -> None:
        if len(set(models)) != len(models) or not models or len(models) + bool(board) < 2 or not 0 <= epsilon < 1:
            raise ValueError("the best of two models or more, each named once, and a margin from 0 to 1")
        self.models, self.n, self.alpha, self.epsilon = tuple(models), n, alpha, epsilon
        self.board = dict(board or {})
        self._of = {model: Following(model, n, alpha) for model in models}
        self._names = (*models, *([max(self.board, key=self.board.__getitem__)] if self.board else ()))
        self._top = max(self.board.values(), default=None)
        self._in = list(range(len(self._names)))
        """Places in _names of those that are not dropped."""
        self._dropped: dict[int, int] = {}
        """Place -> round in which it was dropped."""
        self._by: dict[int, int] = {}
        """Place -> the rival whose bets against it had won most."""
        self._alpha = alpha / 2 if epsilon else alpha
        self._start()

    def _start(self) -> None:
        size = len(self._names)
        low = np.array([0.0 if self._top is None or i < len(self.models) else self._top for i in range(size)])
        high = np.array([1.0 if self._top is None or i < len(self.models) else self._top for i in range(size)])
        least, most = low[:, None] - high[None, :], high[:, None] - low[None, :]
        self._beats = Bets(self.n, np.zeros((size, size)), least, most)
        """[i, j]: evidence that i is better than j."""
        self._behind = Bets(self.n, np.full((size, size), -self.epsilon), least, most) if self.epsilon else None
        """[i, j]: evidence that j is not better than i by epsilon."""
        self._ahead = Wealth((size,))
        """[j]: evidence that whoever leads is better than j."""
        self._frozen = np.zeros(size)
        """[j]: money won on rivals that were dropped since."""
        self._log_e = np.zeros(size)
        self._sums = (np.zeros(size), np.zeros(size))
        """Least and most that each can have scored until now."""
        self._equivalent = False

    @property
    def round(self) -> int:
        """Questions that all models that are in have been through."""
        return self._beats.t

    @property
    def asking(self) -> frozenset[str]:
        """Models that are in, until one is left, or all that are left are alike."""
        if self._settled:
            return frozenset()
        names = (self._names[i] for i in self._in if i < len(self.models))
        return frozenset(name for name in names if self._of[name].t < self.n)

    @property
    def _settled(self) -> bool:
        return len(self._in) == 1 or self._equivalent

    def observe(self, model: str, value: float | None) -> None:
        """The next score of one model; a round is looked at once every model that is in has been through it."""
        if model not in self._of:
            raise ValueError(f"{model} has no part in this")
        self._of[model].observe(value)
        while not self._settled and self.round < self.n and self._complete():
            self._play()
            self._drop()
            self._compare()

    def _complete(self) -> bool:
        return all(self._of[self._names[i]].t > self.round for i in self._in if i < len(self.models))

    def _play(self) -> None:
        """One round of bets. A call that failed counts 0 for its model's claims and 1 against them."""
        values = [self._top if i >= len(self.models) else self._of[self._names[i]].values[self.round] for i in self._in]
        low = np.array([0.0 if value is None else value for value in values])
        high = np.array([1.0 if value is None else value for value in values])
        leads = _leaders(self._sums[0] + self._sums[1])
        worst = low[:, None] - high[None, :]
        gains = self._beats.observe(worst)
        if self._behind is not None:
            self._behind.observe(worst)
        ahead = gains[leads, np.arange(len(values))]
        self._ahead.pay(np.maximum(ahead, -1.0))
        self._sums = (self._sums[0] + low, self._sums[1] + high)

    def _drop(self) -> None:
        log_e = self._evidence()
        self._log_e[self._in] = np.maximum(self._log_e[self._in], log_e)
        staying: Places = np.arange(len(self._in))
        while len(staying) > 1:
            worst = staying[np.argmax(log_e[staying])]
            if log_e[worst] < math.log(len(staying) / self._alpha):
                break
            staying = staying[staying != worst]
            self._dropped[self._in[worst]] = self.round
        if self.round == self.n and len(staying) > 1:
            staying = self._last(staying)
        against = np.where(np.eye(len(self._in), dtype=bool), -np.inf, self._beats.log_e)
        for i in np.setdiff1d(np.arange(len(self._in)), staying):
            self._by[self._in[i]] = self._in[int(np.argmax(against[:, i]))]
        if len(staying) < len(self._in):
            self._leave(staying)

    def _evidence(self) -> Numbers:
        """[j] of those that are in. The mean over rivals takes in those that were dropped, as they stood then."""
        log_e = np.where(np.eye(len(self._in), dtype=bool), -np.inf, self._beats.log_e)
        money = np.exp(np.minimum(log_e, LARGEST)).sum(0) + self._frozen
        evenly = money / (len(self._names) - 1)
        found: Numbers = np.log(evenly / 2 + np.exp(np.minimum(self._ahead.log_e, LARGEST)) / 2)
        return found

    def _leave(self, staying: Places) -> None:
        gone = np.setdiff1d(np.arange(len(self._in)), staying)
        won = np.exp(np.minimum(self._beats.log_e[gone], LARGEST)).sum(0)
        self._frozen = (self._frozen + won)[staying]
        index = np.ix_(staying, staying)
        for bets in (self._beats, self._behind):
            if bets is not None:
                bets.keep(index)
        self._ahead.keep(staying)
        self._sums = self._sums[0][staying], self._sums[1][staying]
        self._in = [self._in[i] for i in staying]

    def _last(self, staying: Places) -> Places:
        """At the end all is known: those stay whose most is no less than anyone's least."""
        least, most = self._sums[0][staying], self._sums[1][staying]
        out = most < least.max() - 1e-9
        for i in staying[out]:
            self._dropped[self._in[i]] = self.round
        kept: Places = staying[~out]
        return kept

    def _compare(self) -> None:
        """Whether all that are left are within epsilon of each other."""
        if self._behind is None or len(self._in) == 1:
            return
        if self.round == self.n:
            self._equivalent = bool((self._sums[1].max() - self._sums[0].min()) / self.n < self.epsilon)
            return
        log_e = self._behind.log_e[~np.eye(len(self._in), dtype=bool)]
        self._equivalent = bool(log_e.min() >= math.log(2 * len(self._names) / self.alpha))

    def _tied(self) -> bool:
        """All questions were asked, and all that are left have the same score."""
        least, most = self._sums
        return self.round == self.n and len(self._in) > 1 and float(most.max() - least.min()) <= 1e-9

    def decision(self) -> Decision:
        """Of each model `best`, `dropped`, `tied` (for the best), `equivalent` (within epsilon of the best) or
        `undecided`."""
        word = "best" if len(self._in) == 1 else "tied" if self._tied() else ""
        word = word or ("equivalent" if self._equivalent else "undecided")
        dropped = {
            self._names[place]: {"after": at, "by": self._names[self._by[place]]} for place, at in self._dropped.items()
        }
        claims = []
        for place, name in enumerate(self._names):
            at = self._dropped.get(place)
            detail = f"after {at} of {self.n}, by {self._names[self._by[place]]}" if at is not None else ""
            claims.append(Claim(name, word if at is None else "dropped", float(self._log_e[place]), detail))
        failed = sum(following.failed for following in self._of.values())
        notes = (f"{failed} calls failed: what is said holds whatever they would have been",) if failed else ()
        left = [self._names[i] for i in self._in]
        return Decision(
            self.kind,
            self.n,
            self.alpha,
            tuple(claims),
            tuple(following.followed() for following in self._of.values()),
            over=not self.asking,
            epsilon=self.epsilon,
            notes=notes,
            further={
                "best": left if word != "undecided" else [],
                "left": left,
                "dropped": dropped,
                "verdict": word,
                "family": len(self._names),
            },
        )


def _leaders(sums: Numbers) -> Places:
    """[j] who leads among the others."""
    lead = int(np.argmax(sums))
    others = np.where(np.arange(len(sums)) == lead, -np.inf, sums)
    found = np.full(len(sums), lead)
    found[lead] = int(np.argmax(others))
    return found
