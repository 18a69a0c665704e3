r"""An answer that comes in chunks: from the data of a server-sent event to what the chunk in it holds.

Nothing here waits or reads a clock. A stream is a stranger's bytes: whatever they are, reading them gives chunks or
raises TransientError, and nothing else. A raw stream:

    data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n
    data: {"choices": [{"delta": {"content": "Four"}}]}\n\n
    data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}\n\n
    data: [DONE]\n\n
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sinan.errors import TransientError
from sinan.models.dialects.openai import usage
from sinan.types import Usage

DONE = b"[DONE]"

_CONTENT = ("content", "reasoning_content", "reasoning", "refusal", "tool_calls")
"""Fields of a delta that hold what the model wrote."""
_BROKEN = ("error", "abort")


def streamed(body: Mapping[str, Any], with_usage: bool) -> dict[str, Any]:
    """The body of a request, asking for chunks; and for the server's count of the tokens in the last of them."""
    return dict(body) | {"stream": True} | ({"stream_options": {"include_usage": True}} if with_usage else {})


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one event says."""

    content: bool
    """Whether the model wrote something: text, reasoning or a part of a tool call."""
    usage: Usage | None
    """Where the server counted."""
    finished: bool = False
    """Whether it gives a reason for the end of the answer (`finish_reason`)."""


def read_chunk(data: bytes) -> Chunk:
    """The chunk in the data of an event, of /chat/completions or /completions.

    Raises TransientError where there is none; what the server said comes after a colon.
    """
    chunk = _decoded(data)
    if not isinstance(chunk, dict):
        raise TransientError("a chunk of the stream is no object")
    if error := chunk.get("error"):
        said = error.get("message") if isinstance(error, dict) else error
        raise TransientError("the server sent an error in its stream" + (f": {said}" if isinstance(said, str) else ""))
    choices = chunk.get("choices")
    if choices is None:
        choices = []
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise TransientError("a chunk of the stream has choices that cannot be read")
    counted = usage(chunk) if isinstance(chunk.get("usage"), dict) else None
    wrote = [_wrote(choice) for choice in choices]
    return Chunk(any(wrote), counted, any(map(_finished, choices)))


def _decoded(data: bytes) -> Any:
    """The JSON; the standard library reads half a surrogate pair and NaN, which orjson refuses."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise TransientError("a chunk of the stream is no JSON") from None


def _finished(choice: dict[str, Any]) -> bool:
    reason = choice.get("finish_reason")
    return isinstance(reason, str) and bool(reason)


def _wrote(choice: dict[str, Any]) -> bool:
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason in _BROKEN:
        raise TransientError(f"the server gave up on its answer (finish_reason {reason})")
    delta = choice.get("delta")
    if delta is not None and not isinstance(delta, dict):
        raise TransientError("a chunk of the stream has a delta that cannot be read")
    written = [choice.get("text"), *(delta.get(name) for name in _CONTENT)] if delta else [choice.get("text")]
    if not all(value is None or isinstance(value, str | list) for value in written):
        raise TransientError("a chunk of the stream has content that is no text")
    return any(written)
