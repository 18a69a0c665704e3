"""The wire format that most servers speak: chat and text completion, between our nouns and OpenAI's JSON.

Pure functions. A reply is a stranger's JSON: whatever it holds, reading it gives a Completion or raises
TransientError, and nothing else. A raw reply:

    {"choices": [{"message": {"role": "assistant", "content": "4", "reasoning_content": "2+2..."},
                  "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}

Log-likelihoods are in `openai_echo`.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sinan.errors import RequestRejected, TransientError, Unsupported
from sinan.models.dialects.untrusted import arguments, count, detail, server_error, text_or_empty
from sinan.models.parameters import RESERVED
from sinan.types import Completion, Image, Message, Part, Prompt, Sampling, Text, Tool, ToolCall, Usage
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


@dataclass(frozen=True, slots=True)
class Habits:
    """Where servers of this one language differ."""

    max_tokens_field: str = "max_tokens"
    thinking_off: Mapping[str, Any] = field(
        default_factory=lambda: {"chat_template_kwargs": {"enable_thinking": False}}
    )
    """The fields that turn a model's thoughts off. This one is read by chat templates (vLLM, SGLang); a model whose
    template does not know it goes on thinking."""
    thinking_tokens_field: str = ""
    """The field that bounds a model's thoughts (`thinking_token_budget` of vLLM); empty where there is none."""
    prefill: bool = False
    """Whether the last message, where it is the assistant's, is continued (vLLM, SGLang: continue_final_message)."""


OFFICIAL = Habits("max_completion_tokens", {"reasoning_effort": "none"})
"""Of OpenAI itself."""


def chat_request(
    model: str, prompt: Prompt, sampling: Sampling, images: Mapping[str, bytes], habits: Habits = Habits()
) -> dict[str, Any]:
    """Body of POST /chat/completions. `images` holds the bytes of the prompt's pictures by sha256.

    Raises Unsupported for what cannot be said in it, and RequestRejected for a parameter that is not the user's to set.
    """
    body: dict[str, Any] = {"model": model, "messages": [_message_json(message, images) for message in prompt.messages]}
    if prompt.tools:
        body["tools"] = [{"type": "function", "function": function(tool)} for tool in prompt.tools]
    if prompt.prefill:
        body |= _continued(habits)
    return body | parameters(sampling, habits)


def text_request(model: str, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
    """Body of POST /completions. Raises RequestRejected as `chat_request` does."""
    if prompt.tools:
        raise Unsupported("tools are offered in messages, and /completions continues text (api=chat)")
    for name in ("reasoning_effort", "thinking_tokens"):
        if getattr(sampling, name) is not None:
            raise Unsupported(f"/completions has no field for `{name}`: write the prompt so, or use api=chat")
    return {"model": model, "prompt": prompt.text} | parameters(sampling, Habits())


def parameters(sampling: Sampling, habits: Habits) -> dict[str, Any]:
    """The fields of a request that say how to draw. Where thoughts stand in the text, stop strings are not sent: they
    hold for what follows the thoughts alone."""
    refuse_reserved(sampling)
    fields: dict[str, Any] = {
        "temperature": sampling.temperature,
        habits.max_tokens_field: sampling.max_tokens,
        "top_p": sampling.top_p,
        "stop": (list(sampling.stop) or None) if sampling.think_end is None else None,
        "seed": sampling.seed,
        "response_format": None if sampling.schema is None else _format(sampling.schema),
        "reasoning_effort": sampling.reasoning_effort,
    }
    return merged({k: v for k, v in fields.items() if v is not None}, thinking(sampling, habits), sampling.extra)


def refuse_reserved(sampling: Sampling, more: tuple[str, ...] = ()) -> None:
    """Raises RequestRejected for a parameter that decides how the answer is read."""
    if taken := [name for name in (*RESERVED, *more) if name in sampling.extra]:
        raise RequestRejected(f"the parameter `{taken[0]}` cannot be set: it decides how the answer is read")


def thinking(sampling: Sampling, habits: Habits) -> Mapping[str, Any]:
    """The fields that bound a model's thoughts. Raises Unsupported where the server has none."""
    wanted = sampling.thinking_tokens
    if wanted is None:
        return {}
    if wanted and not habits.thinking_tokens_field:
        raise Unsupported(
            f"thinking_tokens={wanted} has no field in this API: say how much with reasoning_effort, turn thoughts off "
            "with thinking_tokens=0, or name the server's own field (thinking_tokens_field=thinking_token_budget)"
        )
    if wanted:
        return {habits.thinking_tokens_field: wanted}
    if sampling.reasoning_effort not in (None, "none"):
        raise Unsupported(f"thinking_tokens=0 and reasoning_effort={sampling.reasoning_effort}: give one of them")
    return habits.thinking_off


def merged(*tables: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of all, the last one's word final; tables of one name are joined key by key."""
    out: dict[str, Any] = {}
    for table in tables:
        for name, value in table.items():
            both = isinstance(value, Mapping) and isinstance(out.get(name), Mapping)
            out[name] = {**out[name], **value} if both else value
    return out


def function(tool: Tool) -> dict[str, Any]:
    """A tool as JSON; a description only where there is one."""
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "parameters": dict(tool.parameters)}


def _format(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": SCHEMA, "schema": dict(schema), "strict": True}}


SCHEMA = "answer"
"""The name that the API wants for a schema; nothing depends on it."""


def _continued(habits: Habits) -> dict[str, Any]:
    if not habits.prefill:
        raise Unsupported(
            "this API does not continue an answer that was begun (a prefill). Where the server does, as vLLM and "
            "SGLang do, say prefill=continue in the model's name; a base model (api=completions) always can"
        )
    return {"continue_final_message": True, "add_generation_prompt": False}


def read_chat(reply: Any) -> Completion:
    """The completion in a reply of /chat/completions. Raises TransientError where there is none."""
    choice = first_choice(reply)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise TransientError("the reply's choice holds no message")
    text, refusal = _content(message.get("content")), text_or_empty(message.get("refusal"))
    calls = _tool_calls(message)
    reasoning = text_or_empty(message.get("reasoning_content")) or text_or_empty(message.get("reasoning"))
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
    said = server_error(reply)
    raise TransientError(f"the reply holds an error: {said}" if said else "the reply holds no choices")


def usage(reply: Any) -> Usage:
    """Token counts; None for what is missing or no count."""
    counts = reply.get("usage") if isinstance(reply, dict) else None
    if not isinstance(counts, dict):
        return Usage()
    tokens_in, wrote, total = (count(counts.get(f"{name}_tokens")) for name in ("prompt", "completion", "total"))
    thought = count(detail(counts, "completion_tokens_details", "reasoning_tokens"))
    if tokens_in is not None and wrote is not None and thought and total == tokens_in + wrote + thought:
        wrote += thought  # a server that counts the thoughts apart (xAI); its total tells
    read, written = (count(detail(counts, "prompt_tokens_details", name)) for name in _CACHED)
    return Usage(tokens_in, wrote, read, written, thought)


_CACHED = ("cached_tokens", "cache_write_tokens")


def served(reply: Any, model: str) -> dict[str, Any]:
    """What the server's list of models says of the weights behind a name, where it says anything: vLLM gives the
    path (`root`), llama.cpp the number of parameters (`meta`). Dates are left out: some servers give that of now."""
    models = reply.get("data") if isinstance(reply, dict) else None
    listed = models if isinstance(models, list) else []
    one = next((entry for entry in listed if isinstance(entry, dict) and entry.get("id") == model), {})
    return {name: one[name] for name in _WEIGHTS if one.get(name) is not None}


_WEIGHTS = ("root", "parent", "max_model_len", "meta", "digest", "revision")


def _finish_reason(choice: dict[str, Any], refused: bool, called: bool) -> FinishReason:
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason in _BROKEN:
        raise TransientError(f"the server gave up on its answer (finish_reason {reason})")
    if refused:
        return "refusal"
    found = _FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"
    return "tool_calls" if called and found == "stop" else found


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


def _tool_calls(message: dict[str, Any]) -> tuple[ToolCall, ...]:
    """Of a message; `function_call` is the form that came before `tool_calls`, and has no id."""
    calls, alone = message.get("tool_calls"), message.get("function_call")
    if calls is None:
        return () if alone is None else (_tool_call({"function": alone}),)
    if not isinstance(calls, list):
        raise TransientError("the reply's tool calls are no list")
    return tuple(_tool_call(call) for call in calls)


def _tool_call(call: Any) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str):
        raise TransientError("the reply holds a tool call without a name")
    return ToolCall(text_or_empty(call.get("id")), name, arguments(function.get("arguments", "")))


def _message_json(message: Message, images: Mapping[str, bytes]) -> dict[str, Any]:
    content: Any = message.content
    if not isinstance(content, str):
        content = [_part_json(part, images) for part in content]
    out = {"role": message.role, "content": content}
    if message.tool_call_id:
        out["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        out["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return out


def _part_json(part: Part, images: Mapping[str, bytes]) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": data_url(part, images)}}


def data_url(image: Image, images: Mapping[str, bytes]) -> str:
    """The picture as an address that holds it. Raises RequestRejected where its bytes were not loaded."""
    if image.sha256 not in images:
        raise RequestRejected(f"the picture {image.path} was not loaded")
    return f"data:{image.media_type};base64,{base64.b64encode(images[image.sha256]).decode('ascii')}"
