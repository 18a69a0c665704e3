"""Calls in JSON, in the shapes that models and recorded outputs use.

`{"name": ..., "arguments": {...}}` (or `parameters`; also `function` for the name), OpenAI's
`{"type": "function", "function": {"name": ..., "arguments": "..."}}`, and BFCL's record `{"NAME": {...}}`; one of them,
or a list. Arguments may be JSON within a string.
"""

import json
from typing import Any, NoReturn

from sinan.scoring.tool_calls.call import Call, Unreadable, bounded


def json_calls(text: str) -> list[Call]:
    """The calls; empty for `[]`. Raises Unreadable."""
    found = _loaded(text)
    return [_call(one) for one in (found if isinstance(found, list) else [found])]


def is_record(text: str) -> bool:
    """Whether readable calls are a record of native ones: each one a name with its arguments as JSON text."""
    found = _loaded(text)
    calls = found if isinstance(found, list) else [found]
    written = [next(iter(one.values())) for one in calls if len(one) == 1]
    return len(written) == len(calls) and all(isinstance(one, str) and one.startswith("{") for one in written)


def arguments(written: Any) -> dict[str, Any]:
    """The arguments of a call, from an object or from its JSON text. Raises Unreadable."""
    value = _loaded(written or "{}") if isinstance(written, str) else written
    if not isinstance(value, dict):
        raise Unreadable(f"the arguments are no JSON object: {json.dumps(value, ensure_ascii=False)[:60]}")
    return value


def _call(item: Any) -> Call:
    if not isinstance(item, dict):
        raise Unreadable(f"{json.dumps(item, ensure_ascii=False)[:60]} is no call")
    inner = item.get("function")
    if isinstance(inner, dict):
        return _call(inner)
    name = item.get("name", inner)
    for key in ("arguments", "parameters"):
        if isinstance(name, str) and key in item:
            return Call(name, arguments(item[key]))
    if isinstance(name, str) and len(item) == 1 and not name.startswith("{"):
        return Call(name)
    if len(item) == 1:
        [(name, given)] = item.items()
        return Call(name, arguments(given))
    raise Unreadable("an object that names no function with its arguments")


def _loaded(text: str) -> Any:
    try:
        return json.loads(bounded(text), object_pairs_hook=_once, parse_constant=_refused)
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a key is given twice")
    return found


def _refused(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no JSON")
