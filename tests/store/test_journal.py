"""The journal: what is written comes back, a torn tail is cut, and parquet holds the same."""

import asyncio
import errno
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinan.errors import StoreError
from sinan.store import DiskJournal, frames, journal
from sinan.store.folder import RunFolder
from sinan.types import (
    Completion,
    LogLikelihood,
    Message,
    Outcome,
    Prompt,
    Question,
    Sample,
    SampleResult,
    Score,
    Usage,
)

TEXT = st.text(st.characters(codec=None), max_size=30)


def result(id="0", text="answer", draw=0, failed=False, prompt=None, metadata=None):
    sample = Sample(id, "question", "target", group="g", metadata=metadata or {})
    completion = (
        None if failed else Completion(text, "stop", Usage(3, 4), loglikelihoods=(LogLikelihood(-1.5, 2, True),))
    )
    score = Score(None, Outcome.FAILED, None, "why") if failed else Score(1.0, Outcome.CORRECT, text)
    asked = prompt or Prompt(messages=(Message("user", "question"),))
    return SampleResult("toy", "fake/one", Question(sample, asked, draw), completion, score)


def write(path, *results):
    disk = DiskJournal(path)
    for one in results:
        disk.append(one)
    asyncio.run(disk.commit())
    disk.close()


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "a'b [1]*"
    path.mkdir()
    return RunFolder(path)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=1, max_size=5), metadata=st.dictionaries(TEXT, TEXT | st.integers() | st.floats()))
def test_any_text_survives_journal_and_parquet(tmp_path_factory, texts, metadata):
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    write(folder.journal, *(result(str(i), t, metadata=metadata) for i, t in enumerate(texts)))
    expected = [t.encode("utf-8", "replace").decode() for t in texts]
    assert [r["completion"] for r in journal.read(folder.journal)] == expected
    frames.write_samples(folder, repeated=False)
    rows, total = frames.page(folder, {}, 10)
    assert total == len(texts)
    assert [r["completion"] for r in rows] == expected


def test_samples_has_the_columns_of_the_contract(folder):
    write(folder.journal, result())
    frames.write_samples(folder, repeated=False)
    columns = (
        "run, benchmark, model, sample_id, draw, group, prompt, prompt_hash, completion, reasoning, tool_calls, "
        "finish_reason, answer, target, score, outcome, explanation, tokens_in, tokens_out, latency_s, attempts, "
        "cost_usd, metadata"
    ).split(", ")
    assert set(columns) <= set(frames.relation(folder).columns)
    row = frames.page(folder, {}, 1)[0][0]
    assert json.loads(row["prompt"]) == [{"role": "user", "content": "question"}]
    assert row["run"] == folder.id


@pytest.mark.parametrize("tail", [b"x", b'{"benchmark": "to', b"\x00" * 300_000, b"\xff"])
def test_a_torn_tail_is_cut_and_writing_goes_on(folder, tail):
    write(folder.journal, result("0"), result("1"))
    whole = folder.journal.read_bytes()
    folder.journal.write_bytes(whole + tail)
    assert [r["sample_id"] for r in journal.read(folder.journal)] == ["0", "1"]
    write(folder.journal, result("2"))
    assert folder.journal.read_bytes().startswith(whole)
    assert [r["sample_id"] for r in journal.read(folder.journal)] == ["0", "1", "2"]


def test_a_journal_that_is_all_tail_begins_anew(folder):
    folder.journal.write_bytes(b"x" * 200_000)
    write(folder.journal, result("0"))
    assert [r["sample_id"] for r in journal.read(folder.journal)] == ["0"]


def test_a_damaged_line_in_the_middle_costs_that_line_alone(folder):
    write(folder.journal, result("0"))
    with folder.journal.open("ab") as file:
        file.write(b"\x00\x00garbage\n[]\n")
    write(folder.journal, result("1"))
    assert [r["sample_id"] for r in journal.read_final(folder.journal)] == ["0", "1"]
    frames.write_samples(folder, repeated=True)
    assert frames.page(folder, {}, 10)[1] == 2


def test_an_answer_stands_over_the_failure_before_it(folder):
    write(folder.journal, result("0", failed=True), result("1"), result("0", "late"), result("2", failed=True))
    final = {r["sample_id"]: r["completion"] for r in journal.read_final(folder.journal)}
    assert final == {"0": "late", "1": "answer", "2": None}
    frames.write_samples(folder, repeated=True)
    rows, total = frames.page(folder, {}, 10)
    assert total == 3
    assert {r["sample_id"]: r["completion"] for r in rows} == final


def test_a_write_that_the_disk_refuses_is_taken_back_whole(folder, monkeypatch):
    disk = DiskJournal(folder.journal)
    disk.append(result("0"))
    real = os.write

    def half(fd, data):
        if fd == disk._fd:
            if len(data) < 100:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(fd, data[: len(data) - 50])
        return real(fd, data)

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(StoreError, match=r"No space left.*sinan run --resume"):
        disk.append(result("1"))
    monkeypatch.undo()
    disk.append(result("2"))
    disk.close()
    assert [r["sample_id"] for r in journal.read(folder.journal)] == ["0", "2"]


def test_journals_of_shards_merge_by_concatenation(folder, tmp_path):
    other = tmp_path / "other.jsonl"
    write(folder.journal, result("0"))
    write(other, result("1"))
    folder.journal.write_bytes(folder.journal.read_bytes() + other.read_bytes())
    assert [r["sample_id"] for r in journal.read_final(folder.journal)] == ["0", "1"]
