"""A verdict as one JSON object: the whole of the judge's text, or one fenced block that is the whole of it.

An object inside other words, two objects, a key that comes twice, a field too many or too few, a value out of its
range or another check code than the one that was shown: each of these is no verdict. Nothing is guessed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinan.scoring.judges.ruling import NoRuling, Ruling

_FENCED = re.compile(r"```(?:json|JSON)?[ \t]*\r?\n(?P<body>.*)\n[ \t]*```", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    """One of a few labels."""

    name: str
    labels: tuple[str, ...]

    def schema(self) -> Mapping[str, Any]:
        """Of the value."""
        return {"type": "string", "enum": list(self.labels)}

    def asked(self) -> str:
        """The value in words."""
        return "one of " + ", ".join(f'"{label}"' for label in self.labels)

    def wrong(self, value: Any) -> bool:
        """Whether the value is none of this field."""
        return not isinstance(value, str) or value not in self.labels


@dataclass(frozen=True)
class Grade:
    """A number on a scale."""

    name: str
    low: float
    high: float
    whole: bool = True
    meaning: str = ""

    def schema(self) -> Mapping[str, Any]:
        """Of the value. The scale is not in it: not every server enforces one, and the reader does."""
        return {"type": "integer" if self.whole else "number"}

    def asked(self) -> str:
        """The value in words."""
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.low:g} to {self.high:g}" + (f": {self.meaning}" if self.meaning else "")

    def wrong(self, value: Any) -> bool:
        """Whether the value is none of this field."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return not self.low <= value <= self.high or (self.whole and value != int(value))


@dataclass(frozen=True)
class Words:
    """Any text."""

    name: str
    meaning: str = ""

    def schema(self) -> Mapping[str, Any]:
        """Of the value."""
        return {"type": "string"}

    def asked(self) -> str:
        """The value in words."""
        return self.meaning or "a text"

    def wrong(self, value: Any) -> bool:
        """Whether the value is none of this field."""
        return not isinstance(value, str)


Field = Choice | Grade | Words
REASON = Words("reason", "why, in at most five sentences; before you decide")
CHECK = "check"


@dataclass(frozen=True)
class ByObject:
    """The fields of the object, in their order; the check code comes last."""

    fields: tuple[Field, ...]
    checked: bool = field(default=True)
    """Whether a check code is part of it."""

    def schema(self) -> Mapping[str, Any]:
        """The same for every question, so that a server compiles it once; the check code is a text in it."""
        properties = {one.name: one.schema() for one in self._all()}
        return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}

    def asked(self, check: str) -> str:
        """How the judge is told to answer."""
        lines = [f'- "{one.name}": {one.asked()}' for one in self.fields]
        if self.checked:
            lines.append(f'- "{CHECK}": the text "{check}"')
        head = "Answer with one JSON object and nothing before or after it. Its fields, in this order:"
        return "\n".join([head, *lines])

    def read(self, text: str, check: str, judged: Sequence[str] = ()) -> Ruling:
        """The ruling. Raises NoRuling."""
        found = only_object(text)
        self._refuse_fields(found)
        if self.checked and found[CHECK] != check:
            raise NoRuling("its check code is not the one that was asked for")
        for one in self.fields:
            if one.wrong(found[one.name]):
                raise NoRuling(f"its field `{one.name}` is not {one.asked()}")
        grades = {one.name: float(found[one.name]) for one in self.fields if isinstance(one, Grade)}
        texts = {one.name: str(found[one.name]) for one in self.fields if isinstance(one, Words)}
        labels = [str(found[one.name]) for one in self.fields if isinstance(one, Choice)]
        label = labels[0] if labels else f"{next(iter(grades.values()), 0.0):g}"
        return Ruling(label, grades, texts, (0, len(text)))

    def _all(self) -> tuple[Field, ...]:
        return (*self.fields, Words(CHECK)) if self.checked else self.fields

    def _refuse_fields(self, found: Mapping[str, Any]) -> None:
        names = [one.name for one in self._all()]
        missing = [name for name in names if name not in found]
        if missing:
            raise NoRuling(f"its object has no field `{missing[0]}`")
        more = [name for name in found if name not in names]
        if more:
            raise NoRuling(f"its object has a field `{more[0][:40]}` that was not asked for")


def only_object(text: str) -> dict[str, Any]:
    """The JSON object that the text is. Raises NoRuling where it is anything else, or more than that."""
    body = text.strip()
    fenced = _FENCED.fullmatch(body)
    if fenced:
        body = fenced["body"].strip()
    try:
        found = json.loads(body, object_pairs_hook=_each_once, parse_constant=_no_constant)
    except NoRuling:
        raise
    except (ValueError, RecursionError):
        raise NoRuling("it is not one JSON object and nothing else" if body else "it is empty") from None
    if not isinstance(found, dict):
        raise NoRuling("it is JSON, but no object")
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NoRuling("a field of its object comes twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
