"""The procedure of a race between models, or of one model and a board."""

from collections.abc import Sequence
from dataclasses import replace

from sinan.statistics.sequential import Best, Duel, DuelWithKnown, Place, Predictor
from sinan.stopping.declared import Declared
from sinan.types.sequential import Decision, Procedure


def procedure(declared: Declared, models: Sequence[str], n: int, guesses: Predictor | None = None) -> Procedure:
    """For these models on n questions. `guesses`: of one model beside known scores, what earlier models' answers make
    likely."""
    if declared.kind == "duel" and declared.board:
        (known,) = declared.board.items()
        a, b = declared.pair
        return DuelWithKnown((a, b), n, known, declared.alpha, declared.epsilon, guesses)
    if declared.kind == "duel":
        return Duel(models[0], models[1], n, declared.alpha, declared.epsilon)
    if declared.kind == "best":
        return Best(models, n, declared.alpha, declared.epsilon, dict(declared.board))
    place = Place(models[0], n, dict(declared.board), declared.alpha, guesses)
    return PlaceWithin(place, declared.within) if declared.within else place


class PlaceWithin:
    """A place that need not be exact: it is enough to know it to within so many ranks. The rank interval holds at every
    moment at once, so one may stop where it is short enough."""

    def __init__(self, place: Place, within: int) -> None:
        self._place, self._within = place, within

    def observe(self, model: str, value: float | None) -> None:
        """The next score of the model; None for a call that failed for good."""
        self._place.observe(model, value)

    @property
    def asking(self) -> frozenset[str]:
        """The model, until its ranks are few enough."""
        return frozenset() if self._near() else self._place.asking

    def decision(self) -> Decision:
        """As of the place."""
        decision = self._place.decision()
        near = {"within": self._within, "verdict": "placed"} if self._near() else {"within": self._within}
        return replace(decision, over=not self.asking, further=dict(decision.further) | near)

    def _near(self) -> bool:
        return int((self._place.found == 0).sum()) <= self._within
