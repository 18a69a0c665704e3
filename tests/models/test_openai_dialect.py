"""The OpenAI wire format: what is written, what is read, and that no reply can raise anything but a ModelError."""

import base64
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import ModelError, ModelUnusable, RequestRejected, TransientError
from sinan.models.dialects import openai as dialect
from sinan.models.dialects import openai_echo as echo
from sinan.types import Image, LogLikelihood, Message, Prompt, Sampling, Text, ToolCall, Usage


def reply(message=None, finish="stop", **more):
    return {"choices": [{"message": message or {"content": "4"}, "finish_reason": finish}], **more}


def test_a_chat_request_holds_only_what_is_set() -> None:
    prompt = Prompt(messages=(Message("system", "s"), Message("user", "你好 😀")))
    body = dialect.chat_request("m", prompt, Sampling(temperature=None), {})
    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "你好 😀"}],
    }


def test_parameters_are_passed_on_and_max_tokens_renamed() -> None:
    sampling = Sampling(0.5, 10, 0.9, ("\n",), 7, {"top_k": 3})
    body = dialect.chat_request("m", Prompt(messages=(Message("user", "q"),)), sampling, {}, dialect.OFFICIAL)
    assert {k: v for k, v in body.items() if k not in ("model", "messages")} == {
        "temperature": 0.5, "max_completion_tokens": 10, "top_p": 0.9, "stop": ["\n"], "seed": 7, "top_k": 3,
    }  # fmt: skip
    assert dialect.text_request("m", Prompt(text="t"), sampling)["max_tokens"] == 10


@pytest.mark.parametrize("name", ["stream", "model", "messages", "n", "prompt", "echo"])
def test_parameters_that_change_how_a_reply_is_read_are_rejected(name: str) -> None:
    with pytest.raises(RequestRejected, match=name):
        dialect.text_request("m", Prompt(text="t"), Sampling(extra={name: True}))


def test_pictures_and_tool_calls_are_written() -> None:
    image = Image("/x.png", "ab", "image/png")
    messages = (
        Message("user", (Text("see"), image)),
        Message("assistant", "", (ToolCall("1", "add", '{"a":1}'),)),
    )
    body = dialect.chat_request("m", Prompt(messages=messages), Sampling(), {"ab": b"\x89PNG"})
    url = "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    call = body["messages"][1]["tool_calls"][0]
    assert call == {"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}
    with pytest.raises(RequestRejected, match=r"/x\.png"):
        dialect.chat_request("m", Prompt(messages=messages), Sampling(), {})


@pytest.mark.parametrize(
    ("finish", "expected"),
    [("stop", "stop"), (None, "stop"), ("eos", "stop"), (3, "stop"), ("length", "length"), ("max_tokens", "length"),
     ("content_filter", "refusal"), ("tool_calls", "tool_calls"), ("function_call", "tool_calls")],
)  # fmt: skip
def test_finish_reasons(finish, expected: str) -> None:
    assert dialect.read_chat(reply(finish=finish)).finish_reason == expected


@pytest.mark.parametrize(
    ("message", "text", "reasoning", "finish"),
    [
        ({"content": "4"}, "4", "", "stop"),
        ({"content": ""}, "", "", "stop"),
        ({"content": "4", "reasoning_content": "2+2"}, "4", "2+2", "stop"),
        ({"content": "4", "reasoning": "2+2", "reasoning_content": None}, "4", "2+2", "stop"),
        ({"content": "4", "reasoning": {"odd": 1}}, "4", "", "stop"),
        ({"content": None, "reasoning_content": "2+2"}, "", "2+2", "stop"),
        ({"content": None, "refusal": "I cannot"}, "I cannot", "", "refusal"),
        ({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "4"}]}, "4", "", "stop"),
    ],
)
def test_messages(message, text: str, reasoning: str, finish: str) -> None:
    read = dialect.read_chat(reply(message))
    assert (read.text, read.reasoning, read.finish_reason) == (text, reasoning, finish)


def test_an_answer_cut_before_its_first_word_is_truncated_and_not_broken() -> None:
    assert dialect.read_chat(reply({"content": None}, "length")).finish_reason == "length"
    assert dialect.read_chat(reply({"content": None}, "content_filter")).finish_reason == "refusal"


def test_tool_calls_are_read() -> None:
    calls = [
        {"id": "1", "function": {"name": "f", "arguments": "{}"}},
        {"function": {"name": "g", "arguments": {"a": 1}}},
    ]
    read = dialect.read_chat(reply({"content": None, "tool_calls": calls}))
    assert read.tool_calls == (ToolCall("1", "f", "{}"), ToolCall("", "g", '{"a": 1}'))
    assert read.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(3, 4)),
        ({"prompt_tokens": -3, "completion_tokens": "4"}, Usage()),
        ({"prompt_tokens": True, "completion_tokens": 2**60}, Usage()),
        (None, Usage()),
        ([], Usage()),
    ],
)
def test_usage(counts, expected: Usage) -> None:
    assert dialect.read_chat(reply(usage=counts)).usage == expected


@pytest.mark.parametrize(
    "broken",
    [None, [], {}, "x", 3, {"choices": None}, {"choices": []}, {"choices": {}}, {"choices": [None]},
     {"choices": [{}]}, {"choices": [{"message": []}]}, reply({"content": None}), reply({"role": "assistant"}),
     reply({"content": 3}), reply({"content": []}), reply({"content": [{"type": "text", "text": 1}]}),
     reply({"content": "4", "tool_calls": {}}), reply({"content": "4", "tool_calls": [{}]}), reply(finish="error"),
     reply(finish="abort")],
)  # fmt: skip
def test_replies_without_an_answer_are_transient(broken) -> None:
    with pytest.raises(TransientError):
        dialect.read_chat(broken)


def test_an_error_sent_with_status_200_is_told() -> None:
    with pytest.raises(TransientError, match="overloaded, sorry"):
        dialect.read_chat({"error": {"message": "overloaded,\nsorry"}})


def test_text_is_read() -> None:
    read = dialect.read_text({"choices": [{"text": " 4", "finish_reason": "length"}], "usage": {"prompt_tokens": 1}})
    assert (read.text, read.finish_reason, read.usage) == (" 4", "length", Usage(1, None))
    with pytest.raises(TransientError):
        dialect.read_text({"choices": [{"text": None}]})


# ---- log-likelihoods


def echoed(tokens, logprobs, offsets=None, tops="same", text=None):
    """A reply; offsets None adds up the tokens, False leaves them out."""
    if offsets is None:
        offsets = [sum(map(len, tokens[:i])) for i in range(len(tokens))]
    table = {"tokens": tokens, "token_logprobs": logprobs, "text_offset": offsets or None}
    if tops == "same":
        table["top_logprobs"] = [None if v is None else {t: v} for t, v in zip(tokens, logprobs, strict=True)]
    elif tops is not None:
        table["top_logprobs"] = tops
    return {"choices": [{"text": "".join(tokens) if text is None else text, "logprobs": table}]}


SKY = (["The", " sky", " is", " blue", "."], [None, -4.0, -0.5, -1.25, -0.75])


def test_spaces_at_the_end_of_the_context_move_over() -> None:
    assert echo.split_spaces("The sky is \n", "blue") == ("The sky is", " \nblue")
    assert echo.split_spaces("The sky is", " blue") == ("The sky is", " blue")
    assert echo.split_spaces("  ", "a") == ("", "  a")


def test_an_echo_request() -> None:
    assert echo.echo_request("m", "a", " b") == {
        "model": "m", "prompt": "a b", "max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("context", "continuation", "expected"),
    [
        ("The sky is", " blue", LogLikelihood(-1.25, 1, True)),
        ("The sky", " is blue", LogLikelihood(-1.75, 2, True)),
        ("The sky is", " blue.", LogLikelihood(-2.0, 2, True)),
        ("The sky is bl", "ue", LogLikelihood(-1.25, 1, True)),
        ("The sk", "y is blue", LogLikelihood(-5.75, 3, True)),
    ],
)
@pytest.mark.parametrize("offsets", [None, False, [-1] * 5, [0, 0, 0, 0, 0], ["x"] * 5, [3, 2, 1, 0, 0], [0]])
def test_the_continuation_is_found_by_offsets_or_lengths(context, continuation, expected, offsets) -> None:
    assert echo.read_echo(echoed(*SKY, offsets), context, continuation) == expected


def test_without_tokens_the_offsets_decide() -> None:
    found = echoed(*SKY)
    del found["choices"][0]["logprobs"]["tokens"]
    assert echo.read_echo(found, "The sky is", " blue") == LogLikelihood(-1.25, 1, True)


def test_a_server_that_generates_nothing_is_read() -> None:
    assert echo.read_echo(echoed(SKY[0][:4], SKY[1][:4]), "The sky is", " blue").value == -1.25


def test_a_begin_of_text_token_that_is_counted_does_not_shift_the_continuation() -> None:
    tokens, values = ["<s>", *SKY[0]], [None, -3.0, *SKY[1][1:]]
    found = echoed(tokens, values, text="The sky is blue.")
    assert echo.read_echo(found, "The sky is", " blue") == LogLikelihood(-1.25, 1, True)
    assert echo.read_echo(found, "", "The sky is blue") == LogLikelihood(-8.75, 4, True)


def test_a_silent_begin_of_text_token_gives_the_first_word_a_probability() -> None:
    found = echoed(["", "Hi", "!"], [None, -2.0, -1.0])
    assert echo.read_echo(found, "", "Hi") == LogLikelihood(-2.0, 1, True)


def test_a_silent_end_of_text_token_is_not_counted() -> None:
    found = echoed(["The", " sky", ""], [None, -2.0, -9.0])
    assert echo.read_echo(found, "The", " sky") == LogLikelihood(-2.0, 1, True)
    drifted = echoed(["�", "�", " A", ""], [None, -1.0, -2.0, -9.0], text="好 A")
    assert echo.read_echo(drifted, "好", " A") == LogLikelihood(-2.0, 1, True)
    named = echoed(["<s>", "The", " sky", "</s>"], [None, -1.0, -2.0, -9.0], text="The sky")
    assert echo.read_echo(named, "The", " sky") == LogLikelihood(-2.0, 1, True)


def test_characters_of_several_tokens_in_the_context_do_not_shift_the_continuation() -> None:
    found = echoed(["问", "�", "�", "�", ":", " A", " A"], [None, -1, -1, -1, -1, -0.5, -9.0], text="问题: A A")
    assert echo.read_echo(found, "问题:", " A") == LogLikelihood(-0.5, 1, True)


def test_silent_first_bytes_of_a_character_belong_to_it() -> None:
    found = echoed(["Q", "", "", "好", "。"], [None, -1.0, -2.0, -3.0, -9.0])
    assert echo.read_echo(found, "Q", "好") == LogLikelihood(-6.0, 3, True)


def test_marks_for_spaces_are_understood() -> None:
    found = echoed(["The", "Ġsky", "Ċ"], [None, -2.0, -1.0], text="The sky\n")
    assert echo.read_echo(found, "The", " sky") == LogLikelihood(-2.0, 1, True)


def test_tokens_that_do_not_meet_the_text_fail_the_call() -> None:
    found = echoed(["问", "�", "�"], [None, -1.0, -1.0], text="问好")
    with pytest.raises(RequestRejected, match="do not meet"):
        echo.read_echo(found, "问", "好")


def test_greedy_needs_every_token_to_be_the_top_one() -> None:
    better = [None, {" sky": -4.0}, {" is": -0.5}, {" blue": -1.25, " red": -1.0}, {}]
    assert not echo.read_echo(echoed(*SKY, tops=better), "The sky", " is blue").greedy
    for unknown in (None, [], [None] * 5, "x"):
        assert not echo.read_echo(echoed(*SKY, tops=unknown), "The sky", " is blue").greedy


@pytest.mark.parametrize("value", [None, "x", True, math.nan, math.inf, -math.inf, 5.0, -1e300, [], 10**400])
def test_a_number_that_is_no_logarithm_is_transient(value) -> None:
    values = [*SKY[1][:3], value, -1.0]
    with pytest.raises(TransientError):
        echo.read_echo(echoed(SKY[0], values), "The sky is", " blue")


def test_the_very_first_token_has_no_probability() -> None:
    with pytest.raises(RequestRejected, match="needs a context"):
        echo.read_echo(echoed(*SKY), "", "The sky")
    with pytest.raises(RequestRejected, match="needs a context"):
        echo.read_echo(echoed(*SKY), "Th", "e sky")


def test_an_empty_continuation_is_rejected() -> None:
    with pytest.raises(RequestRejected, match="empty"):
        echo.read_echo(echoed(*SKY), "The sky", "")


@pytest.mark.parametrize(
    "choice",
    [{"text": "x"}, {"text": "x", "logprobs": None}, {"logprobs": {}}, {"logprobs": {"token_logprobs": []}},
     {"logprobs": {"content": [{"token": "x", "logprob": -1}]}},
     {"logprobs": {"token_logprobs": [None, -1.0, -1.0]}},
     {"text": " blue", "logprobs": {"tokens": [" blue"], "token_logprobs": [-1.0], "text_offset": [0]}}],
)  # fmt: skip
def test_servers_that_do_not_echo_are_unusable_and_the_remedy_is_named(choice) -> None:
    with pytest.raises(ModelUnusable, match="--protocol generate"):
        echo.read_echo({"choices": [choice]}, "The sky is", " blue")


# ---- hostile replies

_KEYS = ["choices", "message", "content", "text", "logprobs", "tokens", "token_logprobs", "text_offset", "top_logprobs",
         "usage", "prompt_tokens", "completion_tokens", "finish_reason", "tool_calls", "function", "name", "arguments",
         "type", "error", "refusal", "reasoning", "id"]  # fmt: skip
_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["text", "a", " b", "", "�", "stop"])
)
_JSON = st.recursive(
    _LEAVES, lambda x: st.lists(x, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), x, max_size=5), max_leaves=25
)
_ROWS = st.integers(0, 5).flatmap(lambda n: st.fixed_dictionaries({}, optional={
    "tokens": st.lists(_LEAVES, min_size=n, max_size=n) | _JSON,
    "token_logprobs": st.lists(st.floats(-9, 0) | _LEAVES, min_size=n, max_size=n),
    "text_offset": st.lists(st.integers(-1, 4), min_size=n, max_size=n).map(lambda x: sorted(x, key=str)) | _JSON,
    "top_logprobs": st.lists(_JSON, min_size=n, max_size=n) | _JSON,
}))  # fmt: skip
_MESSAGE = st.fixed_dictionaries({}, optional=dict.fromkeys(("content", "tool_calls", "refusal", "reasoning"), _JSON))
_CHOICE = st.fixed_dictionaries(
    {}, optional={"message": _MESSAGE, "logprobs": _ROWS, "text": st.sampled_from(["a b", "a b b", ""]) | _JSON,
                  "finish_reason": _JSON})  # fmt: skip
_REPLY = _JSON | st.fixed_dictionaries(
    {"choices": st.lists(_CHOICE, min_size=1, max_size=2)}, optional={"usage": _JSON}
)


@given(_REPLY)
def test_no_reply_raises_anything_but_a_model_error(found) -> None:
    for read in (dialect.read_chat, dialect.read_text):
        with suppress(ModelError):
            completion = read(found)
            assert isinstance(completion.text, str) and isinstance(completion.reasoning, str)


@given(_REPLY, st.sampled_from([("a", " b"), ("", "a"), ("a", ""), ("a", "b"), ("", "")]))
def test_no_echo_raises_anything_but_a_model_error(found, pair) -> None:
    with suppress(ModelError):
        likelihood = echo.read_echo(found, *pair)
        assert math.isfinite(likelihood.value) and likelihood.tokens > 0
