"""The wire format that most servers speak: chat and text completion, between our nouns and OpenAI's JSON.

Pure functions. A reply is a stranger's JSON: whatever it holds, reading it gives a Completion or raises
TransientError, and nothing else. A raw reply:

    {"choices": [{"message": {"role": "assistant", "content": "4", "reasoning_content": "2+2..."},
                  "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}

Log-likelihoods are in `openai_echo`.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from sinan.errors import RequestRejected, TransientError
from sinan.models.parameters import RESERVED
from sinan.types import Completion, Message, Part, Prompt, Sampling, Text, ToolCall, Usage
from sinan.types.completion import FinishReason

_FINISH: Mapping[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
"""Everything else (`stop`, `eos`, null) is a `stop`."""

_BROKEN = ("error", "abort")
"""Finish reasons of an answer that its server gave up."""


def chat_request(
    model: str, prompt: Prompt, sampling: Sampling, images: Mapping[str, bytes], max_tokens_field: str = "max_tokens"
) -> dict[str, Any]:
    """Body of POST /chat/completions. `images` holds the bytes of the prompt's pictures by sha256.

    Raises RequestRejected for a parameter that is not the user's to set.
    """
    messages = [_message_json(message, images) for message in prompt.messages]
    return {"model": model, "messages": messages} | parameters(sampling, max_tokens_field)


def text_request(model: str, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
    """Body of POST /completions. Raises RequestRejected for a parameter that is not the user's to set."""
    return {"model": model, "prompt": prompt.text} | parameters(sampling, "max_tokens")


def parameters(sampling: Sampling, max_tokens_field: str) -> dict[str, Any]:
    """The fields of a request that say how to draw."""
    fields = sampling.to_json()
    if taken := [name for name in RESERVED if name in fields]:
        raise RequestRejected(f"the parameter `{taken[0]}` cannot be set: it decides how the answer is read")
    if "max_tokens" in fields:
        fields[max_tokens_field] = fields.pop("max_tokens")
    return fields


def read_chat(reply: Any) -> Completion:
    """The completion in a reply of /chat/completions. Raises TransientError where there is none."""
    choice = first_choice(reply)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise TransientError("the reply's choice holds no message")
    text, refusal = _content(message.get("content")), _text_or_empty(message.get("refusal"))
    calls = _tool_calls(message.get("tool_calls"))
    reasoning = _text_or_empty(message.get("reasoning_content")) or _text_or_empty(message.get("reasoning"))
    reason = _finish_reason(choice, refused=bool(refusal), called=bool(calls))
    if text is None and not (refusal or calls or reasoning) and reason == "stop":
        raise TransientError("the reply's message is empty (content is null)")
    return Completion(text or refusal, reason, usage(reply), reasoning, calls)


def read_text(reply: Any) -> Completion:
    """The completion in a reply of /completions. Raises TransientError where there is none."""
    choice = first_choice(reply)
    text = choice.get("text")
    if not isinstance(text, str):
        raise TransientError("the reply's choice holds no text")
    return Completion(text, _finish_reason(choice, refused=False, called=False), usage(reply))


def first_choice(reply: Any) -> dict[str, Any]:
    """`choices[0]`. Raises TransientError, with the server's own message where it sent an error with status 200."""
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    said = _server_error(reply) if isinstance(reply, dict) else ""
    raise TransientError(f"the reply holds an error: {said}" if said else "the reply holds no choices")


def usage(reply: Any) -> Usage:
    """Token counts; None for what is missing or no count."""
    counts = reply.get("usage") if isinstance(reply, dict) else None
    if not isinstance(counts, dict):
        return Usage()
    return Usage(_count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens")))


def served(reply: Any, model: str) -> dict[str, Any]:
    """What the server's list of models says of the weights behind a name, where it says anything: vLLM gives the
    path (`root`), llama.cpp the number of parameters (`meta`). Dates are left out: some servers give that of now."""
    models = reply.get("data") if isinstance(reply, dict) else None
    listed = models if isinstance(models, list) else []
    one = next((entry for entry in listed if isinstance(entry, dict) and entry.get("id") == model), {})
    return {name: one[name] for name in _WEIGHTS if one.get(name) is not None}


_WEIGHTS = ("root", "parent", "max_model_len", "meta", "digest", "revision")


def _server_error(reply: dict[str, Any]) -> str:
    error = reply.get("error")
    said = error.get("message") if isinstance(error, dict) else error
    return " ".join(said.split()) if isinstance(said, str) else ""


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return value if is_count else None


def _finish_reason(choice: dict[str, Any], refused: bool, called: bool) -> FinishReason:
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason in _BROKEN:
        raise TransientError(f"the server gave up on its answer (finish_reason {reason})")
    if refused:
        return "refusal"
    found = _FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"
    return "tool_calls" if called and found == "stop" else found


def _text_or_empty(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _content(content: Any) -> str | None:
    """The text of a message: a string, or a list of parts of which those of type `text` are the answer."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise TransientError("the reply's content is neither text nor a list of parts")
    parts = [part for part in content if isinstance(part, dict) and part.get("type") == "text"]
    texts = [part.get("text") for part in parts]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise TransientError("the reply's content holds parts that cannot be read")
    return "".join(text for text in texts if isinstance(text, str))


def _tool_calls(calls: Any) -> tuple[ToolCall, ...]:
    if calls is None:
        return ()
    if not isinstance(calls, list):
        raise TransientError("the reply's tool calls are no list")
    return tuple(_tool_call(call) for call in calls)


def _tool_call(call: Any) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str):
        raise TransientError("the reply holds a tool call without a name")
    return ToolCall(_text_or_empty(call.get("id")), name, _arguments(function.get("arguments", "")))


def _arguments(arguments: Any) -> str:
    """The JSON text; some servers send the value itself."""
    if isinstance(arguments, str):
        return arguments
    try:
        return json.dumps(arguments, ensure_ascii=False)
    except RecursionError:
        raise TransientError("the reply holds a tool call whose arguments are nested too deeply") from None


def _message_json(message: Message, images: Mapping[str, bytes]) -> dict[str, Any]:
    content: Any = message.content
    if not isinstance(content, str):
        content = [_part_json(part, images) for part in content]
    out = {"role": message.role, "content": content}
    if message.tool_calls:
        out["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return out


def _part_json(part: Part, images: Mapping[str, bytes]) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if part.sha256 not in images:
        raise RequestRejected(f"the picture {part.path} was not loaded")
    data = base64.b64encode(images[part.sha256]).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{part.media_type};base64,{data}"}}
