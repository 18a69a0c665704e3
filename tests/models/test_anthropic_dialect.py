"""The Messages API: what is refused before it is sent, what is read, and that a reply raises a ModelError or nothing.

What is sent and read where nothing is wrong is in test_anthropic_against_sdk.
"""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import ModelError, Refused, RequestRejected, TransientError, Unsupported
from sinan.models.dialects import anthropic as dialect
from sinan.models.dialects.anthropic_stream import read_reply
from sinan.types import Completion, Image, Message, Prompt, Sampling, Text, ToolCall, Usage
from tests.models.anthropic_server import error, events, message

ASK = Prompt(messages=(Message("user", "2+2?"),))
FREE = Sampling(temperature=None)


def request(prompt: Prompt = ASK, sampling: Sampling = FREE, leave_out=()):
    return dialect.message_request("m", prompt, sampling, {}, leave_out)


def test_a_request_holds_only_what_is_set() -> None:
    assert request() == {"model": "m", "messages": [{"role": "user", "content": "2+2?"}], "max_tokens": 8192}


# ---- refused before it is sent


@pytest.mark.parametrize(
    ("sampling", "said"),
    [
        (Sampling(seed=3), "takes no seed"),
        (Sampling(reasoning_effort="minimal"), "none, low, medium, high, xhigh, max"),
        (Sampling(thinking_tokens=5), "at least 1024"),
        (Sampling(temperature=1, thinking_tokens=2048, max_tokens=2048), "-p max_tokens=4096 leaves 2048"),
        (Sampling(temperature=1, thinking_tokens=2048, reasoning_effort="none"), "contradict"),
        (Sampling(temperature=0.0, thinking_tokens=2048), r"no temperature but 1 \(found 0\): -p temperature=1"),
        (Sampling(temperature=0.7, reasoning_effort="low"), r"no temperature but 1 \(found 0.7\)"),
    ],
)
def test_what_the_api_can_do_for_no_question_stops_the_run(sampling: Sampling, said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        request(sampling=sampling)


@pytest.mark.parametrize("name", ["stream", "model", "messages", "n", "prompt"])
def test_parameters_that_change_how_a_reply_is_read_are_rejected(name: str) -> None:
    with pytest.raises(RequestRejected, match=name):
        request(sampling=Sampling(extra={name: True}))


@pytest.mark.parametrize(
    ("name", "sampling"),
    [("max_tokens", FREE), ("thinking", Sampling(temperature=1, reasoning_effort="low")),
     ("output_config", Sampling(schema={})), ("stop_sequences", Sampling(stop=("a",))), ("system", FREE)],
)  # fmt: skip
def test_what_is_set_already_is_not_set_again(name: str, sampling: Sampling) -> None:
    from dataclasses import replace

    prompt = Prompt(messages=(Message("system", "s"), Message("user", "q")))
    with pytest.raises(RequestRejected, match=f"`{name}` is set already"):
        request(prompt, replace(sampling, extra={name: 1}))


def tool_turn(*results: Message, arguments: str = "{}") -> Prompt:
    return Prompt(messages=(Message("user", "q"), Message("assistant", "", (ToolCall("1", "f", arguments),)), *results))


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (Prompt(messages=(Message("system", "s"),)), "no message but the system's"),
        (Prompt(messages=(Message("user", "q"), Message("assistant", "It is "))), "cannot end with blanks"),
        (Prompt(messages=(Message("user", "q"), Message("assistant", (Text("a\n"),)))), "cannot end with blanks"),
        (Prompt(messages=(Message("user", (Image("/x.png", "ab", "image/png"),)),)), r"/x\.png was not loaded"),
        (tool_turn(Message("tool", "3")), "which call it answers"),
        (tool_turn(arguments="[1]"), "no JSON object"),
        (tool_turn(arguments='{"a":'), "no JSON object"),
        (tool_turn(arguments="[" * 100_000), "no JSON object"),
    ],
)
def test_a_prompt_that_cannot_be_sent_fails_alone(prompt: Prompt, said: str) -> None:
    with pytest.raises(RequestRejected, match=said):
        request(prompt)


def test_a_picture_of_the_system_is_rejected() -> None:
    system = Message("system", (Image("/x.png", "ab", "image/png"),))
    prompt = Prompt(messages=(system, Message("user", "q")))
    with pytest.raises(RequestRejected, match="not loaded"):
        dialect.message_request("m", prompt, FREE, {"ab": b"1"})


def test_fields_can_be_left_out_whatever_the_sampling_says() -> None:
    sampling = Sampling(0.5, top_p=0.9, extra={"top_k": 4, "metadata": {}})
    body = request(sampling=sampling, leave_out=dialect.DRAWING)
    assert set(body) == {"model", "messages", "max_tokens", "metadata"}
    thinking = Sampling(temperature=0.0, reasoning_effort="low")
    assert "temperature" not in request(sampling=thinking, leave_out=dialect.DRAWING)


# ---- stop strings that the API refuses


@pytest.mark.parametrize(
    ("text", "expected", "finish"),
    [("4\n\nQ: 3+3?\n", "4", "stop"), ("\n\n4", "", "stop"), ("4 5", "4 5", "length"), ("a\tb\n\nc", "a", "stop")],
)
def test_stop_strings_of_blanks_cut_the_answer_as_a_server_would(text: str, expected: str, finish: str) -> None:
    stops = dialect.withheld(Sampling(stop=("\n\n", "Q:", "\t")))
    assert stops == ("\n\n", "\t")
    found = message({"type": "text", "text": text}, stop="max_tokens")
    for reply in (found, list(events(found))):
        read = read_reply(reply, stops)
        assert (read.text, read.finish_reason) == (expected, finish)


def test_what_follows_a_stop_string_is_not_called_and_a_refusal_stays_one() -> None:
    call = {"type": "tool_use", "id": "1", "name": "f", "input": {}}
    read = dialect.read_message(message({"type": "text", "text": "a\n"}, call, stop="tool_use"), ("\n",))
    assert read.tool_calls == () and read.finish_reason == "stop"
    read = dialect.read_message(message({"type": "text", "text": "I\ncannot"}, stop="refusal"), ("\n",))
    assert (read.text, read.finish_reason) == ("I\ncannot", "refusal")


def test_stop_strings_that_hold_after_thoughts_are_not_applied_here() -> None:
    assert dialect.withheld(Sampling(stop=("\n",), think_end="</think>")) == ()


# ---- replies


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"input_tokens": 3, "output_tokens": 4}, Usage(3, 4)),
        ({"input_tokens": 3, "cache_read_input_tokens": 2, "output_tokens": 4}, Usage(5, 4, 2)),
        ({"input_tokens": 3, "cache_creation_input_tokens": 2}, Usage(5, None, None, 2)),
        ({"cache_read_input_tokens": 2}, Usage(None, None, 2)),
        ({"input_tokens": -3, "output_tokens": "4"}, Usage()),
        ({"output_tokens": 4, "output_tokens_details": {"thinking_tokens": 3}}, Usage(None, 4, reasoning=3)),
        ({"output_tokens_details": []}, Usage()),
        (None, Usage()),
        ([], Usage()),
    ],
)
def test_usage(counts, expected: Usage) -> None:
    assert dialect.read_message({"content": [], "usage": counts}).usage == expected


@pytest.mark.parametrize("reason", [None, 3, "end_turn", "a new one"])
def test_reasons_that_are_not_known_are_a_stop(reason) -> None:
    assert dialect.read_message({"content": [], "stop_reason": reason}) == Completion("", "stop")


@pytest.mark.parametrize(
    "broken",
    [None, {}, "x", 3, {"content": None}, {"content": "4"}, {"content": [3]}, {"content": [{"type": "text"}]},
     {"content": [{"type": "thinking", "thinking": None}]}, {"content": [{"type": "tool_use", "input": {}}]},
     [], [3], [{"type": "message_start"}], [{"type": "content_block_start", "index": 0}], [{"type": "message_delta"}],
     [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}],
     [{"type": "content_block_start", "content_block": {}}], [{"type": "error"}]],
)  # fmt: skip
def test_replies_without_an_answer_are_transient(broken) -> None:
    with pytest.raises(TransientError):
        read_reply(broken)


def test_an_error_sent_with_status_200_is_told() -> None:
    with pytest.raises(TransientError, match="Overloaded, sorry"):
        read_reply(error("overloaded_error", "Overloaded,\nsorry"))


@pytest.mark.parametrize("kind", ["overloaded_error", "rate_limit_error"])
def test_a_stream_that_breaks_off_for_load_is_a_matter_of_pace(kind: str) -> None:
    begun = list(events(message({"type": "text", "text": "Four"})))[:4]
    with pytest.raises(Refused, match="Too many"):
        read_reply([*begun, error(kind, "Too many")])


def test_an_answer_that_a_filter_takes_back_in_its_stream_is_a_refusal() -> None:
    begun = list(events(message({"type": "text", "text": "Four"})))[:4]
    read = read_reply([*begun, error("invalid_request_error", "Output blocked by content filtering policy")])
    assert (read.text, read.finish_reason) == ("Fou", "refusal")


def test_a_tool_call_that_was_cut_keeps_what_was_written() -> None:
    call = {"type": "tool_use", "id": "1", "name": "f", "input": {"a": [1, 2]}}
    stream = list(events(message(call, stop="max_tokens")))
    del stream[-4]  # the last piece of the arguments
    read = read_reply(stream)
    assert read.finish_reason == "length" and read.tool_calls == (ToolCall("1", "f", '{"a": [1, 2]'),)


def test_events_that_are_not_known_are_passed_by() -> None:
    stream = list(events(message({"type": "text", "text": "4"})))
    stream[3:3] = [{"type": "vibes"}, {"type": "content_block_delta", "index": 0, "delta": {"type": "new_delta"}}]
    assert read_reply(stream).text == "4"


# ---- hostile replies

_KEYS = ["content", "type", "text", "thinking", "input", "name", "id", "index", "delta", "content_block", "message",
         "usage", "input_tokens", "output_tokens", "cache_read_input_tokens", "output_tokens_details", "partial_json",
         "stop_reason", "stop_details", "explanation", "error"]  # fmt: skip
_KINDS = ["text", "thinking", "tool_use", "redacted_thinking", "message_start", "content_block_start", "message_delta",
          "content_block_delta", "content_block_stop", "message_stop", "ping", "error", "text_delta", "thinking_delta",
          "input_json_delta", "signature_delta"]  # fmt: skip
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["a", "", "{", "refusal", *_KINDS])
_JSON = st.recursive(
    _LEAVES, lambda x: st.lists(x, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), x, max_size=5), max_leaves=25
)
_TYPED = st.fixed_dictionaries({"type": st.sampled_from(_KINDS)}, optional=dict.fromkeys(_KEYS[2:], _JSON))
_BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(_KINDS[:4])},
    optional={"text": st.text() | _JSON, "thinking": st.text() | _JSON, "name": st.text() | _JSON, "input": _JSON},
)
_EVENT = st.fixed_dictionaries(
    {"type": st.sampled_from(_KINDS[4:])},
    optional={"index": st.integers(0, 1), "content_block": _BLOCK, "message": _JSON, "usage": _JSON,
              "delta": _TYPED | st.fixed_dictionaries({"stop_reason": st.sampled_from(["end_turn", "refusal"])})},
)  # fmt: skip
_REPLY = (
    _JSON
    | st.fixed_dictionaries({"content": st.lists(_BLOCK, max_size=3)}, optional={"usage": _JSON, "stop_reason": _JSON})
    | st.lists(_EVENT | _TYPED | _JSON, max_size=8)
)


@given(_REPLY, st.sampled_from([(), ("\n",), ("a", "")]))
def test_no_reply_raises_anything_but_a_model_error(found, stops) -> None:
    with suppress(ModelError):
        completion = read_reply(found, stops)
        assert isinstance(completion.text, str) and isinstance(completion.reasoning, str)
        assert all(isinstance(call.arguments, str) and isinstance(call.id, str) for call in completion.tool_calls)


def test_arguments_nested_too_deeply_are_transient() -> None:
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(TransientError, match="nested too deeply"):
        read_reply({"content": [{"type": "tool_use", "name": "f", "input": deep}]})


_GOOD = st.lists(
    st.builds(lambda text: {"type": "text", "text": text}, st.text(max_size=9))
    | st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "s"}, st.text(max_size=9))
    | st.builds(
        lambda value: {"type": "tool_use", "id": "1", "name": "f", "input": {"v": value}},
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(), x, max_size=3),
            max_leaves=5,
        ),
    ),
    max_size=4,
)


@given(_GOOD, st.sampled_from(["end_turn", "max_tokens", "tool_use", "refusal"]), st.integers(0, 99))
def test_a_streamed_and_a_whole_reply_give_the_same_completion(content, stop: str, cached: int) -> None:
    found = message(*content, stop=stop, usage={"cache_read_input_tokens": cached})
    assert read_reply(json.loads(json.dumps(list(events(found))))) == read_reply(found)
