"""What is said to a model, and what it says: messages, their parts, and the prompt of one sample."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
class Tool:
    """A function that a model may ask to be called."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON schema of its arguments, an object."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str | tuple[Part, ...]
    tool_calls: tuple[ToolCall, ...] = ()
    """What an assistant's turn asks to be called."""
    tool_call_id: str = ""
    """Of a turn with role `tool`: the call whose result it is."""

    def to_json(self) -> dict[str, Any]:
        """The message as plain JSON; a picture appears as its hash, never as bytes or a local path."""
        content = self.content if isinstance(self.content, str) else [_part_json(part) for part in self.content]
        out: dict[str, Any] = {"role": self.role, "content": content}
        if self.tool_calls:
            out["tool_calls"] = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in self.tool_calls]
        if self.tool_call_id:
            out["tool_call_id"] = self.tool_call_id
        return out


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that one sample asks of a model: messages for a chat model, or text for a base model.

    For generation the model answers the messages or continues the text. Where the last message is the assistant's, it
    is the beginning of the answer (a prefill), and the completion is what follows it.
    For log-likelihoods `continuations` are the texts whose log-likelihood after the text (or after the messages, as
    the model's chat template writes them) is wanted.
    """

    messages: tuple[Message, ...] = ()
    text: str = ""
    continuations: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    """Where continuations stand after different texts: one per continuation, instead of `text` (partial evaluation,
    mutual information). Empty: all stand after `text` or the messages."""
    rolling: bool = False
    """Whether the log-likelihood of `text` itself is wanted, whole, in windows where it is longer than the model's
    context. There are no continuations then."""
    tools: tuple[Tool, ...] = ()
    turns: tuple[Message, ...] = ()
    """What the user says after the model's first answer, one message per further turn."""
    cut: bool = False
    """Whether a prompt that is too long for the model loses its beginning; else it is refused and counted as failed."""

    def to_json(self) -> Any:
        """The messages as JSON, or the text; where there is more to it, an object that holds all that is set."""
        asked: Any = [message.to_json() for message in self.messages] if self.messages else self.text
        more: dict[str, Any] = {}
        if self.continuations:
            more["continuations"] = list(self.continuations)
        if self.contexts:
            more["contexts"] = list(self.contexts)
        if self.rolling:
            more["rolling"] = True
        if self.tools:
            more["tools"] = [
                {"name": t.name, "description": t.description, "parameters": dict(t.parameters)} for t in self.tools
            ]
        if self.turns:
            more["turns"] = [message.to_json() for message in self.turns]
        if self.cut:
            more["cut"] = True
        return {"text": asked, **more} if more else asked

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(context, continuation), one per continuation; the context is `text` where there are no `contexts`."""
        contexts = self.contexts or (self.text,) * len(self.continuations)
        return tuple(zip(contexts, self.continuations, strict=True))

    @property
    def prefill(self) -> str:
        """The beginning of the answer that the last message gives; empty where it is not the assistant's."""
        last = self.messages[-1] if self.messages else None
        if last is None or last.role != "assistant" or last.tool_calls or not isinstance(last.content, str):
            return ""
        return last.content

    @property
    def hash(self) -> str:
        """sha256 of the canonical JSON: two prompts with one hash ask the very same thing."""
        return hashlib.sha256(canonical(self.to_json())).hexdigest()

    @property
    def images(self) -> tuple[Image, ...]:
        """Every picture of the prompt, in order."""
        parts = [m.content for m in self.messages if not isinstance(m.content, str)]
        return tuple(part for content in parts for part in content if isinstance(part, Image))


def prompt_text(prompt: Any) -> str:
    """What `Prompt.to_json` wrote, as a person reads it: roles in brackets, pictures by their hash, and below the text
    what else was set."""
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, dict):
        rest = [f"[{name}] {_value_text(value)}" for name, value in prompt.items() if name != "text"]
        return "\n".join([prompt_text(prompt["text"]), *rest])
    return "\n".join(_turn_text(turn) for turn in prompt)


def _turn_text(turn: Mapping[str, Any]) -> str:
    calls = [f"<call {call['name']} {call['arguments']}>" for call in turn.get("tool_calls", ())]
    return " ".join([f"[{turn['role']}]", _content_text(turn["content"]), *calls])


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(p["text"] if p["type"] == "text" else f"<picture {p['sha256'][:12]}>" for p in content)


def _value_text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " | ".join(map(repr, value))
    return json.dumps(value, ensure_ascii=False)


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no blanks, in UTF-8: equal values give equal bytes. Half a surrogate pair is kept."""
    return _canonical(value).encode("utf-8", "surrogatepass")


def _part_json(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image", "sha256": part.sha256, "media_type": part.media_type}
