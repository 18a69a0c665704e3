"""The Responses API: what is written, what is read, whole and streamed; no reply raises anything but a ModelError."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import ModelError, Refused, RequestRejected, TransientError, Unsupported
from sinan.models.dialects import openai_responses as responses
from sinan.models.dialects.stop_strings import cut
from sinan.types import Completion, Image, Message, Prompt, Sampling, Text, Tool, ToolCall, Usage

ASK = Prompt(messages=(Message("user", "2+2?"),))


def drawn(sampling: Sampling, **more) -> dict:
    body = responses.response_request("m", ASK, sampling, {}, **more)
    return {name: value for name, value in body.items() if name not in ("model", "input", "store", "temperature")}


def said(text: str) -> dict:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def reply(*output: dict, status: str = "completed", **more) -> dict:
    return {"status": status, "error": None, "output": list(output), **more}


def unfinished(why: str, *output: dict) -> dict:
    return reply(*output, status="incomplete", incomplete_details={"reason": why})


def test_a_conversation_becomes_items() -> None:
    image = Image("/x.png", "ab", "image/png")
    messages = (
        Message("system", "Be short."),
        Message("user", (Text("see"), image)),
        Message("assistant", "Let me look.", (ToolCall("c1", "add", '{"a":1}'),)),
        Message("tool", "3", tool_call_id="c1"),
        Message("system", "Now."),
    )
    body = responses.response_request(
        "m", Prompt(messages=messages, tools=(Tool("add", "Adds."),)), Sampling(), {"ab": b"P"}
    )
    picture = {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,UA=="}
    parameters = {"type": "object", "properties": {}}
    assert body == {
        "model": "m",
        "store": False,
        "temperature": 0.0,
        "instructions": "Be short.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "see"}, picture]},
            {"role": "assistant", "content": "Let me look."},
            {"type": "function_call", "call_id": "c1", "name": "add", "arguments": '{"a":1}'},
            {"type": "function_call_output", "call_id": "c1", "output": "3"},
            {"role": "system", "content": "Now."},
        ],
        "tools": [
            {"type": "function", "name": "add", "description": "Adds.", "parameters": parameters, "strict": False}
        ],
    }


def test_sampling_becomes_fields() -> None:
    assert drawn(Sampling(0.0, 9, 0.5)) == {"max_output_tokens": 9, "top_p": 0.5}
    assert drawn(Sampling(reasoning_effort="low"), summary="auto") == {
        "reasoning": {"effort": "low", "summary": "auto"}
    }
    assert drawn(Sampling(thinking_tokens=0)) == {"reasoning": {"effort": "none"}}
    schema = {"type": "object"}
    form = {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
    assert drawn(Sampling(schema=schema, extra={"text": {"verbosity": "low"}})) == {
        "text": {"format": form, "verbosity": "low"}
    }


@pytest.mark.parametrize(
    ("prompt", "sampling", "told"),
    [
        (Prompt(messages=(*ASK.messages, Message("assistant", "It is"))), Sampling(), "prefill"),
        (ASK, Sampling(seed=1), "takes no seed"),
        (ASK, Sampling(thinking_tokens=9), "reasoning_effort"),
        (ASK, Sampling(extra={"input": "x"}), "`input` cannot be set"),
        (ASK, Sampling(extra={"stream": True}), "`stream` cannot be set"),
        (Prompt(messages=(Message("assistant", (Image("/x", "a", "image/png"),)),)), Sampling(), "no pictures"),
    ],
)
def test_what_the_api_cannot_say_is_refused(prompt: Prompt, sampling: Sampling, told: str) -> None:
    with pytest.raises((Unsupported, RequestRejected), match=told):
        responses.response_request("m", prompt, sampling, {})


def test_stop_strings_end_the_answer_here() -> None:
    ended = cut(Completion("4\nQ: b\n\nC", "length"), ("\n\n", "\nQ:"))
    assert (ended.text, ended.finish_reason) == ("4", "stop")
    whole = Completion("4", "length")
    assert cut(whole, ("\n",)) == whole and cut(whole, ()) == whole


THOUGHT = {"type": "reasoning", "summary": [{"type": "summary_text", "text": t} for t in ("One.", "Two.")]}
OPEN = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "2+2"}]}
CALL = {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}", "status": "completed"}
NO = {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (reply(said("4")), Completion("4", "stop")),
        (reply(THOUGHT, said("4")), Completion("4", "stop", reasoning="One.\n\nTwo.")),
        (reply(OPEN, said("4")), Completion("4", "stop", reasoning="2+2")),
        (reply(said("I add."), CALL), Completion("I add.", "tool_calls", tool_calls=(ToolCall("c1", "add", "{}"),))),
        (reply(NO), Completion("I cannot.", "refusal")),
        (reply({"type": "web_search_call"}, said("4")), Completion("4", "stop")),
        (reply(THOUGHT), Completion("", "stop", reasoning="One.\n\nTwo.")),
        (unfinished("max_output_tokens", said("")), Completion("", "length")),
        (unfinished("max_output_tokens"), Completion("", "length")),
        (unfinished("content_filter", said("4")), Completion("4", "refusal")),
        (unfinished("steered", said("4")), Completion("4", "length")),
        (reply(said("4"), status="incomplete"), Completion("4", "length")),
        (reply(status="failed") | {"error": {"code": "bio_policy", "message": "No."}}, Completion("No.", "refusal")),
        ({"output": [said("4")]}, Completion("4", "stop")),
    ],
)  # fmt: skip
def test_replies(found: dict, expected: Completion) -> None:
    assert responses.read_response(found) == expected
    streamed = [{"type": "response.created", "response": reply(status="in_progress")}]
    end = {"type": f"response.{found.get('status', 'completed')}", "response": found}
    assert responses.read_response([*streamed, end]) == expected


def test_items_that_only_the_stream_holds_are_read() -> None:
    events = [{"type": "response.output_item.done", "output_index": 0, "item": said("4")}]
    end = {"type": "response.completed", "response": reply()}
    assert responses.read_response([*events, end]).text == "4"


def test_counts_are_read() -> None:
    inner = {"input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1}}
    counts = {"input_tokens": 9, "output_tokens": 70, "output_tokens_details": {"reasoning_tokens": 64}}
    assert responses.read_response(reply(said("4"), usage=counts | inner)).usage == Usage(9, 70, 4, 1, 64)
    assert responses.read_response(reply(said("4"), usage=[])).usage == Usage()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ({"code": "server_error", "message": "sorry"}, TransientError),
        ({"code": None, "message": "sorry"}, TransientError),
        ({"code": "rate_limit_exceeded", "message": "sorry"}, Refused),
        ({"code": "invalid_image", "message": "sorry"}, RequestRejected),
        ({"code": "invalid_prompt", "message": "sorry"}, RequestRejected),
        ("sorry", TransientError),
    ],
)
def test_errors_are_told_apart(error, raised: type[ModelError]) -> None:
    for found in (
        reply(status="failed") | {"error": error},
        [{"type": "error", **error}] if error != "sorry" else None,
    ):
        if found is not None:
            with pytest.raises(raised, match="sorry") as caught:
                responses.read_response(found)
            assert type(caught.value) is raised


@pytest.mark.parametrize(
    "broken",
    [None, 3, {}, [], [3], {"output": None}, {"output": [3]}, reply(), reply(status="queued"),
     reply({"type": "message"}),
     reply(said("4"), status="cancelled"), reply({"type": "function_call", "name": 3}), [{"type": "response.created"}],
     reply({"type": "message", "content": [{"type": "output_text"}]}), [{"type": "response.completed"}]],
)  # fmt: skip
def test_replies_without_an_answer_are_transient(broken) -> None:
    with pytest.raises(TransientError):
        responses.read_response(broken)


_KEYS = ["output", "type", "content", "summary", "text", "status", "error", "code", "message", "usage", "input_tokens",
         "incomplete_details", "reason", "name", "arguments", "call_id", "response", "item", "refusal"]  # fmt: skip
_WORDS = ["message", "output_text", "reasoning", "function_call", "completed", "incomplete", "response.completed",
          "response.output_item.done", "refusal", "error", "4"]  # fmt: skip
_LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(_WORDS)
_JSON = st.recursive(
    _LEAVES, lambda x: st.lists(x, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), x, max_size=5), max_leaves=30
)


@given(_JSON | st.fixed_dictionaries({"output": st.lists(_JSON)}, optional={"usage": _JSON, "status": _JSON}))
def test_no_reply_raises_anything_but_a_model_error(found) -> None:
    with suppress(ModelError):
        completion = responses.read_response(found)
        assert isinstance(completion.text, str) and isinstance(completion.reasoning, str)
