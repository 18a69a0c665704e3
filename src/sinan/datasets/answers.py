"""How a row of one's own file states its options and its answer."""

import ast
import re
from collections.abc import Mapping
from json import JSONDecodeError, dumps, loads
from typing import Any

from sinan.errors import BadFile

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NUMBER = re.compile(
    r"[-+−]?\s?[$€£¥]?\s?([0-9][0-9,]*(\.[0-9]+)?|\.[0-9]+)([eE][-+]?[0-9]{1,6})?\s?%?|[-+]?[0-9]+/[0-9]+"
)
_LETTER_AS_WRITTEN = re.compile(r"[(\[]?([A-Za-z])[)\].:]?")


def is_numeric(text: str) -> bool:
    """Whether an answer is a number and nothing else."""
    return _NUMBER.fullmatch(text.strip()) is not None


def text_of(value: Any, where: str, what: str) -> str:
    """A scalar as text, as JSON writes it: 18 is `18`, true is `true`. Raises BadFile for anything else."""
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, bool | int | float):
        return dumps(value)
    raise BadFile(f"{where}: {what} must be a text or a number, not {type(value).__name__}")


def golds_of(value: list[Any], where: str) -> list[str]:
    """The texts of a list of answers of which any will do. Raises BadFile where it holds none, or an empty one."""
    golds = [text_of(one, where, "an answer").strip() for one in value]
    if not golds or not all(golds):
        raise BadFile(f"{where}: a list of answers must hold one text at least, and none that is empty")
    return golds


def choices_of(row: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The options of a row and the fields they stand in; none where the answer is free."""
    key = next((key for key in ("choices", "options") if row.get(key) is not None), None)
    if key:
        return _checked([text_of(c, where, "a choice") for c in _list(row[key], where, key)], where), (key,)
    if row.get("A") is None or row.get("B") is None:
        return (), ()
    columns = sorted(key for key in row if len(key) == 1 and key in LETTERS)
    filled = [letter for letter in columns if row[letter] not in (None, "")]
    if filled != list(LETTERS[: len(filled)]):
        missing = next(letter for letter in LETTERS if letter not in filled)
        raise BadFile(f"{where}: the options leave out {missing}, but there is {filled[-1]}")
    texts = [text_of(row[letter], where, f"option {letter}") for letter in filled]
    return _checked(texts, where), tuple(columns)


def letter_of(answer: str, choices: tuple[str, ...], where: str) -> str:
    """The letter an answer means: a letter, an index from 0, or an option's text. Raises BadFile unless it is one."""
    letters = LETTERS[: len(choices)]
    for way in (_by_name, _by_folded_text):
        found = way(answer, choices, letters)
        if len(found) > 1:
            meant = ", ".join(sorted(found))
            raise BadFile(f"{where}: the answer {answer[:60]!r} could mean {meant}: give the letter")
        if found:
            return found.pop()
    written = _LETTER_AS_WRITTEN.fullmatch(answer)
    if written and written[1].upper() in letters:
        return written[1].upper()
    raise BadFile(
        f"{where}: the answer {answer[:60]!r} fits no choice (A to {letters[-1]}, 0 to {len(letters) - 1}, "
        "or the text of a choice)"
    )


def _by_name(answer: str, choices: tuple[str, ...], letters: str) -> set[str]:
    found = _by_text(answer, choices, letters, str)
    if len(answer) == 1 and answer in letters:
        found.add(answer)
    if answer.isascii() and answer.isdigit() and len(answer) <= 2 and int(answer) < len(letters):
        found.add(letters[int(answer)])
    return found


def _by_folded_text(answer: str, choices: tuple[str, ...], letters: str) -> set[str]:
    return _by_text(answer.casefold(), choices, letters, str.casefold)


def _by_text(answer: str, choices: tuple[str, ...], letters: str, fold: Any) -> set[str]:
    return {letter for letter, choice in zip(letters, choices, strict=True) if fold(choice.strip()) == answer}


def _list(value: Any, where: str, key: str) -> list[Any]:
    """The value as a list; a text may hold one as JSON writes it, or as Python does."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = loads(value)
        except (JSONDecodeError, RecursionError):
            value = _literal(value)
        if isinstance(value, list) and len(value) == 1:  # written twice over
            return _list(value[0], where, key)
    if not isinstance(value, list):
        raise BadFile(f"{where}: {key} must be a list; in a CSV, use columns A, B, C...")
    return value


def _literal(text: str) -> Any:
    """A list as Python writes it, in which nothing but literals can stand, and lists in it as texts; else the text."""
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return [str(one) if isinstance(one, list | tuple) else one for one in value] if isinstance(value, list) else text


def _checked(texts: list[str], where: str) -> tuple[str, ...]:
    if not 2 <= len(texts) <= len(LETTERS):
        raise BadFile(f"{where}: {len(texts)} choices; a choice is made among 2 to {len(LETTERS)}")
    if any(not text.strip() for text in texts):
        raise BadFile(f"{where}: choice {LETTERS[[bool(t.strip()) for t in texts].index(False)]} is empty")
    return tuple(texts)
