"""More blanks between some words than one."""

import re
from random import Random

from sinan.datasets.perturbations.protected import changed

EVERY = 4
"""Of so many gaps about one is widened."""
_GAP = re.compile(r"(?<=[^\s]) (?=[^\s])")


def widened(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text with some gaps of two or three blanks; lines stay lines."""
    return changed(text, lambda part: _GAP.sub(lambda gap: " " * _width(chance), part))


def _width(chance: Random) -> int:
    return chance.choice((2, 3)) if chance.randrange(EVERY) == 0 else 1
