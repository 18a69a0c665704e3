"""More blanks between some words than one."""

import re
from random import Random

from sinan.datasets.perturbations.protected import put, stretches

EVERY = 4
"""Of so many gaps one is widened; at least one."""
_GAP = re.compile(r"(?<=\S) (?=\S)")


def widened(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text with some gaps of two or three blanks; lines stay lines."""
    gaps = [gap.span() for start, end in stretches(text) for gap in _GAP.finditer(text, start, end)]
    if not gaps:
        return text
    wide = sorted(chance.sample(gaps, max(1, len(gaps) // EVERY)))
    return put(text, {gap: " " * chance.choice((2, 3)) for gap in wide})
