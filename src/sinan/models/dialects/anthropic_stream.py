"""A streamed message of Anthropic's Messages API: its events put together to the message that they are parts of.

Reading gives the Completion that the whole message would have given, or raises TransientError, and nothing else.
Events, each with its `type`: message_start, content_block_start, content_block_delta, content_block_stop,
message_delta, message_stop, ping, error. Others are passed by: the API says that there may be more.

Source: platform.claude.com/docs/en/build-with-claude/streaming
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sinan.errors import Refused, TransientError
from sinan.models import refusal
from sinan.models.dialects.anthropic import read_message
from sinan.models.dialects.untrusted import server_error
from sinan.types import Completion

_PIECES = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Kind of a delta -> the field that holds its piece. Signatures and citations are no part of an answer."""
_TOO_MUCH = ("overloaded_error", "rate_limit_error")


def read_reply(reply: Any, stops: Sequence[str] = ()) -> Completion:
    """The completion in a whole message, or in the list of the events of a stream; see `read_message`."""
    return read_message(_whole(reply) if isinstance(reply, list) else reply, stops)


@dataclass
class _Message:
    """What has come of a message so far."""

    blocks: dict[int, dict[str, Any]] = field(default_factory=dict)
    pieces: dict[int, list[str]] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)
    """`stop_reason` and `stop_details`, as the server gave them."""
    stopped: bool = False

    def take(self, event: dict[str, Any]) -> None:
        """One event. Raises TransientError."""
        kind = event.get("type")
        if kind == "error":
            self._break(event)
        if kind == "message_start":
            self._count(_object(event, "message").get("usage"))
        elif kind == "content_block_start":
            self.blocks[_index(event)] = _object(event, "content_block")
        elif kind == "content_block_delta":
            self._add(_index(event), _object(event, "delta"))
        elif kind == "message_delta":
            self.end |= {name: value for name, value in _object(event, "delta").items() if value is not None}
            self._count(event.get("usage"))
        elif kind == "message_stop":
            self.stopped = True

    def _break(self, event: dict[str, Any]) -> None:
        """An error ends the stream; one by which a filter takes the answer back is a refusal."""
        said = server_error(event)
        if not refusal.declines(None, said):
            raise _error(event, said)
        self.end |= {"stop_reason": "refusal", "stop_details": {"explanation": said}}

    def _count(self, counts: Any) -> None:
        """Counts are of all so far, and those that are left out stand."""
        if isinstance(counts, dict):
            self.usage |= {name: value for name, value in counts.items() if value is not None}

    def _add(self, index: int, delta: dict[str, Any]) -> None:
        if index not in self.blocks:
            raise TransientError("the stream adds to a block that has not begun")
        name = _PIECES.get(str(delta.get("type")))
        if name is None:
            return
        piece = delta.get(name)
        if not isinstance(piece, str):
            raise TransientError("the stream holds a piece that is no text")
        self.pieces.setdefault(index, []).append(piece)

    def whole(self) -> dict[str, Any]:
        """The message. Raises TransientError where its end is missing."""
        if not self.stopped and not self.end.get("stop_reason"):
            raise TransientError("the stream ended before the answer did")
        content = [_filled(self.blocks[index], self.pieces.get(index, [])) for index in sorted(self.blocks)]
        return {"content": content, "usage": self.usage, **self.end}


def _whole(events: Sequence[Any]) -> dict[str, Any]:
    message = _Message()
    for event in events:
        if not isinstance(event, dict):
            raise TransientError("an event of the stream is no object")
        message.take(event)
    return message.whole()


def _filled(block: dict[str, Any], pieces: Sequence[str]) -> dict[str, Any]:
    """The block with the pieces that came after its start."""
    kind, added = block.get("type"), "".join(pieces)
    if not added or kind not in ("text", "thinking", "tool_use"):
        return block
    if kind == "tool_use":
        return {**block, "input": _input(added)}
    begun = block.get(str(kind))
    return {**block, str(kind): (begun if isinstance(begun, str) else "") + added}


def _input(text: str) -> Any:
    """The arguments of a tool call, as the whole message would hold them; the bare text where it was cut."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _object(event: dict[str, Any], name: str) -> dict[str, Any]:
    value = event.get(name)
    if not isinstance(value, dict):
        raise TransientError(f"an event of the stream has no {name}")
    return value


def _index(event: dict[str, Any]) -> int:
    index = event.get("index")
    if not isinstance(index, int):
        raise TransientError("an event of the stream does not say which block it is of")
    return index


def _error(event: dict[str, Any], said: str) -> TransientError:
    error = event.get("error")
    kind = error.get("type") if isinstance(error, dict) else None
    what = "the server sent an error in its stream" + (f": {said}" if said else "")
    return Refused(what) if kind in _TOO_MUCH else TransientError(what)
