"""Outcomes that are known already, replayed in the drawn order: what a race would have asked. No model is called."""

from dataclasses import replace
from typing import Any

import numpy as np

from sinan.engine.drawn import DrawnOrder, shuffled
from sinan.engine.prefix import Prefix
from sinan.errors import UsageError
from sinan.statistics.intervals import mean
from sinan.statistics.item_response import Guided, fit
from sinan.stopping.declared import Declared
from sinan.stopping.earlier import FEWEST
from sinan.stopping.procedures import procedure
from sinan.stopping.told import entry, head
from sinan.types.table import ScoreTable


def replayed(
    declared: Declared, table: ScoreTable, models: tuple[str, ...], seed: int, limit: int | None
) -> dict[str, Any]:
    """As `Following.to_json`. `limit`: only so many of the table's items, the first, are the whole. Raises UsageError
    for a model that is no column of the table."""
    for model in models:
        if model not in table.models:
            raise UsageError(f"{table.benchmark} has no column {model!r}. Its models: {', '.join(table.models[:12])}")
    items = table.items[:limit]
    units = tuple(shuffled(items, table.benchmark, seed))
    order = DrawnOrder(seed, units, (), (1,) * len(units))
    place = {item: at for at, item in enumerate(items)}
    others = [name for name in table.models if name not in models]
    if declared.kind == "place" or (declared.kind == "best" and declared.warm):
        declared = replace(declared, board={name: float(table.of(name)[: len(items)].mean()) for name in others})
    guesses = None
    if declared.kind == "place" and declared.warm and len(others) >= FEWEST:
        known = np.array([table.of(name) for name in others])[:, [place[unit] for unit in units]]
        guesses = Guided(fit(known)[0])
    prefix = Prefix(order, dict.fromkeys(models, mean), 1, [procedure(declared, models, len(units), guesses)])
    while not prefix.met:
        item = units[prefix.at]
        for model in [name for name in models if name in prefix.asking]:
            prefix.note(model, item, float(table.of(model)[place[item]]))
    found = entry(table.benchmark, declared.kind, prefix, prefix.procedures[0].decision())
    return head(declared, seed, True) | {"verdicts": [found], "notes": list(table.notes)}
