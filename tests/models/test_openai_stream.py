"""Server-sent events and chunks: the same events however the bytes are cut, and nothing but TransientError raised."""

import itertools
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import TransientError
from sinan.models.dialects.openai import read_chat, read_text
from sinan.models.dialects.openai_stream import read_chunk, streamed, whole
from sinan.models.event_stream import Events
from sinan.types import Usage


def events(pieces: list[bytes]) -> list[bytes]:
    reader = Events()
    found = [data for piece in pieces for data in reader.feed(piece)]
    return found + reader.end()


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(stream) + 1) for place in places} | {0, len(stream)})
    return [stream[a:b] for a, b in itertools.pairwise(ends)]


def by_the_standard(stream: bytes) -> list[bytes]:
    """Section 9.2.6 read aloud, over the whole text at once."""
    found, data = [], []
    for line in stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        name, _, value = line.partition(b":")
        if not line:
            found += [b"\n".join(data)] if any(data) or len(data) > 1 else []
            data = []
        elif name == b"data":
            data.append(value[1:] if value.startswith(b" ") else value)
    return found + ([b"\n".join(data)] if any(data) or len(data) > 1 else [])


PART = st.sampled_from([b"data: a", b"data:b", b"data", b"data: ", b": c", b"id: 1", b"x", "data: 司".encode(), b""])
END = st.sampled_from([b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n"])
STREAM = st.builds(
    lambda bom, parts: (b"\xef\xbb\xbf" if bom else b"") + b"".join(map(b"".join, parts)),
    st.booleans(),
    st.lists(st.tuples(PART, END), max_size=12),
)


@given(STREAM, st.lists(st.integers(0, 400), max_size=30))
def test_events_are_those_of_the_standard_however_the_bytes_are_cut(stream, places):
    assert events(cut(stream, places)) == by_the_standard(stream)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=20))
def test_events_of_any_bytes_do_not_depend_on_the_cuts(stream, places):
    assert events(cut(stream, places)) == events([stream])


def test_an_event_at_the_end_needs_no_empty_line():
    assert events([b"data: a\n\ndata: b"]) == [b"a", b"b"]


def test_a_line_without_end_is_refused_in_time_that_grows_with_its_length_alone():
    reader = Events(line_limit=100_000)
    with pytest.raises(TransientError, match="longer than 100,000 bytes"):
        for _ in range(100_001):
            reader.feed(b"x")


def test_a_whole_line_beyond_the_limit_is_refused():
    with pytest.raises(TransientError, match="longer"):
        Events(line_limit=10).feed(b"data: 0123456789\n\n")


@pytest.mark.parametrize(
    ("chunk", "content"),
    [
        ({"choices": [{"delta": {"role": "assistant", "content": ""}}]}, False),
        ({"choices": [{"delta": {"content": "a"}}]}, True),
        ({"choices": [{"delta": {"content": None, "reasoning_content": "so"}}]}, True),
        ({"choices": [{"delta": {"reasoning": "so"}}]}, True),
        ({"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]}, True),
        ({"choices": [{"delta": {"content": [{"type": "text", "text": "a"}]}}]}, True),
        ({"choices": [{"text": "a"}]}, True),
        ({"choices": [{"text": "", "finish_reason": "stop"}]}, False),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}]}, False),
        ({"choices": [{"delta": None}]}, False),
        ({"choices": []}, False),
        ({"choices": None}, False),
        ({}, False),
    ],
)
def test_content_is_what_the_model_wrote(chunk, content):
    assert read_chunk(json.dumps(chunk).encode()).content is content


@pytest.mark.parametrize(
    ("reason", "finished"), [("stop", True), ("length", True), (None, False), ("", False), (1, False)]
)
def test_a_chunk_with_a_reason_is_the_end_of_an_answer(reason, finished):
    chunk = {"choices": [{"delta": {"content": "a"}, "finish_reason": reason}]}
    assert read_chunk(json.dumps(chunk).encode()).finished is finished


def test_usage_is_read_where_it_is_counted():
    assert read_chunk(b'{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}').usage == Usage(7, 3)
    assert read_chunk(b'{"choices": [], "usage": null}').usage is None
    assert read_chunk(b'{"usage": {"prompt_tokens": "7", "completion_tokens": -1}}').usage == Usage(None, None)


def test_half_of_a_surrogate_pair_is_content():
    assert read_chunk(rb'{"choices": [{"delta": {"content": "\ud83d"}}]}').content


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1]", "no object"),
        (b'{"choices": 1}', "choices"),
        (b'{"choices": ["a"]}', "choices"),
        (b'{"choices": [{"delta": "a"}]}', "delta"),
        (b'{"choices": [{"delta": {"content": 5}}]}', "no text"),
        (b'{"choices": [{"text": {"a": 1}}]}', "no text"),
        (b'{"choices": [{"finish_reason": "abort"}]}', "gave up"),
        (b'{"error": {"message": "out of memory"}}', "error in its stream: out of memory"),
        (b'{"error": "busy"}', "error in its stream: busy"),
        (b'{"error": [1]}', "error in its stream$"),
    ],
)
def test_what_is_no_chunk_is_a_failure_with_its_reason(data, said):
    with pytest.raises(TransientError, match=said):
        read_chunk(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["choices", "delta", "content", "text", "usage", "error"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_chunk_or_a_transient_error(value):
    try:
        read_chunk(json.dumps(value).encode())
    except TransientError:
        pass


def test_the_count_is_asked_for_only_where_it_is_wanted():
    assert streamed({"model": "m"}, True) == {"model": "m", "stream": True, "stream_options": {"include_usage": True}}
    assert streamed({"model": "m"}, False) == {"model": "m", "stream": True}


# ---- whole answers out of streams

TEXTS = st.lists(st.text(max_size=3), max_size=4)
CALLS = st.lists(st.tuples(st.text("abc", min_size=1, max_size=3), TEXTS), max_size=3)
FINISH = st.sampled_from(["stop", "length", "tool_calls", "content_filter"])


@given(TEXTS, TEXTS, TEXTS, CALLS, FINISH)
def test_a_streamed_reply_gives_the_completion_of_the_whole_one(content, thoughts, refusal, calls, finish):
    made = [
        {"id": f"c{i}", "function": {"name": name, "arguments": "".join(parts)}}
        for i, (name, parts) in enumerate(calls)
    ]
    message = {"content": "".join(content), "reasoning_content": "".join(thoughts), "refusal": "".join(refusal) or None}
    counts = {"prompt_tokens": 3, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 2}}
    reply = {"choices": [{"message": message | {"tool_calls": made}, "finish_reason": finish}], "usage": counts}
    deltas = [{"role": "assistant", "content": ""}, *({"reasoning_content": text} for text in thoughts)]
    deltas += [{"content": text} for text in content] + [{"refusal": text} for text in refusal]
    for index, (name, parts) in enumerate(calls):
        deltas.append(
            {"tool_calls": [{"index": index, "id": f"c{index}", "function": {"name": name, "arguments": ""}}]}
        )
        deltas += [{"tool_calls": [{"index": index, "function": {"arguments": text}}]} for text in parts]
    events = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    events += [{"choices": [{"delta": {}, "finish_reason": finish}]}, {"choices": [], "usage": counts}]
    assert read_chat(whole(events)) == read_chat(reply)


EVENT_KEYS = ["choices", "delta", "content", "text", "tool_calls", "index", "id", "function", "name", "arguments",
              "finish_reason", "usage", "error", "reasoning"]  # fmt: skip
EVENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["stop", "a", ""]),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(EVENT_KEYS), x, max_size=4),
    max_leaves=12,
)
CHOSEN = st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({}, optional={
    "delta": st.dictionaries(st.sampled_from(EVENT_KEYS), EVENT) | EVENT, "finish_reason": EVENT, "text": EVENT,
}))})  # fmt: skip


@given(st.lists(EVENT | CHOSEN, max_size=5))
def test_no_stream_raises_anything_but_a_transient_error(events):
    for read in (read_chat, read_text):
        with suppress(TransientError):
            assert isinstance(read(whole(events)).text, str)
