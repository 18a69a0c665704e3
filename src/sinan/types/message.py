"""What is said to a model, and what it says: messages, their parts, and the prompt of one sample."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of text inside a message that also holds pictures."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, named by its content; the bytes stay on disk until the request is written to the wire."""

    path: str
    """Where the bytes are on this machine. Not part of the picture's identity."""
    sha256: str
    media_type: str
    """`image/png`, `image/jpeg`, `image/webp` or `image/gif`."""


Part = Text | Image


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool that a model asked for; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str | tuple[Part, ...]
    tool_calls: tuple[ToolCall, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The message as plain JSON; a picture appears as its hash, never as bytes or a local path."""
        content = self.content if isinstance(self.content, str) else [_part_json(part) for part in self.content]
        out: dict[str, Any] = {"role": self.role, "content": content}
        if self.tool_calls:
            out["tool_calls"] = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in self.tool_calls]
        return out


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that one sample asks of a model: messages for a chat model, or text for a base model.

    `continuations` are the texts whose log-likelihood after `text` is wanted; they are empty for generation.
    """

    messages: tuple[Message, ...] = ()
    text: str = ""
    continuations: tuple[str, ...] = ()

    def to_json(self) -> Any:
        """The messages as JSON, or the text; with continuations, an object that holds both."""
        asked: Any = [message.to_json() for message in self.messages] if self.messages else self.text
        return {"text": asked, "continuations": list(self.continuations)} if self.continuations else asked

    @property
    def hash(self) -> str:
        """sha256 of the canonical JSON: two prompts with one hash ask the very same thing."""
        return hashlib.sha256(canonical(self.to_json())).hexdigest()

    @property
    def images(self) -> tuple[Image, ...]:
        """Every picture of the prompt, in order."""
        parts = [m.content for m in self.messages if not isinstance(m.content, str)]
        return tuple(part for content in parts for part in content if isinstance(part, Image))


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no blanks, in UTF-8: equal values give equal bytes. Half a surrogate pair is kept."""
    return _canonical(value).encode("utf-8", "surrogatepass")


def _part_json(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image", "sha256": part.sha256, "media_type": part.media_type}
