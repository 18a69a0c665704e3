"""The Responses API: between our nouns and OpenAI's items.

Pure functions. A reply is a stranger's JSON: whatever it holds, reading it gives a Completion or raises
TransientError, and nothing else but what the server itself says of the request (RequestRejected). A raw reply:

    {"status": "completed", "error": null, "incomplete_details": null,
     "output": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "2+2..."}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "4"}]}],
     "usage": {"input_tokens": 9, "output_tokens": 70, "input_tokens_details": {"cached_tokens": 0},
               "output_tokens_details": {"reasoning_tokens": 64}}}

Nothing is stored at the server (`store` is false), so a conversation is sent whole each time. Thoughts of earlier
turns are not sent back: they are the server's own, encrypted, and our messages have no place for them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sinan.errors import ModelError, Refused, RequestRejected, TransientError, Unsupported
from sinan.models.dialects.openai import (
    OFFICIAL,
    SCHEMA,
    Habits,
    data_url,
    function,
    merged,
    refuse_reserved,
    thinking,
)
from sinan.models.dialects.untrusted import count, detail
from sinan.models.refusal import declines
from sinan.types import Completion, Message, Prompt, Sampling, Text, ToolCall, Usage
from sinan.types.completion import FinishReason

_RESERVED = ("input", "instructions", "background", "conversation", "previous_response_id")
"""Besides those of every API."""

_INCOMPLETE: Mapping[str, FinishReason] = {"content_filter": "refusal"}
"""Reasons of a reply that is not complete; all others (`max_output_tokens`, `max_messages`...) mean that it was cut."""

_OVERLOADED = ("rate_limit_exceeded",)
_MAY_PASS = ("server_error", "vector_store_timeout")
"""Error codes that say nothing against the request; an error without a code is taken for one."""


def response_request(
    model: str,
    prompt: Prompt,
    sampling: Sampling,
    images: Mapping[str, bytes],
    habits: Habits = OFFICIAL,
    summary: str = "",
) -> dict[str, Any]:
    """Body of POST /responses. `images` holds the bytes of the prompt's pictures by sha256; `summary` is how much of
    the model's thoughts is told (`auto`, `concise`, `detailed`; empty: nothing).

    Stop strings have no field in this API: `stop_strings.cut` applies them to the answer. Raises Unsupported for what
    cannot be said at all, and RequestRejected for a parameter that is not the user's to set.
    """
    if prompt.prefill:
        raise Unsupported("the Responses API does not continue an answer that was begun (a prefill)")
    body: dict[str, Any] = {"model": model, "store": False}
    turns, first = prompt.messages, prompt.messages[:1]
    if first and first[0].role == "system" and isinstance(first[0].content, str):
        body["instructions"], turns = first[0].content, turns[1:]
    body["input"] = [item for message in turns for item in _items(message, images)]
    if prompt.tools:
        body["tools"] = [{"type": "function", "strict": False, **function(tool)} for tool in prompt.tools]
    return body | _parameters(sampling, habits, summary)


def _parameters(sampling: Sampling, habits: Habits, summary: str) -> dict[str, Any]:
    refuse_reserved(sampling, _RESERVED)
    if sampling.seed is not None:
        raise Unsupported("the Responses API takes no seed: leave it out, or use api=chat")
    bounds = dict(thinking(sampling, habits))
    effort = bounds.pop("reasoning_effort", sampling.reasoning_effort)
    reasoning = {name: value for name, value in (("effort", effort), ("summary", summary)) if value}
    fields: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_output_tokens": sampling.max_tokens,
        "reasoning": reasoning or None,
        "text": None if sampling.schema is None else {"format": _format(sampling.schema)},
    }
    return merged({k: v for k, v in fields.items() if v is not None}, bounds, sampling.extra)


def _format(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "name": SCHEMA, "schema": dict(schema), "strict": True}


def _items(message: Message, images: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """A turn is one item; each call that it asks for is one more."""
    if message.role == "tool":
        output = _content(message, images)
        return [{"type": "function_call_output", "call_id": message.tool_call_id, "output": output}]
    calls = [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
        for call in message.tool_calls
    ]
    said = [{"role": message.role, "content": _content(message, images)}] if message.content or not calls else []
    return said + calls


def _content(message: Message, images: Mapping[str, bytes]) -> str | list[dict[str, Any]]:
    if isinstance(message.content, str):
        return message.content
    if message.role == "assistant":
        texts = [part.text for part in message.content if isinstance(part, Text)]
        if len(texts) < len(message.content):
            raise RequestRejected("the Responses API takes no pictures in the assistant's turns")
        return "".join(texts)
    return [
        {"type": "input_text", "text": part.text}
        if isinstance(part, Text)
        else {"type": "input_image", "detail": "auto", "image_url": data_url(part, images)}
        for part in message.content
    ]


def read_response(reply: Any) -> Completion:
    """The completion in a reply, or in the list of events of a streamed one.

    Raises TransientError where there is none or where another try may succeed, and RequestRejected for an error that
    is about the request.
    """
    if isinstance(reply, list):
        reply = _last(reply)
    if not isinstance(reply, dict):
        raise TransientError("the reply is no object")
    if error := reply.get("error"):
        return _declined(error if isinstance(error, dict) else {"message": error}, reply)
    output = reply.get("output")
    if not isinstance(output, list) or not all(isinstance(item, dict) for item in output):
        raise TransientError("the reply holds no list of output items")
    status = reply.get("status")
    if status not in (None, "completed", "incomplete"):
        raise TransientError(f"the reply is not whole (status {status})")
    return _completion(reply, output, cut=status == "incomplete")


def _completion(reply: dict[str, Any], output: list[dict[str, Any]], cut: bool) -> Completion:
    texts, refusals = _said(output)
    reasoning = "\n\n".join(filter(None, map(_thoughts, output)))
    calls = tuple(_tool_call(item) for item in output if item.get("type") == "function_call")
    reason: FinishReason = "tool_calls" if calls else "stop"
    if cut:
        why = detail(reply, "incomplete_details", "reason")
        reason = _INCOMPLETE.get(why, "length") if isinstance(why, str) else "length"
    elif refusals:
        reason = "refusal"
    if not (texts or refusals or calls or reasoning) and reason == "stop":
        raise TransientError("the reply holds neither a message nor a call")
    return Completion("".join(texts) or "".join(refusals), reason, usage(reply), reasoning, calls)


def usage(reply: dict[str, Any]) -> Usage:
    """Token counts; None for what is missing or no count."""
    counts = reply.get("usage")
    if not isinstance(counts, dict):
        return Usage()
    read, written = (
        count(detail(counts, "input_tokens_details", name)) for name in ("cached_tokens", "cache_write_tokens")
    )
    thought = count(detail(counts, "output_tokens_details", "reasoning_tokens"))
    return Usage(count(counts.get("input_tokens")), count(counts.get("output_tokens")), read, written, thought)


def _said(output: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Texts and refusals of all messages, in order."""
    parts = [part for item in output if item.get("type") == "message" for part in _parts(item, "content")]
    texts = [part.get("text") for part in parts if part.get("type") == "output_text"]
    refusals = [part.get("refusal") for part in parts if part.get("type") == "refusal"]
    if not all(isinstance(text, str) for text in (*texts, *refusals)):
        raise TransientError("the reply's message holds a part without text")
    return [text for text in texts if isinstance(text, str)], [text for text in refusals if isinstance(text, str)]


def _thoughts(item: dict[str, Any]) -> str:
    """Of a reasoning item: the thoughts themselves where the server gives them (open weights), else its summary."""
    if item.get("type") != "reasoning":
        return ""
    for field, blank in (("content", ""), ("summary", "\n\n")):
        texts = [part["text"] for part in _parts(item, field) if isinstance(part.get("text"), str)]
        if texts:
            return blank.join(texts)
    return ""


def _parts(item: dict[str, Any], field: str) -> list[dict[str, Any]]:
    parts = item.get(field) or []
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise TransientError(f"the reply's {item.get('type')} holds parts that cannot be read")
    return parts


def _tool_call(item: dict[str, Any]) -> ToolCall:
    call_id, name, arguments = item.get("call_id"), item.get("name"), item.get("arguments")
    if not isinstance(name, str) or not isinstance(arguments, str):
        raise TransientError("the reply holds a function call without a name or arguments")
    return ToolCall(call_id if isinstance(call_id, str) else "", name, arguments)


def _declined(error: dict[str, Any], reply: dict[str, Any]) -> Completion:
    """A refusal, where the error is one; raises all others."""
    code, said = error.get("code"), error.get("message")
    said = said if isinstance(said, str) else ""
    if declines(code, said):
        return Completion(said, "refusal", usage(reply))
    raise _error(code, f"the reply holds an error: {said} ({code})")


def _error(code: Any, said: str) -> ModelError:
    if code in _OVERLOADED:
        return Refused(said)
    return TransientError(said) if code is None or code in _MAY_PASS else RequestRejected(said)


_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


def _last(events: Sequence[Any]) -> Any:
    """The reply that a stream's last event holds. Servers that leave its output empty have sent the items before."""
    items: list[Any] = []
    for event in events:
        if not isinstance(event, dict):
            raise TransientError("an event of the stream is no object")
        kind = event.get("type")
        if kind == "error" or (kind is None and "error" in event):
            inner = event.get("error")
            return {"error": inner if isinstance(inner, dict) else event}
        if kind == "response.output_item.done":
            items.append(event.get("item"))
        if kind in _ENDS:
            reply = event.get("response")
            return reply | {"output": reply.get("output") or items} if isinstance(reply, dict) else reply
    raise TransientError("the stream ended without its last event")
