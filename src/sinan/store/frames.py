"""samples.parquet: one row per draw, written from the journal and read a page at a time.

DuckDB does both: it streams JSON lines into Parquet without holding them, and reads only the columns and row groups
that a question touches.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinan.errors import StoreError
from sinan.store.folder import RunFolder

if TYPE_CHECKING:
    import duckdb

JOURNAL_COLUMNS = {
    "benchmark": "VARCHAR",
    "model": "VARCHAR",
    "sample_id": "VARCHAR",
    "draw": "INTEGER",
    "group": "VARCHAR",
    "prompt": "JSON",
    "prompt_hash": "VARCHAR",
    "completion": "VARCHAR",
    "reasoning": "VARCHAR",
    "tool_calls": "JSON",
    "loglikelihoods": "JSON",
    "finish_reason": "VARCHAR",
    "answer": "VARCHAR",
    "target": "VARCHAR",
    "score": "DOUBLE",
    "outcome": "VARCHAR",
    "explanation": "VARCHAR",
    "tokens_in": "BIGINT",
    "tokens_out": "BIGINT",
    "latency_s": "DOUBLE",
    "attempts": "INTEGER",
    "cost_usd": "DOUBLE",
    "metadata": "JSON",
}


def write_samples(folder: RunFolder, repeated: bool) -> None:
    """Write samples.parquet from the journal, whole or not at all. Raises StoreError.

    `repeated` says that some question may stand in the journal more than once; telling them apart costs memory.
    """
    import duckdb

    temporary = folder.samples.with_suffix(".tmp")
    form = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 10000)"
    query = f"COPY ({_from_journal(folder, repeated)}) TO {_quoted(temporary)} {form}"
    try:
        with _connect() as connection:
            connection.execute(query)
        temporary.replace(folder.samples)
    except (duckdb.Error, OSError) as error:
        temporary.unlink(missing_ok=True)
        first = str(error).splitlines()[0]
        raise StoreError(
            f"cannot write {folder.samples}: {first}. The journal is whole; resume the run to try again"
        ) from None


def relation(folder: RunFolder) -> "duckdb.DuckDBPyRelation":
    """All samples of a run, lazily: from samples.parquet, or from the journal while there is none."""
    return _connect().sql(f"SELECT * FROM {_rows(folder)}")


def page(
    folder: RunFolder, where: Mapping[str, Sequence[str]], limit: int, offset: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """Rows whose columns have one of the given values, in the run's order, and how many there are in all."""
    tests = [f'"{column}" IN ({", ".join(map(_literal, values))})' for column, values in where.items()]
    matching = f"FROM {_rows(folder)} WHERE {' AND '.join(tests) or 'true'}"
    with _reading(folder) as connection:
        total = connection.execute(f"SELECT count(*) {matching}").fetchall()[0][0]
        chosen = connection.execute(f"SELECT * {matching} LIMIT {int(limit)} OFFSET {int(offset)}")
        names = [column[0] for column in chosen.description or ()]
        return [dict(zip(names, row, strict=True)) for row in chosen.fetchall()], int(total)


@contextmanager
def _reading(folder: RunFolder) -> "Iterator[duckdb.DuckDBPyConnection]":
    import duckdb

    if not folder.journal.exists():
        raise StoreError(f"run {folder.id} has no journal: nothing was asked, or {folder.journal} was removed")
    try:
        with _connect() as connection:
            yield connection
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise StoreError(
            f"the samples of run {folder.id} cannot be read: {first}. Remove {folder.samples} if it is "
            "damaged: the journal has all that it says"
        ) from None


def _rows(folder: RunFolder) -> str:
    if folder.samples.exists():
        return f"read_parquet({_pattern(folder.samples)})"
    return f"({_from_journal(folder, repeated=True)})"


def _from_journal(folder: RunFolder, repeated: bool) -> str:
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in JOURNAL_COLUMNS.items())
    shown = ", ".join(
        f'"{name}"::VARCHAR AS "{name}"' if kind == "JSON" else f'"{name}"' for name, kind in JOURNAL_COLUMNS.items()
    )
    lines = (
        f"read_json({_pattern(folder.journal)}, format = 'newline_delimited', columns = {{{columns}}}, "
        "ignore_errors = true, maximum_object_size = 67108864)"
    )
    whole = f"SELECT {_literal(folder.id)} AS run, {shown} FROM {lines} WHERE outcome IS NOT NULL"
    if not repeated:
        return whole
    # A question that failed and was asked again on resume stands twice: the answered record is the one that counts.
    ranked = (
        "row_number() OVER (PARTITION BY benchmark, model, sample_id, draw ORDER BY finish_reason IS NULL, line) = 1"
    )
    numbered = f"SELECT *, row_number() OVER () AS line FROM ({whole})"
    return f"SELECT * EXCLUDE line FROM ({numbered}) QUALIFY {ranked} ORDER BY line"


def _connect() -> "duckdb.DuckDBPyConnection":
    import duckdb

    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.execute("SET enable_progress_bar = false")
    return connection


def _pattern(path: Path) -> str:
    """A path as DuckDB reads it: characters that it would take for a pattern are put in brackets."""
    return _quoted(Path("".join(f"[{c}]" if c in "*?[" else c for c in str(path))))


def _quoted(path: Path) -> str:
    return _literal(str(path))


def _literal(value: Any) -> str:
    text = str(value).replace("'", "''")
    return f"'{text}'"
