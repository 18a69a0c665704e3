"""The leaderboard of one benchmark, from a table of models by items."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sinan.ranking.contrasts import Contrasts, Indices, Numbers, of_items, pairs
from sinan.ranking.standings import METHOD_NAMES, Entry, Ways, standings, unranked
from sinan.statistics.clustered import FEW
from sinan.statistics.intervals import estimate_accuracy, mean
from sinan.types import Estimate
from sinan.types.leaderboard import Leaderboard
from sinan.types.table import ScoreTable

SAME = 1e-9
"""Two ways to make the same number differ by less."""


@dataclass(frozen=True, eq=False)
class Scored:
    """A table, and what is known of its models besides."""

    table: ScoreTable
    name: str
    estimates: Sequence[Estimate] = ()
    """The models' numbers as their runs report them; empty: made of the table."""
    outcomes: Sequence[Mapping[str, int]] = ()
    chance: float | None = None
    in_percent: bool = True
    less_is_better: bool = False
    notes: tuple[str, ...] = ()
    further: Mapping[str, Any] = field(default_factory=dict)

    @property
    def of_items(self) -> bool:
        """Whether every model's number is the mean over its items, so that models can be paired by item."""
        own = [_mean(row) for row in self.table.values]
        told = [estimate.value for estimate in self.estimates] or own
        return all(
            (a is None and b is None) or (a is not None and b is not None and abs(a - b) <= SAME * max(1.0, abs(b)))
            for a, b in zip(own, told, strict=True)
        )


def cluster_numbers(table: ScoreTable) -> Indices:
    """(items,) numbers from 0; every item its own where nothing is shared."""
    if not table.clusters:
        return np.arange(len(table.items))
    return np.unique(np.array(table.clusters, dtype=object), return_inverse=True)[1].astype(np.int64).reshape(-1)


def board(scored: Scored, ways: Ways) -> Leaderboard:
    """Rank the models. Of a metric that is no mean over items no order is sure, and that is said."""
    table, entries = scored.table, _entries(scored)
    placed = [at for at, entry in enumerate(entries) if entry.estimate.value is not None]
    clusters = cluster_numbers(table)
    if of_items := scored.of_items:
        contrasts = scored_contrasts(table, placed)
    else:
        contrasts = _nothing_known([entries[at].estimate for at in placed])
    found, decided = standings([entries[at] for at in placed], contrasts, ways, scored.less_is_better)
    return Leaderboard(
        scored.name,
        found + tuple(unranked(entry) for at, entry in enumerate(entries) if at not in placed),
        table.metric,
        METHOD_NAMES[ways.method] if of_items else "none",
        ways.alpha,
        len(contrasts.difference),
        len(table.items),
        int(clusters.max(initial=-1)) + 1 if table.clusters else None,
        contrasts.df if contrasts.df >= 1 else None,
        decided.critical if math.isfinite(decided.critical) else None,
        chance=scored.chance,
        in_percent=scored.in_percent,
        less_is_better=scored.less_is_better,
        notes=(*scored.notes, *table.notes, *_notes(table, contrasts, ways, of_items)),
        further=scored.further,
    )


def scored_contrasts(table: ScoreTable, models: Sequence[int]) -> Contrasts:
    """The differences of these models, paired by item. Items that none of them has play no part."""
    values: Numbers = table.values[list(models)]
    some = ~np.isnan(values).all(axis=0) if len(models) else np.zeros(len(table.items), dtype=bool)
    clusters = np.unique(cluster_numbers(table)[some], return_inverse=True)[1].reshape(-1).astype(np.int64)
    return of_items(values[:, some], clusters)


def own_estimate(values: Numbers, clusters: Indices, draws: int) -> Estimate:
    """The mean of one model's numbers, with the error bars that a run reports."""
    there = ~np.isnan(values)
    return estimate_accuracy(values[there].tolist(), draws, clusters[there].tolist())


def _entries(scored: Scored) -> list[Entry]:
    table, clusters = scored.table, cluster_numbers(scored.table)
    estimates = scored.estimates or [own_estimate(row, clusters, table.draws) for row in table.values]
    outcomes = scored.outcomes or [{}] * len(table.models)
    runs: list[tuple[str, ...]] = [(run,) for run in table.runs] or [()] * len(table.models)
    return [Entry(*one) for one in zip(table.models, estimates, runs, outcomes, strict=True)]


def _mean(row: Numbers) -> float | None:
    own = row[~np.isnan(row)]
    return mean(own.tolist()) if len(own) else None


def _nothing_known(estimates: Sequence[Estimate]) -> Contrasts:
    """Differences without an error."""
    values = np.array([estimate.value for estimate in estimates], dtype=np.float64)
    first, second = pairs(len(values))
    n = np.array([min(estimates[j].n, estimates[k].n) for j, k in zip(first, second, strict=True)], dtype=np.int64)
    return Contrasts(first, second, values[first] - values[second], np.full(len(first), np.nan), n, 0.0)


def _notes(table: ScoreTable, contrasts: Contrasts, ways: Ways, of_items: bool) -> list[str]:
    notes = []
    if not of_items:
        notes.append(f"{table.metric} is no mean over items: the order is shown, and no difference is sure")
        return notes
    items, fewest = len(table.items), int(contrasts.n.min(initial=len(table.items)))
    lacking = [m for m, row in zip(table.models, table.values, strict=True) if np.isnan(row).any()]
    if lacking:
        named = ", ".join(lacking[:4]) + (f" and {len(lacking) - 4} more" if len(lacking) > 4 else "")
        notes.append(
            f"{named}: some of the {items:,} items have no score; a number is over the model's own items, a pair is "
            f"compared on the items that both have (at least {fewest:,})"
        )
    if ways.method == "max-t" and contrasts.rows is None and len(contrasts.difference):
        notes.append("too many pairs on different items for their joint distribution: bonferroni instead")
    if 1 <= contrasts.df < FEW - 1:
        notes.append(
            f"only {int(contrasts.df) + 1} {'clusters' if contrasts.clustered else 'items'}: errors on so few are rough"
        )
    if contrasts.df < 1 and len(contrasts.difference):
        notes.append("fewer than two independent units: no difference can be estimated")
    return notes
