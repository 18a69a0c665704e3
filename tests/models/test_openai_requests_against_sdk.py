"""OpenAI's own library and our provider: one server, one meaning of every request."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from sinan.errors import RequestRejected
from sinan.models import open_model
from sinan.types import Image, Message, Prompt, Sampling, Text, Tool, ToolCall
from tests.models.loopback import http
from tests.models.openai_peers import (
    KEY,
    MESSAGE,
    chat,
    configured,
    error,
    openai,
    ours,
    response,
    theirs,
    user,
    vendor,
)
from tests.models.openai_vendor import chunks, events, meant, sse

__all__ = ["configured", "vendor"]

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")
URL = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
PARAMETERS = {"type": "object", "properties": {"a": {"type": "integer"}}}


# ---- requests

CALL = ToolCall("call_1", "add", '{"a": 1}')
WITH_TOOLS = Prompt(
    messages=(
        Message("user", "1+2?"),
        Message("assistant", "", (CALL, ToolCall("call_2", "now", "{}"))),
        Message("tool", "3", tool_call_id="call_1"),
        Message("tool", "noon", tool_call_id="call_2"),
    ),
    tools=(Tool("add", "Adds.", PARAMETERS), Tool("now")),
)
NOTHING = {"type": "object", "properties": {}}


def picture(folder: Path) -> Image:
    (folder / "a.png").write_bytes(PIXEL)
    return Image(str(folder / "a.png"), hashlib.sha256(PIXEL).hexdigest(), "image/png")


REQUESTS: dict[str, tuple[Any, Sampling, dict[str, Any], dict[str, Any] | None]] = {
    "plain": (
        (Message("user", "2+2?"),),
        Sampling(),
        {"messages": [user("2+2?")], "temperature": 0},
        {"input": "2+2?", "temperature": 0},
    ),
    "system": (
        (Message("system", "Be short."), Message("user", "2+2?")),
        Sampling(temperature=None, max_tokens=9),
        {"messages": [{"role": "system", "content": "Be short."}, user("2+2?")], "max_completion_tokens": 9},
        {"instructions": "Be short.", "input": [user("2+2?")], "max_output_tokens": 9},
    ),
    "turns": (
        (Message("user", "2+2?"), Message("assistant", "4"), Message("user", "And 3+3?")),
        Sampling(0.7, top_p=0.9),
        {
            "messages": [user("2+2?"), {"role": "assistant", "content": "4"}, user("And 3+3?")],
            "temperature": 0.7,
            "top_p": 0.9,
        },
        {
            "input": [user("2+2?"), {"role": "assistant", "content": "4"}, user("And 3+3?")],
            "temperature": 0.7,
            "top_p": 0.9,
        },
    ),
    "picture": (
        "picture",
        Sampling(None),
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": URL}}],
                }
            ]
        },
        {
            "input": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "What?"},
                        {"type": "input_image", "image_url": URL, "detail": "auto"},
                    ],
                }
            ]
        },
    ),
    "tools": (
        WITH_TOOLS,
        Sampling(None),
        {
            "messages": [
                user("1+2?"),
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}},
                        {"id": "call_2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
                    ],
                },
                {"role": "tool", "tool_call_id": "call_1", "content": "3"},
                {"role": "tool", "tool_call_id": "call_2", "content": "noon"},
            ],
            "tools": [
                {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": PARAMETERS}},
                {"type": "function", "function": {"name": "now", "parameters": NOTHING}},
            ],
        },
        {
            "input": [
                user("1+2?"),
                {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": '{"a": 1}'},
                {"type": "function_call", "call_id": "call_2", "name": "now", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "call_1", "output": "3"},
                {"type": "function_call_output", "call_id": "call_2", "output": "noon"},
            ],
            "tools": [
                {"type": "function", "name": "add", "description": "Adds.", "parameters": PARAMETERS, "strict": False},
                {"type": "function", "name": "now", "parameters": NOTHING, "strict": False},
            ],
        },
    ),
    "effort": (
        (Message("user", "2+2?"),),
        Sampling(None, reasoning_effort="low"),
        {"messages": [user("2+2?")], "reasoning_effort": "low"},
        {"input": "2+2?", "reasoning": {"effort": "low"}},
    ),
    "schema": (
        (Message("user", "2+2?"),),
        Sampling(None, schema=SCHEMA),
        {
            "messages": [user("2+2?")],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
            },
        },
        {
            "input": "2+2?",
            "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}},
        },
    ),
    "stop and seed": (
        (Message("user", "2+2?"),),
        Sampling(None, stop=("\n", "END"), seed=7),
        {"messages": [user("2+2?")], "stop": ["\n", "END"], "seed": 7},
        None,
    ),
    "unicode": (
        (Message("user", '司南 😀 \u2028 é \\ " \0'),),
        Sampling(None, extra={"user": "ü"}),
        {"messages": [user('司南 😀 \u2028 é \\ " \0')], "user": "ü"},
        {"input": '司南 😀 \u2028 é \\ " \0', "user": "ü"},
    ),
}


def prompt_of(asked: Any, folder: Path) -> Prompt:
    if asked == "picture":
        return Prompt(messages=(Message("user", (Text("What?"), picture(folder))),))
    return asked if isinstance(asked, Prompt) else Prompt(messages=asked)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("name", REQUESTS)
async def test_a_chat_request_means_what_the_vendors_library_sends(server, vendor, tmp_path, name, streams) -> None:
    asked, sampling, words, _ = REQUESTS[name]
    vendor.reply = sse(chunks(chat("4"))) if streams else http(200, chat("4"))
    more = {"stream": True, "stream_options": {"include_usage": True}} if streams else {}
    await theirs(server).chat.completions.create(model="gpt-x", **words, **more)
    model = ours(server, f"&stream={streams:d}")
    assert (await model.generate(prompt_of(asked, tmp_path), sampling)).text == "4"
    await model.close()
    first, second = vendor.asked
    assert meant(first.body) == meant(second.body)
    assert first.path == second.path and first.headers["authorization"] == second.headers["authorization"]


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("name", [name for name, row in REQUESTS.items() if row[3] is not None])
async def test_a_response_request_means_what_the_vendors_library_sends(server, vendor, tmp_path, name, streams) -> None:
    asked, sampling, _, words = REQUESTS[name]
    reply = response(MESSAGE)
    vendor.reply = sse(events(reply), done=False) if streams else http(200, reply)
    more = {"stream": True} if streams else {}
    await theirs(server).responses.create(model="gpt-x", store=False, **words, **more)
    model = ours(server, f"&api=responses&stream={streams:d}")
    assert (await model.generate(prompt_of(asked, tmp_path), sampling)).text == "4"
    await model.close()
    first, second = vendor.asked
    assert meant(first.body) == meant(second.body) and first.path == second.path


async def test_a_continued_text_means_what_the_vendors_library_sends(server, vendor) -> None:
    choice = {"text": " 4", "index": 0, "finish_reason": "length", "logprobs": None}
    vendor.reply = http(200, {"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]})
    client = theirs(server)
    found = await client.completions.create(model="gpt-x", prompt="2+2 =", max_tokens=2, temperature=0, stop=["\n"])
    model = ours(server, "&api=completions")
    read = await model.generate(Prompt(text="2+2 ="), Sampling(max_tokens=2, stop=("\n",)))
    await model.close()
    assert vendor.asked[0].body == vendor.asked[1].body
    assert (read.text, read.finish_reason) == (found.choices[0].text, found.choices[0].finish_reason)


async def test_the_server_of_these_tests_refuses_what_is_not_published(server, vendor) -> None:
    model = ours(server)
    for extra in ({"bogus": 1}, {"reasoning_effort": "a lot"}):
        with pytest.raises(RequestRejected, match="not as published"):
            await model.generate(Prompt(messages=(Message("user", "x"),)), Sampling(extra=extra))
    await model.close()


# ---- azure


@pytest.mark.parametrize("version", ["2024-10-21", "2025-03-01-preview"])
@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_a_deployment_of_azure_is_asked_as_by_the_vendors_library(server, vendor, api, version) -> None:
    at = f"http://127.0.0.1:{server.port}"
    client = openai.AsyncAzureOpenAI(azure_endpoint=at, api_version=version, api_key=KEY, max_retries=0)
    model = open_model(f"azure/my-gpt?base_url={at}&api_version={version}&api={api}")
    if api == "chat":
        vendor.reply = http(200, chat("4"))
        await client.chat.completions.create(model="my-gpt", messages=[user("x")], temperature=0)
    else:
        vendor.reply = http(200, response(MESSAGE))
        await client.responses.create(model="my-gpt", input="x", temperature=0, store=False)
    await model.generate(Prompt(messages=(Message("user", "x"),)), Sampling())
    await model.close()
    first, second = vendor.asked
    assert first.path == second.path and meant(first.body) == meant(second.body)
    assert first.headers["api-key"] == second.headers["api-key"] == KEY


async def test_azures_v1_is_asked_as_by_the_vendors_library(server, vendor) -> None:
    at = f"http://127.0.0.1:{server.port}"
    vendor.reply = http(200, chat("4"))
    client = openai.AsyncOpenAI(base_url=f"{at}/openai/v1/", api_key=KEY, max_retries=0)
    await client.chat.completions.create(model="my-gpt", messages=[user("x")], temperature=0)
    model = open_model(f"azure/my-gpt?base_url={at}")
    await model.generate(Prompt(messages=(Message("user", "x"),)), Sampling())
    await model.close()
    first, second = vendor.asked
    assert first.path == second.path == "/openai/v1/chat/completions" and meant(first.body) == meant(second.body)


async def test_what_azures_filter_holds_back_is_an_error_there_and_a_refusal_here(server, vendor) -> None:
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}
    body = error("The prompt was filtered", "content_filter")
    body["error"]["innererror"] = inner
    vendor.reply = http(400, body)
    at = f"http://127.0.0.1:{server.port}"
    client = openai.AsyncAzureOpenAI(azure_endpoint=at, api_version="2024-10-21", api_key=KEY, max_retries=0)
    with pytest.raises(openai.BadRequestError) as told:
        await client.chat.completions.create(model="my-gpt", messages=[user("x")])
    assert told.value.code == "content_filter"
    model = open_model(f"azure/my-gpt?base_url={at}&api_version=2024-10-21")
    read = await model.generate(Prompt(messages=(Message("user", "x"),)), Sampling())
    await model.close()
    assert read.finish_reason == "refusal" and "The prompt was filtered" in read.text
