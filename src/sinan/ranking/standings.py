"""From numbers and the differences between them to places on a board."""

import itertools
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinan.ranking.contrasts import Contrasts
from sinan.ranking.rank_intervals import DRAWS, Decided, Method, bonferroni, max_t
from sinan.ranking.tie_groups import tie_groups
from sinan.types import Estimate
from sinan.types.leaderboard import Gap, Standing

METHOD_NAMES: dict[Method, str] = {
    "max-t": "simultaneous, paired: step-down max-t, gaussian multipliers",
    "bonferroni": "simultaneous, paired: bonferroni",
}


@dataclass(frozen=True)
class Entry:
    """One model that has a number."""

    model: str
    estimate: Estimate
    runs: tuple[str, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    further: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ways:
    """How a board is decided."""

    alpha: float = 0.05
    method: Method = "max-t"
    seed: int = 0
    draws: int = DRAWS
    """Of the joint distribution of all differences."""


def standings(
    entries: Sequence[Entry], contrasts: Contrasts, ways: Ways, less_is_better: bool = False
) -> tuple[tuple[Standing, ...], Decided]:
    """The entries in order, and what is sure of them (in the order of `entries`).

    `contrasts`: of the entries' numbers in their order; where less is better they are the numbers all the same.
    """
    fallback = bonferroni(contrasts, ways.alpha)
    decided = fallback if ways.method == "bonferroni" else max_t(contrasts, ways.alpha, ways.seed, ways.draws)
    if less_is_better:
        decided, fallback = decided.reversed, fallback.reversed
    goodness = [_goodness(entry, less_is_better) for entry in entries]
    order = sorted(range(len(entries)), key=lambda at: (-goodness[at], entries[at].model))
    letters = tie_groups(decided.sign, order)
    ahead, intervals, wider = sorted(goodness), decided.intervals, fallback.intervals
    gaps = _gaps(entries, contrasts, decided, order)
    found = tuple(
        Standing(
            entries[at].model,
            entries[at].estimate,
            1 + len(ahead) - bisect_right(ahead, goodness[at]),
            intervals[at],
            wider[at],
            letters[at],
            gaps.get(at),
            entries[at].runs,
            entries[at].outcomes,
            entries[at].further,
        )
        for at in order
    )
    return found, decided


def unranked(entry: Entry) -> Standing:
    """A model without a number: it is shown, and has no place."""
    return Standing(
        entry.model, entry.estimate, None, None, runs=entry.runs, outcomes=entry.outcomes, further=entry.further
    )


def _goodness(entry: Entry, less_is_better: bool) -> float:
    assert entry.estimate.value is not None
    return -entry.estimate.value if less_is_better else entry.estimate.value


def _gaps(entries: Sequence[Entry], contrasts: Contrasts, decided: Decided, order: Sequence[int]) -> dict[int, Gap]:
    """Model -> how far it is from the next one."""
    row = {(int(j), int(k)): at for at, (j, k) in enumerate(zip(contrasts.first, contrasts.second, strict=True))}
    varies, found = contrasts.varies, {}
    for one, other in itertools.pairwise(order):
        at = row[min(one, other), max(one, other)]
        difference = float(contrasts.difference[at]) * (1 if one < other else -1)
        stderr = float(contrasts.stderr[at])
        half = (decided.critical if varies[at] else decided.unvaried) * stderr
        found[one] = Gap(
            entries[other].model,
            difference,
            stderr if math.isfinite(stderr) else None,
            (difference - half, difference + half) if math.isfinite(half) else None,
            int(contrasts.n[at]),
            bool(decided.sign[one, other]),
        )
    return found
