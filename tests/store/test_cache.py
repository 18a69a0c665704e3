"""The response cache: what is kept comes back as it was, and whatever goes wrong with the file stops nobody."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from dataclasses import fields, replace
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from sinan.store import answer
from sinan.store import cache as cache_module
from sinan.store.cache import ResponseCache
from sinan.types import Cache, Completion, LogLikelihood, ToolCall, Usage
from tests.store.cache_interleavings import Interleavings
from tests.store.cache_worker import completion, key, writer_of

ROOT = Path(__file__).parents[2]
TEXT = st.text(st.characters(codec=None), max_size=20)
COUNT = st.integers(-(2**70), 2**70)
COMPLETION = st.builds(
    Completion,
    TEXT,
    st.sampled_from(["stop", "length", "refusal", "tool_calls"]),
    st.builds(Usage, st.none() | COUNT, st.none() | COUNT),
    TEXT,
    st.lists(st.builds(ToolCall, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    st.lists(st.builds(LogLikelihood, st.floats(), COUNT, st.booleans()), max_size=2).map(tuple),
    st.floats(),
    COUNT,
    COUNT,
)
ANSWER = Completion(
    "forty-two\n\0四十二 \U0001f600",
    "tool_calls",
    Usage(3, None, 1, 0, 2),
    "because",
    (ToolCall("1", "look", '{"a": 1}'), ToolCall("", "", "")),
    (LogLikelihood(-1.25, 2, True), LogLikelihood(0.1 + 0.2, 0, False)),
    1.1,
    3,
    2,
    turns=("six", "forty-two"),
    prompt_ids="0123456789abcdef",
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "answers.db"


def filled(path, count=10):
    cache = ResponseCache(path)
    cache.put([(key(number), completion(number, 1)) for number in range(count)])
    assert cache.trouble is None and cache.entries() == count
    cache.close()


def off(cache, path, *said):
    """The cache went off, says so in one line that names the file and the remedy, and does nothing more."""
    assert cache.trouble and "\n" not in cache.trouble
    for word in (str(path), "Remedy: ", *said):
        assert word in cache.trouble
    trouble = cache.trouble
    assert cache.get(key(1)) is None
    cache.put([(key(1), ANSWER)])
    assert cache.entries() == 0
    cache.close()
    assert cache.trouble == trouble


def test_it_is_a_cache_as_the_engine_knows_it(path):
    cache: Cache = ResponseCache(path)
    cache.put([])
    assert cache.get(key(1)) is None
    assert not path.parent.exists()


def test_every_field_comes_back_in_another_process(path):
    default = Completion("", "stop")
    differing = [f.name for f in fields(Completion) if getattr(ANSWER, f.name) != getattr(default, f.name)]
    assert {*differing, "cached"} == {f.name for f in fields(Completion)}, "a field that this test does not cover"
    ResponseCache(path).put([(key(1), ANSWER)])
    code = (
        "import sys; from pathlib import Path; from sinan.store.cache import ResponseCache; "
        "from tests.store.test_cache import ANSWER, key; from dataclasses import replace; "
        "assert ResponseCache(Path(sys.argv[1])).get(key(1)) == replace(ANSWER, cached=True)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=COMPLETION)
def test_what_is_kept_comes_back_as_the_very_same(one):
    kept = answer.encode(one)
    if kept is not None:
        back = answer.decode(kept)
        assert repr(back) == repr(replace(one, cached=True))  # repr tells 0.0 from -0.0, and 1 from 1.0 and True


@pytest.mark.parametrize(
    "odd",
    [
        replace(ANSWER, text="half a pair \ud83d"),
        replace(ANSWER, reasoning="\udc00"),
        replace(ANSWER, tool_calls=(ToolCall("1", "a", "\ud800"),)),
        replace(ANSWER, usage=Usage(2**64, 1)),
        replace(ANSWER, usage=Usage(True, 1)),
        replace(ANSWER, latency_s=float("inf")),
        replace(ANSWER, loglikelihoods=(LogLikelihood(float("-inf"), 1, False),)),
        replace(ANSWER, loglikelihoods=(LogLikelihood(float("nan"), 1, False),)),
        replace(ANSWER, finish_reason="whatever"),  # type: ignore[arg-type]
        replace(ANSWER, text=b"bytes"),  # type: ignore[arg-type]
    ],
)
def test_what_could_not_come_back_as_it_is_is_not_kept_and_its_neighbours_are(path, odd):
    cache = ResponseCache(path)
    cache.put([(key(1), ANSWER), (key(2), odd), (key(3), ANSWER)])
    assert [cache.get(key(number)) is None for number in (1, 2, 3)] == [False, True, False]
    assert cache.trouble is None


@given(kept=st.binary(max_size=40) | st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.floats(0, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.fixed_dictionaries({}, optional=dict.fromkeys(orjson.loads(answer.encode(ANSWER) or b""), inner)),
).map(orjson.dumps))  # fmt: skip
def test_bytes_that_are_no_answer_are_none(kept):
    found = answer.decode(kept)
    assert found is None or answer.encode(found) is not None


@given(data=st.data())
def test_an_answer_with_a_value_of_another_type_is_none(data):
    row = orjson.loads(answer.encode(ANSWER) or b"")
    name = data.draw(st.sampled_from(sorted(row)))
    wrong = data.draw(st.sampled_from([None, True, [1], [None], {"a": 1}, [["1", "2"]], [[1, 2, 3]], "odd"]))
    row[name] = wrong
    if name in ("text", "reasoning", "prompt_ids") and isinstance(wrong, str):
        return
    assert answer.decode(orjson.dumps(row)) is None
    del row[name]
    assert answer.decode(orjson.dumps(row)) is None


def test_the_first_answer_to_a_key_stays(path):
    one, other = ResponseCache(path), ResponseCache(path)
    one.put([(key(1), completion(1, 1)), (key(1), completion(1, 2))])
    other.put([(key(1), completion(1, 3)), (key(2), completion(2, 3))])
    assert [writer_of(n, one.get(key(n))) for n in (1, 2)] == [1, 3]


def test_a_row_that_has_decayed_is_a_miss_and_the_next_answer_takes_its_place(path):
    filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE answers_1 SET answer = replace(answer, '3/1/', '4/1/') WHERE key = ?", (key(3),))
        assert connection.total_changes == 1
    cache = ResponseCache(path)
    assert cache.get(key(3)) is None
    cache.put([(key(3), completion(3, 7))])
    assert writer_of(3, cache.get(key(3))) == 7
    assert writer_of(3, ResponseCache(path).get(key(3))) == 7
    assert cache.trouble is None and cache.entries() == 10


def test_nothing_is_loaded_or_made_before_it_is_needed(tmp_path):
    code = (
        "import sys; from pathlib import Path; from sinan.store.cache import ResponseCache; "
        "cache = ResponseCache(Path(sys.argv[1]) / 'new' / 'answers.db'); assert cache.get(b'x') is None; "
        "cache.put([]); cache.close(); assert 'sqlite3' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_another_fills_after_a_first_miss_is_found(path):
    waiting = ResponseCache(path)
    assert waiting.get(key(1)) is None
    path.parent.mkdir()
    path.touch()
    assert waiting.get(key(1)) is None
    filled(path)
    assert writer_of(1, waiting.get(key(1))) == 1


def test_nothing_is_found_or_kept_once_it_is_closed(path):
    filled(path)
    cache = ResponseCache(path)
    assert cache.get(key(1))
    cache.close(), cache.close()
    cache.put([(key(20), ANSWER)])
    assert cache.get(key(1)) is None and cache.entries() == 0 and cache.trouble is None
    assert ResponseCache(path).entries() == 10
    assert [p.name for p in path.parent.iterdir() if "-wal" in p.name and p.stat().st_size] == []


def test_threads_read_while_another_writes(path):
    cache, done = ResponseCache(path), threading.Event()
    found: list[int] = []

    def read():
        while not done.is_set():
            found.extend(writer_of(n, one) for n in range(0, 500, 7) if (one := cache.get(key(n))) is not None)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    for begin in range(0, 500, 20):
        cache.put([(key(number), completion(number, 1)) for number in range(begin, begin + 20)])
    done.set()
    for thread in readers:
        thread.join()
    assert cache.trouble is None and set(found) <= {1}
    assert all(cache.get(key(number)) for number in range(500))


def test_beyond_its_limit_the_oldest_are_dropped(path):
    limit = 400_000
    cache = ResponseCache(path, limit_bytes=limit)
    for begin in range(0, 1_000, 20):
        cache.put([(key(number), completion(number, 1)) for number in range(begin, begin + 20)])
    there = [number for number in range(1_000) if cache.get(key(number)) is not None]
    assert there == list(range(there[0], 1_000))
    assert 50 < len(there) < 400
    cache.close()
    assert path.stat().st_size < 1.5 * limit


def test_a_smaller_limit_is_kept_from_the_next_put_on_in_more_than_one_go(path, monkeypatch):
    monkeypatch.setattr(cache_module, "EVICTED", 10)
    monkeypatch.setattr(cache_module, "OLDEST", cache_module.OLDEST.replace("1000", "10"))
    filled(path, 300)
    cache = ResponseCache(path, limit_bytes=200_000)
    cache.put([(key(300), completion(300, 1))])
    there = [number for number in range(301) if cache.get(key(number)) is not None]
    assert there == list(range(there[0], 301)) and 20 < len(there) < 100


@pytest.mark.parametrize("limit", [0, 1, 30_000])
def test_a_limit_that_is_no_room_at_all_keeps_nothing_and_ends(path, limit):
    cache = ResponseCache(path, limit_bytes=limit)
    cache.put([(key(number), replace(ANSWER, text="long" * 5_000)) for number in range(5)])
    assert cache.trouble is None and cache.entries() == 0


@pytest.mark.parametrize("content", [b"no database at all" * 1_000, b"SQLite format 3\0" + b"\xff" * 9_000])
@pytest.mark.parametrize("first", ["get", "put"])
def test_a_damaged_file_is_left_as_it_is_and_named(path, content, first):
    path.parent.mkdir()
    path.write_bytes(content)
    cache = ResponseCache(path)
    assert cache.get(key(1)) is None if first == "get" else cache.put([(key(1), ANSWER)]) is None
    off(cache, path, "damaged", f"remove {path.name}")
    assert path.read_bytes() == content


def test_a_file_of_a_few_bytes_can_hold_nothing_and_begins_anew(path):
    path.parent.mkdir()
    path.write_bytes(b"x")
    cache = ResponseCache(path)
    assert cache.get(key(1)) is None
    cache.put([(key(1), ANSWER)])
    assert cache.get(key(1)) == replace(ANSWER, cached=True) and cache.trouble is None


@pytest.mark.parametrize("kept", [100, 5_000, 8_192, 20_000, 100_000])
def test_a_file_that_was_cut_gives_right_answers_or_none(path, kept):
    filled(path, 200)
    whole = path.stat().st_size
    assert whole > kept
    os.truncate(path, kept)
    cache = ResponseCache(path)
    found = [(number, cache.get(key(number))) for number in range(200)]
    assert all(writer_of(number, one) == 1 for number, one in found if one is not None)
    cache.put([(key(number), completion(number, 1)) for number in range(200, 400)])
    off(cache, path, "damaged", "remove")


def test_bytes_that_flip_never_make_another_answer(path):
    filled(path, 50)
    whole = bytearray(path.read_bytes())
    for place in range(0, len(whole), 97):
        whole[place] ^= 0x15
        if place % 5 == 0:
            path.write_bytes(whole)
            cache = ResponseCache(path)
            found = [(number, cache.get(key(number))) for number in range(50)]
            assert all(writer_of(number, one) == 1 for number, one in found if one is not None)
            cache.close()
        whole[place] ^= 0x15 if place % 2 else 0


def test_a_file_of_a_newer_format_is_left_alone(path):
    filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    for cache in (ResponseCache(path), ResponseCache(path)):
        cache.put([(key(30), ANSWER)])
        off(cache, path, "format 99", "newer sinan")
    reader = ResponseCache(path)
    assert reader.get(key(1)) is None
    off(reader, path, "format 99")
    assert path.read_bytes() == before


def test_a_file_of_an_older_format_begins_anew(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE answers_0 (key, value)")
        connection.execute("INSERT INTO answers_0 VALUES ('a', 'b')")
        connection.execute("CREATE TABLE answers_1 (other)")
    cache = ResponseCache(path)
    assert cache.get(key(1)) is None and cache.trouble is None
    cache.put([(key(1), ANSWER)])
    assert cache.get(key(1)) == replace(ANSWER, cached=True)
    assert cache.trouble is None and cache.entries() == 1
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'answers_0'").fetchall() == []


def test_a_table_that_is_gone_turns_the_cache_off(path):
    filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE answers_1")
    cache = ResponseCache(path)
    assert cache.get(key(1)) is None
    off(cache, path, "no such table")


def test_a_folder_that_is_none_and_a_file_that_is_one(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder" / "answers.db").mkdir(parents=True)
    for path in (tmp_path / "file" / "answers.db", tmp_path / "folder" / "answers.db"):
        cache = ResponseCache(path)
        cache.put([(key(1), ANSWER)])
        off(cache, path, "cannot be opened", "SINAN_CACHE")


READ_ONLY = """
import os, sqlite3, sys
from pathlib import Path
from sinan.store.cache import ResponseCache
from tests.store.cache_worker import completion, key
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
assert not os.access(sys.argv[1], os.W_OK)
for number in (1, 50):
    cache = ResponseCache(Path(sys.argv[1]) / sys.argv[2])
    assert cache.get(key(number)) is None
    cache.put([(key(number), completion(number, 1))])
    cache.close()
    print(cache.trouble)
"""


@pytest.mark.parametrize("name", ["answers.db", "another.db"])
def test_a_folder_that_may_not_be_written(name):
    with tempfile.TemporaryDirectory() as folder:
        filled(Path(folder) / "answers.db")
        (Path(folder) / "answers.db").chmod(0o444)
        Path(folder).chmod(0o555)
        command = [sys.executable, "-c", READ_ONLY, folder, name]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        Path(folder).chmod(0o755)
    assert done.returncode == 0, done.stderr
    for trouble in done.stdout.splitlines():
        assert f"{folder}/{name}" in trouble and "make its folder writable" in trouble and "SINAN_CACHE" in trouble


FULL = """
import resource, sys
from pathlib import Path
from sinan.store.cache import ResponseCache
from tests.store.cache_worker import completion, key
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
cache, kept = ResponseCache(Path(sys.argv[1])), 0
while cache.trouble is None:
    cache.put([(key(kept), completion(kept, 1))])
    kept += cache.trouble is None
    assert kept < 1_000
assert cache.get(key(0)) is None
cache.put([(key(0), completion(0, 1))])
cache.close()
print(kept, cache.trouble)
"""


def test_a_full_disk_turns_the_cache_off_and_what_was_kept_is_there(path):
    done = subprocess.run([sys.executable, "-c", FULL, path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kept, trouble = done.stdout.split(" ", 1)
    assert "full" in trouble and "make room" in trouble and str(path) in trouble
    assert int(kept) > 5
    cache = ResponseCache(path)
    assert [writer_of(number, cache.get(key(number))) for number in range(int(kept))] == [1] * int(kept)
    cache.put([(key(number), completion(number, 1)) for number in range(1_000)])
    assert cache.trouble is None and cache.entries() == 1_000


def test_a_put_that_breaks_in_the_middle_keeps_nothing_of_it(path):
    filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON answers_1 WHEN NEW.key = x'05' BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    cache = ResponseCache(path)
    cache.put([(key(20), ANSWER), (b"\5", ANSWER), (key(21), ANSWER)])
    off(cache, path, "IntegrityError: full")
    fresh = ResponseCache(path)
    assert fresh.entries() == 10 and fresh.get(key(20)) is None
    fresh.put([(key(20), ANSWER)])
    assert fresh.entries() == 11


def test_several_caches_on_one_file_step_by_step():
    brief = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    before = Interleavings.passed
    run_state_machine_as_test(Interleavings, settings=brief)
    assert Interleavings.passed - before >= 40
