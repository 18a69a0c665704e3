"""The batches' dialects: whatever a server sends, reading it gives a value or a TransientError; and what is written is
what the format wants."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import TransientError
from sinan.models.batches.api import State
from sinan.models.batches.files import form
from sinan.models.batches.ledger import Entry, matches
from sinan.models.dialects import anthropic_batch, batch_replies, openai_batch

NAMES = [
    "id", "status", "data", "has_more", "errors", "request_counts", "completed", "failed", "output_file_id", "metadata",
    "custom_id", "response", "status_code", "error", "result", "type", "message", "processing_status", "created_at",
    "code", "line", "sinan", "succeeded", "processing", "ended",
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(NAMES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)
ENTRY = Entry("sinan-0123456789abcdef", 1e9, ("a", "b"))


@pytest.mark.parametrize("dialect", [openai_batch, anthropic_batch])
@given(reply=VALUES)
def test_a_reply_is_read_or_is_worth_another_try(dialect, reply):
    for read in (dialect.state, batch_replies.listed, dialect.result, batch_replies.identifier):
        try:
            read(reply)
        except TransientError:
            continue


@given(rows=st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4).map(lambda row: row | {"id": "x"})))
def test_a_list_of_anything_holds_a_batch_of_ours_or_none(rows):
    assert anthropic_batch.likely(rows, ENTRY, set()) in (None, "x")
    assert all(openai_batch.named(row, ENTRY.name) in (True, False) for row in rows)
    assert all(openai_batch.made_before(row, 1e9) in (True, False) for row in rows)


@given(st.text(max_size=64), st.dictionaries(st.text(), st.integers() | st.text()))
def test_a_line_is_one_line_of_json(custom_id, body):
    row = json.loads(line := openai_batch.line(custom_id, "/chat/completions", json.dumps(body).encode()))
    assert row == {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
    assert b"\n" not in line
    both = json.loads(anthropic_batch.creation([anthropic_batch.line(custom_id, json.dumps(body).encode())] * 2))
    assert both == {"requests": [{"custom_id": custom_id, "params": body}] * 2}


def test_a_form_is_as_the_standard_wants_it():
    assert form({"purpose": "batch"}, "f.jsonl", [b"{}", b"[]"], "B") == (
        b'--B\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="f.jsonl"\r\n'
        b"Content-Type: application/jsonl\r\n\r\n{}\n[]\n\r\n--B--\r\n"
    )


@pytest.mark.parametrize("status", ["validating", "in_progress", "finalizing", "cancelling", "new_one"])
def test_a_batch_goes_on_in_every_status_that_is_no_end(status):
    assert not openai_batch.state({"status": status}).over


def test_the_ends_of_a_batch():
    counts = {"total": 3, "completed": 2, "failed": 1}
    ended = {"status": "expired", "output_file_id": "f1", "error_file_id": "f2", "request_counts": counts}
    assert openai_batch.state(ended) == State(True, 2, 1, results=("/files/f1/content", "/files/f2/content"))
    assert openai_batch.state({"status": "cancelled"}).cancelled
    errors = {"data": [{"code": "token_limit_exceeded", "message": "Enqueued\ntoken limit reached", "line": None}]}
    failed = openai_batch.state({"status": "failed", "errors": errors})
    assert (failed.full, failed.fault) == (True, "Enqueued token limit reached (token_limit_exceeded)")
    assert openai_batch.state({"status": "failed"}).fault == "no reason is given"
    counts = {"processing": 0, "succeeded": 2, "errored": 1, "canceled": 1, "expired": 1}
    ended = {"processing_status": "ended", "request_counts": counts, "cancel_initiated_at": "2026-01-01T00:00:00Z"}
    assert anthropic_batch.state(ended) == State(True, 2, 3, cancelled=True)
    assert anthropic_batch.state(ended | {"archived_at": "2026-02-01T00:00:00Z"}).fault


def test_a_batch_without_a_name_is_the_nearest_of_its_size_that_nobody_knows():
    def batch(id, second, size=2):
        made = f"2001-09-09T01:46:{40 + second:02}Z"  # 1e9 seconds since 1970, and some
        return {"id": id, "created_at": made, "request_counts": {"processing": size}}

    rows = [batch("late", 19), batch("ours", 2), batch("large", 1, 3), batch("known", 1)]
    assert anthropic_batch.likely(rows, ENTRY, {"known"}) == "ours"
    old = {**batch("old", 0), "created_at": "2001-09-09T01:30:00Z"}
    assert anthropic_batch.likely([old], ENTRY, set()) is None


def test_a_call_is_matched_with_the_newest_batch_that_may_still_answer_it():
    entries = [
        Entry(name, 3.0 - i, ids) for i, (name, ids) in enumerate((("n", ("a",)), ("m", ("a", "b")), ("o", ("c",))))
    ]
    found = [(entry.name, ids) for entry, ids in matches(entries, {"a": {"n"}, "b": (), "d": ()})]
    assert found == [("m", ["a", "b"])]
    assert [(e.name, ids) for e, ids in matches(entries, {"a": ()})] == [("n", ["a"])]
