"""Which question is being asked, for a model that must know its calls again when a run goes on."""

from collections import Counter
from contextvars import ContextVar


class Asking:
    """One draw of one question, while a solver works on it.

    The engine sets it around every question. Two processes that ask the same draw of the same question, one after the
    other, give its calls the same numbers, whatever else they ask and in whatever order.
    """

    __slots__ = ("_calls", "name")

    def __init__(self, name: str) -> None:
        """`name`: benchmark, sample, draw and seed."""
        self.name = name
        self._calls: Counter[bytes] = Counter()

    def number(self, call: bytes) -> int:
        """How often the question has made this very call before: 0 for the first time."""
        self._calls[call] += 1
        return self._calls[call] - 1


ASKING: ContextVar[Asking] = ContextVar("asking")
"""The question of the task that runs. Not set where a model is called by nobody's question."""
