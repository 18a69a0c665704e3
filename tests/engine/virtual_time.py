"""An event loop whose time is virtual: a sleep costs nothing, and an hour is over at once.

Time stands still while callbacks are ready, and jumps to the next timer when none is.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    """Instead of waiting for so long, moves the loop's time on."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits and no timer runs: a wake-up was lost")
        self.loop.now = max(self.loop.now, self.loop.next_timer()) if timeout > 0 else self.loop.now
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time begins at 0 s, and passes only by timers."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _Jump()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.now

    def next_timer(self) -> float:
        return self._scheduled[0].when()  # type: ignore[attr-defined, no-any-return]


def run(main: Coroutine[Any, Any, T]) -> T:
    """The result of `main`, on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
