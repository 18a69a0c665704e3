"""A view of the leaderboards as a table to take away."""

import csv as writing
import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sinan.web.service.board_view import Seen, ViewRow
from sinan.web.service.boards import Standing

PARQUET = "application/vnd.apache.parquet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would carry out."""


def csv(seen: Seen) -> bytes:
    """UTF-8 with a header. A name that a spreadsheet would take for a formula is quoted by an apostrophe."""
    text = io.StringIO()
    writer = writing.writer(text, lineterminator="\n")
    names = list(_kinds(seen))
    writer.writerow([_inert(name) for name in names])
    for row in _rows(seen):
        writer.writerow(["" if row[name] is None else _inert(row[name]) for name in names])
    return text.getvalue().encode()


def _inert(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


def parquet(seen: Seen) -> bytes:
    """One row for each model."""
    import duckdb

    kinds = _kinds(seen)
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "rank.parquet"
        named = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}" {kind}' for name, kind in kinds.items())
        connection.execute(f"CREATE TABLE rank ({named})")
        rows = [[row[name] for name in kinds] for row in _rows(seen)]
        if rows:
            connection.executemany(f"INSERT INTO rank VALUES ({', '.join('?' * len(kinds))})", rows)
        connection.execute(f"COPY rank TO '{path.as_posix()}' (FORMAT parquet, COMPRESSION zstd)")
        return path.read_bytes()


def _kinds(seen: Seen) -> dict[str, str]:
    """Column -> its type in SQL."""
    kinds = {"model": "VARCHAR", "maker": "VARCHAR", "open_weights": "BOOLEAN", "billions": "DOUBLE"}
    kinds |= {"rank": "BIGINT", "rank_first": "BIGINT", "rank_last": "BIGINT", "tie_group": "VARCHAR"}
    kinds |= {"value": "DOUBLE", "ci_low": "DOUBLE", "ci_high": "DOUBLE", "n": "BIGINT"}
    kinds |= {"cost_per_1000": "DOUBLE", "tokens_per_answer": "DOUBLE", "date": "VARCHAR", "runs": "VARCHAR"}
    for column in seen.columns:
        slug = column.listed.slug
        kinds |= {slug: "DOUBLE", f"{slug} low": "DOUBLE", f"{slug} high": "DOUBLE"}
    return kinds


def _rows(seen: Seen) -> Iterator[dict[str, Any]]:
    for row in seen.rows:
        told = _row(row)
        for column, cell in zip(seen.columns, row.cells, strict=True):
            told |= _cell(column.listed.slug, cell)
        yield told


def _row(row: ViewRow) -> dict[str, Any]:
    one, known = row.standing, row.known
    told: dict[str, Any] = {"model": one.model, "maker": known.maker or None, "open_weights": known.open}
    told |= {"billions": known.billions, "rank": one.rank, "rank_first": one.first, "rank_last": one.last}
    told |= {"tie_group": one.ties, "value": one.value, "ci_low": one.low, "ci_high": one.high, "n": one.n}
    told |= {"cost_per_1000": row.cost_per_1000, "tokens_per_answer": row.tokens_per_answer, "date": one.date}
    return told | {"runs": " ".join(one.runs)}


def _cell(slug: str, cell: Standing | None) -> dict[str, Any]:
    ends = (None, None, None) if cell is None else (cell.value, cell.low, cell.high)
    return dict(zip((slug, f"{slug} low", f"{slug} high"), ends, strict=True))
