"""OpenAI's own library and our provider: one server, one reading of every reply and of every error."""

from dataclasses import replace
from typing import Any

import pytest

from sinan.errors import ModelError, ModelUnusable, Refused, RequestRejected, TransientError
from sinan.types import Completion, Message, Prompt, Sampling
from tests.models.loopback import http
from tests.models.openai_peers import (
    MESSAGE,
    chat,
    configured,
    error,
    message,
    openai,
    ours,
    response,
    text,
    theirs,
    user,
    vendor,
)
from tests.models.openai_vendor import chunks, events, sse

__all__ = ["configured", "vendor"]

# ---- replies of chat


def called(*calls: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [{"id": i, "type": "function", "function": {"name": name, "arguments": args}} for i, name, args in calls]


DETAILS = {
    "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
CHATS = {
    "plain": chat("The answer is 4. ✓"),
    "empty": chat(""),
    "cut": chat("The ans", "length"),
    "filtered": chat("How to", "content_filter"),
    "refused": chat(None, refusal="I cannot help."),
    "called": chat(None, "tool_calls", tool_calls=called(("1", "add", '{"a": 1}'), ("2", "now", "{}"))),
    "said and called": chat("Let me add.", "tool_calls", tool_calls=called(("1", "add", '{"ä": "😀"}'))),
    "counted": chat("4", usage=DETAILS),
}
FINISH = {"content_filter": "refusal", "function_call": "tool_calls"}


def same_chat(found: Any, read: Completion) -> None:
    """The vendor's object and our completion say the same."""
    choice, usage = found.choices[0], found.usage
    assert read.text == (choice.message.content or choice.message.refusal or "")
    expected = "refusal" if choice.message.refusal else FINISH.get(choice.finish_reason, choice.finish_reason)
    assert read.finish_reason == expected
    calls = [(call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or []]
    assert [(call.id, call.name, call.arguments) for call in read.tool_calls] == calls
    assert (read.usage.tokens_in, read.usage.tokens_out) == (usage.prompt_tokens, usage.completion_tokens)
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    assert read.usage.cache_read == (prompt and prompt.cached_tokens)
    assert read.usage.cache_write == (prompt and prompt.cache_write_tokens)
    assert read.usage.reasoning == (completion and completion.reasoning_tokens)


@pytest.mark.parametrize("name", CHATS)
async def test_a_chat_reply_is_read_as_by_the_vendors_library(server, vendor, name) -> None:
    prompt, words = Prompt(messages=(Message("user", "2+2?"),)), {"model": "gpt-x", "messages": [user("2+2?")]}
    vendor.reply = http(200, CHATS[name])
    whole, chunked = ours(server), ours(server, "&stream=1")
    read = await whole.generate(prompt, Sampling())
    same_chat(await theirs(server).chat.completions.create(**words), read)
    vendor.reply = sse(chunks(CHATS[name]))
    in_chunks = await chunked.generate(prompt, Sampling())
    cut = {"length": openai.LengthFinishReasonError, "content_filter": openai.ContentFilterFinishReasonError}
    raised = cut.get(CHATS[name]["choices"][0]["finish_reason"])
    async with theirs(server).chat.completions.stream(**words, stream_options={"include_usage": True}) as stream:
        if raised is None:
            same_chat(await stream.get_final_completion(), in_chunks)
        else:  # what is no whole answer is an error there; here it is counted apart
            with pytest.raises(raised):
                await stream.get_final_completion()
    await whole.close()
    await chunked.close()
    assert timeless(read) == timeless(in_chunks)


def timeless(completion: Completion) -> Completion:
    return replace(completion, latency_s=0.0)


# ---- replies of the Responses API


CALLED = [
    {"id": f"f{i}", "type": "function_call", "call_id": i, "name": name, "arguments": args, "status": "completed"}
    for i, name, args in (("1", "add", '{"ä": "😀"}'), ("2", "now", "{}"))
]
THOUGHT = {"id": "t", "type": "reasoning", "summary": [{"type": "summary_text", "text": t} for t in ("First.", "So.")]}
RESPONSES = {
    "plain": response(message(text("The answer is 4. ✓"))),
    "two parts": response(message(text("The answer "), text("is 4."))),
    "thought": response(THOUGHT, MESSAGE),
    "called": response(THOUGHT, *CALLED),
    "said and called": response(message(text("Let me add.")), CALLED[0]),
    "refused": response(message({"type": "refusal", "refusal": "I cannot help."})),
    "cut": response(message(text("The ans"), status="incomplete"), status="incomplete", why="max_output_tokens"),
    "cut in thought": response(THOUGHT, status="incomplete", why="max_output_tokens"),
    "too many messages": response(MESSAGE, status="incomplete", why="max_messages"),
    "filtered": response(message(text("How"), status="incomplete"), status="incomplete", why="content_filter"),
}


def same_response(found: Any, read: Completion) -> None:
    """The vendor's object and our completion say the same."""
    items = found.output
    parts = [part for item in items if item.type == "message" for part in item.content]
    refusal = "".join(part.refusal for part in parts if part.type == "refusal")
    assert read.text == (found.output_text or refusal)
    calls = [(item.call_id, item.name, item.arguments) for item in items if item.type == "function_call"]
    assert [(call.id, call.name, call.arguments) for call in read.tool_calls] == calls
    thoughts = [part.text for item in items if item.type == "reasoning" for part in item.summary]
    assert read.reasoning == "\n\n".join(thoughts)
    why = found.incomplete_details and found.incomplete_details.reason
    if found.status == "incomplete":
        assert read.finish_reason == ("refusal" if why == "content_filter" else "length")
    else:
        assert read.finish_reason == ("tool_calls" if calls else "refusal" if refusal else "stop")
    usage, counts = read.usage, found.usage
    assert (usage.tokens_in, usage.tokens_out) == (counts.input_tokens, counts.output_tokens)
    assert usage.cache_read == counts.input_tokens_details.cached_tokens
    assert usage.cache_write == counts.input_tokens_details.cache_write_tokens
    assert usage.reasoning == counts.output_tokens_details.reasoning_tokens


@pytest.mark.parametrize("name", RESPONSES)
async def test_a_response_is_read_as_by_the_vendors_library(server, vendor, name) -> None:
    prompt, words = Prompt(messages=(Message("user", "2+2?"),)), {"model": "gpt-x", "input": "2+2?", "store": False}
    vendor.reply = http(200, RESPONSES[name])
    whole, chunked = ours(server, "&api=responses"), ours(server, "&api=responses&stream=1")
    read = await whole.generate(prompt, Sampling())
    same_response(await theirs(server).responses.create(**words), read)
    vendor.reply = sse(events(RESPONSES[name]), done=False)
    in_chunks = await chunked.generate(prompt, Sampling())
    last = None
    async for event in await theirs(server).responses.create(**words, stream=True):
        last = event
    same_response(last.response, in_chunks)
    await whole.close()
    await chunked.close()
    assert timeless(read) == timeless(in_chunks)


# ---- errors


@pytest.mark.parametrize(
    ("status", "body", "raised", "meaning"),
    [
        (400, error("max_tokens is too large"), openai.BadRequestError, RequestRejected),
        (400, error("too long", "context_length_exceeded"), openai.BadRequestError, RequestRejected),
        (401, error("Incorrect key", "invalid_api_key"), openai.AuthenticationError, ModelUnusable),
        (403, error("No access to this"), openai.PermissionDeniedError, ModelUnusable),
        (404, error("No such model", "model_not_found"), openai.NotFoundError, ModelUnusable),
        (409, error("Try again"), openai.ConflictError, TransientError),
        (422, error("Not so"), openai.UnprocessableEntityError, RequestRejected),
        (429, error("Slow down", "rate_limit_exceeded", "requests"), openai.RateLimitError, Refused),
        (429, error("No money", "insufficient_quota"), openai.RateLimitError, ModelUnusable),
        (500, error("Sorry", None, "server_error"), openai.InternalServerError, TransientError),
        (503, error("Overloaded", None, "server_error"), openai.InternalServerError, TransientError),
    ],
)
@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_errors_are_those_of_the_vendors_library(server, vendor, api, status, body, raised, meaning) -> None:
    vendor.reply = http(status, body)
    client = theirs(server)
    with pytest.raises(raised) as told:
        if api == "chat":
            await client.chat.completions.create(model="gpt-x", messages=[user("x")])
        else:
            await client.responses.create(model="gpt-x", input="x")
    model = ours(server, f"&api={api}")
    with pytest.raises(ModelError) as caught:
        await model.generate(Prompt(messages=(Message("user", "x"),)), Sampling())
    await model.close()
    assert type(caught.value) is meaning and told.value.status_code == status
    if status != 401:  # the server's words about a key are never repeated
        assert body["error"]["message"] in str(caught.value)


@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_an_error_in_a_stream_is_one_for_both(server, vendor, api) -> None:
    said = {"message": "The server had an error", "type": "server_error", "code": "server_error", "param": None}
    if api == "chat":
        vendor.reply = sse([*chunks(chat("The answer"))[:3], {"error": said}])
    else:
        begun = events(RESPONSES["plain"])[:4]
        vendor.reply = sse([*begun, said | {"type": "error", "sequence_number": 4}], done=False)
    client, model = theirs(server), ours(server, f"&api={api}&stream=1")
    with pytest.raises(TransientError, match="had an error"):
        await model.generate(Prompt(messages=(Message("user", "x"),)), Sampling())
    await model.close()
    if api == "chat":
        with pytest.raises(openai.APIError, match="had an error"):
            async with client.chat.completions.stream(model="gpt-x", messages=[user("x")]) as stream:
                await stream.get_final_completion()
    else:
        last = [one async for one in await client.responses.create(model="gpt-x", input="x", stream=True)][-1]
        assert last.type == "error" and last.message == said["message"]
