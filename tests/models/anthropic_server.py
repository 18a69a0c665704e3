"""A Messages API on loopback that is as strict as the real one, and remembers what it was asked.

What a body may hold is read from the types of the vendor's SDK; the rules between fields are those of its documents.
"""

import base64
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.models.typed_dicts import misfit

KEY = "sk-ant-0123456789abcdef"
VERSIONS = ("2023-06-01", "2026-10-21")
DRAWING = ("temperature", "top_p", "top_k")


@dataclass
class MessagesApi:
    """`status` and `reply` (a message, or an error's body) are what is answered; `asked` are the bodies that passed."""

    reply: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cut: int | None = None
    """Events of a stream after which it ends."""
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        fault = header_fault(request.headers) or body_fault(body, request.headers["anthropic-version"])
        if fault:
            self.refused.append(fault)
            return web.json_response(error("invalid_request_error", fault), status=400)
        self.asked.append(body)
        if self.status != 200:
            return web.json_response(self.reply, status=self.status, headers=self.headers)
        if not body.get("stream"):
            return web.json_response(self.reply)
        return await self._stream(request)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for event in itertools.islice(events(self.reply), self.cut):
            data = json.dumps(event, ensure_ascii=False)
            await response.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
        return response


@asynccontextmanager
async def serving() -> AsyncIterator[MessagesApi]:
    api = MessagesApi()
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/messages", api.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    api.url = f"http://127.0.0.1:{port}"
    yield api
    await runner.cleanup()


def error(kind: str, message: str, **details: Any) -> dict[str, Any]:
    found = {"type": kind, "message": message} | ({"details": details} if details else {})
    return {"type": "error", "error": found, "request_id": "req_1"}


def message(*content: dict[str, Any], stop: str = "end_turn", usage: dict[str, Any] | None = None, **more: Any) -> Any:
    """A whole message, as the API sends it."""
    counted = {"input_tokens": 9, "output_tokens": 12, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": list(content),
        "stop_reason": stop, "stop_sequence": None, "usage": counted | (usage or {}),
    } | more  # fmt: skip


# ---- a message in pieces


def events(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events that a message is streamed as; one that holds an `error` breaks off with it after its first block."""
    if whole.get("type") == "error":
        yield whole
        return
    counts = whole["usage"]
    begun = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": counts | {"output_tokens": 1}}
    yield {"type": "message_start", "message": {**whole, **begun}}
    yield {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        start, deltas = _pieces(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {name: whole.get(name) for name in ("stop_reason", "stop_sequence", "stop_details")}
    output = {name: counts[name] for name in counts if name.startswith("output")}
    yield {"type": "message_delta", "delta": end, "usage": output}
    yield {"type": "message_stop"}


def _pieces(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    kind = block["type"]
    if kind == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in _cut(block["text"])]
    if kind == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _cut(block["thinking"])]
        return {**block, "thinking": "", "signature": ""}, [
            *deltas,
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    if kind == "tool_use":
        text = json.dumps(block["input"], ensure_ascii=False) if block["input"] else ""
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *_cut(text)]]
        return {**block, "input": {}}, deltas
    return block, []


def _cut(text: str) -> list[str]:
    return [text[i : i + 3] for i in range(0, len(text), 3)]


# ---- what is refused


def header_fault(headers: Any) -> str:
    if headers.get("x-api-key", headers.get("Authorization", "").removeprefix("Bearer ")) != KEY:
        return "invalid x-api-key"
    if headers.get("anthropic-version") not in VERSIONS:
        return "anthropic-version: header is required"
    return "" if headers.get("Content-Type", "").startswith("application/json") else "Content-Type: no JSON"


def body_fault(body: dict[str, Any], version: str) -> str:
    from anthropic.types import message_create_params as params

    kind = params.MessageCreateParamsStreaming if body.get("stream") else params.MessageCreateParamsNonStreaming
    old = {} if version > "2023-06-01" else {name: body[name] for name in DRAWING if name in body}
    if bad := [name for name, value in old.items() if isinstance(value, bool) or not isinstance(value, int | float)]:
        return f"{bad[0]}: Input should be a valid number"
    found = misfit({name: value for name, value in body.items() if name not in old}, kind)
    return found.removeprefix("body.") or _number_fault(body) or _turn_fault(body["messages"])


def _number_fault(body: dict[str, Any]) -> str:
    thinking = body.get("thinking", {"type": "disabled"})
    budget = thinking.get("budget_tokens", 1024)
    if not 0 <= body.get("temperature", 1) <= 1:
        return "temperature: Input should be between 0 and 1"
    if thinking["type"] in ("enabled", "adaptive") and body.get("temperature", 1) != 1:
        return "`temperature` may only be set to 1 when thinking is enabled"
    if budget < 1024:
        return "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
    if body["max_tokens"] < 1 or ("budget_tokens" in thinking and body["max_tokens"] <= budget):
        return "`max_tokens` must be greater than `thinking.budget_tokens`"
    if not all(stop.strip() for stop in body.get("stop_sequences", [])):
        return "stop_sequences: each stop sequence must contain non-whitespace"
    return ""


def _turn_fault(messages: list[dict[str, Any]]) -> str:
    if not messages or messages[0]["role"] != "user":
        return "messages: at least one message is required, the first of them the user's"
    for i, turn in enumerate(messages):
        blocks = as_blocks(turn["content"])
        if not blocks or any(block.get("text", "x") == "" for block in blocks):
            return f"messages.{i}: text content blocks must be non-empty"
        if bad := [b for b in blocks if b["type"] == "image" and not _decodes(b["source"]["data"])]:
            return f"messages.{i}: {bad[0]['source']['data'][:9]} is no base64"
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        before = as_blocks(messages[i - 1]["content"]) if i else []
        if results and results != [block["id"] for block in before if block["type"] == "tool_use"]:
            return f"messages.{i}: unexpected `tool_use_id` found in `tool_result` blocks"
    last = as_blocks(messages[-1]["content"])[-1]
    if messages[-1]["role"] == "assistant" and last.get("text", "x") != last.get("text", "x").rstrip():
        return "messages: final assistant content cannot end with trailing whitespace"
    return ""


def _decodes(data: str) -> bool:
    try:
        return bool(base64.b64decode(data, validate=True))
    except ValueError:
        return False


# ---- what means the same


def as_blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def meaning(body: dict[str, Any]) -> dict[str, Any]:
    """The body with one form for what can be written in two: text as a block, turns of one role in a row as one turn,
    what is off left out."""
    turns: list[dict[str, Any]] = []
    for turn in body["messages"]:
        blocks = [_plain(block) for block in as_blocks(turn["content"])]
        if turns and turns[-1]["role"] == turn["role"]:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": turn["role"], "content": blocks})
    out = body | {"messages": turns} | ({"system": as_blocks(body["system"])} if "system" in body else {})
    if "tools" in out:
        out["tools"] = [{"type": "custom"} | tool for tool in out["tools"]]
    return {name: value for name, value in out.items() if value is not False}


def _plain(block: dict[str, Any]) -> dict[str, Any]:
    return block | ({"content": as_blocks(block["content"])} if block["type"] == "tool_result" else {})
