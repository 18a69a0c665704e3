"""One journal with several writers: whatever is cut short, no record that was taken is lost in it."""

import asyncio
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinan.errors import StoreError
from sinan.store import frames, journal
from sinan.store.folder import RunFolder
from sinan.store.record import encode
from sinan.store.shared import SharedJournal
from tests.store.test_journal import result


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path)
    folder.journal.touch()
    return folder


def ids(folder):
    return [record["sample_id"] for record in journal.read(folder.journal)]


TORN = ["x", '{"benchmark": "to', '{"benchmark": "toy", "metadata":', '"', "\x00\x00"]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 2) | st.sampled_from(TORN), max_size=12))
def test_every_record_can_be_read_whatever_pieces_others_leave_between(tmp_path_factory, steps):
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.journal.touch()
    writers = [SharedJournal(folder.journal) for _ in range(3)]
    with folder.journal.open("ab", buffering=0) as torn:
        for place, step in enumerate(steps):
            if isinstance(step, str):
                torn.write(step.encode())
            else:
                writers[step].append(result(str(place)))
    for writer in writers:
        asyncio.run(writer.commit())
        writer.close()
    written = [str(place) for place, step in enumerate(steps) if not isinstance(step, str)]
    assert ids(folder) == written


@pytest.mark.parametrize("repeated", [False, True])
def test_samples_pass_over_torn_pieces_too(folder, repeated):
    disk = SharedJournal(folder.journal)
    for place, torn in enumerate(TORN):
        disk.append(result(str(place)))
        with folder.journal.open("ab") as file:
            file.write(torn.encode())
    disk.append(result("last"))
    disk.close()
    frames.write_samples(folder, repeated=repeated)
    rows, total = frames.page(folder, {}, 20)
    assert [row["sample_id"] for row in rows] == ids(folder) == ["0", "1", "2", "3", "4", "last"] and total == 6


def test_a_whole_record_without_its_newline_costs_the_next_one_nothing(folder):
    folder.journal.write_bytes(encode(result("torn")).rstrip(b"\n"))
    disk = SharedJournal(folder.journal)
    disk.append(result("0"))
    disk.append(result("1"))
    disk.close()
    assert ids(folder) == ["0", "1"]


def test_after_a_write_that_the_disk_cut_nothing_more_is_written(folder, monkeypatch):
    disk, other = SharedJournal(folder.journal), SharedJournal(folder.journal)
    disk.append(result("0"))
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:40] if fd == disk._fd else data))
    with pytest.raises(StoreError, match=r"took 40 of .* sinan run --resume"):
        disk.append(result("1"))
    monkeypatch.undo()
    with pytest.raises(StoreError, match="took 40 of"):
        disk.append(result("2"))
    other.append(result("3"))
    assert ids(folder) == ["0", "3"]


def test_a_disk_that_takes_nothing_is_one_clear_line(folder, monkeypatch):
    disk = SharedJournal(folder.journal)

    def full(fd, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match=r"cannot write .*No space left.*sinan run --resume"):
        disk.append(result("0"))
    monkeypatch.undo()
    assert ids(folder) == []


WRITER = """
import sys
from pathlib import Path
from sinan.store.shared import SharedJournal
from tests.store.test_journal import result
disk = SharedJournal(Path(sys.argv[1]))
for i in range(400):
    disk.append(result(f"{sys.argv[2]}-{i}", "text " * (i % 300)))
"""


def test_processes_that_write_at_once_never_mix_their_records(folder):
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    command = [sys.executable, "-c", WRITER, str(folder.journal)]
    writers = [subprocess.Popen([*command, str(number)], env=environment) for number in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(ids(folder)) == sorted(f"{number}-{i}" for number in range(3) for i in range(400))
    assert len(folder.journal.read_bytes().splitlines()) == 1200, "no line is damaged, none is written twice"
    for number in range(3):
        assert [i for i in ids(folder) if i.startswith(f"{number}-")] == [f"{number}-{i}" for i in range(400)]


def test_the_lock_is_free_once_the_last_process_that_holds_it_has_ended(folder):
    lock = folder.lock()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(lock.fileno(),)) as holder:
        lock.release()
        with pytest.raises(StoreError, match="being written by process"):
            folder.lock()
        holder.communicate(timeout=20)
    folder.lock().release()
