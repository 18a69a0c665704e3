"""Scores handed to a procedure in the order that was drawn, and questions let through as far as it may need them.

Only completed prefixes of the order are heard: the score of a place counts once every model that is still asked has
been through all places before it. Whichever answers come first, and however late others are, the procedure hears the
same scores in the same order: what takes long is often what is hard, and a look at whatever is there already would be
a look at the easy ones.

How far ahead of the prefix is asked decides how many answers come too late to matter. It begins with `FIRST` places
and grows with what was heard, since a question that is open after 200 answers will not be settled by the next four;
where the evidence grows so that the end can be foreseen, no more than half of that way.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence

from sinan.engine.drawn import DrawnOrder
from sinan.types import Question
from sinan.types.sequential import Decision, Procedure

FIRST = 4
"""Places ahead at the beginning, and at least."""
SHARE = 3
"""Ahead is at most one of so many places that were heard."""

Draw = float | None
Reduce = Callable[[Sequence[float]], float]


class Prefix:
    """One benchmark for one or more models, and the procedures that hear of it."""

    def __init__(
        self,
        order: DrawnOrder,
        reduce: Mapping[str, Reduce],
        draws: int,
        procedures: Sequence[Procedure],
        beside: Callable[[str, Draw], None] = lambda model, value: None,
    ) -> None:
        """`reduce`: model -> how the scores of a question's draws and forms become one. `beside` hears what is heard,
        and has no say in what is asked."""
        self._beside = beside
        self.order, self.procedures, self._reduce = order, tuple(procedures), dict(reduce)
        self.models = tuple(reduce)
        self.at = 0
        """Places heard by all that are still asked."""
        self.heard = dict.fromkeys(self.models, 0)
        """Places heard, by model."""
        self.noted = dict.fromkeys(self.models, 0)
        """Draws that have ended, by model, also those that came too late to be heard."""
        self._place = {unit: place for place, unit in enumerate(order.units)}
        self._wanted = [draws * size for size in order.sizes]
        self._open: dict[tuple[str, int], list[Draw]] = {}
        self._scores: dict[str, dict[int, Draw]] = {name: {} for name in self.models}
        self._moved = asyncio.Event()
        self._shut = False
        self.asking: frozenset[str] = frozenset()
        self._ahead, self._look_again, self._end = FIRST, SHARE * FIRST, math.inf
        self._advance()

    def note(self, model: str, unit: str, draw: Draw) -> None:
        """One draw has ended: with a score, or None for a call that failed for good."""
        place = self._place.get(unit)
        if place is None:  # of a journal that was joined to this one, and asked more
            return
        self.noted[model] += 1
        scores = self._open.setdefault((model, place), [])
        scores.append(draw)
        if len(scores) < self._wanted[place]:
            return
        del self._open[model, place]
        self._scores[model][place] = self._value(model, scores)
        self._advance()

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the procedures say now."""
        return tuple(procedure.decision() for procedure in self.procedures)

    @property
    def whole(self) -> bool:
        """Whether every model has been through all of it."""
        return all(heard == len(self.order) for heard in self.heard.values())

    @property
    def met(self) -> bool:
        """Whether nothing more is wanted: all is sure, or all was heard."""
        return not self.asking

    @property
    def full(self) -> int:
        """Draws of one model if all of it is asked."""
        return sum(self._wanted)

    def late(self, model: str) -> int:
        """Draws that were asked and came too late to be heard."""
        return self.noted[model] - sum(self._wanted[: self.heard[model]])

    def gate(self, model: str) -> "_Gate":
        """Through which the questions of this model go."""
        return _Gate(self, model)

    def shut(self) -> None:
        """Nothing more is asked."""
        self._shut = True
        self._wake()

    def _value(self, model: str, draws: Sequence[Draw]) -> Draw:
        """The value of a place; None where it would be another if all of its calls had been answered."""
        scores = [draw for draw in draws if draw is not None]
        if len(scores) < len(draws):
            return None
        value = self._reduce[model](scores)
        return None if math.isnan(value) else value

    def _advance(self) -> None:
        before = self.at, self.asking
        while True:
            self.asking = self._who()
            if not all(self.at in self._scores[model] for model in self.asking) or not self.asking:
                break
            for model in [name for name in self.models if name in self.asking]:
                value = self._scores[model].pop(self.at)
                for procedure in self.procedures:
                    if model in procedure.asking:
                        procedure.observe(model, value)
                self._beside(model, value)
                self.heard[model] += 1
            self.at += 1
        if (self.at, self.asking) != before:
            self._ahead = self._look_ahead()
            self._wake()

    def _who(self) -> frozenset[str]:
        if self.at >= len(self.order):
            return frozenset()
        return frozenset().union(*(procedure.asking for procedure in self.procedures))

    def _look_ahead(self) -> int:
        """Evidence is taken to grow as it grew so far; how it grew is looked at again and again."""
        most = max(FIRST, self.at // SHARE)
        if self.at >= self._look_again and self.asking:
            self._look_again = self.at + 1 + most // 4
            self._end = self.at + max((remaining(decision, self.at) for decision in self.decisions), default=0.0)
        return most if self._end == math.inf else min(most, max(FIRST, math.ceil((self._end - self.at) / 2)))

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def wanted(self, model: str) -> bool:
        """Whether more is asked of this model."""
        return not self._shut and model in self.asking

    def near(self, question: Question) -> bool:
        """Whether it stands close enough to what was heard."""
        return self._place[unit_of(question)] < self.at + self._ahead

    async def moves(self) -> None:
        """Return once something was heard."""
        await self._moved.wait()


class _Gate:
    """Of one model: lets through what is near, holds what is far, drops what is not wanted any more."""

    def __init__(self, of: Prefix, model: str) -> None:
        self._of, self._model = of, model

    @property
    def closed(self) -> bool:
        return not self._of.wanted(self._model)

    def ready(self, question: Question) -> bool:
        return self.closed or self._of.near(question)

    async def admits(self, question: Question) -> bool:
        while not self.ready(question):
            await self._of.moves()
        return not self.closed

    def close(self) -> None:
        self._of.shut()


def unit_of(question: Question) -> str:
    """Which question it is a form or a draw of."""
    return question.sample.unit or question.sample.id


def remaining(decision: Decision, at: int) -> float:
    """Places that the claim which is furthest from sure may still take, if evidence grows as it did; infinite where
    nothing can be foreseen. Decides nothing but how many calls are in flight."""
    if decision.over or not at:
        return 0.0
    if decision.kind == "precision":
        widths = [one.interval[1] - one.interval[0] for one in decision.models if one.interval]
        return max((at * ((width / decision.further["width"]) ** 2 - 1) for width in widths), default=math.inf)
    enough = math.log(2 * max(1, len(decision.claims)) / decision.alpha)
    steps = sorted(_steps(claim.log_e, enough, at) for claim in decision.claims if claim.verdict == "undecided")
    if decision.kind == "best" and len(steps) > 1:
        steps.pop()  # of the best itself nothing will ever be refuted
    return max(steps, default=math.inf)


def _steps(log_e: float | None, enough: float, at: int) -> float:
    if log_e is None or log_e <= 0:
        return math.inf
    return max(0.0, (enough - log_e) * at / log_e)
