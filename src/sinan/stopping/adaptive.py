"""A preview: each next question is the one that tells most about the model as it seems now, by a fit on finished runs.

The questions are chosen by the answers, so nothing here is guaranteed: what is said is what the fitted model
makes of it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sinan.engine.drawn import DrawnOrder
from sinan.engine.plan import Placed
from sinan.engine.prefix import Draw, Reduce, unit_of
from sinan.statistics.item_response import COVERED, Items, preview
from sinan.types import Question
from sinan.types.sequential import Claim, Decision, Followed

AT_ONCE = 4
"""Questions in flight: each is chosen without the answers to the others."""


@dataclass
class Chosen:
    """The questions of one cell, chosen one after the other, and the gate that they go through."""

    order: DrawnOrder
    items: Items
    """In the order of `order`."""
    model: str
    reduce: Reduce
    draws: int
    count: int
    """So many are asked."""
    _begun: dict[int, int] = field(default_factory=dict)
    """Place -> how many were begun before it."""
    _open: dict[int, list[Draw]] = field(default_factory=dict)
    _scores: dict[int, Draw] = field(default_factory=dict)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _noted: int = 0
    closed: bool = False
    """Whether nothing more is asked."""

    def __post_init__(self) -> None:
        self.count = min(self.count, len(self.order))
        self._place = {unit: place for place, unit in enumerate(self.order.units)}
        ends = np.cumsum(self.order.sizes)
        self._samples = [self.order.samples[end - size : end] for end, size in zip(ends, self.order.sizes, strict=True)]

    def __iter__(self) -> Iterator[Placed]:
        """Samples as they are chosen; those that an earlier process asked were begun before."""
        while len(self._begun) < self.count:
            information = self.items.information(self.items.ability(*self._heard()).theta)
            information[list(self._begun)] = -1.0
            place = int(np.argmax(information))
            self._begun[place] = len(self._begun)
            yield from self._samples[place]

    def note(self, model: str, unit: str, draw: Draw) -> None:
        """One draw has ended: with a score, or None for a call that failed for good."""
        place = self._place.get(unit)
        if place is None:
            return
        self._noted += 1
        self._begun.setdefault(place, len(self._begun))
        scores = self._open.setdefault(place, [])
        scores.append(draw)
        if len(scores) == self.draws * self.order.sizes[place]:
            known = [score for score in scores if score is not None]
            self._scores[place] = self.reduce(known) if len(known) == len(scores) else None
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    def ready(self, question: Question) -> bool:
        """Whether few enough are in flight."""
        return self.closed or self._begun[self._place[unit_of(question)]] < len(self._scores) + AT_ONCE

    async def admits(self, question: Question) -> bool:
        """True once few enough are in flight."""
        while not self.ready(question):
            await self._moved.wait()
        return not self.closed

    def close(self) -> None:
        """Nothing more is asked."""
        self.closed = True
        self._moved.set()

    def gate(self, model: str) -> "Chosen":
        """Itself: it is about one model."""
        return self

    @property
    def met(self) -> bool:
        """Whether all that was to be asked was."""
        return len(self._scores) >= self.count

    @property
    def whole(self) -> bool:
        """Whether nothing is left that could be asked."""
        return len(self._scores) == len(self.order)

    @property
    def heard(self) -> dict[str, int]:
        """Questions that have ended, by model."""
        return {self.model: len(self._scores)}

    @property
    def noted(self) -> dict[str, int]:
        """Draws that have ended, by model."""
        return {self.model: self._noted}

    @property
    def full(self) -> int:
        """Draws if all is asked."""
        return self.draws * sum(self.order.sizes)

    def late(self, model: str) -> int:
        """None comes too late: every answer counts."""
        return 0

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the full score seems to be."""
        at, values = self._heard()
        seen = preview(self.items, at, values)
        failed = len(self._scores) - len(at)
        one = Followed(self.model, len(self._scores), failed, seen.score, seen.interval)
        claim = Claim(self.model, "preview", detail=f"theta {seen.theta:.2f}, sd {seen.sd:.2f}")
        about = {"theta": seen.theta, "sd": seen.sd}
        return (
            Decision(
                "adaptive",
                len(self.order),
                0.05,
                (claim,),
                (one,),
                over=self.met,
                guaranteed=False,
                notes=(COVERED,),
                further=about,
            ),
        )

    def _heard(self) -> tuple[Sequence[int], Sequence[float]]:
        found = {place: score for place, score in self._scores.items() if score is not None}
        return list(found), list(found.values())
