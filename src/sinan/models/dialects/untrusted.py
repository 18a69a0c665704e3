"""Values of a stranger's JSON, read without trust: what is not as it should be is none, or a TransientError."""

import json
from collections.abc import Mapping
from typing import Any

from sinan.errors import TransientError


def count(value: Any) -> int | None:
    """A count of something; None where the value is none."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return value if is_count else None


def detail(counts: Mapping[str, Any], table: str, name: str) -> Any:
    """A value of a table in the table; None where there is none."""
    inner = counts.get(table)
    return inner.get(name) if isinstance(inner, dict) else None


def text_or_empty(value: Any) -> str:
    """The text; empty where the value is none."""
    return value if isinstance(value, str) else ""


def arguments(value: Any) -> str:
    """The arguments of a tool call as JSON text, whether they came as text or as the value itself."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        raise TransientError("the reply holds a tool call whose arguments are nested too deeply") from None


def server_error(reply: Any) -> str:
    """What a server says in a reply that holds its error instead of an answer, in one line; empty if it is silent."""
    error = reply.get("error") if isinstance(reply, dict) else None
    said = error.get("message") if isinstance(error, dict) else error
    return " ".join(said.split()) if isinstance(said, str) else ""
