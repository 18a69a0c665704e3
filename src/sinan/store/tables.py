"""Stored cells of several runs as one table of numbers. Only the columns that count are read, and no text."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sinan.store import frames
from sinan.store.folder import RunFolder
from sinan.types.table import ScoreTable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Reduce = Callable[[Sequence[float]], float]


@dataclass(frozen=True, slots=True)
class StoredCell:
    """One cell of a stored run, and how the draws of a question become its value there."""

    folder: RunFolder
    benchmark: str
    model: str
    of: str = ""
    """Which of a score's values counts (`Metric.of`); empty: the score itself."""
    reduce: Reduce | None = None
    """The values of a question's draws and forms -> its value, NaN where it has none; None: their mean."""


@dataclass(frozen=True, slots=True, eq=False)
class CellValues:
    """The values of a cell, one for each question that has one, in the order of `items`."""

    items: "npt.NDArray[np.object_]"
    """Ids, sorted by their characters."""
    values: "npt.NDArray[np.float64]"
    clusters: "npt.NDArray[np.object_]"
    """An item's own id where it stands alone."""
    groups: "npt.NDArray[np.object_]"
    draws: int
    """Rows of a question, at most."""


def cell_values(cell: StoredCell) -> CellValues:
    """Read one cell. Raises StoreError where the run cannot be read."""
    import numpy as np

    found = frames.by_unit(cell.folder, cell.benchmark, cell.model, cell.of, whole=cell.reduce is not None)
    values = found["value"]
    if cell.reduce is not None:
        values = np.array([cell.reduce(own.tolist()) if len(own) else math.nan for own in values], dtype=np.float64)
    else:
        values = np.ma.filled(np.ma.asarray(values, dtype=np.float64), math.nan)
    has = ~np.isnan(values)
    draws = int(np.max(found["draws"][has], initial=1))
    return CellValues(found["unit"][has], values[has], found["cluster"][has], found["group"][has], draws)


def table(cells: Sequence[StoredCell], names: Sequence[str] = (), **about: Any) -> ScoreTable:
    """One row for each cell, one column for each question that any of them has. `names`: what the rows are called;
    empty: by their models. `about`: further fields of the table."""
    import numpy as np

    read = [cell_values(cell) for cell in cells]
    items = np.unique(np.concatenate([one.items for one in read])) if read else np.empty(0, dtype=object)
    values = np.full((len(read), len(items)), math.nan)
    clusters, groups = items.copy(), np.full(len(items), "", dtype=object)
    for row, one in zip(values, read, strict=True):
        places = np.searchsorted(items, one.items)
        row[places], clusters[places], groups[places] = one.values, one.clusters, one.groups
    return ScoreTable(
        cells[0].benchmark if cells else "",
        tuple(names or (cell.model for cell in cells)),
        tuple(items),
        values,
        tuple(clusters) if (clusters != items).any() else (),
        tuple(groups) if (groups != "").any() else (),
        tuple(cell.folder.id for cell in cells),
        max((one.draws for one in read), default=1),
        **about,
    )
