r"""An answer that comes in chunks: from the data of a server-sent event to what the chunk in it holds.

Nothing here waits or reads a clock. A stream is a stranger's bytes: whatever they are, reading them gives chunks or
raises TransientError, and nothing else. A raw stream:

    data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n
    data: {"choices": [{"delta": {"content": "Four"}}]}\n\n
    data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}\n\n
    data: [DONE]\n\n
"""

import json
from collections.abc import Mapping, Sequence
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
    chunk, choices = _checked(_decoded(data))
    counted = usage(chunk) if isinstance(chunk.get("usage"), dict) else None
    wrote = [_wrote(choice) for choice in choices]
    return Chunk(any(wrote), counted, any(map(_finished, choices)))


def whole(events: Sequence[Any]) -> dict[str, Any]:
    """The reply that the same answer would be in one piece, from the JSON of all events of its stream: `read_chat` and
    `read_text` then read both alike. Raises TransientError where the stream was cut, broken or holds an error."""
    answer = _Answer()
    for event in events:
        chunk, choices = _checked(event)
        answer.usage = chunk.get("usage") or answer.usage
        for choice in choices[:1]:
            _wrote(choice)
            answer.take(choice)
    return answer.reply()


class _Answer:
    """What has come of one choice so far."""

    def __init__(self) -> None:
        self.usage: Any = None
        self._reason: Any = None
        self._texts: dict[str, list[str]] = {}
        """By field, of the delta or the choice."""
        self._calls: list[dict[str, Any]] = []
        self._slots: dict[int, dict[str, Any]] = {}

    def take(self, choice: dict[str, Any]) -> None:
        """One more chunk's part of the choice."""
        delta = choice.get("delta") or {}
        for name, value in (("text", choice.get("text")), *((name, delta.get(name)) for name in _TEXTS)):
            if isinstance(value, str):
                self._texts.setdefault(name, []).append(value)
        for part in delta.get("tool_calls") or []:
            self._take_call(part)
        if _finished(choice):
            self._reason = choice["finish_reason"]

    def _take_call(self, part: Any) -> None:
        """Parts of one call share an index; a server that gives none sends each call whole."""
        if not isinstance(part, dict):
            raise TransientError("a chunk of the stream has a tool call that cannot be read")
        function, index = part.get("function"), part.get("index")
        function = function if isinstance(function, dict) else {}
        call = self._slots.get(index) if isinstance(index, int) else None
        if call is None:
            call = {"id": None, "function": {"name": None, "arguments": ""}}
            self._calls.append(call)
            if isinstance(index, int):
                self._slots[index] = call
        call["id"] = call["id"] or part.get("id")
        call["function"]["name"] = call["function"]["name"] or function.get("name")
        more = function.get("arguments")
        if isinstance(more, str):
            call["function"]["arguments"] += more
        elif more is not None:  # the value itself, as some servers send it
            call["function"]["arguments"] = more

    def reply(self) -> dict[str, Any]:
        """As /chat/completions or /completions sends it."""
        if self._reason is None:
            raise TransientError("the stream ended without a finish_reason")
        texts: dict[str, Any] = {name: "".join(parts) for name, parts in self._texts.items()}
        said: dict[str, Any] = {"text": texts["text"]} if "text" in texts else {}
        said["message"] = texts | ({"tool_calls": self._calls} if self._calls else {})
        return {"choices": [said | {"finish_reason": self._reason}], "usage": self.usage}


_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


def _checked(chunk: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The chunk and its choices. Raises TransientError where it is no chunk, or an error."""
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
    return chunk, choices


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
