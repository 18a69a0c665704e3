"""The values of all cells of a run in one reading: a board of hundreds of models reads each run once."""

from collections.abc import Iterator, Sequence
from typing import Any

from sinan.store import frames
from sinan.store.folder import RunFolder
from sinan.store.tables import CellValues

Cells = dict[tuple[str, str], CellValues]
"""(benchmark, model) -> its values."""


def plain_values(
    wanted: Sequence[tuple[RunFolder, Sequence[tuple[str, str]]]],
) -> Iterator[tuple[RunFolder, Cells]]:
    """Of each run the mean score of each question, of the cells named; those that are not there are left out. Raises
    StoreError where a run cannot be read."""
    if not wanted:
        return
    with frames.together(*(folder for folder, _ in wanted)) as (connection, found):
        for (folder, cells), rows in zip(wanted, found, strict=True):
            query = _query(rows, sorted({benchmark for benchmark, _ in cells}))
            yield folder, _cut(connection.execute(query).fetchnumpy(), set(cells))


def _cut(found: dict[str, Any], wanted: set[tuple[str, str]]) -> Cells:
    import numpy as np

    values = np.ma.filled(np.ma.asarray(found["value"], dtype=np.float64), np.nan)
    has = ~np.isnan(values)
    columns: dict[str, Any] = {name: column[has] for name, column in found.items()} | {"value": values[has]}
    cells = {}
    for key, part in _parts(columns["benchmark"], columns["model"]):
        if key in wanted:
            unit, cluster, group, draws, value = (
                columns[name][part] for name in ("unit", "cluster", "group", "draws", "value")
            )
            cells[key] = CellValues(unit, value, cluster, group, int(draws.max(initial=1)))
    return cells


def _query(rows: frames.Rows, benchmarks: Sequence[str]) -> str:
    unit = "coalesce(nullif(unit, ''), sample_id)" if "unit" in rows.columns else "sample_id"
    cluster = f"coalesce(nullif(cluster, ''), {unit})" if "cluster" in rows.columns else unit
    named = ", ".join(map(frames.literal, benchmarks))
    return (
        f'SELECT benchmark, model, {unit} AS unit, any_value({cluster}) AS cluster, any_value("group") AS "group", '
        f"count(score) AS draws, avg(score) AS value FROM {rows.sql} "
        f"WHERE benchmark IN ({named}) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


def _parts(benchmarks: Any, models: Any) -> Iterator[tuple[tuple[str, str], slice]]:
    """Where each cell begins and ends in columns that are in the order of their cells."""
    import numpy as np

    if not len(benchmarks):
        return
    new = np.flatnonzero((benchmarks[1:] != benchmarks[:-1]) | (models[1:] != models[:-1])) + 1
    starts, ends = [0, *new.tolist()], [*new.tolist(), len(benchmarks)]
    for start, end in zip(starts, ends, strict=True):
        yield (benchmarks[start], models[start]), slice(start, end)
