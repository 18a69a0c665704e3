"""What is written to an OpenAI-compatible server: tools, begun answers, thoughts, schemas; and what is refused."""

import pytest

from sinan.errors import TransientError, Unsupported
from sinan.models.dialects import openai as dialect
from sinan.models.dialects import openai_echo as echo
from sinan.types import Message, Prompt, Sampling, Tool, ToolCall, Usage

ASK = Prompt(messages=(Message("user", "2+2?"),))
ADD = Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}})
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


USUAL = dialect.Habits()


def drawn(sampling: Sampling, habits: dialect.Habits = USUAL) -> dict:
    """The fields besides model, messages and temperature."""
    body = dialect.chat_request("m", ASK, sampling, {}, habits)
    return {name: value for name, value in body.items() if name not in ("model", "messages", "temperature")}


def test_tools_calls_and_their_results_are_written() -> None:
    call = ToolCall("c1", "add", '{"a": 1}')
    messages = (*ASK.messages, Message("assistant", "", (call,)), Message("tool", "3", tool_call_id="c1"))
    body = dialect.chat_request("m", Prompt(messages=messages, tools=(ADD, Tool("now"))), Sampling(), {})
    assert body["tools"] == [
        {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": ADD.parameters}},
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
    ]
    assert body["messages"][2] == {"role": "tool", "content": "3", "tool_call_id": "c1"}
    assert "continue_final_message" not in body


def test_a_begun_answer_is_continued_where_the_server_can_and_refused_elsewhere() -> None:
    begun = Prompt(messages=(*ASK.messages, Message("assistant", "The answer is")))
    body = dialect.chat_request("m", begun, Sampling(), {}, dialect.Habits(prefill=True))
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    for habits in (dialect.Habits(), dialect.OFFICIAL):
        with pytest.raises(Unsupported, match="prefill=continue"):
            dialect.chat_request("m", begun, Sampling(), {}, habits)


def test_a_schema_is_enforced() -> None:
    assert drawn(Sampling(schema=SCHEMA)) == {
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
    }
    assert "response_format" in dialect.text_request("m", Prompt(text="t"), Sampling(schema=SCHEMA))


def test_effort_is_passed_on() -> None:
    assert drawn(Sampling(reasoning_effort="low")) == {"reasoning_effort": "low"}


def test_thoughts_are_turned_off_in_the_way_of_the_server() -> None:
    off = Sampling(thinking_tokens=0, extra={"chat_template_kwargs": {"x": 1}, "top_k": 3})
    assert drawn(off) == {"chat_template_kwargs": {"enable_thinking": False, "x": 1}, "top_k": 3}
    assert drawn(Sampling(thinking_tokens=0), dialect.OFFICIAL) == {"reasoning_effort": "none"}
    assert drawn(Sampling(thinking_tokens=0, reasoning_effort="none"), dialect.OFFICIAL) == {"reasoning_effort": "none"}
    with pytest.raises(Unsupported, match="give one of them"):
        drawn(Sampling(thinking_tokens=0, reasoning_effort="high"))


def test_thoughts_are_bounded_where_a_field_is_named_and_refused_elsewhere() -> None:
    habits = dialect.Habits(thinking_tokens_field="thinking_token_budget")
    assert drawn(Sampling(thinking_tokens=512), habits) == {"thinking_token_budget": 512}
    with pytest.raises(Unsupported, match=r"thinking_tokens=512 .*thinking_tokens_field"):
        drawn(Sampling(thinking_tokens=512))


def test_stop_strings_are_withheld_where_thoughts_stand_in_the_text() -> None:
    assert drawn(Sampling(stop=("\n",), think_end="</think>")) == {}
    text = dialect.text_request("m", Prompt(text="t"), Sampling(None, stop=("\n",), think_end="</think>"))
    assert text == {"model": "m", "prompt": "t"}


@pytest.mark.parametrize(
    ("prompt", "sampling", "told"),
    [
        (Prompt(text="t", tools=(ADD,)), Sampling(), "api=chat"),
        (Prompt(text="t"), Sampling(reasoning_effort="low"), "no field for `reasoning_effort`"),
        (Prompt(text="t"), Sampling(thinking_tokens=0), "no field for `thinking_tokens`"),
    ],
)
def test_what_a_text_cannot_say_is_refused(prompt: Prompt, sampling: Sampling, told: str) -> None:
    with pytest.raises(Unsupported, match=told):
        dialect.text_request("m", prompt, sampling)


# ---- counts


def counted(**counts) -> Usage:
    choice = {"message": {"content": "4"}, "finish_reason": "stop"}
    return dialect.read_chat({"choices": [choice], "usage": counts}).usage


def test_cached_and_thought_tokens_are_read() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2}}
    more = {"completion_tokens_details": {"reasoning_tokens": 5}}
    assert counted(prompt_tokens=20, completion_tokens=7, total_tokens=27, **details, **more) == Usage(20, 7, 8, 2, 5)


def test_thoughts_that_a_server_counts_apart_are_among_what_the_model_wrote() -> None:
    more = {"completion_tokens_details": {"reasoning_tokens": 5}}
    assert counted(prompt_tokens=20, completion_tokens=7, total_tokens=32, **more) == Usage(20, 12, None, None, 5)


def test_the_older_form_of_a_call_is_read() -> None:
    message = {"content": None, "function_call": {"name": "add", "arguments": "{}"}}
    read = dialect.read_chat({"choices": [{"message": message, "finish_reason": "function_call"}]})
    assert read.tool_calls == (ToolCall("", "add", "{}"),) and read.finish_reason == "tool_calls"
    with pytest.raises(TransientError):
        dialect.read_chat({"choices": [{"message": {"content": None, "function_call": 3}}]})


# ---- a text's own log-likelihood


def echoed(tokens: list[str], values: list[float | None], offsets: list[int] | None = None, text: str = "") -> dict:
    offsets = offsets or [sum(map(len, tokens[:i])) for i in range(len(tokens))]
    tops = [None if v is None else {t: v} for t, v in zip(tokens, values, strict=True)]
    table = {"tokens": tokens, "token_logprobs": values, "text_offset": offsets, "top_logprobs": tops}
    return {"choices": [{"text": text or "".join(tokens), "logprobs": table}]}


def test_a_whole_text_is_measured_after_the_token_that_texts_begin_with() -> None:
    named = echoed(["<s>", "Hi", " all", "!"], [None, -2.0, -1.0, -9.0])
    found = echo.read_rolling(named, "<s>", "Hi all")
    assert (found.value, found.tokens) == (-3.0, 2)


@pytest.mark.parametrize(
    "reply",
    [
        echoed(["<s>", "Hi", " all", "!"], [None, -2.0, -1.0, -9.0], text="Hi all!"),
        echoed(["", "Hi", " all", "!"], [None, -2.0, -1.0, -9.0]),
    ],
)
def test_a_server_that_begins_texts_itself_needs_no_token_named(reply: dict) -> None:
    found = echo.read_rolling(reply, "", "Hi all")
    assert (found.value, found.tokens) == (-3.0, 2)


def test_a_text_whose_first_token_has_no_probability_is_not_measured() -> None:
    with pytest.raises(Unsupported, match="bos="):
        echo.read_rolling(echoed(["Hi", " all", "!"], [None, -1.0, -9.0]), "", "Hi all")
