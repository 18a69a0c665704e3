"""Item analysis: what many models' answers say of the questions themselves.

A matrix of models by items, from stored runs; what a question is worth is seen from who gets it right:

- **difficulty**: the share of models that get it right;
- **discrimination**: the correlation, over the models, of an item with the mean of all other items (the corrected
  point-biserial correlation). An item that good models get and poor ones miss is near 1; below 0 it works against the
  rest, as one with a wrong gold does;
- **upside down**: none of the strongest third of the models gets it, and most of the weakest third do;
- **never** and **always** right: of no use to tell models apart; never may be a wrong gold, or merely hard.

Under no relation a correlation has mean 0 and variance 1 / (models - 1), whatever the two are distributed like: below
-1.96 of these standard deviations an item is in doubt, and so is one of 40 by chance alone, which is said beside the
count. What is found is a reason to look, and no verdict: few models, or models of one family, prove little.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Matrix = npt.NDArray[np.float64]

ENOUGH = 5
"""Models from which on discrimination is told."""
ENOUGH_THIRDS = 6
"""Models from which on the strongest and the weakest third are compared: two of each."""
DEVIATIONS = 1.959964
CHANCE = 0.025
"""Of items with no relation to the rest, so many are as far below 0."""
SHOWN = 50
BINS = 10
BLOCK = 4096
"""Items that are worked on at once, so that memory holds few copies of the matrix."""
Why = Literal["upside_down", "against", "never"]


@dataclass(frozen=True, slots=True)
class Item:
    """One question in doubt."""

    id: str
    group: str
    models: int
    """That answered it."""
    right: float
    """The share of them that got it right."""
    discrimination: float | None
    """None where it cannot be said: too few models, or all the same."""
    why: Why
    """The gravest reason."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the items of a benchmark are worth, as these models show."""

    models: tuple[str, ...]
    items: int
    """Questions that at least two models answered."""
    strip: tuple[int, ...]
    """How many items have difficulty about 0, 10, ... 100 %."""
    never: int
    always: int
    discriminating: int
    """Items of which discrimination can be told."""
    median: float | None
    """Of the discriminations."""
    against: int
    """Items that are so far below 0 as one of 40 would be by chance."""
    by_chance: float
    """How many of them chance alone would bring."""
    upside_down: int
    doubtful: tuple[Item, ...]
    """The gravest first, at most SHOWN."""
    threshold: float | None
    """A discrimination below it is `against`, where all models answered all items."""


def analysed(values: "Matrix", items: Sequence[str], models: Sequence[str], groups: Sequence[str] = ()) -> Analysis:
    """The analysis of (models, items) with values in [0, 1], NaN where a model has none. From 0.5 on an item counts as
    right where only right or wrong is asked."""
    import numpy as np

    answered = (~np.isnan(values)).sum(axis=0)
    kept = np.flatnonzero(answered >= 2)
    right = np.full(values.shape[1], math.nan)
    right[kept] = np.nanmean(values[:, kept], axis=0) if len(kept) else []
    found = discriminations(values)
    upside_down = _upside_down(values)
    with np.errstate(invalid="ignore"):
        against = found < -DEVIATIONS / np.sqrt(np.maximum(answered - 1, 1))
    told = ~np.isnan(found)
    never, always = right == 0, right == 1
    reasons = _reasons(upside_down, against, never if len(models) >= ENOUGH else never & False)
    return Analysis(
        tuple(models),
        len(kept),
        tuple(np.bincount(np.floor(right[kept] * BINS + 0.5).astype(int), minlength=BINS + 1).tolist()),
        int(never.sum()),
        int(always.sum()),
        int(told.sum()),
        float(np.median(found[told])) if told.any() else None,
        int(against.sum()),
        CHANCE * int(told.sum()),
        int(upside_down.sum()),
        tuple(
            Item(
                items[place],
                groups[place] if groups else "",
                int(answered[place]),
                float(right[place]),
                float(found[place]) if told[place] else None,
                why,
            )
            for why, place in _gravest(reasons, found)
        ),
        -DEVIATIONS / math.sqrt(len(models) - 1) if len(models) >= ENOUGH else None,
    )


def discriminations(values: "Matrix") -> "Matrix":
    """Of each item its correlation with the mean of all other items over the models that answered it. NaN where fewer
    than ENOUGH models did, or where either has no spread."""
    import numpy as np

    has = ~np.isnan(values)
    sums, counts = np.where(has, values, 0.0).sum(axis=1), has.sum(axis=1)
    blocks = [
        _correlations(values[:, start : start + BLOCK], sums, counts) for start in range(0, values.shape[1], BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.empty(0)


def _correlations(block: "Matrix", sums: "Matrix", counts: "npt.NDArray[np.int64]") -> "Matrix":
    import numpy as np

    has = ~np.isnan(block)
    others = counts[:, None] - has
    own = np.where(has, block, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = np.where(has & (others > 0), (sums[:, None] - own) / others, 0.0)
        used = has & (others > 0)
        n = used.sum(axis=0)
        a = np.where(used, own - (own * used).sum(axis=0) / n, 0.0)
        b = np.where(used, rest - rest.sum(axis=0) / n, 0.0)
        spread = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
        found = (a * b).sum(axis=0) / spread
    found[(n < ENOUGH) | (spread < 1e-12)] = math.nan
    bounded: Matrix = np.clip(found, -1.0, 1.0)
    return bounded


def _upside_down(values: "Matrix") -> "npt.NDArray[np.bool_]":
    """Items that none of the strongest third gets and most of the weakest third do."""
    import numpy as np

    models, items = values.shape
    if models < ENOUGH_THIRDS or not items:
        return np.zeros(items, dtype=bool)
    has = ~np.isnan(values)
    means = np.where(has, values, 0.0).sum(axis=1) / np.maximum(has.sum(axis=1), 1)
    order, third = np.argsort(-means, kind="stable"), models // 3
    best, worst = order[:third], order[-third:]
    if means[best].min() <= means[worst].max():  # no one is stronger
        return np.zeros(items, dtype=bool)
    right = np.where(has, values >= 0.5, False)
    everyone = has[best].all(axis=0) & has[worst].all(axis=0)
    found: npt.NDArray[np.bool_] = everyone & ~right[best].any(axis=0) & (right[worst].mean(axis=0) > 0.5)
    return found


def _reasons(*kinds: "npt.NDArray[np.bool_]") -> "list[tuple[Why, npt.NDArray[np.intp]]]":
    """Each item once, under its gravest reason."""
    import numpy as np

    names: tuple[Why, ...] = ("upside_down", "against", "never")
    told = np.zeros(len(kinds[0]), dtype=bool)
    found: list[tuple[Why, npt.NDArray[np.intp]]] = []
    for name, kind in zip(names, kinds, strict=True):
        found.append((name, np.flatnonzero(kind & ~told)))
        told |= kind
    return found


def _gravest(reasons: "Sequence[tuple[Why, npt.NDArray[np.intp]]]", found: "Matrix") -> list[tuple[Why, int]]:
    import numpy as np

    ordered: list[tuple[Why, int]] = []
    for why, places in reasons:
        key = np.nan_to_num(found[places], nan=2.0)
        ordered += [(why, int(place)) for place in places[np.argsort(key, kind="stable")][:SHOWN]]
    return ordered[:SHOWN]
