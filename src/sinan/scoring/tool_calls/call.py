"""One call of a function, as it was read: nothing of it is ever run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST = 100_000
"""Characters that are parsed; no list of calls comes near."""
DEEPEST = 60
"""Brackets within brackets, those inside strings included."""


class Unreadable(ValueError):
    """A text that is no list of calls. The message says why, for the reader of a result."""


def bounded(text: str) -> str:
    """The text, if any parser can be trusted with it. Raises Unreadable where it is too long or too deep."""
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    deepest = now = 0
    for sign in text:
        if sign in "([{":
            now += 1
            deepest = max(deepest, now)
        elif sign in ")]}":
            now = max(0, now - 1)
    if deepest > DEEPEST:
        raise Unreadable(f"brackets more than {DEEPEST} deep")
    return text


@dataclass(frozen=True, slots=True)
class Opaque:
    """An expression that stands for no literal value: kept as it was written, equal to no allowed value."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function's name and its arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """By name. Of Java and JavaScript each value is the text of its expression, a string's without its quotes."""
    unnamed: tuple[Any, ...] = ()
    """Values without a name; the protocol asks for none."""

    def __str__(self) -> str:
        named = [f"{name}={shown(value)}" for name, value in self.arguments.items()]
        return f"{self.name}({', '.join([*map(shown, self.unnamed), *named])})"

    def to_json(self) -> dict[str, Any]:
        """As the evidence of a score holds it."""
        out: dict[str, Any] = {"name": self.name, "arguments": {k: plain(v) for k, v in self.arguments.items()}}
        return out | {"unnamed": plain(self.unnamed)} if self.unnamed else out


def shown(value: Any) -> str:
    """A value for a person to read; JSON where it is one."""
    return value.text if isinstance(value, Opaque) else json.dumps(plain(value), ensure_ascii=False)


def plain(value: Any) -> Any:
    """A value as JSON has it: tuples as lists, keys as text, what is no literal as its text."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Opaque):
        return value.text
    return value if _is_json(value) else str(value)


def _is_json(value: Any) -> bool:
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor no number
    return value is None or isinstance(value, str | int)
