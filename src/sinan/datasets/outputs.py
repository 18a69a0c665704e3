"""Answers that were recorded elsewhere: the outputs that papers and other harnesses publish, in the forms they have.

A file is JSON lines, a JSON list, a JSON object of such rows by id, CSV, Parquet, a folder of such files, or one of
them inside a .zip or .gz. A field may lie deeper in a row: `model_output.choices.0.message.content`.
"""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sinan.datasets.readers import READERS, Row
from sinan.errors import BadFile

ANSWER = (
    "completion",
    "response",
    "output",
    "generated_text",
    "model_output.choices.0.message.content",
    "model_output",
    "model_outputs",
    "resps",
    "model_answer",
    "prediction",
    "answer",
    "text",
)
"""Fields that are looked for in this order where the user names none. `text` counts beside a question alone: elsewhere
it is the question."""
ID = (
    "sample_id",
    "id",
    "task_id",
    "question_id",
    "pid",
    "key",
    "uid",
    "unique_id",
    "example_id",
    "index",
    "doc_id",
    "idx",
)
QUESTION = (
    "question",
    "prompt",
    "instruction",
    "input",
    "query",
    "problem",
    "doc.question",
    "doc.problem",
    "doc.input",
)
LFS = "version https://git-lfs.github.com/spec/"
LARGEST = 2 << 30
"""Bytes of a file inside an archive: what claims to be larger is not unpacked."""


@dataclass(frozen=True, slots=True)
class Output:
    """One recorded answer."""

    place: str
    """Where it stands, for a person: `line 3`."""
    text: str
    id: str
    """Of its sample, as recorded; empty where the row has none."""
    question: str
    """As recorded; empty where the row has none."""
    number: int
    """Of its row, from 0."""
    finish_reason: str
    """`length` where the row says so, else `stop`."""
    turns: tuple[str, ...] = ()
    """The texts, where the field holds several in a list: the answers of a conversation, or several draws."""


@dataclass(frozen=True)
class Fields:
    """Which fields of a row hold what; None: the first known one that is there."""

    answer: str | None = None
    id: str | None = None
    gold_inside: bool = False
    """Whether the file holds the right answers too: then `answer` is none of the model's."""


class NoAnswers(BadFile):
    """A file whose rows have no field that an answer could stand in."""


def outputs(path: Path, fields: Fields, passed_over: list[str] | None = None) -> list[Output]:
    """All answers of a file or a folder. Raises BadFile with the place of the first fault.

    Of a folder, files without a field for answers, as of metrics, are passed over where others have one; `passed_over`
    takes their names.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)
        if not files:
            raise BadFile(f"{path} holds no file of answers ({', '.join(SUFFIXES)})")
        return _of_folder(files, fields, [] if passed_over is None else passed_over)
    rows = list(_rows(path))
    if not rows:
        raise BadFile(f"{path.name} holds no answers")
    unsure = {"answer", "text"} if fields.gold_inside else set() if _question(rows[0].fields) else {"text"}
    known = [field for field in ANSWER if field not in unsure]
    answer = fields.answer or _field(rows, known, path, "the model's answer", "--answer")
    if not _somewhere(rows, answer):
        raise NoAnswers(f"{path.name} {rows[0].place}: no field {answer}. It has: {', '.join(rows[0].fields)}")
    name = fields.id or next((key for key in ID if _at(rows[0].fields, key) is not None), None)
    if fields.id and not _somewhere(rows, fields.id):
        raise BadFile(f"{path.name} {rows[0].place}: no field {fields.id}. It has: {', '.join(rows[0].fields)}")
    return [_output(path, row, number, answer, name) for number, row in enumerate(rows)]


def _of_folder(files: Sequence[Path], fields: Fields, passed_over: list[str]) -> list[Output]:
    found: list[Output] = []
    first: NoAnswers | None = None
    for file in files:
        try:
            found += outputs(file, fields)
        except NoAnswers as error:
            passed_over.append(file.name)
            first = first or error
    if first is not None and not found:
        raise first
    return [replace(one, number=number) for number, one in enumerate(found)]


def _output(path: Path, row: Row, number: int, answer: str, name: str | None) -> Output:
    value = _at(row.fields, answer)
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    turns = tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else ()
    if value is None:
        value = ""
    if isinstance(value, Mapping):
        raise BadFile(
            f"{path.name} {row.place}: {answer} holds fields of its own, no text. Remedy: name the one that is meant, "
            f"such as --answer {answer}.{next(iter(value), 'NAME')}; it has: {', '.join(list(map(str, value))[:12])}"
        )
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        value = json.dumps(value, ensure_ascii=False)
    identity = _at(row.fields, name) if name else row.fields.get("_key")
    finish = str(row.fields.get("finish_reason") or "stop")
    return Output(
        f"{path.name} {row.place}",
        str(value),
        "" if identity is None else str(identity),
        _question(row.fields),
        number,
        "length" if finish in ("length", "max_tokens") else "stop",
        turns,
    )


def _question(row: Mapping[str, Any]) -> str:
    """What was asked, as recorded; of a conversation what the user said."""
    for key in QUESTION:
        if isinstance(text := _at(row, key), str):
            return text
    messages = row.get("messages")
    if not isinstance(messages, list):
        return ""
    asked = [one.get("content") for one in messages if isinstance(one, Mapping) and one.get("role") == "user"]
    return "\n".join(text for text in asked if isinstance(text, str))


def _field(rows: Sequence[Row], known: Sequence[str], path: Path, what: str, option: str) -> str:
    for key in known:
        if key in rows[0].fields and _somewhere(rows, key):
            return key
    raise NoAnswers(
        f"{path.name} {rows[0].place}: no field for {what} (one of {', '.join(known)}). Name it with {option} FIELD; "
        f"it has: {', '.join(list(rows[0].fields)[:12])}"
    )


def _somewhere(rows: Sequence[Row], field: str) -> bool:
    """Whether a row has the field: it may be null in the first one, where nothing was answered."""
    return any(_at(row.fields, field) is not None for row in rows)


def _at(row: Any, field: str) -> Any:
    """The value of a field, which may lie deeper; None where there is none."""
    if isinstance(row, Mapping) and field in row:
        return row[field]
    for part in field.split("."):
        if isinstance(row, Mapping):
            row = row.get(part)
        elif isinstance(row, list) and part.lstrip("-").isdigit() and -len(row) <= int(part) < len(row):
            row = row[int(part)]
        else:
            return None
    return row


def _rows(path: Path) -> Iterator[Row]:
    suffix = path.suffix.lower()
    if not path.is_file():
        raise BadFile(f"{path} is not there")
    if suffix in (".csv", ".parquet"):
        yield from READERS[suffix](path)
    else:
        yield from _json_rows(path, _text(path))


def _text(path: Path) -> str:
    """The file's text, unpacked where it is packed."""
    try:
        suffix = path.suffix.lower()
        if suffix == ".zip":
            raw = _unzipped(path)
        elif suffix == ".gz":
            with gzip.open(path) as packed:
                raw = packed.read(LARGEST + 1)
        else:
            raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise BadFile(f"{path.name} is larger than {LARGEST >> 30} GiB: split it")
        return raw.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error) as error:
        raise BadFile(f"{path.name} cannot be read: {error}") from None


def _unzipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        inside = [one for one in archive.infolist() if one.filename.lower().endswith((".json", ".jsonl"))]
        inside = [one for one in inside if not one.filename.startswith("__MACOSX")]
        if len(inside) != 1:
            raise BadFile(f"{path.name} holds {len(inside)} files of JSON, not one. Unpack it and name the folder")
        try:
            with archive.open(inside[0]) as file:
                return file.read(LARGEST + 1)
        except (RuntimeError, NotImplementedError):  # encrypted; packed in a way that Python does not know
            raise BadFile(f"{path.name} is encrypted or packed in an unknown way: unpack it yourself") from None


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(path, text)
        return
    if isinstance(whole, dict):
        if whole and all(isinstance(value, dict) for value in whole.values()):
            whole = [value | {"_key": key} for key, value in whole.items()]
        else:
            whole = next((value for value in whole.values() if isinstance(value, list)), [whole])
    if not isinstance(whole, list):
        raise BadFile(f"{path.name} holds {type(whole).__name__}, not a list of answers")
    for number, row in enumerate(whole):
        if isinstance(row, str):
            row = {"completion": row}
        if not isinstance(row, dict):
            raise BadFile(f"{path.name} item {number}: not an object, but {type(row).__name__}")
        yield Row(f"item {number}", row)


def _lines(path: Path, text: str) -> Iterator[Row]:
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        if number == 1 and line.startswith(LFS):
            raise BadFile(f"{path.name} is a pointer of Git LFS, not the file. Remedy: `git lfs pull` where it is from")
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadFile(f"{path.name} line {number}: not JSON ({error})") from None
        if not isinstance(row, dict):
            raise BadFile(f"{path.name} line {number}: not an object")
        yield Row(f"line {number}", row)


SUFFIXES = (".jsonl", ".json", ".csv", ".parquet", ".zip", ".gz")
"""Of the files that are read."""
