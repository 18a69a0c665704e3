"""From the bytes of an answer to its JSON, as servers really write it."""

import json
from typing import Any

import orjson

from sinan.models.event_stream import Events


def without(value: Any, key: str) -> Any:
    """The value without the key: as escapes it is not to be found in the bytes of a reply."""
    if isinstance(value, str):
        return value.replace(key, "(key)")
    if isinstance(value, dict):
        return {without(name, key): without(one, key) for name, one in value.items()}
    return [without(one, key) for one in value] if isinstance(value, list) else value


def reply(body: bytes) -> Any:
    """The JSON. The standard library reads what orjson refuses though servers send it: half of a surrogate pair in a
    model's text, a NaN among numbers that nobody needs (it becomes null)."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=lambda name: None)
    if not isinstance(value, dict):
        raise ValueError("an answer is an object")
    return value


def events(body: bytes) -> list[Any]:
    """The JSON of every event of a stream, in order; `[DONE]`, by which some servers close one, is none."""
    events = Events(line_limit=len(body))
    found = [reply(data) for data in events.feed(body) + events.end() if data != b"[DONE]"]
    if not found:
        raise ValueError("a stream has events")
    return found
