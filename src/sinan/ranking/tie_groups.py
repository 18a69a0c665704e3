"""Letters for ties: two models have one in common exactly where nobody can say which of them is better.

"Undecided" is not transitive, so one letter per model will not do: A may be tied with B and B with C while A is surely
better than C. Groups are found by insertion and absorption (Piepho 2004), model by model.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def tie_groups(sign: NDArray[np.int8], order: Sequence[int]) -> list[str]:
    """Of every model its letters, such as `a b`; groups are lettered in the order of their best models.

    `sign`: (M, M), not 0 where a pair is decided. `order`: the models, the best one first.
    """
    groups: list[int] = []  # of places, as bits: boards have hundreds of models
    for at, model in enumerate(order):
        groups = _with(groups, at, sum(1 << place for place in range(at) if not sign[model, order[place]]))
    groups.sort(key=_members)
    lettered = [(_letter(n), _members(group)) for n, group in enumerate(groups)]
    found: dict[int, list[str]] = {model: [] for model in order}
    for letter, members in lettered:
        for place in members:
            found[order[place]].append(letter)
    return [" ".join(found[model]) for model in range(len(order))]


def _with(groups: list[int], place: int, tied: int) -> list[int]:
    """The groups with one more model, which is tied with those. A group whose every member is tied with it grows; of
    the others the tied members make a group with it, where none of these is within another."""
    parts = sorted({group & tied for group in groups} or {0}, key=int.bit_count, reverse=True)
    largest: list[int] = []
    for part in parts:
        if not any(part & other == part for other in largest):
            largest.append(part)
    return [group for group in groups if group & tied != group] + [part | 1 << place for part in largest]


def _members(group: int) -> list[int]:
    return [at for at in range(group.bit_length()) if group >> at & 1]


def _letter(number: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(97 + rest) + letters
    return letters
