"""A file of one's own questions: one object per row, `.jsonl`, `.csv` or `.parquet`.

    {"question": "Capital of France?", "A": "Paris", "B": "Rome", "answer": "A"}

The question is the first of question, prompt, input, messages; the answer the first of answer, target, gold, label,
should_refuse, which may be a list of which any will do.
What has `instructions` ({"id", "kwargs"} each) or IFEval's `instruction_id_list` needs no answer, and neither does
what has `functions` and the right `calls` of them.
Instead of a question `turns` (a list of texts) are asked one after the other; then there may be no answers. Beside a
question they are what follows it.
choices or options (a list) or columns A, B, C... make it multiple choice, with a letter, an index from 0 or a
choice's text as the answer. `id`, `group`, `image` (paths relative to the file) are optional; the rest is metadata.

Everything is checked before the first request. A large file is streamed twice, then as the run needs it: memory holds
eight bytes per row, to find ids that occur twice. A small one is kept.
"""

import hashlib
import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from sinan.datasets import programs
from sinan.datasets.answers import LETTERS, choices_of, golds_of, is_numeric, letter_of, text_of
from sinan.datasets.clusters import Seen
from sinan.datasets.download import file_sha256
from sinan.datasets.pictures import picture
from sinan.datasets.readers import READERS, Row
from sinan.datasets.tool_rows import asks_for_calls, of_calls
from sinan.errors import BadFile
from sinan.types import Dataset, Image, Sample
from sinan.types.sample import shared_by

QUESTION = ("question", "prompt", "input", "messages")
ANSWER = ("answer", "target", "gold", "label", "should_refuse")
INSTRUCTIONS = ("instructions", "instruction_id_list")
FORMULA = re.compile(r"\\[a-zA-Z]+|\$[^$]+\$|\^\{?\d")
"""What answers to questions of mathematics hold, and others seldom."""
FEW = 100_000
KEPT_BYTES = 8 << 20
"""A file of up to so many bytes is read once and kept: ten thousand questions take some fifteen megabytes."""
OFTEN = 100
"""Rows between two looks at whether the file is still the same."""
ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True)
class Guess:
    """What the rows look like; decides how they are asked and judged unless the caller says otherwise."""

    shape: Literal["choice", "number", "text", "instructions", "calls", "program"]
    """`choice`: rows have options. `number`: every answer is a number. `instructions`: every row has instructions that
    a program can check. `calls`: every row has functions and the right calls. `program`: rows come with tests
    (`datasets.programs`). `text`: anything else."""
    rows: int
    mixed: bool = False
    """Some rows have options and some have none."""
    pictures: bool = False
    turns: bool = False
    """Some rows ask in several turns."""
    answers: bool = True
    """Whether there is anything to judge by."""
    languages: tuple[str, ...] = ()
    """Of the programs that are asked for."""
    formulas: bool = False
    """Some answers are written in LaTeX."""
    asks: str = ""
    """How programs are asked for, where it is the same in all rows."""
    cluster: str = ""
    """The column that says what questions share, so that error bars take them together; empty: nothing does."""
    sharing: str = ""
    """Which questions those are, in words."""


def questions(path: str | Path) -> tuple[Dataset, Guess]:
    """The questions of a file, checked whole. Raises BadFile with the line of the first fault."""
    file = Path(path)
    if not file.is_file():
        raise BadFile(f"{file} is no file. A file of questions is named by its path.")
    if file.suffix.lower() not in READERS:
        raise BadFile(f"{file.name}: questions are read from {', '.join(READERS)}, not from {file.suffix or 'this'}")
    state = _state(file)
    kept: list[Sample] | None = [] if file.stat().st_size <= KEPT_BYTES else None
    guess, hashes = _check(file, kept)
    fingerprint = file_sha256(file)
    _refuse_change(file, state)
    if hashes:
        fingerprint = hashlib.sha256("\n".join([fingerprint, *hashes]).encode()).hexdigest()
    read: Callable[[str, int], Iterator[Sample]]
    if kept is None:
        read = partial(_unchanged, file, state, guess.cluster)
    else:
        read = partial(_from_memory, tuple(_sharing(sample, guess.cluster) for sample in kept))
    return Dataset(read, size=guess.rows, fingerprint=fingerprint), guess


def checked_before(path: str | Path, guess: Guess, fingerprint: str) -> Dataset:
    """The questions of a file that was checked and whose guess was kept: nothing is read until they are asked for."""
    file = Path(path)
    return Dataset(partial(_unchanged, file, _state(file), guess.cluster), size=guess.rows, fingerprint=fingerprint)


def _from_memory(samples: tuple[Sample, ...], subset: str, seed: int) -> Iterator[Sample]:
    return iter(samples)


def _sharing(sample: Sample, column: str) -> Sample:
    return replace(sample, cluster=shared_by(sample, column)) if column else sample


def _unchanged(file: Path, state: tuple[int, ...], column: str, subset: str, seed: int) -> Iterator[Sample]:
    """The samples, as long as the file stays what it was when it was hashed: answers to other questions would stand
    under the hash of these."""
    try:
        for number, row in enumerate(_rows(file)):
            if number % OFTEN == 0:
                _refuse_change(file, state)
            yield _sharing(_sample(file, row, number), column)
    except BadFile:
        _refuse_change(file, state)  # it was sound when it was checked: that it was changed is what has to be said
        raise
    _refuse_change(file, state)


def _state(file: Path) -> tuple[int, ...]:
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _refuse_change(file: Path, state: tuple[int, ...]) -> None:
    try:
        same = _state(file) == state
    except OSError:
        same = False
    if not same:
        raise BadFile(f"{file} was changed while it was being asked. What was answered before is kept; run it again")


def _read(file: Path) -> Iterator[Sample]:
    return (_sample(file, row, number) for number, row in enumerate(_rows(file)))


def _rows(file: Path) -> Iterator[Row]:
    return READERS[file.suffix.lower()](file)


def _check(file: Path, kept: list[Sample] | None) -> tuple[Guess, list[str]]:
    """One pass over the file: its guess, and the hashes of its pictures. `kept` gets the samples."""
    seen = Seen()
    guess, hashes = _looked_at(file, kept, seen)
    column, sharing = seen.chosen()
    return replace(guess, cluster=column, sharing=sharing), hashes


def _looked_at(file: Path, kept: list[Sample] | None, seen: Seen) -> tuple[Guess, list[str]]:
    ids, pictures = array("q"), hashlib.sha256()
    choices = numbers = images = turns = answers = instructed = called = coded = 0
    programs_of, formulas = set[tuple[str, str]](), False
    for sample in _read(file):
        ids.append(hash(sample.id))
        seen.add(sample)
        if kept is not None:
            kept.append(sample)
        choices += bool(sample.choices)
        if kind := programs.kind(sample):
            programs_of.add(kind)
            coded += 1
        turns += _is_turns(sample.metadata.get("turns"))
        answers += bool(sample.target)
        instructed += _is_instructed(sample.metadata)
        called += asks_for_calls(sample.metadata)
        numbers += not sample.choices and all(map(is_numeric, sample.metadata.get("golds", (sample.target,))))
        formulas = formulas or FORMULA.search(sample.target) is not None
        for image in sample.images:
            images += 1
            pictures.update(image.sha256.encode())
    if not ids:
        raise BadFile(f"{file.name} holds no questions")
    _no_id_twice(file, ids)
    if 0 < instructed < len(ids):
        raise BadFile(f"{file.name}: {instructed} of {len(ids)} rows have instructions. Remedy: a file for each kind")
    shape: Literal["choice", "number", "text", "instructions", "calls", "program"]
    if 0 < called < len(ids):
        raise BadFile(f"{file.name}: {called} of {len(ids)} rows ask for calls. Remedy: a file of their own for them")
    if instructed or called:
        shape = "instructions" if instructed else "calls"
        return Guess(shape, len(ids), False, images > 0, turns > 0), [pictures.hexdigest()] if images else []
    shape = "choice" if choices else "number" if numbers == len(ids) else "program" if coded else "text"
    if 0 < coded < len(ids):
        raise BadFile(f"{file.name}: {coded} of {len(ids)} rows ask for programs. Remedy: a file of their own for them")
    if 0 < answers < len(ids):
        raise BadFile(f"{file.name}: {answers} of {len(ids)} rows have an answer. Remedy: give one to all, or to none")
    ways = {asks for _, asks in programs_of}
    guess = Guess(
        shape,
        len(ids),
        0 < choices < len(ids),
        images > 0,
        turns > 0,
        answers > 0,
        tuple(sorted({language for language, _ in programs_of})),
        formulas,
        ways.pop() if len(ways) == 1 else "",
    )
    return guess, [pictures.hexdigest()] if images else []


def _no_id_twice(file: Path, ids: "array[int]") -> None:
    suspects = _twice(ids)
    seen: dict[str, str] = {}
    for number, row in enumerate(_rows(file)) if suspects else ():
        name = _id(file, row, number)
        if name in seen:
            raise BadFile(f"{file.name} {row.place}: the id {name!r} is already that of {seen[name]}")
        if hash(name) in suspects:
            seen[name] = row.place


def _twice(hashes: "array[int]") -> set[int]:
    """Those that occur more than once. Few are counted by themselves: importing numpy would take longer."""
    if len(hashes) < FEW:
        seen: set[int] = set()
        return {h for h in hashes if h in seen or seen.add(h)}  # type: ignore[func-returns-value]
    import numpy

    values, counts = numpy.unique(numpy.frombuffer(hashes, dtype=numpy.int64), return_counts=True)
    return set(values[counts > 1].tolist())


def _sample(file: Path, row: Row, number: int) -> Sample:
    """The row as a sample. Raises BadFile that names the line."""
    where = f"{file.name} {row.place}"
    if program := programs.layout(row.fields):
        return program(row.fields, where, _id(file, row, number))
    question, asked_by, messages = _question(row.fields, where)
    choices, spent = choices_of(row.fields, where)
    answer_key = next((key for key in ANSWER if row.fields.get(key) is not None), None)
    raw = row.fields[answer_key] if answer_key else None
    golds = golds_of(raw, where) if isinstance(raw, list) and not choices else ()
    given = golds[0] if golds else row.written.get(answer_key or "", raw)
    answer = text_of(given, where, "the answer").strip() if answer_key else ""
    calls = asks_for_calls(row.fields)
    if not answer and (asked_by != "turns" or choices) and not _is_instructed(row.fields) and not calls:
        raise BadFile(f"{where}: no answer (one of {', '.join(ANSWER)}){_hint(row.fields)}")
    images = _images(file, row.fields.get("image"), where)
    used = {asked_by, answer_key, *spent, "id", "group", "image"}
    metadata = {key: value for key, value in row.fields.items() if key not in used}
    if calls:
        answer, metadata = of_calls(metadata, where)
    if golds:
        metadata["golds"] = golds
    if messages:
        metadata["messages"] = messages
    if asked_by == "turns":
        metadata["turns"] = row.fields["turns"][1:]
    group = row.fields.get("group")
    return Sample(
        id=_id(file, row, number),
        question=question,
        target=_target(file, raw, answer, choices, row.fields.get(spent[0]) if spent else None, where),
        choices=choices,
        group="" if group is None else text_of(group, where, "the group"),
        images=images,
        metadata=metadata,
    )


def _target(file: Path, raw: Any, answer: str, choices: tuple[str, ...], options: Any, where: str) -> str:
    """The answer, or the letter it means. A whole number beside options that are texts is an index, being no text. A
    letter is one of the options, though it be the text of another, in a file where all answers are letters."""
    if not choices:
        return answer
    first = options[0] if isinstance(options, list) else options
    if isinstance(raw, int) and not isinstance(raw, bool) and isinstance(first, str) and 0 <= raw < len(choices):
        return LETTERS[raw]
    if answer in choices and answer in tuple(LETTERS[: len(choices)]) and _all_letters(file, _state(file)):
        return answer
    return letter_of(answer, choices, where)


@lru_cache(maxsize=8)
def _all_letters(file: Path, state: tuple[int, ...]) -> bool:
    """Whether every answer of a file of several questions is a letter, and most options are none."""
    rows = answers = lettered = 0
    for row in _rows(file):
        answer = next((row.fields[key] for key in ANSWER if row.fields.get(key) is not None), None)
        choices, _ = choices_of(row.fields, f"{file.name} {row.place}")
        rows += bool(choices)
        answers += answer in tuple(LETTERS[: len(choices)])
        lettered += answer in choices
    return answers == rows > 2 * lettered


def _id(file: Path, row: Row, number: int) -> str:
    keys = ("id", *programs.IDS) if programs.layout(row.fields) else ("id",)
    given = next((row.fields[key] for key in keys if row.fields.get(key) not in (None, "")), None)
    return str(number) if given is None else text_of(given, f"{file.name} {row.place}", "the id")


def _question(row: dict[str, Any], where: str) -> tuple[str, str, list[dict[str, str]]]:
    """The question's text, the field it stands in, and the messages where it is a conversation."""
    key = next((key for key in (*QUESTION, "turns") if row.get(key) is not None), None)
    if key is None:
        raise BadFile(f"{where}: no question (one of {', '.join(QUESTION)}, turns)")
    value = row[key]
    if key == "turns":
        return _first_turn(value, where), key, []
    if isinstance(value, list):
        messages = _messages(value, where, key)
        return next(m["content"] for m in reversed(messages) if m["role"] == "user"), key, messages
    if not isinstance(value, str):
        raise BadFile(f"{where}: {key} is {type(value).__name__}, not text")
    if not value.strip():
        raise BadFile(f"{where}: {key} is empty")
    return value, key, []


def _first_turn(value: Any, where: str) -> str:
    if not value or not _is_turns(value):
        raise BadFile(f"{where}: turns must be a list of texts, none of them empty")
    return str(value[0])


def _is_turns(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(turn, str) and turn.strip() for turn in value)


def _hint(fields: Mapping[str, Any]) -> str:
    """What a row seems to be that lacks something, in words."""
    if fields.get("tests") is not None:
        return "; `tests` that take its place are a list of {input, output}"
    if fields.get("functions") is not None:
        return "; with `functions` the right `calls` take its place"
    return ""


def _is_instructed(fields: Mapping[str, Any]) -> bool:
    return any(fields.get(name) is not None for name in INSTRUCTIONS)


def _messages(value: list[Any], where: str, key: str) -> list[dict[str, str]]:
    for message in value:
        fields = message if isinstance(message, dict) else {}
        if fields.get("role") not in ROLES or not isinstance(fields.get("content"), str):
            raise BadFile(f"{where}: {key} must be a list of {{role, content}}; roles are {', '.join(ROLES)}")
    if not any(m["role"] == "user" and m["content"].strip() for m in value):
        raise BadFile(f"{where}: {key} holds no message of the user")
    return [{"role": m["role"], "content": m["content"]} for m in value]


def _images(file: Path, value: Any, where: str) -> tuple[Image, ...]:
    if value in (None, "", []):
        return ()
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name for name in names):
        raise BadFile(f"{where}: image must be a path, or a list of paths")
    return tuple(_image(file.parent / name, name, where) for name in names)


def _image(path: Path, name: str, where: str) -> Image:
    if "\0" in name or not path.is_file():
        raise BadFile(f"{where}: the image {name} is not there ({path})")
    status = path.stat()
    try:
        return _picture(path, status.st_mtime_ns, status.st_size)
    except (BadFile, OSError) as error:
        raise BadFile(f"{where}: {error}") from None


@lru_cache(maxsize=4096)
def _picture(path: Path, modified: int, size: int) -> Image:
    """Hashed once for both passes, as long as the file stays what it was."""
    return picture(path)
