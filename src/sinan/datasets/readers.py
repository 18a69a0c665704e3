"""Rows of a file, one after the other: JSON lines, CSV, a JSON list, Parquet. Errors name the file and the line."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from sinan.errors import BadFile

csv.field_size_limit(1 << 30)  # the default of 128 KiB is less than a long question


_NONE: Mapping[str, str] = MappingProxyType({})


class Row(NamedTuple):
    """One row, and how a person finds it in the file."""

    place: str
    fields: dict[str, Any]
    written: Mapping[str, str] = _NONE
    """Decimal numbers of a JSON row as the file writes them: an answer 18.10 is `18.10`, not 18.1."""


def jsonl(path: Path) -> Iterator[Row]:
    """One JSON object per line; empty lines are skipped."""
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            row = _json_object(line, f"{path.name} line {number}")
            yield Row(f"line {number}", row, _written(line, row))


def csv_rows(path: Path) -> Iterator[Row]:
    """Records under a header; every value is text, an empty cell is no value."""
    records = csv.reader(_lines(path), strict=True)
    header: list[str] = []
    line = 1
    while (record := _next_record(records, path)) is not None:
        place, line = f"line {line}", records.line_num + 1
        if not any(cell.strip() for cell in record):
            continue
        if not header:
            header = _header(record, path)
            continue
        if len(record) != len(header):
            raise BadFile(f"{path.name} {place}: {len(record)} cells, but the header has {len(header)}")
        yield Row(place, {name: cell for name, cell in zip(header, record, strict=True) if cell != ""})


def json_list(path: Path, key: str = "") -> Iterator[Row]:
    """The objects of a JSON list, or of the list under `key`; read as a whole."""
    try:
        content = json.loads(path.read_text("utf-8-sig"))
        rows = content[key] if key else content
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadFile(f"{path.name} is not the JSON that was expected: {error!r}") from None
    yield from (Row(f"item {number}", row) for number, row in enumerate(rows))


def parquet(path: Path, at_once: int = 1024) -> Iterator[Row]:
    """Rows of a Parquet file, in its order; so many are held at once."""
    import duckdb

    try:
        with duckdb.connect(":memory:") as connection:
            relation = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in relation.description or ()]
            number = 0
            while rows := relation.fetchmany(at_once):
                for values in rows:
                    number += 1
                    yield Row(f"row {number}", dict(zip(names, map(_plain, values), strict=True)))
    except duckdb.Error as error:
        raise BadFile(f"{path.name} is not readable as Parquet: {str(error).splitlines()[0]}") from None


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {".jsonl": jsonl, ".csv": csv_rows, ".parquet": parquet}
"""By suffix: the shapes of a file of questions of one's own."""


def any_rows(path: Path, what: str) -> list[Row]:
    """All rows of a file in one of `READERS`, or of a JSON list of objects. `what` the file should hold, in a word.
    Raises BadFile."""
    suffix = path.suffix.lower()
    if not path.is_file():
        raise BadFile(f"{path} is no file: {what} are read from .json, {', '.join(READERS)}")
    if suffix in READERS:
        return list(READERS[suffix](path))
    if suffix != ".json":
        raise BadFile(f"{path.name}: {what} are read from .json, {', '.join(READERS)}, not from {suffix or 'this'}")
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{path.name} is no JSON: {error}") from None
    if not isinstance(content, list):
        raise BadFile(f"{path.name} is no list of rows")
    for number, row in enumerate(content, 1):
        if not isinstance(row, dict):
            raise BadFile(f"{path.name} item {number}: not an object")
    return [Row(f"item {number}", row) for number, row in enumerate(content, 1)]


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as packed:
        zipped = packed.peek(2)[:2] == b"\x1f\x8b"  # no text begins like this
        file = gzip.GzipFile(fileobj=packed) if zipped else packed
        for number, raw in enumerate(file, 1):
            text = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            try:
                yield text.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = f"0x{text[error.start]:02x}"
                raise BadFile(f"{path.name} line {number}: not UTF-8 (byte {byte}); save it as UTF-8") from None


def _json_object(line: str, place: str) -> dict[str, Any]:
    try:
        row = _decode(line)
        if "\\u" in line and "\\ud" in line.lower():
            json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise BadFile(f"{place}: half of a character (a lone \\ud... escape)") from None
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{place}: not JSON ({_reason(error)})") from None
    if not isinstance(row, dict):
        raise BadFile(f"{place}: not an object, but {json.dumps(row, ensure_ascii=False)[:40]}")
    return row


def _written(line: str, row: dict[str, Any]) -> Mapping[str, str]:
    decimals = [key for key, value in row.items() if isinstance(value, float)]
    if not decimals:
        return _NONE
    texts = json.loads(line, parse_float=str)
    return {key: texts[key] for key in decimals}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _next_record(records: Any, path: Path) -> list[str] | None:
    try:
        record: list[str] | None = next(records, None)
        return record
    except csv.Error as error:
        raise BadFile(f"{path.name} line {records.line_num}: not CSV ({error})") from None


def _header(record: list[str], path: Path) -> list[str]:
    names = [name.strip() for name in record]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        raise BadFile(f"{path.name} header: {f'{twice[0]} is there twice' if twice else 'a column has no name'}")
    return names


def _plain(value: Any) -> Any:
    """As JSON would have it: dates, decimals and the like as text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
