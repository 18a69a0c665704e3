"""Which two models should be compared next? Those of which another vote tells the most.

A vote between models whose chance of winning is p lowers the error of that pair's win rate from sqrt(p (1 - p) / n) to
sqrt(p (1 - p) / (n + 1)): much where they are close and have rarely met (Chiang et al. 2024, section 5.2).
"""

import math
from collections.abc import Mapping, Sequence

from sinan.ranking.arena import PER_THETA


def gains(
    pairs: Sequence[tuple[str, str]], ratings: Mapping[str, float], met: Mapping[frozenset[str], int]
) -> list[float]:
    """What one more vote of each pair is worth: weights for a draw, all above 0. `ratings`: as of an arena's board; a
    model without one is taken to be close to all. `met`: votes of a pair so far."""
    return [_gain(_chance(ratings.get(a), ratings.get(b)), met.get(frozenset((a, b)), 0)) for a, b in pairs]


def _chance(a: float | None, b: float | None) -> float:
    if a is None or b is None:
        return 0.5
    return 1 / (1 + math.exp(min(20.0, max(-20.0, (b - a) / PER_THETA))))


def _gain(p: float, n: int) -> float:
    spread = math.sqrt(p * (1 - p))
    return spread / math.sqrt(n + 1) - spread / math.sqrt(n + 2)
