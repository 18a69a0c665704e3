"""Functions that a model may call: offered as tools, or described in a text with the form that calls have to take.

A sample holds them in its metadata as `functions` (`name`, `description`, and `parameters` as a JSON schema whose types
may be those of Python, Java or JavaScript: `dict`, `float`, `tuple`, `any`, `HashMap`...), and as `language` the
language that they are written in. `messages`, where there are any, are the conversation so far, and `turns` what a
user says later.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sinan.types import Form, Message, Prompt, Sample, Tool

_TYPES = {
    **dict.fromkeys(("integer", "byte", "short", "long", "Bigint"), "integer"),
    **dict.fromkeys(("number", "float", "double"), "number"),
    **dict.fromkeys(("boolean", "bool", "Boolean"), "boolean"),
    **dict.fromkeys(("array", "list", "tuple", "Array", "ArrayList", "Queue", "Stack", "Set"), "array"),
    **dict.fromkeys(("object", "dict", "HashMap", "Hashtable"), "object"),
}
_SYNTAX = {"python": "Python 3", "java": "Java 8", "javascript": "JavaScript"}

TEXT = """You can call the functions that are described below. If some of them serve the request, answer with the \
calls and nothing else, as one list:
[name1(parameter1=value1, parameter2=value2), name2(parameter=value)]
Every argument has its name, and all values are literals of {syntax}. If no function serves the request, or it does \
not say what a required parameter should be, call nothing and say so in a sentence.

Functions, as JSON:
{functions}"""


def plain_name(name: str) -> str:
    """A function's name as a tool's: providers take letters, digits, `_` and `-`, so a dot becomes `_`."""
    return name.replace(".", "_")


@dataclass(frozen=True)
class ToolsOffered:
    """The functions as tools of the request; a model that continues text gets them in the text."""

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt. There are no worked examples."""
        if form == "base":
            return ToolsAsText()(sample, form, shots)
        tools = tuple(tool(one, sample.metadata["language"]) for one in sample.metadata["functions"])
        turns = tuple(Message("user", said) for said in sample.metadata.get("turns", ()))
        return Prompt(messages=_conversation(sample), tools=tools, turns=turns)


@dataclass(frozen=True)
class ToolsAsText:
    """The functions and the form of calls as the first message, or as the beginning of a text."""

    told: str = TEXT

    def __call__(self, sample: Sample, form: Form, shots: Sequence[Sample]) -> Prompt:
        """The prompt. There are no worked examples."""
        functions = json.dumps(sample.metadata["functions"], ensure_ascii=False, indent=1)
        told = self.told.format(syntax=_SYNTAX[sample.metadata["language"]], functions=functions)
        turns = _conversation(sample)
        if form == "base":
            said = "\n\n".join(str(turn.content) for turn in turns)
            return Prompt(text=f"{told}\n\nRequest: {said}\nCalls: ")
        if turns[0].role == "system":
            told, turns = f"{told}\n\n{turns[0].content}", turns[1:]
        return Prompt(messages=(Message("system", told), *turns))


def tool(function: Mapping[str, Any], language: str) -> Tool:
    """A function as a tool, its parameters as JSON schema. Values of Java and JavaScript travel as texts."""
    parameters = function["parameters"]
    schema = _schema(parameters) if language == "python" else _as_texts(parameters, language)
    described = f"{function.get('description', '')} ({_SYNTAX[language]})".strip()
    return Tool(plain_name(function["name"]), described, {**schema, "type": "object"})


def _conversation(sample: Sample) -> tuple[Message, ...]:
    given = sample.metadata.get("messages")
    if not given:
        return (Message("user", sample.question),)
    return tuple(Message(one["role"], one["content"]) for one in given)


_KEPT = ("description", "enum", "default", "required", "format", "minimum", "maximum", "minItems", "maxItems")


def _schema(described: Mapping[str, Any]) -> dict[str, Any]:
    """JSON schema of a description; what JSON schema does not know is left out, an unknown type is a text."""
    out: dict[str, Any] = {key: described[key] for key in _KEPT if key in described}
    out["type"] = _TYPES.get(str(described.get("type", "")), "string")
    if described.get("type") == "float":
        out["format"] = "float"
    for key in ("items", "additionalProperties"):
        if isinstance(described.get(key), Mapping):
            out[key] = _schema(described[key])
    if isinstance(described.get("properties"), Mapping):
        out["properties"] = {name: _schema(one) for name, one in described["properties"].items()}
    return out


def _as_texts(described: Mapping[str, Any], language: str) -> dict[str, Any]:
    properties = {name: _as_text(one, language) for name, one in described.get("properties", {}).items()}
    return {"properties": properties, "required": list(described.get("required", ()))}


def _as_text(parameter: Mapping[str, Any], language: str) -> dict[str, str]:
    """A parameter as the text of an expression; its own type is said in words."""
    kind = str(parameter.get("type", "any"))
    items = parameter.get("items")
    of = f" of {items['type']}" if isinstance(items, Mapping) and "type" in items else ""
    keys = parameter.get("properties")
    holds = f", entries as {json.dumps(keys, ensure_ascii=False)}" if keys else ""
    wanted = "any expression" if kind == "any" else f"a {kind}{of}{holds}"
    said = re.sub(r"\s*\.?\s*$", "", str(parameter.get("description", "")))
    return {"type": "string", "description": f"{said}. Given as the text of {wanted} in {_SYNTAX[language]}."}
