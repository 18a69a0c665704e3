"""OpenAI as its own library describes it: a server that refuses what the published types do not allow, and the forms
that say the same in different words, brought to one."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.models.loopback import Asked, http
from tests.models.typed_dicts import misfit

pytest.importorskip("openai", reason="what the dialect is held against: pip install openai")
from openai.types import completion_create_params as text_params
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import response_create_params as response_params

EVENTS = "Content-Type: text/event-stream\r\n"
_BODIES = {
    "/chat/completions": (
        chat_params.CompletionCreateParamsNonStreaming,
        chat_params.CompletionCreateParamsStreaming,
    ),
    "/completions": (text_params.CompletionCreateParamsNonStreaming, text_params.CompletionCreateParamsStreaming),
    "/responses": (response_params.ResponseCreateParamsNonStreaming, response_params.ResponseCreateParamsStreaming),
}


@dataclass
class Vendor:
    """Answers with `reply` whatever it is asked in a valid form; remembers what that was."""

    reply: bytes = b""
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> bytes:
        if wrong := unpublished(asked):
            message = f"not as published: {wrong}"
            return http(400, {"error": {"message": message, "type": "invalid_request_error", "code": None}})
        self.asked.append(asked)
        return self.reply


def unpublished(asked: Asked) -> str:
    """What of a body the published types do not allow, at any depth; empty where all is well."""
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers.get("authorization", "").startswith("Bearer ") or asked.headers.get("api-key")
    path = next(name for name in _BODIES if asked.path.partition("?")[0].endswith(name))
    return misfit(asked.body, _BODIES[path][bool(asked.body.get("stream"))])


def meant(body: dict[str, Any]) -> dict[str, Any]:
    """What a request means: one text part is a text, an absent field is its default."""
    out = dict(body)
    for name in ("messages", "input"):
        if isinstance(out.get(name), list):
            out[name] = [_item(item) for item in out[name]]
    if isinstance(out.get("input"), str):
        out["input"] = [{"role": "user", "content": out["input"]}]
    if out.get("tools"):
        out["tools"] = [_tool(tool) for tool in out["tools"]]
    return {name: value for name, value in out.items() if value not in (None, [])}


def _item(item: dict[str, Any]) -> dict[str, Any]:
    out = {name: value for name, value in item.items() if (name, value) != ("type", "message")}
    content = out.get("content")
    if isinstance(content, list):
        if len(content) == 1 and content[0]["type"] in ("text", "input_text"):
            out["content"] = content[0]["text"]
        else:
            out["content"] = [_part(part) for part in content]
    return {name: value for name, value in out.items() if value not in (None, "")}


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "image_url":
        return part | {"image_url": {"detail": "auto"} | part["image_url"]}
    return part


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    return tool | ({"function": {"strict": False} | tool["function"]} if "function" in tool else {})


# ---- the same reply in chunks


def sse(events: list[dict[str, Any]], done: bool = True) -> bytes:
    """A whole HTTP answer that holds the events; `[DONE]` closes the streams of chat."""
    named = [(f"event: {event['type']}\n" if "type" in event else "", json.dumps(event)) for event in events]
    lines = [f"{name}data: {data}\n\n" for name, data in named]
    return http(200, "".join([*lines, "data: [DONE]\n\n" * done]).encode(), EVENTS)


def chunks(reply: dict[str, Any]) -> list[dict[str, Any]]:
    """A chat reply as its server would stream it, a few characters at a time."""
    head = {"id": reply["id"], "object": "chat.completion.chunk", "created": reply["created"], "model": reply["model"]}
    message, finish = reply["choices"][0]["message"], reply["choices"][0]["finish_reason"]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None if message["content"] is None else ""}]
    for name in ("content", "refusal"):
        deltas += [{name: piece} for piece in _pieces(message.get(name) or "")]
    for index, call in enumerate(message.get("tool_calls") or []):
        deltas.append({"tool_calls": [call | {"index": index, "function": call["function"] | {"arguments": ""}}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in _pieces(call["function"]["arguments"])
        ]
    out = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    out.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return [*out, head | {"choices": [], "usage": reply["usage"]}]


def events(reply: dict[str, Any]) -> list[dict[str, Any]]:
    """A reply of the Responses API as its server would stream it."""
    begun = reply | {"status": "in_progress", "output": [], "usage": None, "error": None, "incomplete_details": None}
    out: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    for at, item in enumerate(reply["output"]):
        empty = item | {"status": "in_progress"} | {name: [] for name in ("content", "summary") if name in item}
        place = {"output_index": at, "item_id": item["id"]}
        out.append({"type": "response.output_item.added", "output_index": at, "item": empty})
        if item["type"] == "message":
            for index, part in enumerate(item["content"]):
                out += _part_events(part, place | {"content_index": index})
        if item["type"] == "function_call":
            kind = "response.function_call_arguments"
            out[-1]["item"] = out[-1]["item"] | {"arguments": ""}
            out += [{"type": f"{kind}.delta", "delta": piece, **place} for piece in _pieces(item["arguments"])]
            out.append({"type": f"{kind}.done", "arguments": item["arguments"], "name": item["name"], **place})
        if item["type"] == "reasoning":
            for index, part in enumerate(item["summary"]):
                where, kind = place | {"summary_index": index}, "response.reasoning_summary"
                out.append({"type": f"{kind}_part.added", "part": part | {"text": ""}, **where})
                out += [{"type": f"{kind}_text.delta", "delta": piece, **where} for piece in _pieces(part["text"])]
                out.append({"type": f"{kind}_text.done", "text": part["text"], **where})
                out.append({"type": f"{kind}_part.done", "part": part, **where})
        out.append({"type": "response.output_item.done", "output_index": at, "item": item})
    out.append({"type": f"response.{reply['status']}", "response": reply})
    return [event | {"sequence_number": number} for number, event in enumerate(out)]


def _part_events(part: dict[str, Any], place: dict[str, Any]) -> list[dict[str, Any]]:
    name = "text" if part["type"] == "output_text" else "refusal"
    kind, more = f"response.{part['type']}", {"logprobs": []} if name == "text" else {}
    out = [{"type": "response.content_part.added", "part": part | {name: ""}, **place}]
    out += [{"type": f"{kind}.delta", "delta": piece, **more, **place} for piece in _pieces(part[name])]
    out.append({"type": f"{kind}.done", name: part[name], **more, **place})
    return [*out, {"type": "response.content_part.done", "part": part, **place}]


def _pieces(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]
