"""samples.parquet and pages of it: each question once, in bounded memory, whatever the records' sizes."""

import json
import subprocess
import sys

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.errors import StoreError
from sinan.store import create, frames, journal, now
from sinan.store.finals import Finals
from sinan.store.folder import RunFolder
from sinan.store.living import Growth, being_written
from sinan.store.record import answered, key
from tests.store.test_record import encode, kilobyte

LINE = orjson.loads(encode(kilobyte(0)))


def line(id, answer=None, **more):
    """A record; a failed call where no answer is given."""
    record = LINE | {"sample_id": str(id)} | more
    if answer is None:
        for name in ("completion", "tokens_in", "tokens_out", "latency_s", "answer"):
            record.pop(name)
        record |= {"outcome": "failed", "score": None}
    else:
        record["completion"] = answer
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def shown(folder, **where):
    return [(r["sample_id"], r["completion"]) for r in frames.page(folder, where, 1000)[0]]


ENTRIES = st.lists(st.tuples(st.integers(0, 4), st.none() | st.sampled_from("abc")), max_size=12)


@settings(max_examples=40, deadline=None)
@given(ENTRIES)
def test_the_first_answer_counts_else_the_last_failure_wherever_it_is_looked_up(tmp_path_factory, entries):
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    lines = [line(id, answer, explanation=f"line {number}") for number, (id, answer) in enumerate(entries)]
    folder.journal.write_bytes(b"not ours\n".join([b"", *lines]))
    expected = {}
    for number, (id, answer) in enumerate(entries):
        before = expected.get(str(id))
        if before is None or before[1] is None:
            expected[str(id)] = (f"line {number}", answer)
    from_journal = {r["sample_id"]: (r["explanation"], r["completion"]) for r in journal.read_final(folder.journal)}
    assert from_journal == expected
    unwritten = frames.page(folder, {}, 100)
    frames.write_samples(folder, repeated=True)
    assert frames.page(folder, {}, 100) == unwritten
    assert {r["sample_id"]: (r["explanation"], r["completion"]) for r in unwritten[0]} == expected
    assert unwritten[1] == len(expected) == len(unwritten[0])
    places = [int(r["explanation"].split()[1]) for r in unwritten[0]]
    assert places == sorted(places)


@given(ENTRIES)
def test_finals_know_what_counts_what_failed_and_what_is_left(entries):
    finals, expected = Finals(), {}
    for place, (id, answer) in enumerate(entries):
        before = expected.get(id)
        first = finals.note(("b", "m", str(id), 0), place, answer is not None)
        assert first == (answer is not None and (before is None or before[1] is None))
        if before is None or before[1] is None:
            expected[id] = (place, answer)
    assert len(finals) == len(expected)
    assert sorted(finals.failures()) == sorted(place for place, answer in expected.values() if answer is None)
    assert sorted(finals.left()) == sorted(place for place, _ in expected.values())
    for id in sorted(expected):
        assert finals.take(("b", "m", str(id), 0)) == expected[id][0]
        assert sorted(finals.left()) == sorted(place for other, (place, _) in expected.items() if other > id)
    assert finals.take(("b", "m", "never", 0)) is None


def test_places_lead_to_their_records(folder):
    folder.journal.write_bytes(line(1, "a") + b"torn\n" + line(2) + line(3, "c") + b'{"half')
    found = dict(journal.placed(folder.journal))
    places = journal.Places(folder.journal)
    assert {place: places.read(place) for place in found} == found
    assert [record["sample_id"] for record in found.values()] == ["1", "2", "3"]
    with pytest.raises(StoreError, match="no record begins at byte 1"):
        places.read(1)
    places.close()


def test_a_page_of_a_run_that_goes_on_is_that_of_its_first_lines(tmp_path):
    folder = create(tmp_path, "a")
    asked = {"spec": {}, "cells": [], "models": [], "sinan": "0.1.0", "created": now(), "status": "running"}
    folder.journal.write_bytes(b"".join(line(i, None if i % 3 == 0 else "x") for i in range(50)) + b'{"half')
    spec = {"targets": ["q.jsonl"], "models": [], "limit": None, "shots": None, "draws": 1, "seed": 0, "parameters": {}}
    folder.describe(asked | {"spec": spec | {"protocol": "default", "scorer": None}})
    whole = [frames.page(folder, {}, 7, offset) for offset in (0, 7, 49, 60)]
    folder.describe(folder.about() | {"resumed": False})
    assert [frames.page(folder, {}, 7, offset) for offset in (0, 7, 49, 60)] == whole
    assert whole[0][1] == 50 and whole[3][0] == []
    assert frames.page(folder, {"outcome": ["failed"]}, 3)[1] == 17


def test_pages_are_filtered_and_know_how_many_there_are(folder):
    folder.journal.write_bytes(b"".join(line(i, None if i % 10 == 0 else "x") for i in range(5000)))
    frames.write_samples(folder, repeated=False)
    rows, total = frames.page(folder, {"outcome": ["failed"]}, 5, 10)
    assert total == 500 and [r["sample_id"] for r in rows] == ["100", "110", "120", "130", "140"]
    assert frames.page(folder, {"sample_id": ["4321"]}, 5)[1] == 1
    assert frames.sample_ids(folder, 3) == ["0", "1", "2"]


MEASURED = """
import sys
from pathlib import Path
from sinan.store import frames
from sinan.store.folder import RunFolder
folder = RunFolder(Path(sys.argv[1]))
frames.write_samples(folder, repeated=sys.argv[2] == "repeated")
status = Path("/proc/self/status").read_text()  # rusage would count what the parent had before the exec
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def peak(folder, how):
    """MiB that a process took at most to write samples.parquet."""
    done = subprocess.run([sys.executable, "-c", MEASURED, folder.path, how], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("how", ["once", "repeated"])
def test_memory_does_not_grow_with_the_journal(tmp_path, how):
    peaks = []
    for count in (20_000, 160_000):
        folder = RunFolder(tmp_path / str(count))
        folder.path.mkdir()
        with folder.journal.open("wb") as file:
            file.writelines(line(i, "word " * 160) for i in range(count))
        peaks.append(peak(folder, how))
    assert max(peaks) < 300, peaks


def test_large_records_take_no_more_memory_than_they_must(folder):
    with folder.journal.open("wb") as file:
        file.writelines(line(i, f"{i} thinks " * 9000) for i in range(3000))
    assert folder.journal.stat().st_size > 250e6
    assert peak(folder, "once") < 450


def test_a_record_of_sixty_megabytes_is_read(folder):
    folder.journal.write_bytes(line(0, "a") + line(1, "b" * 60_000_000) + line(2, "c"))
    for repeated in (False, True):
        frames.write_samples(folder, repeated)
        rows, total = frames.page(folder, {"sample_id": ["1"]}, 5)
        assert total == 1 and len(rows[0]["completion"]) == 60_000_000
        assert frames.page(folder, {}, 1)[1] == 3
        folder.samples.unlink()
    assert frames.page(folder, {}, 1)[1] == 3


def test_samples_are_a_relation_of_duckdb_whose_core_alone_was_loaded_before(folder):
    folder.journal.write_bytes(line(0, "a") + line(1) + line(1, "b"))
    code = (
        "import sys; from pathlib import Path\n"
        "from sinan.store import frames; from sinan.store.folder import RunFolder\n"
        "folder = RunFolder(Path(sys.argv[1]))\n"
        "import json; print(json.dumps([frames.page(folder, {}, 9)[1], 'duckdb' in sys.modules]))\n"
        "print(json.dumps(frames.relation(folder).order('sample_id').project('completion').fetchall()))\n"
        "frames.write_samples(folder, True); print(json.dumps(frames.relation(folder).filter('false').fetchall()))"
    )
    done = subprocess.run([sys.executable, "-c", code, folder.path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (total, _), rows, none = map(json.loads, done.stdout.splitlines())
    assert (total, rows, none) == (2, [["a"], ["b"]], [])


def test_no_journal_and_no_room_are_one_clear_line(folder, tmp_path):
    with pytest.raises(StoreError, match="has no journal"):
        frames.page(folder, {}, 1)
    with pytest.raises(StoreError, match=r"cannot write .*samples\.parquet.*resume"):
        frames.write_samples(folder, repeated=False)
    folder.journal.write_bytes(line(0, "a"))
    folder.samples.mkdir()
    with pytest.raises(StoreError, match=r"cannot write .*samples\.parquet"):
        frames.write_samples(folder, repeated=False)
    assert not list(tmp_path.glob("*.tmp"))


def test_growth_reads_on_and_leaves_what_is_not_whole(folder):
    growth = Growth(folder.journal)
    assert list(growth.read(9)) == [] and growth.behind == 0
    whole = line(0, "a") + b"not ours\n" + line(1) + line(2, "c")
    ids = []
    for end in range(0, len(whole) + 1, 97):
        folder.journal.write_bytes(whole[:end])
        ids += [record["sample_id"] for record in growth.read(1)]
    folder.journal.write_bytes(whole)
    while growth.behind:
        ids += [record["sample_id"] for record in growth.read(2)]
    assert ids == ["0", "1", "2"]


def test_a_run_is_being_written_while_its_lock_is_held(tmp_path):
    folder = create(tmp_path, "a")
    assert not being_written(folder)
    lock = folder.lock()
    before = (folder.path / "lock").stat().st_mtime_ns
    assert being_written(folder)
    lock.release()
    assert not being_written(folder)
    assert (folder.path / "lock").stat().st_mtime_ns == before


def test_keys_and_answers_are_those_of_the_records(folder):
    folder.journal.write_bytes(line(5, "a", draw=2) + line(6))
    one, other = journal.read(folder.journal)
    assert key(one) == ("questions", "openai/mock", "5", 2) and answered(one) and not answered(other)
    finals = journal.finals(folder.journal, {("questions", "openai/mock")})
    assert finals.take(key(other)) == len(folder.journal.read_bytes().split(b"\n")[0]) + 1
    assert len(journal.finals(folder.journal, {("other", "openai/mock")})) == 0
