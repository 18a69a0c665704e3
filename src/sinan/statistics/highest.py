"""The highest level that still holds, found in few trials: doubling, then halving the gap."""

from collections.abc import Generator

Search = Generator[float, bool, float | None]
"""Yields a level to try, is sent whether it held, and returns the highest one that did; None where none did."""

CLOSE = 0.05
"""A gap of this share of the level ends the search."""


def highest(start: float, least: float, most: float, *, whole: bool) -> Search:
    """Search between `least` and `most`, from `start`, on the assumption that what holds at a level holds below it.

    Up by doubling while it holds, or down by halving until it does; then by halves between the last that held and
    the first that did not, until they are close: neighbours among whole numbers, or within 5 %.
    """
    held: float | None = None
    broke: float | None = None
    at = start
    while held is None or broke is None:
        if (yield at):
            held = at
            if at >= most:
                return held
            if broke is None:
                at = min(most, 2 * at)
        else:
            broke = at
            if at <= least:
                return None
            if held is None:
                at = max(least, at // 2 if whole else at / 2)
    while (at := _between(held, broke, whole)) > held:
        if (yield at):
            held = at
        else:
            broke = at
    return held


def _between(held: float, broke: float, whole: bool) -> float:
    """The middle, or `held` where the two are close."""
    if broke - held <= CLOSE * held:
        return held
    return (held + broke) // 2 if whole else (held + broke) / 2
