"""The values of all cells of a run in one reading: a board of hundreds of models reads each run once."""

from collections.abc import Sequence
from typing import Any

from sinan.errors import StoreError
from sinan.store import frames
from sinan.store.folder import RunFolder
from sinan.store.tables import CellValues


def plain_values(folder: RunFolder, cells: Sequence[tuple[str, str]]) -> dict[tuple[str, str], CellValues]:
    """(benchmark, model) -> the mean score of each question, of the cells named; those that are not there are left
    out. Raises StoreError where the run cannot be read."""
    import duckdb
    import numpy as np

    try:
        with frames.reading(folder) as connection:
            rows = frames.rows(connection, folder)
            there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}
            found = connection.execute(_query(rows, there, sorted({benchmark for benchmark, _ in cells}))).fetchnumpy()
    except duckdb.Error as error:
        raise StoreError(f"{folder.path} cannot be read: {str(error).splitlines()[0]}") from None
    values = np.ma.filled(np.ma.asarray(found["value"], dtype=np.float64), np.nan)
    has = ~np.isnan(values)
    columns: dict[str, Any] = {name: column[has] for name, column in found.items()} | {"value": values[has]}
    wanted, cut = set(cells), {}
    for key, start, end in _parts(columns["benchmark"], columns["model"]):
        if key in wanted:
            unit, cluster, group, draws, value = (
                columns[name][start:end] for name in ("unit", "cluster", "group", "draws", "value")
            )
            cut[key] = CellValues(unit, value, cluster, group, int(draws.max(initial=1)))
    return cut


def _query(rows: str, there: set[str], benchmarks: Sequence[str]) -> str:
    unit = "coalesce(nullif(unit, ''), sample_id)" if "unit" in there else "sample_id"
    cluster = f"coalesce(nullif(cluster, ''), {unit})" if "cluster" in there else unit
    named = ", ".join(map(frames.literal, benchmarks))
    return (
        f'SELECT benchmark, model, {unit} AS unit, any_value({cluster}) AS cluster, any_value("group") AS "group", '
        f"count(score) AS draws, avg(score) AS value FROM {rows} "
        f"WHERE benchmark IN ({named}) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


def _parts(benchmarks: Any, models: Any) -> list[tuple[tuple[str, str], int, int]]:
    """Where each cell begins and ends in columns that are in the order of their cells."""
    import numpy as np

    if not len(benchmarks):
        return []
    new = np.flatnonzero((benchmarks[1:] != benchmarks[:-1]) | (models[1:] != models[:-1])) + 1
    starts, ends = [0, *new.tolist()], [*new.tolist(), len(benchmarks)]
    return [((benchmarks[start], models[start]), start, end) for start, end in zip(starts, ends, strict=True)]
