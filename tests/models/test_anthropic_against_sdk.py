"""anthropic/... held against the vendor's own SDK, at a server as strict as the real one: what both of them ask means
the same, and both read the same from what is answered."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sinan import settings
from sinan.errors import ModelUnusable, Refused, RequestRejected, TransientError, Unsupported
from sinan.models import open_model
from sinan.models.transport import Patience
from sinan.types import Image, Message, Prompt, Sampling, Text, Tool, ToolCall, Usage
from tests.models.anthropic_server import KEY, MessagesApi, error, meaning, message, serving

anthropic = pytest.importorskip("anthropic")

PIXELS = bytes(range(256)) * 3
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ADD = Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]})
ADD_JSON = {"name": "add", "description": "Adds.", "input_schema": dict(ADD.parameters)}
FREE = Sampling(temperature=None)
USER = {"role": "user", "content": "2+2?"}


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One key, and no settings but those of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    settings._file.cache_clear()


@pytest.fixture
async def api() -> AsyncIterator[MessagesApi]:
    async with serving() as served:
        served.reply = message({"type": "text", "text": "4"})
        yield served


@pytest.fixture
async def sdk(api: MessagesApi):
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=api.url, max_retries=0) as client:
        yield client


@pytest.fixture
def image(tmp_path: Path) -> Image:
    (tmp_path / "a.png").write_bytes(PIXELS)
    return Image(str(tmp_path / "a.png"), hashlib.sha256(PIXELS).hexdigest(), "image/png")


def ours(api: MessagesApi, more: str = "", **patience):
    model = open_model(f"anthropic/claude-x?base_url={api.url}{more}")
    model.transport.patience = Patience(**patience)
    return model


async def asked_by_us(api: MessagesApi, prompt: Prompt, sampling: Sampling, more: str = "") -> dict:
    model = ours(api, more, attempts=1)
    await model.generate(prompt, sampling)
    await model.close()
    return api.asked[-1]


def said(*turns: tuple[str, object]) -> Prompt:
    return Prompt(messages=tuple(Message(role, content) for role, content in turns))


# ---- what is asked

TWO_CALLS = Prompt(
    messages=(
        Message("user", "1+2 and 3+4?"),
        Message("assistant", "I add.", (ToolCall("t1", "add", '{"a": 1}'), ToolCall("t2", "add", "{}"))),
        Message("tool", "3", tool_call_id="t1"),
        Message("tool", (Text("7"),), tool_call_id="t2"),
    ),
    tools=(ADD,),
)
TWO_CALLS_JSON = [
    {"role": "user", "content": "1+2 and 3+4?"},
    {"role": "assistant", "content": [
        {"type": "text", "text": "I add."},
        {"type": "tool_use", "id": "t1", "name": "add", "input": {"a": 1}},
        {"type": "tool_use", "id": "t2", "name": "add", "input": {}},
    ]},
    {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t1", "content": "3"},
        {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "7"}]},
    ]},
]  # fmt: skip

OLD = {"extra_headers": {"anthropic-version": "2023-06-01"}}
REQUESTS = {
    "plain": (said(("user", "2+2?")), FREE, {"messages": [USER], "max_tokens": 8192}),
    "greedy": (
        said(("user", "2+2?")), Sampling(max_tokens=5, top_p=0.5),
        {"messages": [USER], "max_tokens": 5, "extra_body": {"temperature": 0.0, "top_p": 0.5}, **OLD},
    ),
    "system": (
        said(("system", "Be brief."), ("user", "2+2?")), FREE,
        {"messages": [USER], "max_tokens": 8192, "system": "Be brief."},
    ),
    "two systems": (
        said(("system", "Be brief."), ("system", (Text("Be kind."),)), ("user", "2+2?")), FREE,
        {"messages": [USER], "max_tokens": 8192,
         "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}]},
    ),
    "an instruction in between": (
        said(("user", "2+2?"), ("system", "Be brief.")), FREE,
        {"messages": [USER, {"role": "system", "content": "Be brief."}], "max_tokens": 8192},
    ),
    "many turns": (
        said(("user", "2+2?"), ("assistant", "4"), ("user", "And"), ("user", "3+3?")), FREE,
        {"messages": [USER, {"role": "assistant", "content": "4"}, {"role": "user", "content": "And"},
                      {"role": "user", "content": "3+3?"}], "max_tokens": 8192},
    ),
    "unicode": (
        said(("user", "司南 😀 \u202e\x00é")), FREE,
        {"messages": [{"role": "user", "content": "司南 😀 \u202e\x00é"}], "max_tokens": 8192},
    ),
    "prefill": (
        said(("user", "2+2?"), ("assistant", "It is (")), FREE,
        {"messages": [USER, {"role": "assistant", "content": "It is ("}], "max_tokens": 8192},
    ),
    "stop strings": (
        said(("user", "2+2?")), Sampling(temperature=None, stop=("Q:", "\n\n", "</s>")),
        {"messages": [USER], "max_tokens": 8192, "stop_sequences": ["Q:", "</s>"]},
    ),
    "stop strings that hold for the answer alone": (
        said(("user", "2+2?")), Sampling(temperature=None, stop=("Q:",), think_end="</think>"),
        {"messages": [USER], "max_tokens": 8192},
    ),
    "tools": (
        Prompt(messages=(Message("user", "2+2?"),), tools=(ADD, Tool("now"))), FREE,
        {"messages": [USER], "max_tokens": 8192,
         "tools": [ADD_JSON, {"name": "now", "input_schema": {"type": "object", "properties": {}}}]},
    ),
    "tools with results": (TWO_CALLS, FREE, {"messages": TWO_CALLS_JSON, "max_tokens": 8192, "tools": [ADD_JSON]}),
    "a number of thoughts": (
        said(("user", "2+2?")), Sampling(temperature=1, thinking_tokens=2000, max_tokens=2001),
        {"messages": [USER], "max_tokens": 2001, "thinking": {"type": "enabled", "budget_tokens": 2000},
         "extra_body": {"temperature": 1}, **OLD},
    ),
    "a number of thoughts and room for the answer": (
        said(("user", "2+2?")), Sampling(temperature=None, thinking_tokens=2000),
        {"messages": [USER], "max_tokens": 10192, "thinking": {"type": "enabled", "budget_tokens": 2000}},
    ),
    "no thoughts": (
        said(("user", "2+2?")), Sampling(thinking_tokens=0, max_tokens=9),
        {"messages": [USER], "max_tokens": 9, "thinking": {"type": "disabled"}, "extra_body": {"temperature": 0.0},
         **OLD},
    ),
    "no effort": (
        said(("user", "2+2?")), Sampling(temperature=None, reasoning_effort="none"),
        {"messages": [USER], "max_tokens": 8192, "thinking": {"type": "disabled"}},
    ),
    "an effort": (
        said(("user", "2+2?")), Sampling(temperature=None, reasoning_effort="high"),
        {"messages": [USER], "max_tokens": 8192, "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
    ),
    "structured output with an effort": (
        said(("user", "2+2?")), Sampling(temperature=None, reasoning_effort="low", schema=SCHEMA),
        {"messages": [USER], "max_tokens": 8192, "thinking": {"type": "adaptive"},
         "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}},
    ),
    "structured output": (
        said(("user", "2+2?")), Sampling(temperature=None, schema=SCHEMA),
        {"messages": [USER], "max_tokens": 8192,
         "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    ),
    "further parameters": (
        said(("user", "2+2?")),
        Sampling(temperature=None, extra={"metadata": {"user_id": "a"}, "service_tier": "auto"}),
        {"messages": [USER], "max_tokens": 8192, "metadata": {"user_id": "a"}, "service_tier": "auto"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REQUESTS)
async def test_a_request_means_what_the_sdk_would_have_said(api: MessagesApi, sdk, case: str) -> None:
    prompt, sampling, arguments = REQUESTS[case]
    await sdk.messages.create(model="claude-x", **arguments)
    theirs = api.asked[-1]
    assert meaning(await asked_by_us(api, prompt, sampling)) == meaning(theirs)
    streamed = await asked_by_us(api, prompt, sampling, "&stream=1")
    assert meaning(streamed) == meaning(theirs) | {"stream": True}


async def test_pictures_and_texts_keep_their_order(api: MessagesApi, sdk, image: Image) -> None:
    data = base64.b64encode(PIXELS).decode()
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    texts = [{"type": "text", "text": text} for text in ("first", "second")]
    turn = {"role": "user", "content": [texts[0], picture, texts[1]]}
    await sdk.messages.create(model="claude-x", messages=[turn], max_tokens=8192)
    prompt = said(("user", (Text("first"), image, Text(""), Text("second"))))
    assert meaning(await asked_by_us(api, prompt, FREE)) == meaning(api.asked[0])


async def test_a_tool_may_answer_with_a_picture(api: MessagesApi, image: Image) -> None:
    call = Message("assistant", "", (ToolCall("t1", "add", ""),))
    prompt = Prompt(messages=(Message("user", "see"), call, Message("tool", (image,), tool_call_id="t1")), tools=(ADD,))
    body = await asked_by_us(api, prompt, FREE)
    assert body["messages"][1]["content"] == [{"type": "tool_use", "id": "t1", "name": "add", "input": {}}]
    assert body["messages"][2]["content"][0]["content"][0]["source"]["media_type"] == "image/png"


async def test_the_newest_version_is_asked_without_temperature(api: MessagesApi, sdk) -> None:
    new = "&version=2026-10-21"
    with pytest.raises(Unsupported, match=r"2026-10-21 has no temperature.*-p temperature=null.*sampling=0"):
        await asked_by_us(api, said(("user", "2+2?")), Sampling(), new)
    assert api.asked == []
    body = await asked_by_us(api, said(("user", "2+2?")), Sampling(top_p=0.5, extra={"top_k": 3}), new + "&sampling=0")
    await sdk.messages.create(model="claude-x", messages=[USER], max_tokens=8192)
    assert meaning(body) == meaning(api.asked[-1])


# ---- what is answered

THOUGHT = {"type": "thinking", "thinking": "Two and two… 司南", "signature": "EqQB"}
HIDDEN = {"type": "redacted_thinking", "data": "EmwK"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1.5, "b": ["é😀", None, {}]}}
SEARCH = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "x"}}
REPLIES = {
    "end_turn": message({"type": "text", "text": "Four. 四 😀"}),
    "max_tokens": message({"type": "text", "text": "Fo"}, stop="max_tokens"),
    "stop_sequence": message({"type": "text", "text": "4"}, stop="stop_sequence", stop_sequence="Q:"),
    "tool_use": message({"type": "text", "text": "I add."}, CALL, {**CALL, "id": "2", "input": {}}, stop="tool_use"),
    "pause_turn": message({"type": "text", "text": "Let me see"}, SEARCH, stop="pause_turn"),
    "model_context_window_exceeded": message({"type": "text", "text": "4"}, stop="model_context_window_exceeded"),
    "refusal": message({"type": "text", "text": "I cannot"}, stop="refusal"),
    "refusal without a text": message(
        stop="refusal", stop_details={"type": "refusal", "category": "bio", "explanation": "Not this."}
    ),
    "nothing": message(),
    "thoughts": message(THOUGHT, HIDDEN, {**THOUGHT, "thinking": "Sure."}, {"type": "text", "text": "4"}),
    "thoughts that are not shown": message({**THOUGHT, "thinking": ""}, {"type": "text", "text": "4"}),
    "several texts": message({"type": "text", "text": "a\n"}, {"type": "text", "text": "b"}),
    "cache": message(
        {"type": "text", "text": "4"},
        usage={"cache_read_input_tokens": 100, "cache_creation_input_tokens": 20,
               "output_tokens_details": {"thinking_tokens": 5}},
    ),
}  # fmt: skip
FINISH = {
    "max_tokens": "length", "pause_turn": "length", "model_context_window_exceeded": "length", "tool_use": "tool_calls",
    "refusal": "refusal",
}  # fmt: skip


def as_read_by_the_sdk(found) -> tuple:
    """Text, thoughts, calls, reason and counts, out of the SDK's own objects."""
    text = "".join(block.text for block in found.content if block.type == "text")
    if not text and found.stop_details is not None:
        text = found.stop_details.explanation
    thoughts = [block.thinking for block in found.content if block.type == "thinking"]
    calls = [(block.id, block.name, block.input) for block in found.content if block.type == "tool_use"]
    counts, details = found.usage, found.usage.output_tokens_details
    tokens_in = counts.input_tokens + counts.cache_read_input_tokens + counts.cache_creation_input_tokens
    usage = Usage(
        tokens_in, counts.output_tokens, counts.cache_read_input_tokens, counts.cache_creation_input_tokens,
        details.thinking_tokens if details else None,
    )  # fmt: skip
    return text, [t for t in thoughts if t], calls, FINISH.get(found.stop_reason, "stop"), usage


def as_read_by_us(completion) -> tuple:
    calls = [(call.id, call.name, json.loads(call.arguments)) for call in completion.tool_calls]
    thoughts = completion.reasoning.split("\n\n") if completion.reasoning else []
    return completion.text, thoughts, calls, completion.finish_reason, completion.usage


@pytest.mark.parametrize("case", REPLIES)
async def test_a_reply_is_read_as_by_the_sdk_whole_and_in_pieces(api: MessagesApi, sdk, case: str) -> None:
    api.reply = REPLIES[case]
    arguments = {"model": "claude-x", "messages": [USER], "max_tokens": 9}
    theirs = as_read_by_the_sdk(await sdk.messages.create(**arguments))
    async with sdk.messages.stream(**arguments) as stream:
        assert as_read_by_the_sdk(await stream.get_final_message()) == theirs
    read = []
    for more in ("", "&stream=1"):
        model = ours(api, more, attempts=1)
        read.append(await model.generate(said(("user", "2+2?")), FREE))
        await model.close()
    assert as_read_by_us(read[0]) == as_read_by_us(read[1]) == theirs
    assert read[0].tool_calls == read[1].tool_calls
    assert api.refused == []


def test_every_reason_that_the_sdk_knows_is_told() -> None:
    import typing

    from anthropic.types import StopReason

    assert set(typing.get_args(StopReason)) <= {reply["stop_reason"] for reply in REPLIES.values()}


# ---- errors

ERRORS = [
    (400, error("invalid_request_error", "messages: bad"), anthropic.BadRequestError, RequestRejected),
    (400, error("invalid_request_error", "`temperature` is deprecated for this model."), anthropic.BadRequestError,
     Unsupported),
    (400, error("invalid_request_error", "This model does not support assistant message prefill."),
     anthropic.BadRequestError, Unsupported),
    (400, error("invalid_request_error", "Your credit balance is too low"), anthropic.BadRequestError, ModelUnusable),
    (401, error("authentication_error", "invalid x-api-key"), anthropic.AuthenticationError, ModelUnusable),
    (402, error("billing_error", "Please pay"), anthropic.APIStatusError, ModelUnusable),
    (403, error("permission_error", "not yours"), anthropic.PermissionDeniedError, ModelUnusable),
    (404, error("not_found_error", "model: claude-x"), anthropic.NotFoundError, ModelUnusable),
    (409, error("conflict_error", "again"), anthropic.ConflictError, TransientError),
    (413, error("request_too_large", "too large"), anthropic.APIStatusError, RequestRejected),
    (422, error("invalid_request_error", "no"), anthropic.UnprocessableEntityError, RequestRejected),
    (429, error("rate_limit_error", "slower"), anthropic.RateLimitError, Refused),
    (429, error("rate_limit_error", "no more", error_code="enforced_spend_limit_reached"), anthropic.RateLimitError,
     ModelUnusable),
    (500, error("api_error", "Internal server error"), anthropic.InternalServerError, TransientError),
    (504, error("timeout_error", "too slow"), anthropic.InternalServerError, TransientError),
    (529, error("overloaded_error", "Overloaded"), anthropic.InternalServerError, Refused),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "theirs", "kind"), ERRORS)
async def test_an_error_fails_as_in_the_sdk_and_is_told(api: MessagesApi, sdk, status, body, theirs, kind) -> None:
    api.status, api.reply = status, body
    with pytest.raises(theirs):
        await sdk.messages.create(model="claude-x", messages=[USER], max_tokens=9)
    model = ours(api, attempts=1, refused_for=-1.0)
    with pytest.raises(kind) as caught:
        await model.generate(said(("user", "2+2?")), FREE)
    await model.close()
    assert type(caught.value) is kind and str(caught.value).startswith("anthropic/claude-x: ")
    assert str(status) in str(caught.value) and KEY not in str(caught.value)
    if status != 401:  # what a server says of a key may hold a part of it
        assert body["error"]["message"] in str(caught.value)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(error("overloaded_error", "Overloaded"), Refused), (error("api_error", "broke"), TransientError)],
)
async def test_an_error_in_the_stream_fails_as_in_the_sdk(api: MessagesApi, sdk, body, kind) -> None:
    api.reply = body
    with pytest.raises(anthropic.APIStatusError):
        async with sdk.messages.stream(model="claude-x", messages=[USER], max_tokens=9) as stream:
            await stream.get_final_message()
    model = ours(api, "&stream=1", attempts=1, refused_for=-1.0)
    with pytest.raises(kind, match=body["error"]["message"]) as caught:
        await model.generate(said(("user", "2+2?")), FREE)
    await model.close()
    assert type(caught.value) is kind


async def test_a_stream_that_ends_early_is_no_answer_though_the_sdk_takes_it(api: MessagesApi, sdk) -> None:
    model = ours(api, "&stream=1", attempts=1)
    for api.cut in range(1, 6):  # the sixth event says why the answer ended
        with pytest.raises(TransientError, match="ended before the answer did"):
            await model.generate(said(("user", "2+2?")), FREE)
    async with sdk.messages.stream(model="claude-x", messages=[USER], max_tokens=9) as stream:
        assert (await stream.get_final_message()).stop_reason is None
    for api.cut in (6, 7):
        assert (await model.generate(said(("user", "2+2?")), FREE)).text == "4"
    await model.close()


async def test_both_are_refused_by_the_server_where_a_rule_is_broken(api: MessagesApi, sdk) -> None:
    """That the server is strict: what passes it above passes for a reason."""
    turns = [{"role": "assistant", "content": "4 "}]
    for bad in ({"messages": turns}, {"max_tokens": 0}, {"extra_body": {"temperature": 0}}, {"stop_sequences": ["\n"]},
                {"thinking": {"type": "enabled", "budget_tokens": 9}}, {"extra_body": {"seed": 1}}):  # fmt: skip
        with pytest.raises(anthropic.BadRequestError):
            await sdk.messages.create(**{"model": "claude-x", "messages": [USER], "max_tokens": 9, **bad})
    assert len(api.refused) == 6 and api.asked == []
