"""Anthropic's Messages API, between our nouns and its JSON; streams are in `anthropic_stream`.

Pure functions. What the API cannot express is refused before anything is sent, never changed in silence. A reply is a
stranger's JSON: whatever it holds, reading it gives a Completion or raises TransientError, and nothing else. A raw one:

    {"type": "message", "role": "assistant", "stop_reason": "end_turn",
     "content": [{"type": "thinking", "thinking": "2+2..."}, {"type": "text", "text": "4"}],
     "usage": {"input_tokens": 9, "cache_read_input_tokens": 0, "output_tokens": 12}}

Source: platform.claude.com/docs/en/api/messages, API versions 2023-06-01 and 2026-10-21.
"""

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import Any

from sinan.errors import RequestRejected, TransientError, Unsupported
from sinan.models.dialects.stop_strings import cut
from sinan.models.dialects.untrusted import arguments, count, detail, server_error, text_or_empty
from sinan.models.parameters import RESERVED
from sinan.types import Completion, Message, Part, Prompt, Sampling, Text, Tool, ToolCall, Usage
from sinan.types.completion import FinishReason

MAX_TOKENS = 8192
"""Sent where nobody says how long an answer may be, since the API wants to be told; thoughts that are asked for by
their number are added to it. Every model that is served bears as much."""
DRAWING = ("temperature", "top_p", "top_k")
"""Fields that API version 2026-10-21 does not have, and newer models refuse."""
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_LEAST_THOUGHT = 1024
_FINISH: Mapping[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "refusal": "refusal",
    "tool_use": "tool_calls",
}
"""Everything else (`end_turn`, `stop_sequence`) is a `stop`. A paused turn is one that was cut before its end."""


# ---- the request


def message_request(
    model: str,
    prompt: Prompt,
    sampling: Sampling,
    images: Mapping[str, bytes],
    leave_out: Collection[str] = (),
) -> dict[str, Any]:
    """Body of POST /messages. `images` holds the bytes of the prompt's pictures by sha256; `leave_out` names fields
    that are not sent, whatever the sampling says. Stop strings of blanks alone are not sent either: see `withheld`.

    Raises RequestRejected for a prompt that cannot be sent, and Unsupported for what the API cannot do for any.
    """
    system = tuple(takewhile(lambda message: message.role == "system", prompt.messages))
    turns = _turns(prompt.messages[len(system) :], images)
    if not turns:
        raise RequestRejected("the prompt holds no message but the system's")
    body: dict[str, Any] = {"model": model, "messages": turns}
    if system:
        body["system"] = _system(system)
    if prompt.tools:
        body["tools"] = [_tool(tool) for tool in prompt.tools]
    return body | _parameters(sampling, body, leave_out)


def withheld(sampling: Sampling) -> tuple[str, ...]:
    """Stop strings that the API refuses (of blanks alone). Readers cut the answer at them, as a server would have:
    the completion is the same, and only the tokens after them are paid for."""
    return () if sampling.think_end is not None else tuple(stop for stop in sampling.stop if not stop.strip())


def _parameters(sampling: Sampling, body: Mapping[str, Any], leave_out: Collection[str]) -> dict[str, Any]:
    """The fields of a request that say how to answer."""
    if sampling.seed is not None:
        raise Unsupported("the Messages API takes no seed: leave it out (repeated draws: --samples)")
    thinking = _thinking(sampling)
    ours = {
        "max_tokens": _max_tokens(sampling),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stop_sequences": _stops(sampling),
        "thinking": thinking,
        "output_config": _output_config(sampling),
    }
    ours = {name: value for name, value in ours.items() if value not in (None, []) and name not in leave_out}
    if thinking is not None and thinking["type"] != "disabled" and ours.get("temperature", 1) != 1:
        raise Unsupported(
            f"a model that thinks takes no temperature but 1 (found {sampling.temperature:g}): "
            "-p temperature=1, or -p temperature=null to leave it out"
        )
    return ours | _extra(sampling.extra, {**body, **ours}, leave_out)


def _extra(extra: Mapping[str, Any], taken: Mapping[str, Any], leave_out: Collection[str]) -> dict[str, Any]:
    """The user's further parameters, as they are."""
    for name in extra:
        if name in RESERVED:
            raise RequestRejected(f"the parameter `{name}` cannot be set: it decides how the answer is read")
        if name in taken:
            raise RequestRejected(f"the parameter `{name}` is set already, by the benchmark or by another parameter")
    return {name: value for name, value in extra.items() if name not in leave_out}


def _stops(sampling: Sampling) -> list[str]:
    if sampling.think_end is not None:  # they hold for the answer alone, and the server would stop within the thoughts
        return []
    return [stop for stop in sampling.stop if stop.strip()]


def _max_tokens(sampling: Sampling) -> int:
    thoughts, limit = sampling.thinking_tokens or 0, sampling.max_tokens
    if limit is None:
        return MAX_TOKENS + thoughts
    if limit <= thoughts:
        raise Unsupported(
            f"max_tokens={limit} must be more than thinking_tokens={thoughts}, since thoughts count among them: "
            f"-p max_tokens={limit + thoughts} leaves {limit} for the answer"
        )
    return limit


def _thinking(sampling: Sampling) -> dict[str, Any] | None:
    """A number of tokens is the older models' way to be told, an effort the newer ones'. None says nothing."""
    thoughts, effort = sampling.thinking_tokens, sampling.reasoning_effort
    if effort not in (None, "none", *_EFFORTS):
        raise Unsupported(f"reasoning_effort={effort} is not known to the Messages API: none, {', '.join(_EFFORTS)}")
    if thoughts == 0 or (effort == "none" and thoughts is None):
        return {"type": "disabled"}
    if thoughts is None:
        return None if effort is None else {"type": "adaptive"}
    if effort == "none":
        raise Unsupported(f"reasoning_effort=none and thinking_tokens={thoughts} contradict each other: give one")
    if thoughts < _LEAST_THOUGHT:
        raise Unsupported(f"thinking_tokens={thoughts}: the Messages API wants 0, or at least {_LEAST_THOUGHT}")
    return {"type": "enabled", "budget_tokens": thoughts}


def _output_config(sampling: Sampling) -> dict[str, Any] | None:
    out: dict[str, Any] = {}
    if sampling.reasoning_effort not in (None, "none"):
        out["effort"] = sampling.reasoning_effort
    if sampling.schema is not None:
        out["format"] = {"type": "json_schema", "schema": dict(sampling.schema)}
    return out or None


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "input_schema": dict(tool.parameters)}


def _system(messages: Sequence[Message]) -> str | list[dict[str, Any]]:
    if len(messages) == 1 and isinstance(messages[0].content, str):
        return messages[0].content
    return [block for message in messages for block in _texts(message)]


def _texts(message: Message) -> list[dict[str, Any]]:
    """The blocks of a system's message, which holds text alone."""
    blocks = _blocks(message.content, {})
    if any(block["type"] != "text" for block in blocks):
        raise RequestRejected("a system's message can hold no picture")
    return blocks


def _turns(messages: Sequence[Message], images: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The turns of the conversation. Results of tools are blocks of a user's turn, those in a row of the same one. An
    instruction of the system in between stays where it is; models that do not know this say so."""
    turns: list[dict[str, Any]] = []
    before = None
    for message in messages:
        if message.role == "tool" and before == "tool":
            turns[-1]["content"].append(_tool_result(message, images))
        else:
            turns.append(_turn(message, images))
        before = message.role
    if messages and messages[-1].role == "assistant":
        _check_prefill(turns[-1]["content"])
    return turns


def _turn(message: Message, images: Mapping[str, bytes]) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "user", "content": [_tool_result(message, images)]}
    if message.role == "system":
        return {"role": "system", "content": message.content if isinstance(message.content, str) else _texts(message)}
    content: Any = message.content
    if message.tool_calls or not isinstance(content, str):
        content = _blocks(content, images) + [_tool_use(call) for call in message.tool_calls]
    return {"role": message.role, "content": content}


def _check_prefill(content: Any) -> None:
    last = content[-1].get("text", "") if isinstance(content, list) and content else content
    if isinstance(last, str) and last != last.rstrip():
        raise RequestRejected("a prefill cannot end with blanks (the Messages API refuses it): leave them out")


def _blocks(content: str | tuple[Part, ...], images: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Content as blocks; a text that is empty says nothing, and the API refuses it."""
    parts = (Text(content),) if isinstance(content, str) else content
    return [_block(part, images) for part in parts if not isinstance(part, Text) or part.text]


def _block(part: Part, images: Mapping[str, bytes]) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if part.sha256 not in images:
        raise RequestRejected(f"the picture {part.path} was not loaded")
    data = base64.b64encode(images[part.sha256]).decode("ascii")
    return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": data}}


def _tool_use(call: ToolCall) -> dict[str, Any]:
    try:
        value = json.loads(call.arguments) if call.arguments.strip() else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RequestRejected(f"the arguments of the tool call {call.name} are no JSON object, and cannot be sent back")
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": value}


def _tool_result(message: Message, images: Mapping[str, bytes]) -> dict[str, Any]:
    if not message.tool_call_id:
        raise RequestRejected("a tool's result does not say which call it answers (tool_call_id)")
    content: Any = message.content if isinstance(message.content, str) else _blocks(message.content, images)
    return {"type": "tool_result", "tool_use_id": message.tool_call_id, "content": content}


# ---- the reply


def read_message(reply: Any, stops: Sequence[str] = ()) -> Completion:
    """The completion in a message, cut at the first of `stops` (see `withheld`). Raises TransientError where there is
    none. A refusal without a text says why, where the server does."""
    content = reply.get("content") if isinstance(reply, dict) else None
    if not isinstance(content, list):
        said = server_error(reply)
        raise TransientError(f"the reply holds an error: {said}" if said else "the reply holds no content")
    if not all(isinstance(block, dict) for block in content):
        raise TransientError("the reply's content holds blocks that cannot be read")
    text, calls = "".join(_of(content, "text", "text")), _tool_calls(content)
    reason = _finish_reason(reply.get("stop_reason"), bool(calls))
    if reason == "refusal" and not text:
        text = text_or_empty(detail(reply, "stop_details", "explanation"))
    thoughts = "\n\n".join(thought for thought in _of(content, "thinking", "thinking") if thought)
    return cut(Completion(text, reason, usage(reply), thoughts, calls), stops)


def usage(reply: Mapping[str, Any]) -> Usage:
    """Token counts; None for what is missing or no count. What was read from or written to the prompt cache is no part
    of `input_tokens`, and one of our `tokens_in`."""
    counts = reply.get("usage")
    if not isinstance(counts, dict):
        return Usage()
    read, written = (count(counts.get(f"cache_{name}_input_tokens")) for name in ("read", "creation"))
    fresh = count(counts.get("input_tokens"))
    return Usage(
        tokens_in=None if fresh is None else fresh + (read or 0) + (written or 0),
        tokens_out=count(counts.get("output_tokens")),
        cache_read=read,
        cache_write=written,
        reasoning=count(detail(counts, "output_tokens_details", "thinking_tokens")),
    )


def _of(content: Sequence[dict[str, Any]], kind: str, name: str) -> list[str]:
    """The text of every block of a kind. Others (hidden thoughts, the tools of the server) are passed by."""
    texts = [block.get(name) for block in content if block.get("type") == kind]
    if not all(isinstance(text, str) for text in texts):
        raise TransientError(f"the reply holds a block of {kind} without a text")
    return [text for text in texts if isinstance(text, str)]


def _tool_calls(content: Sequence[dict[str, Any]]) -> tuple[ToolCall, ...]:
    return tuple(_tool_call(block) for block in content if block.get("type") == "tool_use")


def _tool_call(block: dict[str, Any]) -> ToolCall:
    name = block.get("name")
    if not isinstance(name, str):
        raise TransientError("the reply holds a tool call without a name")
    return ToolCall(text_or_empty(block.get("id")), name, arguments(block.get("input", {})))


def _finish_reason(reason: Any, called: bool) -> FinishReason:
    found = _FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"
    return "tool_calls" if called and found == "stop" else found
