"""google/... held against the vendor's own SDK, at a server as strict as the real one: what both of them ask means the
same, and both read the same from what is answered."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from sinan import settings
from sinan.errors import ModelError, ModelUnusable, Refused, RequestRejected, TransientError
from sinan.models import open_model
from sinan.models.transport import Patience
from sinan.types import Completion, Image, Message, Prompt, Sampling, Text, Tool, ToolCall
from tests.models.google_server import KEY, meaning, strict
from tests.models.loopback import Server, http

genai = pytest.importorskip("google.genai")
types = genai.types

PIXELS = bytes(range(256)) * 3
PICTURE = hashlib.sha256(PIXELS).hexdigest()
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ADD = Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]})
NOW = Tool("now")
FREE = Sampling(temperature=None)


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One key, and no settings but those of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    settings._file.cache_clear()
    (tmp_path / "a.png").write_bytes(PIXELS)


def root(server: Server) -> str:
    return server.url.removesuffix("/v1")


async def ours(server: Server, prompt: Prompt, sampling: Sampling = FREE, stream: bool = False) -> Completion:
    model = open_model(f"google/gemini-x?base_url={root(server)}&stream={stream:d}")
    object.__setattr__(model.transport, "patience", Patience(attempts=1, refused_for=0.0))
    try:
        return await model.generate(prompt, sampling)
    finally:
        await model.close()


async def theirs(
    server: Server, contents: Any, config: dict[str, Any] | None = None, stream: bool = False
) -> list[Any]:
    """What the SDK returns: one response, or all of a stream."""
    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=root(server)))
    asked = {"model": "gemini-x", "contents": contents, "config": types.GenerateContentConfig(**(config or {}))}
    try:
        if stream:
            return [chunk async for chunk in await client.aio.models.generate_content_stream(**asked)]
        return [await client.aio.models.generate_content(**asked)]
    finally:
        await client.aio.aclose()


# ---- requests


def said(role: str, *parts: Any) -> Any:
    return types.Content(role=role, parts=list(parts))


def text(value: str) -> Any:
    return types.Part(text=value)


def declared(tool: Tool) -> Any:
    more = {"description": tool.description} if tool.description else {}
    return types.FunctionDeclaration(name=tool.name, parameters_json_schema=dict(tool.parameters), **more)


def called(name: str, args: dict[str, Any], call_id: str | None = None, signature: bytes | None = None) -> Any:
    call = types.FunctionCall(id=call_id, name=name, args=args)
    return types.Part(function_call=call, thought_signature=signature)


def result(name: str, response: dict[str, Any], call_id: str | None = None) -> Any:
    return types.Part(function_response=types.FunctionResponse(id=call_id, name=name, response=response))


def user(content: Any) -> Message:
    return Message("user", content)


ASK = (user("2+2?"),)
TOOLS = (
    user("add"),
    Message("assistant", "I add.", (ToolCall("a#signature=c2lnbmVk", "add", '{"a": 1.5}'), ToolCall("b", "now", "{}"))),
    Message("tool", '{"sum": 2}', tool_call_id="a#signature=c2lnbmVk"),
    Message("tool", "noon", tool_call_id="b"),
)
THEIR_TOOLS = [
    said("user", text("add")),
    said("model", text("I add."), called("add", {"a": 1.5}, "a", b"signed"), called("now", {}, "b")),
    said("user", result("add", {"sum": 2}, "a"), result("now", {"output": "noon"}, "b")),
]
REQUESTS: dict[str, tuple[Prompt, Sampling, Any, dict[str, Any]]] = {
    "plain": (Prompt(ASK), FREE, "2+2?", {}),
    "greedy": (Prompt(ASK), Sampling(max_tokens=7), "2+2?", {"temperature": 0.0, "max_output_tokens": 7}),
    "drawn": (
        Prompt(ASK),
        Sampling(0.7, 7, 0.9, ("\n\n", "Q:", "结束"), 3, {"topK": 4, "presencePenalty": 0.5}),
        "2+2?",
        {"temperature": 0.7, "max_output_tokens": 7, "top_p": 0.9, "stop_sequences": ["\n\n", "Q:", "结束"], "seed": 3,
         "top_k": 4, "presence_penalty": 0.5},
    ),
    "system": (Prompt((Message("system", "Be brief."), *ASK)), FREE, "2+2?", {"system_instruction": "Be brief."}),
    "turns": (
        Prompt((user("a"), Message("assistant", "b"), user("c"))), FREE,
        [said("user", text("a")), said("model", text("b")), said("user", text("c"))], {},
    ),
    "unicode": (Prompt((user("你好 😀 \u202e é\t\x07"),)), FREE, "你好 😀 \u202e é\t\x07", {}),
    "picture": (
        Prompt((user((Text("see"), Image("a.png", PICTURE, "image/png"), Text("this"))),)), FREE,
        [said("user", text("see"), types.Part.from_bytes(data=PIXELS, mime_type="image/png"), text("this"))], {},
    ),
    "tools": (
        Prompt(ASK, tools=(ADD, NOW)), FREE, "2+2?",
        {"tools": [types.Tool(function_declarations=[declared(ADD), declared(NOW)])]},
    ),
    "results": (
        Prompt(TOOLS, tools=(ADD, NOW)), FREE, THEIR_TOOLS,
        {"tools": [types.Tool(function_declarations=[declared(ADD), declared(NOW)])]},
    ),
    "level": (
        Prompt(ASK), Sampling(None, reasoning_effort="low"), "2+2?",
        {"thinking_config": types.ThinkingConfig(thinking_level="LOW", include_thoughts=True)},
    ),
    "budget": (
        Prompt(ASK), Sampling(None, thinking_tokens=512), "2+2?",
        {"thinking_config": types.ThinkingConfig(thinking_budget=512, include_thoughts=True)},
    ),
    "thoughtless": (
        Prompt(ASK), Sampling(None, reasoning_effort="none"), "2+2?",
        {"thinking_config": types.ThinkingConfig(thinking_budget=0)},
    ),
    "schema": (
        Prompt(ASK), Sampling(None, schema=SCHEMA), "2+2?",
        {"response_mime_type": "application/json", "response_json_schema": SCHEMA},
    ),
    "safety": (
        Prompt(ASK),
        Sampling(None, extra={"safetySettings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "OFF"}]}),
        "2+2?",
        {"safety_settings": [types.SafetySetting(category="HARM_CATEGORY_HATE_SPEECH", threshold="OFF")]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", REQUESTS)
async def test_what_is_asked_means_what_the_sdk_asks(server: Server, name: str, stream: bool) -> None:
    prompt, sampling, contents, config = REQUESTS[name]
    server.answers = strict(answer([reply({"text": "4"})], stream))
    assert (await ours(server, prompt, sampling, stream)).text == "4"
    assert (await theirs(server, contents, config, stream))[-1].text == "4"
    mine, other = server.asked
    assert mine.path == other.path
    assert meaning(mine.body) == meaning(other.body)


@pytest.mark.parametrize(
    "extra", [{"topk": 3}, {"top_k": 3, "temprature": 1}, {"safetySetings": []}, {"thinkingConfig": {"budget": 3}}]
)
async def test_the_server_of_these_tests_refuses_unknown_fields(server: Server, extra: dict[str, Any]) -> None:
    server.answers = strict(answer([reply({"text": "4"})], False))
    with pytest.raises(RequestRejected):
        await ours(server, Prompt(ASK), Sampling(extra=extra))


# ---- replies


def reply(*parts: dict[str, Any], finish: str | None = "STOP", **more: Any) -> dict[str, Any]:
    content = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    return {"candidates": [content | {"index": 0} | ({"finishReason": finish} if finish else {})], **more}


JSON = "Content-Type: application/json\r\n"


def answer(chunks: list[dict[str, Any]], stream: bool) -> bytes:
    if not stream:
        return http(200, chunks[0], JSON)
    data = b"".join(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n" for chunk in chunks)
    return http(200, data, "Content-Type: text/event-stream\r\n")


COUNTED = {"promptTokenCount": 9, "candidatesTokenCount": 2, "totalTokenCount": 16, "thoughtsTokenCount": 5,
           "cachedContentTokenCount": 4}  # fmt: skip
CALL = {"functionCall": {"id": "x", "name": "add", "args": {"a": 1.5, "b": "你"}}, "thoughtSignature": "c2lnbmVk"}
REPLIES: dict[str, dict[str, Any]] = {
    "text": reply({"text": "4"}, usageMetadata={"promptTokenCount": 9, "candidatesTokenCount": 1}),
    "unicode": reply({"text": "你好 😀\n"}),
    "thoughts": reply({"text": "2+2", "thought": True}, {"text": "is"}, {"text": " 4"}, usageMetadata=COUNTED),
    "call": reply({"text": "2+2", "thought": True}, CALL, {"functionCall": {"name": "now"}}, usageMetadata=COUNTED),
    "blocked": {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}},
    "nothing": reply(usageMetadata={"promptTokenCount": 9, "totalTokenCount": 9}),
} | {
    reason: reply({"text": "a"}, finish=reason)
    for reason in ("MAX_TOKENS", "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE",
                   "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
                   "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "ESCALATION",
                   "MODEL_ARMOR", "CONTINUATION")
}  # fmt: skip
ENDS = {"STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "length"} | dict.fromkeys(
    ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"), "stop"
)
"""Everything else is a refusal."""
NO_ANSWER = {"OTHER": TransientError, "NO_IMAGE": TransientError, "IMAGE_OTHER": TransientError,
             "MISSING_THOUGHT_SIGNATURE": RequestRejected, "PUP_LIMITED_DISABLED": ModelUnusable}  # fmt: skip


def in_chunks(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The same answer as it streams: each part alone, texts letter by letter, the end and the counts in the last."""
    if "candidates" not in whole:
        return [whole]
    candidate = whole["candidates"][0]
    pieces = [
        part | {"text": letter} if "text" in part else part
        for part in candidate.get("content", {}).get("parts", [])
        for letter in part.get("text", "-")
    ]
    begun = [reply(piece, finish=None, usageMetadata={"promptTokenCount": 9}) for piece in pieces]
    last = whole | {"candidates": [{name: value for name, value in candidate.items() if name != "content"}]}
    return [*begun, last]


def read_by_sdk(chunks: list[Any]) -> tuple[Any, ...]:
    """Text, thoughts, calls, the end and the counts, out of the SDK's objects."""
    candidates = [one for chunk in chunks for one in chunk.candidates or []]
    parts = [part for one in candidates if one.content for part in one.content.parts or []]
    texts = [["".join(p.text for p in parts if p.text and bool(p.thought) is kind)] for kind in (False, True)]
    calls = [(p.function_call.name, p.function_call.args or {}) for p in parts if p.function_call]
    ends = [one.finish_reason.name for one in candidates if one.finish_reason]
    end = ENDS.get(ends[-1], "refusal") if ends else "refusal"
    used = next((chunk.usage_metadata for chunk in reversed(chunks) if chunk.usage_metadata), None)
    counts = used and (used.prompt_token_count, used.cached_content_token_count, used.thoughts_token_count)
    return *texts, calls, "tool_calls" if calls and end == "stop" else end, counts


def read_by_us(read: Completion) -> tuple[Any, ...]:
    calls = [(call.name, json.loads(call.arguments)) for call in read.tool_calls]
    counts = (read.usage.tokens_in, read.usage.cache_read, read.usage.reasoning)
    return [read.text], [read.reasoning], calls, read.finish_reason, counts if counts != (None, None, None) else None


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", REPLIES)
async def test_what_is_read_is_what_the_sdk_reads(server: Server, name: str, stream: bool) -> None:
    chunks = in_chunks(REPLIES[name]) if stream else [REPLIES[name]]
    server.answers = strict(answer(chunks, stream))
    mine, other = await ours(server, Prompt(ASK), stream=stream), await theirs(server, "2+2?", stream=stream)
    assert read_by_us(mine) == read_by_sdk(other)


@pytest.mark.parametrize("name", REPLIES)
async def test_a_streamed_answer_is_the_whole_one(server: Server, name: str) -> None:
    found = []
    for stream in (False, True):
        server.answers = strict(answer(in_chunks(REPLIES[name]) if stream else [REPLIES[name]], stream))
        read = await ours(server, Prompt(ASK), stream=stream)
        found.append((read.text, read.reasoning, read.tool_calls, read.finish_reason, read.usage.tokens_out))
    assert found[0] == found[1]


def test_every_end_that_the_sdk_knows_is_read() -> None:
    """A new one in a later SDK shows here."""
    known = {"STOP", "FINISH_REASON_UNSPECIFIED", *NO_ANSWER} | (REPLIES.keys() - {name.lower() for name in REPLIES})
    assert {reason.name for reason in types.FinishReason} <= known


@pytest.mark.parametrize("name", NO_ANSWER)
async def test_an_end_that_is_no_answer_is_an_error(server: Server, name: str) -> None:
    server.answers = strict(answer([reply({"text": "a"}, finish=name)], False))
    with pytest.raises(ModelError) as caught:
        await ours(server, Prompt(ASK))
    assert type(caught.value) is NO_ANSWER[name]
    assert (await theirs(server, "2+2?"))[0].candidates[0].finish_reason.name == name


async def test_tokens_written_are_those_of_the_answer_and_of_the_thoughts(server: Server) -> None:
    server.answers = strict(answer([REPLIES["thoughts"]], False))
    mine, (other,) = await ours(server, Prompt(ASK)), await theirs(server, "2+2?")
    used = other.usage_metadata
    assert mine.usage.tokens_out == used.candidates_token_count + used.thoughts_token_count == 7
    assert mine.usage.tokens_in + mine.usage.tokens_out == used.total_token_count


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [(400, "INVALID_ARGUMENT", RequestRejected), (400, "FAILED_PRECONDITION", ModelUnusable),
     (403, "PERMISSION_DENIED", ModelUnusable), (404, "NOT_FOUND", ModelUnusable),
     (429, "RESOURCE_EXHAUSTED", Refused), (499, "CANCELLED", RequestRejected), (500, "INTERNAL", TransientError),
     (503, "UNAVAILABLE", TransientError), (504, "DEADLINE_EXCEEDED", TransientError)],
)  # fmt: skip
async def test_an_error_is_one_for_both(server: Server, code: int, status: str, kind: Any, stream: bool) -> None:
    server.answers = [http(code, {"error": {"code": code, "message": f"sorry: {status}", "status": status}}, JSON)]
    with pytest.raises(ModelError) as mine:
        await ours(server, Prompt(ASK), stream=stream)
    assert type(mine.value) is kind
    with pytest.raises(genai.errors.APIError) as other:
        await theirs(server, "2+2?", stream=stream)
    assert (other.value.code, other.value.status) == (code, status) and other.value.message in str(mine.value)
