"""Answers of finished runs, question by question: what guesses and previews are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinan import catalog, store
from sinan.asked import Asked
from sinan.engine import plan
from sinan.engine.drawn import DrawnOrder
from sinan.errors import UsageError
from sinan.stopping.board import standings
from sinan.stopping.declared import Declared
from sinan.store.tables import StoredCell, table
from sinan.types import Metric

if TYPE_CHECKING:
    from sinan.statistics.item_response import Items

FEWEST = 3
"""Earlier models. Of fewer nobody can say which questions are hard for all, and which for one."""


def with_earlier(declared: Declared, asked: Asked, runs: Path) -> Declared:
    """The same with the runs that it will learn from, which are then written down: a run that goes on learns from the
    same. Raises UsageError where there are too few."""
    if not declared.warm or declared.earlier:
        return declared
    found: dict[str, Any] = {}
    new = {model.name for model in asked.models}
    for benchmark in asked.benchmarks:
        name = plan.protocol_name(benchmark, asked.spec)
        version = catalog.version(benchmark, name)
        known = [one for one in standings(runs, benchmark, version, name, asked.spec) if one.model not in new]
        if len(known) < FEWEST:
            raise UsageError(
                f"--warm and --adaptive learn from finished runs of at least {FEWEST} other models on all of "
                f"{benchmark.id}, asked alike; {runs} has {len(known)}. Remedy: leave it out, or run some whole"
            )
        found[benchmark.id] = [[str(store.find(runs, one.run).path), one.model] for one in known]
    return replace(declared, earlier=found)


def items(earlier: Mapping[str, Sequence[Sequence[str]]], benchmark: str, order: DrawnOrder, metric: Metric) -> "Items":
    """What these runs tell of the questions, in the drawn order."""
    import numpy as np

    from sinan.statistics.item_response import fit

    cells = [
        StoredCell(store.find(Path(path).parent, path), benchmark, model, metric.of, metric.reduce)
        for path, model in earlier[benchmark]
    ]
    known = table(cells)
    at = {item: place for place, item in enumerate(known.items)}
    columns = np.array([at.get(unit, -1) for unit in order.units])
    scores = np.where(columns >= 0, known.values[:, columns], np.nan)
    return fit(scores)[0]
