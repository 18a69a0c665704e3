"""A file of questions that somebody sent, looked at before it is kept: in a process of its own, with little memory and
little time, so that whatever it holds costs no more than itself.

Nothing is unpacked that says how large it is only afterwards: text that is compressed is refused; of Parquet the
declared sizes are read before its rows, and its rows are counted in bytes as they come. What is kept is JSON lines:
those that were sent, as they were, or those that were written here from CSV and Parquet. A row that names a picture is
refused, since the path would be one of this machine.
"""

import hashlib
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from sinan import catalog
from sinan.datasets import questions
from sinan.datasets.questions import ANSWER, INSTRUCTIONS, QUESTION
from sinan.datasets.readers import READERS, Row
from sinan.errors import BadFile, SinanError
from sinan.hub import in_words
from sinan.types import Sample
from sinan.web.service import behind, self_test

ROWS = 200_000
COLUMNS = 200
ROW_BYTES = 1 << 20
KEPT_BYTES = 256 << 20
"""Of what is kept: JSON lines of what was sent."""
DECLARED_BYTES = 1 << 30
"""That a Parquet file may say to hold once it is unpacked."""
DEPTH = 32
SECONDS = 60
BYTES = 2 << 30
"""Of the process's address space."""
HUNGRY = "it takes more memory than a file of questions may. Remedy: fewer or shorter rows"
FIRST = 5
SHOWN = 400
PACKED = {b"\x1f\x8b": "gzip", b"PK": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


def main() -> int:
    """The process: reads what to do from standard input, tells on standard output what was found, or the fault."""
    behind.limited(SECONDS, BYTES, KEPT_BYTES + ROW_BYTES)
    os.nice(10)
    order = orjson.loads(sys.stdin.buffer.read())
    try:
        told = checked(Path(order["source"]), Path(order["out"]), order["scorer"])
    except (MemoryError, RecursionError):
        told = {"fault": HUNGRY}
    except SinanError as error:
        told = {"fault": HUNGRY if "Out of Memory" in str(error) else str(error)}
    except OSError as error:
        told = {"fault": f"it cannot be kept: {error.strerror or 'it is too large'}"}
    sys.stdout.buffer.write(orjson.dumps(told))
    return 0


def checked(source: Path, out: Path, scorer: str | None) -> dict[str, Any]:
    """Write the questions as JSON lines to `out`, and tell what they are. Raises BadFile and others with the fault."""
    _refuse_packed(source)
    if source.suffix == ".parquet":
        _refuse_large(source)
    if source.suffix == ".jsonl":
        _refuse_long_lines(source)
    fields: Counter[str] = Counter()
    _keep(source, out, fields)
    if source.suffix != ".jsonl":
        questions(source)  # faults are told by the lines of what was sent
    return _report(out, scorer, fields)


def _report(out: Path, scorer: str | None, fields: Mapping[str, int]) -> dict[str, Any]:
    benchmark = catalog.from_file(out, scorer)
    dataset, guess = questions(out)
    protocol = benchmark.protocols["default"]
    told: dict[str, Any] = {
        "guess": asdict(guess),
        "rows": guess.rows,
        "shape": guess.shape,
        "scorer": type(protocol.scorer).__name__,
        "judged": in_words.judged(protocol),
        "note": benchmark.card.note,
        "fields": [{"name": name, "rows": count, "as": _role(name, fields)} for name, count in fields.items()],
        "first": [_shown(sample) for sample, _ in zip(dataset.read("", 0), range(FIRST), strict=False)],
        "duplicates": _duplicates(dataset.read("", 0)),
        "self_test": self_test.tested(protocol, guess.shape, lambda: dataset.read("", 0), guess.rows),
    }
    return {"report": told, "sha256": dataset.fingerprint}


def _refuse_packed(source: Path) -> None:
    with source.open("rb") as file:
        begins = file.read(8)
    if source.suffix == ".parquet":
        if not begins.startswith(b"PAR1"):
            raise BadFile(f"{source.name} is no Parquet file")
        return
    kind = next((kind for mark, kind in PACKED.items() if begins.startswith(mark)), None)
    if kind:
        raise BadFile(f"{source.name} is compressed ({kind}). Remedy: send it as it is")
    if begins.startswith(b"PAR1"):
        raise BadFile(f"{source.name} is Parquet, not {source.suffix.removeprefix('.')}. Remedy: say so")


def _refuse_large(source: Path) -> None:
    """By what the file says of itself, before any of it is unpacked."""
    import duckdb

    path = str(source)
    try:
        with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "512MB"}) as connection:
            found = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [path]).fetchall()
            rows = sum(row[0] for row in found)
            if not 0 <= rows <= ROWS:
                raise BadFile(f"{source.name} says that it has {rows:,} rows; up to {ROWS:,} are taken")
            columns = connection.execute("SELECT count(*) FROM parquet_schema(?)", [path]).fetchall()[0][0]
            if columns > COLUMNS:
                raise BadFile(f"{source.name} has {columns:,} columns; up to {COLUMNS} are taken")
            sizes = "SELECT coalesce(sum(greatest(total_uncompressed_size, 0)), 0) FROM parquet_metadata(?)"
            size = connection.execute(sizes, [path]).fetchall()[0][0]
            if size > DECLARED_BYTES:
                raise BadFile(f"{source.name} unpacks to {size:,} bytes; up to {DECLARED_BYTES:,} are taken")
    except duckdb.Error as error:
        raise BadFile(f"{source.name} is not readable as Parquet: {str(error).splitlines()[0]}") from None


def _refuse_long_lines(source: Path) -> None:
    with source.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(ROW_BYTES + 1), b""), 1):
            if len(line) > ROW_BYTES:
                raise BadFile(f"{source.name} line {number}: longer than {ROW_BYTES:,} bytes")


def _keep(source: Path, out: Path, fields: Counter[str]) -> None:
    """Every row looked at; written as JSON lines, where it is not one already."""
    as_sent, size, count = source.suffix == ".jsonl", 0, 0
    with out.open("wb") as file:
        for count, row in enumerate(_rows(source), 1):
            if count > ROWS:
                raise BadFile(f"{source.name} has more than {ROWS:,} rows")
            line = _line(row, f"{source.name} {row.place}")
            fields.update(row.fields.keys())
            size += len(line)
            if len(fields) > COLUMNS or size > KEPT_BYTES:
                most = f"{COLUMNS} fields" if len(fields) > COLUMNS else f"{KEPT_BYTES:,} bytes"
                raise BadFile(f"{source.name} {row.place}: more than {most} up to here")
            if not as_sent:
                file.write(line)
    if not count:
        raise BadFile(f"{source.name} holds no questions")
    if as_sent:
        shutil.copyfile(source, out)


def _rows(source: Path) -> Iterator[Row]:
    if source.suffix != ".parquet":
        return READERS[source.suffix](source)
    from sinan.datasets.readers import parquet

    return parquet(source, at_once=32)


def _line(row: Row, place: str) -> bytes:
    """The row as a line of JSON. Raises BadFile for what a question never holds."""
    if row.fields.get("image") not in (None, "", []):
        raise BadFile(f"{place}: it names a picture; files of questions that are sent here hold none")
    _look(row.fields, place, DEPTH)
    try:
        line = json.dumps(row.fields, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise BadFile(f"{place}: {error}") from None
    if len(line) > ROW_BYTES:
        raise BadFile(f"{place}: longer than {ROW_BYTES:,} bytes")
    return line


def _look(value: Any, place: str, depth: int) -> None:
    if depth < 0:
        raise BadFile(f"{place}: nested more than {DEPTH} deep")
    if isinstance(value, str) and "\0" in value:
        raise BadFile(f"{place}: holds the character NUL")
    if isinstance(value, float) and value != value:
        raise BadFile(f"{place}: holds a number that is none (NaN)")
    inside = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inside:
        _look(one, place, depth - 1)


def _role(name: str, fields: Mapping[str, int]) -> str:
    """What a field is taken for, as `datasets.questions` takes it."""
    if name == next((one for one in (*QUESTION, "turns") if one in fields), None):
        return "question"
    if name == next((one for one in ANSWER if one in fields), None):
        return "answer"
    if name in ("choices", "options") or (len(name) == 1 and name.isupper() and name.isascii()):
        return "choices"
    if name in ("id", "group", "tests", "functions", "calls", "turns", *INSTRUCTIONS):
        return name
    return "metadata"


def _shown(sample: Sample) -> dict[str, Any]:
    return {
        "id": sample.id[:SHOWN],
        "group": sample.group[:SHOWN],
        "question": sample.question[:SHOWN],
        "choices": [choice[:SHOWN] for choice in sample.choices[:26]],
        "target": sample.target[:SHOWN],
    }


def _duplicates(samples: Any) -> dict[str, Any]:
    """Questions that stand there more than once, white space and case apart."""
    seen: dict[bytes, str] = {}
    count, examples = 0, []
    for sample in samples:
        text = " ".join([sample.question, *sample.choices]).casefold()
        key = hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).digest()[:16]
        if key in seen:
            count += 1
            if len(examples) < FIRST:
                examples.append([seen[key], sample.id])
        else:
            seen[key] = sample.id
    return {"count": count, "examples": examples}


if __name__ == "__main__":
    sys.exit(main())
