"""The wire format of the Gemini API: what is written and read, and that no reply raises anything but a ModelError."""

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import ModelError, ModelUnusable, RequestRejected, TransientError
from sinan.models.dialects import google as dialect
from sinan.models.dialects import google_reply as replies
from sinan.types import Completion, Image, Message, Prompt, Sampling, Text, Tool, ToolCall, Usage

ASK = Prompt(messages=(Message("user", "2+2?"),))
NOTHING = Sampling(temperature=None)


def body(*messages: Message, sampling: Sampling = NOTHING, tools: tuple[Tool, ...] = (), images=None):
    return dialect.generate_request(Prompt(messages=messages, tools=tools), sampling, images or {})


def config(**fields):
    return dialect.generate_request(ASK, Sampling(**({"temperature": None} | fields)), {}).get("generationConfig")


def reply(*parts, finish="STOP", **more):
    candidate = {"content": {"role": "model", "parts": list(parts)}} | ({"finishReason": finish} if finish else {})
    return {"candidates": [candidate], **more}


FOUR = {"text": "4"}


def test_a_request_holds_only_what_is_set() -> None:
    assert body(
        Message("system", "s"), Message("user", "你好 😀"), Message("assistant", "a"), Message("user", "b")
    ) == {
        "systemInstruction": {"parts": [{"text": "s"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "你好 😀"}]},
            {"role": "model", "parts": [{"text": "a"}]},
            {"role": "user", "parts": [{"text": "b"}]},
        ],
    }


def test_sampling_is_written_in_the_fields_of_the_api() -> None:
    assert config(temperature=0.5, max_tokens=10, top_p=0.9, stop=("\n",), seed=7, extra={"topK": 3}) == {
        "temperature": 0.5, "maxOutputTokens": 10, "topP": 0.9, "stopSequences": ["\n"], "seed": 7, "topK": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"reasoning_effort": "low"}, {"thinkingLevel": "LOW", "includeThoughts": True}),
        ({"reasoning_effort": "none"}, {"thinkingBudget": 0}),
        ({"thinking_tokens": 0}, {"thinkingBudget": 0}),
        ({"thinking_tokens": 512}, {"thinkingBudget": 512, "includeThoughts": True}),
    ],
)
def test_thinking_is_told_as_a_level_or_a_budget(fields, expected) -> None:
    assert config(**fields) == {"thinkingConfig": expected}


def test_a_schema_is_enforced_as_json() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
    assert config(schema=schema) == {"responseMimeType": "application/json", "responseJsonSchema": schema}


def test_five_stop_strings_are_sent_and_the_others_cut_the_answer() -> None:
    sampling = Sampling(stop=("a", "b", "c", "d", "e", "Q:", "\n\n"))
    assert config(stop=sampling.stop)["stopSequences"] == ["a", "b", "c", "d", "e"]
    rest = dialect.stops(sampling)[1]
    cut = replies.ended_at(Completion("4\n\nQ: 3", "length"), rest)
    assert (cut.text, cut.finish_reason) == ("4", "stop")
    whole = Completion("4", "length")
    assert replies.ended_at(whole, rest) is whole


def test_stop_strings_that_hold_after_the_thoughts_are_not_sent() -> None:
    assert config(stop=("\n",) * 7, think_end="</think>") is None
    assert dialect.stops(Sampling(stop=("\n",) * 7, think_end="</think>")) == ((), ())


@pytest.mark.parametrize(
    "name", ["model", "contents", "system_instruction", "tools", "generationConfig", "candidate_count", "stream", "n",
             "responseLogprobs", "logprobs"]
)  # fmt: skip
def test_parameters_that_change_how_a_reply_is_read_are_rejected(name: str) -> None:
    with pytest.raises(RequestRejected, match=name):
        config(extra={name: 2})


def test_a_parameter_that_is_given_twice_is_rejected() -> None:
    with pytest.raises(RequestRejected, match="top_p"):
        config(top_p=0.5, extra={"top_p": 0.9})
    assert config(extra={"top_p": 0.9}) == {"top_p": 0.9}


def test_safety_settings_stand_beside_the_configuration() -> None:
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    found = dialect.generate_request(ASK, Sampling(temperature=None, extra={"safetySettings": safety}), {})
    assert found["safetySettings"] == safety and "generationConfig" not in found


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ((Message("user", "q"), Message("assistant", "The answer")), "cannot continue a begun answer"),
        ((Message("user", "q"), Message("system", "s")), "before the first turn"),
        ((Message("user", "q"), Message("tool", "4", tool_call_id="x")), "belongs to no call"),
        ((Message("assistant", "", (ToolCall("1", "f", "[1]"),)), Message("user", "q")), "no JSON object"),
        ((Message("user", (Image("/x.png", "ab", "image/png"),)),), r"/x\.png"),
    ],
)
def test_what_the_api_cannot_say_is_rejected(messages, said: str) -> None:
    with pytest.raises(RequestRejected, match=said):
        body(*messages)


def test_a_level_and_a_budget_at_once_are_rejected() -> None:
    with pytest.raises(RequestRejected, match="not both"):
        config(reasoning_effort="low", thinking_tokens=5)


def test_pictures_are_written() -> None:
    image = Image("/x.png", "ab", "image/png")
    found = body(Message("user", (Text("see"), image)), images={"ab": b"\x89PNG"})
    data = base64.b64encode(b"\x89PNG").decode()
    picture = {"inlineData": {"mimeType": "image/png", "data": data}}
    assert found["contents"] == [{"role": "user", "parts": [{"text": "see"}, picture]}]


def test_tools_their_calls_and_their_results_are_written() -> None:
    calls = (ToolCall("a#signature=c2ln", "add", '{"x": 1}'), ToolCall("b", "now", ""))
    messages = (
        Message("user", "q"),
        Message("assistant", "", calls),
        Message("tool", '{"sum": 2}', tool_call_id="a#signature=c2ln"),
        Message("tool", "noon", tool_call_id="b"),
    )
    found = body(*messages, tools=(Tool("add", "Adds.", {"type": "object"}), Tool("now")))
    assert found["tools"] == [{"functionDeclarations": [
        {"name": "add", "description": "Adds.", "parametersJsonSchema": {"type": "object"}},
        {"name": "now", "parametersJsonSchema": {"type": "object", "properties": {}}},
    ]}]  # fmt: skip
    assert found["contents"][1:] == [
        {"role": "model", "parts": [
            {"functionCall": {"id": "a", "name": "add", "args": {"x": 1}}, "thoughtSignature": "c2ln"},
            {"functionCall": {"id": "b", "name": "now", "args": {}}},
        ]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "a", "name": "add", "response": {"sum": 2}}},
            {"functionResponse": {"id": "b", "name": "now", "response": {"output": "noon"}}},
        ]},
    ]  # fmt: skip


@pytest.mark.parametrize("text", ['{"n": 9007199254740993}', '{"n": NaN}', '{"n": 1e999}', "[1]", "{", "7"])
def test_a_result_that_would_not_arrive_as_it_is_goes_as_text(text: str) -> None:
    messages = (Message("assistant", "", (ToolCall("1", "f", "{}"),)), Message("tool", text, tool_call_id="1"))
    result = body(*messages)["contents"][1]["parts"][0]["functionResponse"]
    assert result == {"id": "1", "name": "f", "response": {"output": text}}


def test_a_picture_of_a_tool_goes_with_its_result() -> None:
    image = Image("/x.png", "ab", "image/png")
    call = Message("assistant", "", (ToolCall("", "see", "{}"),))
    found = body(call, Message("tool", (Text("there"), image)), images={"ab": b"P"})["contents"][1]["parts"][0]
    assert found["functionResponse"] == {
        "name": "see",
        "response": {"output": "there"},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "UA=="}}],
    }


# ---- replies


def test_an_answer_its_thoughts_and_its_tokens_are_read() -> None:
    counts = {"promptTokenCount": 9, "cachedContentTokenCount": 4, "candidatesTokenCount": 1, "thoughtsTokenCount": 3}
    read = replies.read_reply(
        reply({"text": "2+2", "thought": True}, {"text": "4"}, {"text": "!"}, usageMetadata=counts)
    )
    assert (read.text, read.reasoning, read.finish_reason) == ("4!", "2+2", "stop")
    assert read.usage == Usage(9, 4, cache_read=4, reasoning=3)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"promptTokenCount": 9, "totalTokenCount": 9}, Usage(9, 0)),
        ({"promptTokenCount": 9}, Usage(9)),
        ({"promptTokenCount": 9, "toolUsePromptTokenCount": 2, "candidatesTokenCount": 1}, Usage(11, 1)),
        ({"thoughtsTokenCount": 3}, Usage(None, 3, reasoning=3)),
        ({"promptTokenCount": -3, "candidatesTokenCount": "4"}, Usage()),
        (None, Usage()),
        ([], Usage()),
    ],
)
def test_usage(counts, expected: Usage) -> None:
    assert replies.read_reply(reply(FOUR, usageMetadata=counts)).usage == expected


def test_calls_are_read() -> None:
    read = replies.read_reply(
        reply(
            {"functionCall": {"name": "f", "args": {"a": "你"}}, "thoughtSignature": "c2ln"},
            {"functionCall": {"id": "x", "name": "g"}},
        )
    )
    assert read.tool_calls == (ToolCall("call_1#signature=c2ln", "f", '{"a": "你"}'), ToolCall("x", "g", "{}"))
    assert read.finish_reason == "tool_calls"


def test_a_call_goes_back_as_it_came() -> None:
    part = {"functionCall": {"id": "x", "name": "f", "args": {"a": [1, 2.5, None, "你"]}}, "thoughtSignature": "a+/="}
    calls = replies.read_reply(reply(part)).tool_calls
    sent = body(Message("assistant", "", calls), Message("tool", "4", tool_call_id=calls[0].id))
    assert sent["contents"][0]["parts"] == [part]


@pytest.mark.parametrize(
    ("finish", "expected"),
    [("STOP", "stop"), (None, "stop"), ("FINISH_REASON_UNSPECIFIED", "stop"), ("MAX_TOKENS", "length"),
     ("SAFETY", "refusal"), ("RECITATION", "refusal"), ("BLOCKLIST", "refusal"), ("PROHIBITED_CONTENT", "refusal"),
     ("SPII", "refusal"), ("LANGUAGE", "refusal"), ("IMAGE_SAFETY", "refusal"), ("ESCALATION", "refusal"),
     ("MALFORMED_FUNCTION_CALL", "stop"), ("UNEXPECTED_TOOL_CALL", "stop"), ("TOO_MANY_TOOL_CALLS", "stop"),
     ("MALFORMED_RESPONSE", "stop")],
)  # fmt: skip
def test_finish_reasons(finish, expected: str) -> None:
    assert replies.read_reply(reply(FOUR, finish=finish)).finish_reason == expected


@pytest.mark.parametrize("finish", ["STOP", "MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL"])
def test_an_answer_without_a_word_is_one_where_it_says_why_it_ended(finish: str) -> None:
    read = replies.read_reply({"candidates": [{"finishReason": finish, "index": 0}]})
    assert (read.text, read.tool_calls) == ("", ())


@pytest.mark.parametrize(
    ("finish", "error"),
    [("OTHER", TransientError), ("NO_IMAGE", TransientError), ("NEW_REASON", TransientError), (3, TransientError),
     ("a b", TransientError), ("PUP_LIMITED_DISABLED", ModelUnusable), ("MISSING_THOUGHT_SIGNATURE", RequestRejected)],
)  # fmt: skip
def test_ends_that_are_no_answer(finish, error) -> None:
    with pytest.raises(error):
        replies.read_reply(reply(FOUR, finish=finish))


def test_a_blocked_prompt_is_a_refusal() -> None:
    read = replies.read_reply({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}})
    assert (read.text, read.finish_reason, read.usage.tokens_in) == ("", "refusal", 3)


@pytest.mark.parametrize(
    "broken",
    [None, [], {}, "x", 3, {"candidates": None}, {"candidates": []}, {"candidates": {}}, {"candidates": [None]},
     {"candidates": [{}]}, {"candidates": [{"content": []}]}, {"candidates": [{"content": {"parts": {}}}]},
     reply("4"), reply({"text": 4}), reply({"functionCall": 3}), reply({"functionCall": {}}),
     reply({"functionCall": {"name": ""}}), {"error": {}}, [FOUR]],
)  # fmt: skip
def test_replies_without_an_answer_are_transient(broken) -> None:
    with pytest.raises(TransientError):
        replies.read_reply(broken)


def test_an_error_sent_with_status_200_is_told() -> None:
    error = {"error": {"code": 503, "message": "overloaded,\nsorry", "status": "UNAVAILABLE"}}
    for reading, sent in ((replies.read_reply, [error]), (replies.read_stream, [reply(FOUR, finish=None), error])):
        with pytest.raises(TransientError, match="overloaded, sorry"):
            reading(sent)


def test_a_stream_is_read_as_its_whole() -> None:
    chunks = [
        reply({"text": "2", "thought": True}, finish=None, usageMetadata={"promptTokenCount": 9}),
        reply({"text": "+2", "thought": True}, finish=None),
        reply({"text": "4"}, finish=None),
        reply({"functionCall": {"name": "f", "args": {"a": 1}}}, finish=None),
        reply({"text": "."}, usageMetadata={"promptTokenCount": 9, "candidatesTokenCount": 2, "thoughtsTokenCount": 3}),
    ]
    whole = reply(
        {"text": "2+2", "thought": True},
        {"text": "4"},
        {"functionCall": {"name": "f", "args": {"a": 1}}},
        {"text": "."},
        usageMetadata=chunks[-1]["usageMetadata"],
    )
    assert replies.read_stream(chunks) == replies.read_reply(whole)


def test_a_stream_without_an_end_was_cut() -> None:
    for chunks in ([], [reply(FOUR, finish=None)]):
        with pytest.raises(TransientError):
            replies.read_stream(chunks)


_NAMES = ("candidates", "content", "parts", "text", "thought", "functionCall", "name", "args", "id", "finishReason",
          "usageMetadata", "promptTokenCount", "candidatesTokenCount", "promptFeedback", "blockReason", "error",
          "message", "thoughtSignature")  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(("STOP", "SAFETY")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=12,
)
_PART = st.dictionaries(st.sampled_from(("text", "thought", "functionCall", "thoughtSignature")), _JSON, max_size=3)
_CANDIDATE = st.fixed_dictionaries(
    {},
    optional={"content": st.fixed_dictionaries({"parts": st.lists(_PART | _JSON, max_size=3)}), "finishReason": _JSON},
)
_REPLY = _JSON | st.fixed_dictionaries({"candidates": st.lists(_CANDIDATE, max_size=2), "usageMetadata": _JSON})


@given(_REPLY)
def test_no_reply_raises_anything_but_our_errors(sent) -> None:
    with suppress(ModelError):
        _check(replies.read_reply(sent))


@given(st.lists(_REPLY, max_size=3))
def test_no_stream_raises_anything_but_our_errors(sent) -> None:
    with suppress(ModelError):
        _check(replies.read_stream(sent))


def _check(read: Completion) -> None:
    assert isinstance(read.text, str) and isinstance(read.reasoning, str)
    assert read.finish_reason in ("stop", "length", "refusal", "tool_calls")
    for call in read.tool_calls:
        json.loads(call.arguments)


@given(st.text(), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_cut_answer_holds_none_of_the_stop_strings(text: str, stops: list[str]) -> None:
    cut = replies.ended_at(Completion(text, "length"), stops).text
    assert text.startswith(cut) and not any(stop in cut for stop in stops)
