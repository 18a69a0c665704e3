"""Letters for ties: two models have one in common exactly where nobody can say which of them is better.

"Undecided" is not transitive, so one letter per model will not do: A may be tied with B and B with C while A is surely
better than C. Groups are found by insertion and absorption (Piepho 2004).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def tie_groups(sign: NDArray[np.int8], order: Sequence[int]) -> list[str]:
    """Of every model its letters, such as `a b`; groups are lettered in the order of their best models.

    `sign`: (M, M), not 0 where a pair is decided. `order`: the models, the best one first.
    """
    place = {model: at for at, model in enumerate(order)}
    groups = [(1 << len(order)) - 1]  # of places, as bits: boards have hundreds of models
    for at, j in enumerate(order):
        for k in order[at + 1 :]:
            if sign[j, k]:
                groups = _apart(groups, place[j], place[k])
    groups.sort(key=_members)
    lettered = [(_letter(n), group) for n, group in enumerate(groups)]
    return [" ".join(name for name, group in lettered if group >> place[m] & 1) for m in range(len(order))]


def _apart(groups: list[int], j: int, k: int) -> list[int]:
    """Groups without one that holds both."""
    both = 1 << j | 1 << k
    split = [group ^ one for group in groups if group & both == both for one in (1 << k, 1 << j)]
    if not split:
        return groups
    whole = [group for group in groups if group & both != both]
    for group in sorted(split, key=int.bit_count, reverse=True):
        if not any(group & other == group for other in whole):
            whole.append(group)
    return whole


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
