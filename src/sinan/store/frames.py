"""samples.parquet: one row per draw, written from the journal and read a page at a time.

DuckDB does both: it streams JSON lines into Parquet without holding them, and reads only the columns and row groups
that a question touches. Of a question that stands in the journal more than once one record counts: which lines are
surpassed is found from the keys alone, and the texts are read in a second pass.
"""

import hashlib
import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from sinan.errors import StoreError
from sinan.store import damage, journal
from sinan.store.folder import RunFolder
from sinan.store.record import DEFAULTS, OUTCOMES, Record

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
    "cached": "BOOLEAN",
    "metadata": "JSON",
    "scores": "JSON",
    "shots": "JSON",
    "unit": "VARCHAR",
    "unit_size": "INTEGER",
    "cluster": "VARCHAR",
    "position": "BIGINT",
    "turns": "JSON",
    "prompt_ids": "VARCHAR",
    "readings": "JSON",
    "evidence": "JSON",
    "judging": "JSON",
    "judged": "BOOLEAN",
}

LEFT_OUT = {
    "draw": "0",
    "group": "''",
    "reasoning": "CASE WHEN j.completion IS NOT NULL THEN '' END",
    "tool_calls": "'[]'",
    "loglikelihoods": "'[]'",
    "finish_reason": "CASE WHEN j.completion IS NOT NULL THEN 'stop' END",
    "explanation": "''",
    "attempts": "1",
    "cached": "false",
    "metadata": "'{}'",
    "scores": "'{}'",
    "shots": "'[]'",
    "unit": "''",
    "unit_size": "1",
    "cluster": "''",
    "turns": "'[]'",
    "prompt_ids": "''",
    "readings": "'[]'",
    "evidence": "'{}'",
    "judging": "'{}'",
    "judged": "true",
}
"""What a column holds where its line says nothing: as in `record.decode`."""

KEY = ("benchmark", "model", "sample_id", "draw", "outcome", "completion", "finish_reason", "judged")
"""The columns that decide which of several records of one question counts."""

OBJECT_BYTES = 1 << 24
"""DuckDB's buffers are twice as large as the largest record that it shall read, for each thread."""
GROUP_ROWS, GROUP_BYTES = 10_000, 1 << 24
"""A row group of samples.parquet is held in memory until it is whole."""
KEYS_BYTES = 160 << 20
"""For finding the surpassed lines; beyond it DuckDB goes to disk."""
READERS = 4
"""Threads that read; one writes, so that rows keep their order and none has to be held back for it."""

_HANDED_OUT: list[Any] = []
"""Connections of relations: what is derived from a relation reads through its connection, and older versions of
DuckDB close it with the last name that it has."""


def write_samples(folder: RunFolder, repeated: bool, longest_of: int = 0) -> list[dict[str, Any]]:
    """Write samples.parquet from the journal, whole or not at all. Raises StoreError.

    `repeated` says that some question may stand in the journal more than once; to find out takes one more pass.
    Returns, where `longest_of` asks for it, of each cell the mean tokens and seconds of an answer, and so many of its
    longest samples as (sample id, seconds, tokens out).
    """
    temporary = folder.samples.with_suffix(".tmp")
    try:
        lines, longest = journal.extent(folder.journal)
        rows = max(1, min(GROUP_ROWS, GROUP_BYTES * lines // (folder.journal.stat().st_size or 1)))
        form = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {rows})"
        with _connect(threads=1) as connection:
            query = _from_journal(connection, folder, repeated, longest)
            connection.execute(f"COPY ({query}) TO {_quoted(temporary)} {form}")
            found = _lengths(connection, temporary, longest_of) if longest_of else []
        temporary.replace(folder.samples)
        return found
    except (core().Error, OSError) as error:
        temporary.unlink(missing_ok=True)
        first = str(error).splitlines()[0]
        raise StoreError(
            f"cannot write {folder.samples}: {first}. The journal is whole; resume the run to try again"
        ) from None


def relation(folder: RunFolder) -> "duckdb.DuckDBPyRelation":
    """All samples of a run, lazily: from samples.parquet, or from the journal while there is none."""
    import duckdb  # whole, since the caller is handed one of its objects

    connection = _connect(duckdb)
    _HANDED_OUT.append(connection)
    return connection.sql(f"SELECT * FROM {_rows(connection, folder)}")


def page(
    folder: RunFolder, where: Mapping[str, Sequence[str]], limit: int, offset: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """Rows whose columns have one of the given values, in the run's order, and how many there are in all."""
    if not where and not folder.samples.exists() and folder.journal.exists() and _each_once(folder):
        records = islice(journal.read(folder.journal), offset, offset + limit)
        return [_row(folder.id, record) for record in records], journal.extent(folder.journal)[0]
    tests = [f'"{column}" IN ({", ".join(map(literal, values))})' for column, values in where.items()]
    with _reading(folder) as connection:
        matching = f"FROM {_rows(connection, folder)} WHERE {' AND '.join(tests) or 'true'}"
        total = connection.execute(f"SELECT count(*) {matching}").fetchall()[0][0]
        chosen = connection.execute(f"SELECT * {matching} LIMIT {int(limit)} OFFSET {int(offset)}")
        names = [column[0] for column in chosen.description or ()]
        return [dict(zip(names, row, strict=True)) for row in chosen.fetchall()], int(total)


def of_cell(folder: RunFolder, benchmark: str, model: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """These columns of a cell's rows, by unit (or sample id, where it is one by itself), sample id and draw, in the
    order of their characters. None for a column that samples.parquet of an older sinan has not."""
    with _reading(folder) as connection:
        rows = _rows(connection, folder)
        there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}
        shown = ", ".join(f'"{name}"' if name in there else "NULL" for name in columns)
        unit = "coalesce(nullif(unit, ''), sample_id), " if "unit" in there else ""
        found = connection.execute(
            f"SELECT {shown} FROM {rows} WHERE benchmark = {literal(benchmark)} AND model = {literal(model)} "
            f"ORDER BY {unit}sample_id, draw"
        )
        while batch := found.fetchmany(10_000):
            yield from batch


def by_unit(folder: RunFolder, benchmark: str, model: str, of: str = "", whole: bool = False) -> dict[str, Any]:
    """The questions of a cell as columns (numpy arrays), in the order of their ids' characters: `unit`, `cluster` (the
    unit itself, where it shares nothing), `group`, `draws` (rows that have a value) and `value`: the mean of the rows'
    values, null where none has one; with `whole` the list of them. `of` names one of the score's values."""
    with _reading(folder) as connection:
        rows = _rows(connection, folder)
        there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}
        value = value_of(of)
        unit = "coalesce(nullif(unit, ''), sample_id)" if "unit" in there else "sample_id"
        cluster = f"coalesce(nullif(cluster, ''), {unit})" if "cluster" in there else unit
        together = (
            f"coalesce(list({value} ORDER BY sample_id, draw) FILTER ({value} IS NOT NULL), [])"
            if whole
            else f"avg({value})"
        )
        return dict(
            connection.execute(
                f'SELECT {unit} AS unit, any_value({cluster}) AS cluster, any_value("group") AS "group", '
                f"count({value}) AS draws, {together} AS value FROM {rows} "
                f"WHERE benchmark = {literal(benchmark)} AND model = {literal(model)} GROUP BY 1 ORDER BY 1"
            ).fetchnumpy()
        )


class Rows(NamedTuple):
    """All rows of a run, as one asks for them in a connection."""

    sql: str
    """What stands behind FROM."""
    columns: frozenset[str]
    """That are there: samples.parquet of an older sinan has fewer."""


@contextmanager
def together(*folders: RunFolder) -> "Iterator[tuple[duckdb.DuckDBPyConnection, list[Rows]]]":
    """One connection in which the rows of several runs can be asked for together. What does not fit into memory goes
    to a temporary folder. Raises StoreError for a run that cannot be read."""
    with TemporaryDirectory() as spill, _connect() as connection:
        connection.execute(f"SET temp_directory = {_quoted(Path(spill))}")
        found = []
        for folder in folders:
            with _readable(folder):
                rows = _rows(connection, folder)
                described = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
                found.append(Rows(rows, frozenset(row[0] for row in described)))
        with _readable(folders[-1]):
            yield connection, found


def value_of(name: str, width: int = 1) -> str:
    """SQL of a row's number: its score, or one of the score's values; of a metric that reads rows of numbers a list."""
    if not name:
        return "score"
    return f"TRY_CAST(json_extract(scores, {literal(_pointer(name))}) AS DOUBLE{'' if width == 1 else '[]'})"


def _pointer(name: str) -> str:
    """One key of a JSON object, whatever characters it has (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def opened(row: Mapping[str, Any]) -> Record:
    """A row with its columns of JSON as values, and every column that a record has."""
    texts = {name: row[name] for name, kind in JOURNAL_COLUMNS.items() if kind == "JSON" and row.get(name)}
    try:
        values = {name: orjson.loads(text) for name, text in texts.items()}
    except orjson.JSONDecodeError as error:
        raise StoreError(f"sample {row.get('sample_id')} of run {row.get('run')} is damaged: {error}") from None
    return {**DEFAULTS, **row, **values}


def sample_ids(folder: RunFolder, most: int) -> list[str]:
    """The first ids of a run, each once."""
    with _reading(folder) as connection:
        ids = connection.execute(f"SELECT sample_id FROM {_rows(connection, folder)} LIMIT {int(most)}")
        return list(dict.fromkeys(row[0] for row in ids.fetchall()))


def _lengths(connection: "duckdb.DuckDBPyConnection", samples: Path, most: int) -> list[dict[str, Any]]:
    longest = f"arg_max([sample_id, latency_s::VARCHAR, tokens_out::VARCHAR], latency_s, {int(most)})"
    rows = connection.execute(
        f"SELECT benchmark, model, avg(tokens_out), avg(latency_s), {longest} "
        f"FROM read_parquet({pattern(samples)}) WHERE completion IS NOT NULL GROUP BY benchmark, model"
    ).fetchall()
    names = ("benchmark", "model", "tokens_out", "latency_s", "longest")
    return [dict(zip(names, row, strict=True)) for row in rows]


@contextmanager
def _reading(folder: RunFolder) -> "Iterator[duckdb.DuckDBPyConnection]":
    with _readable(folder), _connect() as connection:
        yield connection


@contextmanager
def _readable(folder: RunFolder) -> Iterator[None]:
    if not folder.journal.exists():
        raise StoreError(f"run {folder.id} has no journal: nothing was asked, or {folder.journal} was removed")
    try:
        yield
    except core().Error as error:
        first = str(error).splitlines()[0]
        raise StoreError(
            f"the samples of run {folder.id} cannot be read: {first}. Remove {folder.samples} if it is "
            "damaged: the journal has all that it says"
        ) from None


def _each_once(folder: RunFolder) -> bool:
    """Whether no question stands in the journal twice: one process wrote it from the beginning, and no answer stood
    there before it had its verdict."""
    try:
        about = folder.about()
        return about.get("resumed") is False and not any(cell.get("waits") for cell in about["cells"])
    except StoreError:
        return False


def _row(run: str, record: Record) -> dict[str, Any]:
    """A record as DuckDB gives it: columns of JSON are text."""
    shown = {name: record[name] for name in JOURNAL_COLUMNS}
    texts = {name: orjson.dumps(shown[name]).decode() for name, kind in JOURNAL_COLUMNS.items() if kind == "JSON"}
    return {"run": run, **shown, **texts}


def _rows(connection: "duckdb.DuckDBPyConnection", folder: RunFolder) -> str:
    if folder.samples.exists():
        rows = f"read_parquet({pattern(folder.samples)})"
        described = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
        damage.refuse_other_columns(folder.samples, {row[0]: row[1] for row in described}, JOURNAL_COLUMNS)
        return f"(SELECT * FROM {rows} WHERE sample_id IS NOT NULL)"
    return f"({_from_journal(connection, folder, True, journal.extent(folder.journal)[1])})"


def _from_journal(connection: "duckdb.DuckDBPyConnection", folder: RunFolder, repeated: bool, longest: int) -> str:
    """The query of all rows, each question once. Lines that are no record of ours are passed over."""
    shown = ", ".join(f'{_value(name)} AS "{name}"' for name in JOURNAL_COLUMNS)
    lines, counts = _lines(folder, JOURNAL_COLUMNS, longest), _IS_RECORD
    table = f"surpassed_{hashlib.sha256(bytes(folder.path)).hexdigest()[:16]}"
    if repeated and _find_surpassed(connection, folder, longest, table):
        lines = f"(SELECT row_number() OVER () AS line, * FROM {lines})"
        counts += f" AND j.line NOT IN (SELECT line FROM {table})"
    return f"SELECT {literal(folder.id)} AS run, {shown} FROM {lines} AS j WHERE {counts}"


def _find_surpassed(connection: "duckdb.DuckDBPyConnection", folder: RunFolder, longest: int, table: str) -> int:
    """Make the table of lines that do not count, and say how many they are. A question's first answer counts, else
    its last failure; a key is held as 16 bytes."""
    lines = _lines(folder, {name: JOURNAL_COLUMNS[name] for name in KEY}, longest)
    connection.execute(f"SET memory_limit = '{(KEYS_BYTES + 4 * longest) >> 10}KiB'")
    connection.execute(f"SET temp_directory = {_quoted(folder.path / 'spill')}")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        WITH numbered AS (SELECT row_number() OVER () AS line, * FROM {lines}),
        keyed AS (
            SELECT line, {_value("finish_reason")} IS NOT NULL AND {_value("judged")} AS answered,
                md5_number(json_array(benchmark, model, sample_id, {_value("draw")})::VARCHAR) AS name
            FROM numbered AS j WHERE {_IS_RECORD}
        ),
        counting AS (
            SELECT name, coalesce(min(line) FILTER (answered), max(line)) AS line
            FROM keyed GROUP BY name HAVING count(*) > 1
        )
        SELECT keyed.line FROM keyed JOIN counting USING (name) WHERE keyed.line <> counting.line
    """)
    connection.execute("RESET memory_limit")
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _lines(folder: RunFolder, columns: Mapping[str, str], longest: int) -> str:
    named = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return (
        f"read_json({pattern(folder.journal)}, format = 'newline_delimited', columns = {{{named}}}, "
        f"ignore_errors = true, maximum_object_size = {max(OBJECT_BYTES, longest)})"
    )


def _value(name: str) -> str:
    """The column as samples.parquet has it."""
    value = f'j."{name}"::VARCHAR' if JOURNAL_COLUMNS[name] == "JSON" else f'j."{name}"'
    return f"coalesce({value}, {LEFT_OUT[name]})" if name in LEFT_OUT else value


_IS_RECORD = (
    f"j.outcome IN ({', '.join(map(repr, sorted(OUTCOMES)))}) "
    "AND j.benchmark IS NOT NULL AND j.model IS NOT NULL AND j.sample_id IS NOT NULL"
)


def prepare() -> None:
    """Load what the end of a run needs, while the run waits for its first answers."""
    core()


def core() -> Any:
    """DuckDB's core: the package around it imports what only its other readers need, for 0.14 s."""
    try:
        return importlib.import_module("_duckdb")
    except ImportError:  # before 1.4 the core lies inside the package
        return importlib.import_module("duckdb")


def _connect(module: Any = None, threads: int | None = None) -> "duckdb.DuckDBPyConnection":
    config: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    config["threads"] = threads or min(READERS, os.cpu_count() or 1)
    connection: duckdb.DuckDBPyConnection = (module or core()).connect(config=config)
    connection.execute("SET enable_progress_bar = false")
    return connection


def pattern(path: Path) -> str:
    """A path as DuckDB reads it: characters that it would take for a pattern are put in brackets."""
    return _quoted(Path("".join(f"[{c}]" if c in "*?[" else c for c in str(path))))


def _quoted(path: Path) -> str:
    return literal(str(path))


def literal(value: Any) -> str:
    """As SQL writes a text."""
    text = str(value).replace("'", "''")
    return f"'{text}'"
