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
    groups = [frozenset(range(len(order)))]
    for at, j in enumerate(order):
        for k in order[at + 1 :]:
            if sign[j, k]:
                groups = _apart(groups, place[j], place[k])
    groups.sort(key=sorted)
    return [" ".join(_letter(n) for n, group in enumerate(groups) if place[m] in group) for m in range(len(order))]


def _apart(groups: list[frozenset[int]], j: int, k: int) -> list[frozenset[int]]:
    """Groups without one that holds both."""
    whole = [group for group in groups if not (j in group and k in group)]
    split = [group - {one} for group in groups if j in group and k in group for one in (k, j)]
    for group in sorted(split, key=len, reverse=True):
        if not any(group <= other for other in whole):
            whole.append(group)
    return whole


def _letter(number: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(97 + rest) + letters
    return letters
