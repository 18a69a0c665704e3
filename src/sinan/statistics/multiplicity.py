"""Several comparisons at once share one error budget.

Holm (1979) bounds the chance that any of a declared family of claims is wrong; it needs no independence. Benjamini and
Hochberg (1995) bound the expected share of wrong claims among those that are made: for looking around in a grid of
many, and to be called by its name.
"""

from collections.abc import Sequence
from typing import Literal

Way = Literal["holm", "benjamini-hochberg"]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given: the largest of (m - i + 1) p_(i) up to each."""
    m, largest = len(p_values), 0.0
    adjusted = [0.0] * m
    for rank, place in enumerate(_ascending(p_values)):
        largest = max(largest, (m - rank) * p_values[place])
        adjusted[place] = min(1.0, largest)
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given: the smallest of m p_(i) / i from each on."""
    m, smallest = len(p_values), 1.0
    adjusted = [0.0] * m
    for rank, place in reversed(list(enumerate(_ascending(p_values), 1))):
        smallest = min(smallest, p_values[place] * (m / rank))
        adjusted[place] = smallest
    return adjusted


WAYS = {"holm": holm, "benjamini-hochberg": benjamini_hochberg}


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=p_values.__getitem__)
