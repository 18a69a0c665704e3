"""Prompts that somebody wrote down, without answers: a text file, one per line, or JSON lines."""

from pathlib import Path
from typing import Any, cast, get_args

from sinan.datasets import readers
from sinan.errors import BadFile, UsageError
from sinan.types import Message, Prompt
from sinan.types.message import Role

_NAMES = ("prompt", "question", "input", "text", "messages")


def read(path: Path) -> list[Prompt]:
    """The prompts of a .txt (one per line) or .jsonl file (`prompt`, `question`, `input`, `text` or `messages`).

    Text becomes the prompt's text, messages its messages. Raises BadFile, naming the line.
    """
    if not path.is_file():
        raise UsageError(f"{path} is no file. Prompts are the lines of a .txt file, or the objects of a .jsonl file")
    if path.suffix.lower() == ".jsonl":
        prompts = [_prompt(row.fields, f"{path.name} {row.place}") for row in readers.jsonl(path)]
    else:
        prompts = [Prompt(text=line.strip()) for line in _lines(path) if line.strip()]
    if not prompts:
        raise BadFile(f"{path.name} holds no prompt")
    return prompts


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadFile(f"{path.name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _prompt(fields: dict[str, Any], place: str) -> Prompt:
    for name in _NAMES:
        value = fields.get(name)
        if isinstance(value, str) and value:
            return Prompt(text=value)
        if isinstance(value, list) and value:
            return Prompt(messages=tuple(_message(message, place) for message in value))
    raise BadFile(f"{place}: no prompt; name it one of {', '.join(_NAMES)}")


def _message(message: Any, place: str) -> Message:
    role = message.get("role") if isinstance(message, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if role not in get_args(Role) or not isinstance(content, str):
        raise BadFile(f"{place}: a message is an object with a role ({', '.join(get_args(Role))}) and a text `content`")
    return Message(cast(Role, role), content)
