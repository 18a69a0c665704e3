"""Rows of a file of one's own that ask for calls of functions: `functions` that may be called, `calls` that are right.

    {"question": "Weather in Rome?", "functions": [{"name": "weather", "description": "", "parameters": {...}}],
     "calls": [{"weather": {"city": ["Rome"]}}]}

What the scorer wants of them besides, it checks itself (`scoring.tool_calls`).
"""

import json
from collections.abc import Mapping
from typing import Any

from sinan.errors import BadFile

FIELDS = ("functions", "calls")


def asks_for_calls(fields: Mapping[str, Any]) -> bool:
    """Whether a row names functions, and the calls of them that are right."""
    return all(fields.get(name) is not None for name in FIELDS)


def of_calls(metadata: Mapping[str, Any], where: str) -> tuple[str, dict[str, Any]]:
    """The right calls in words, and the metadata of such a row: what is a text of JSON, as in a table, is opened, and
    functions are Python's where nothing else is said. Raises BadFile."""
    opened = {name: _opened(metadata[name], name, where) for name in FIELDS}
    functions = opened["functions"]
    if not isinstance(functions, list) or not functions or not all(map(_is_function, functions)):
        raise BadFile(f"{where}: functions must be a list of {{name, description, parameters}}, and not an empty one")
    told = opened["calls"] if isinstance(opened["calls"], str) else json.dumps(opened["calls"], ensure_ascii=False)
    return told, {"language": "python"} | dict(metadata) | opened


def _is_function(one: Any) -> bool:
    fields = one if isinstance(one, dict) else {}
    return isinstance(fields.get("name"), str) and isinstance(fields.get("parameters"), dict)


def _opened(value: Any, name: str, where: str) -> Any:
    if not isinstance(value, str) or value in ("none", "some"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise BadFile(f"{where}: {name} is not JSON") from None
