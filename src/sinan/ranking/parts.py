"""What an overall needs of one benchmark, so that a board over hundreds need not read their items again."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sinan.ranking.benchmark_board import Scored, cluster_numbers, own_estimate, scored_contrasts
from sinan.ranking.contrasts import Contrasts, Indices, Numbers
from sinan.types.table import ScoreTable


@dataclass(frozen=True, eq=False)
class Part:
    """One benchmark of an overall."""

    name: str
    models: tuple[str, ...]
    runs: tuple[str, ...]
    """Of each model; empty where none is known."""
    means: Numbers
    """(models,) NaN where a model has no number."""
    stderrs: Numbers
    """(models,) NaN where it is not estimable."""
    items: Indices
    """(models,) items that have a number."""
    size: int
    """Items of the benchmark."""
    free: int
    """Degrees of freedom: independent units less one, and no less than one."""
    chance: float | None
    fits: bool
    """Whether its numbers are shares of one and means over items, and more is better."""
    table: Callable[[], ScoreTable]
    contrasts: Contrasts | None = None
    """Of all its models, where each has a number for every item; else they are made of the table."""

    def among(self, rows: Sequence[int]) -> Contrasts:
        """The differences of these of its models, paired by item."""
        if self.contrasts is None:
            return scored_contrasts(self.table(), rows)
        return self.contrasts.among(rows)


def part(scored: Scored) -> Part:
    """What an overall needs of a table."""
    table, clusters = scored.table, cluster_numbers(scored.table)
    there = ~np.isnan(table.values)
    means = np.array([row[has].mean() if has.any() else math.nan for row, has in zip(table.values, there, strict=True)])
    errors = [
        own_estimate(row, clusters, table.draws).stderr if has.any() else None
        for row, has in zip(table.values, there, strict=True)
    ]
    return Part(
        scored.name,
        table.models,
        table.runs,
        means,
        np.array([math.nan if error is None else error for error in errors]),
        there.sum(axis=1).astype(np.int64),
        len(table.items),
        max(1, len(np.unique(clusters)) - 1),
        scored.chance,
        scored.in_percent and not scored.less_is_better and scored.of_items,
        lambda: table,
    )
