"""One cache, several processes: none loses or mixes up an answer, none waits for long, whoever is killed."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from sinan.store import cache as cache_module
from sinan.store import sqlite
from sinan.store.cache import ResponseCache
from tests.store.cache_interleavings import Interleavings
from tests.store.cache_worker import WINDOW, completion, key, writer_of

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("SINAN_LONG_TESTS", "")
SECONDS = 600 if LONG == "1" else int(LONG or 4)
"""SINAN_LONG_TESTS=1 goes on for ten minutes, a higher number for so many seconds."""


@dataclass
class Seen:
    """What the processes said."""

    put: set[int] = field(default_factory=set)
    writers: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def hear(self, line: str) -> None:
        if not line.endswith("\n"):
            return  # killed in the middle of it
        word, *numbers = line.split()
        assert word != "trouble", line
        if word == "put":
            self.put.update(map(int, numbers))
        elif word == "saw":
            self.writers[int(numbers[0])].add(int(numbers[1]))


def start(path, me, rounds, limit):
    command = [sys.executable, "-m", "tests.store.cache_worker", *map(str, (path, me, rounds, limit))]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


def hammer(path, numbers, rounds, kill_after=None, limit=cache_module.LIMIT_BYTES):
    """Run workers on one file, begun at one instant. The first is killed after so many lines, if so asked, and would
    never end by itself. Returns what all of them said."""
    endless = 0 if kill_after is None else 10**9
    workers = [start(path, me, endless if endless and me == numbers[0] else rounds, limit) for me in numbers]
    said: list[list[str]] = [[] for _ in workers]

    def listen(worker, lines):
        for line in worker.stdout:
            lines.append(line)
            if endless and worker is workers[0] and len(lines) == kill_after:
                worker.kill()

    for worker in workers:
        assert worker.stdout.readline() == "ready\n", worker.stderr.read()
    for worker in workers:
        worker.stdin.write("\n"), worker.stdin.flush()
    threads = [threading.Thread(target=listen, args=both) for both in zip(workers, said, strict=True)]
    for thread in threads:
        thread.start()
    seen = Seen()
    for worker, thread, lines in zip(workers, threads, said, strict=True):
        thread.join(120)
        error = worker.communicate(timeout=10)[1]
        assert worker.returncode == (-9 if endless and worker is workers[0] else 0), (lines[-1:], error)
        assert worker.returncode or lines[-1:] == ["done\n"], (lines[-1:], error)
        for line in lines:
            seen.hear(line)
    return seen


def check(path, seen, dropped=False):
    """The file is whole; every put that returned is there; and nobody ever saw two answers to one key. Where old ones
    were `dropped`, the first alone."""
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    rows = connection.execute("SELECT count(*) FROM answers_1").fetchone()[0]
    connection.close()
    cache = ResponseCache(path)
    found = {number: cache.get(key(number)) for number in range(max(seen.put) + 2 * WINDOW)}
    there = {number: writer_of(number, done) for number, done in found.items() if done is not None}
    assert cache.trouble is None
    assert len(there) == rows
    if not dropped:
        assert seen.put <= there.keys()
        assert all(writers == {there[number]} for number, writers in seen.writers.items())
    cache.close()


def test_processes_that_share_a_file_lose_nothing_and_mix_nothing_up(tmp_path):
    path = tmp_path / "new" / "answers.db"
    seen = hammer(path, (1, 2, 3), rounds=150)
    check(path, seen)
    assert len({writer for writers in seen.writers.values() for writer in writers}) > 1


def test_processes_that_drop_the_oldest_at_once_get_their_turn(tmp_path):
    path = tmp_path / "answers.db"
    check(path, hammer(path, (1, 2, 3), rounds=100, limit=300_000), dropped=True)
    assert path.stat().st_size < 1_000_000


def test_a_killed_process_takes_nothing_with_it(tmp_path):
    path, seen = tmp_path / "answers.db", Seen()
    for round_ in range(3):
        more = hammer(path, (10 * round_ + 1, 10 * round_ + 2), rounds=60, kill_after=40 + 171 * round_)
        seen.put |= more.put
        for number, writers in more.writers.items():
            seen.writers[number] |= writers
        check(path, seen)


def test_a_file_that_many_make_at_one_instant_is_made_once(tmp_path):
    for round_ in range(20):
        path = tmp_path / str(round_) / "answers.db"
        caches, together = [ResponseCache(path) for _ in range(8)], threading.Barrier(8)

        def put(number, cache, together=together):
            together.wait()
            cache.put([(key(number), completion(number, number))])

        threads = [threading.Thread(target=put, args=both) for both in enumerate(caches)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [cache.trouble for cache in caches] == [None] * 8
        assert [writer_of(number, caches[0].get(key(number))) for number in range(8)] == list(range(8))
        for cache in caches:
            cache.close()


def test_a_put_waits_for_another_process_and_gets_do_not(tmp_path):
    path = tmp_path / "answers.db"
    cache = ResponseCache(path)
    cache.put([(key(1), completion(1, 1))])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    putting = threading.Thread(target=cache.put, args=([(key(2), completion(2, 1))],))
    putting.start()
    for _ in range(500):
        assert writer_of(1, cache.get(key(1))) == 1
        assert cache.get(key(2)) is None
    assert putting.is_alive()
    other.execute("ROLLBACK")
    putting.join(20)
    assert cache.trouble is None and writer_of(2, cache.get(key(2))) == 1


def test_a_file_that_another_is_just_beginning_is_waited_for(tmp_path, monkeypatch):
    """SQLite gives up at once where it would have to change the journal's mode under another's transaction."""
    path, refused, real = tmp_path / "answers.db", threading.Event(), sqlite.locked
    monkeypatch.setattr(sqlite, "locked", lambda error: real(error) and not refused.set())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE answers_0 (key)")
    other.execute("BEGIN IMMEDIATE")
    cache = ResponseCache(path)
    putting = threading.Thread(target=cache.put, args=([(key(1), completion(1, 1))],))
    putting.start()
    assert refused.wait(20), cache.trouble
    other.execute("ROLLBACK")
    putting.join(20)
    assert cache.trouble is None and writer_of(1, cache.get(key(1))) == 1


def test_a_file_that_stays_locked_turns_the_cache_off_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "WRITE_WAIT_S", 0.05)
    path = tmp_path / "answers.db"
    ResponseCache(path).put([(key(1), completion(1, 1))])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    cache = ResponseCache(path)
    cache.put([(key(2), completion(2, 1))])
    assert cache.trouble and "\n" not in cache.trouble
    assert str(path) in cache.trouble and "locked" in cache.trouble and "Remedy" in cache.trouble
    assert cache.get(key(1)) is None
    other.execute("ROLLBACK")
    assert ResponseCache(path).get(key(1)) is not None


def test_a_get_that_finds_the_file_locked_is_a_miss_until_that_goes_on_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "READ_WAIT_S", 0.0)
    path = tmp_path / "answers.db"
    first = ResponseCache(path)
    first.put([(key(1), completion(1, 1))])
    first.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    brief, long = ResponseCache(path), ResponseCache(path)
    for _ in range(cache_module.READ_WAITS - 1):
        assert brief.get(key(1)) is None is long.get(key(1))
    assert brief.trouble is None is long.trouble
    assert long.get(key(1)) is None
    assert long.trouble and "locked" in long.trouble
    other.close()
    assert brief.get(key(1)) is not None
    assert brief.trouble is None


FORKED = """
import os, sys
from pathlib import Path
from sinan.store.cache import ResponseCache
from tests.store.cache_worker import completion, key
path = Path(sys.argv[1])
cache, untouched = ResponseCache(path), ResponseCache(path.with_name("other.db"))
cache.put([(key(1), completion(1, 1))])
assert cache.get(key(1))
child = os.fork()
if child == 0:
    again = ResponseCache(path)
    for one in (cache, again):
        one.put([(key(2), completion(2, 2))])
        assert one.get(key(1)) is None
        assert "forked" in one.trouble, one.trouble
    untouched.put([(key(1), completion(1, 2))])
    assert untouched.get(key(1)) and untouched.trouble is None
    cache.close(), again.close(), untouched.close()
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
cache.put([(key(3), completion(3, 1))])
assert cache.get(key(1)) and cache.get(key(3)) and not cache.get(key(2))
assert cache.trouble is None
"""


def test_a_fork_leaves_an_open_file_to_its_parent(tmp_path):
    path = tmp_path / "answers.db"
    done = subprocess.run([sys.executable, "-c", FORKED, path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_interleavings_for_long(tmp_path, capsys):
    begun, rounds, random_ = time.monotonic(), 0, random.Random()
    before, steps = Interleavings.passed, Interleavings.steps
    often = settings(max_examples=100, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck))
    while time.monotonic() - begun < SECONDS / 2:
        run_state_machine_as_test(Interleavings, settings=often)
    passed = Interleavings.passed - before, Interleavings.steps - steps
    while time.monotonic() - begun < SECONDS:
        path = tmp_path / str(rounds) / "answers.db"
        numbers = random_.sample(range(1, 1000), random_.choice((2, 3, 4)))
        kill_after = random_.choice((None, random_.randrange(1000)))
        check(path, hammer(path, numbers, random_.choice((20, 100)), kill_after))
        rounds += 1
    with capsys.disabled():
        print(f"\n{passed[0]:,} interleavings of {passed[1]:,} steps, {rounds} rounds of processes")
