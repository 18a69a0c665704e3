"""Several caches on one file, and somebody who damages it, step by step against a dict that says what must be there."""

import shutil
import sqlite3
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sinan.store.cache import ResponseCache
from sinan.types import Completion, Usage

CACHES = st.integers(0, 2)
KEYS = st.integers(0, 11).map(lambda number: bytes([number]) * 32)
ANSWERS = st.builds(
    lambda text, times, tokens: Completion(text * times, "stop", Usage(tokens, None)),
    st.text(max_size=3),
    st.sampled_from([1, 300, 3_000]),
    st.integers(0, 5),
)
TIGHT = 60_000
"""Bytes; an empty file has 24 KB."""


def valid_sum(key, kept):
    """Of a row whose content is nevertheless no answer."""
    return zlib.crc32(kept, zlib.crc32(key)) if isinstance(kept, bytes) else 0


NO_ANSWER = st.sampled_from(
    [b"", b"null", b"[]", b"{", b'{"text":1}', None, 7, 2.5, "text", b"\xff\xfe"]
    + [
        b'{"text":%s,"finish_reason":"stop","tokens":[%s,1],"reasoning":"","tool_calls":[],"loglikelihoods":%s,'
        b'"latency_s":%s,"attempts":1,"requests":%s}' % parts
        for parts in [
            (b"1", b"1", b"[]", b"0.0", b"1"),
            (b'"a"', b"true", b"[]", b"0.0", b"1"),
            (b'"a"', b"1", b"[[0.0,1,1]]", b"0.0", b"1"),
            (b'"a"', b"1", b"[]", b"null", b"1"),
            (b'"a"', b"1", b"[]", b"0.0", b"1.0"),
        ]
    ]
)


class Interleavings(RuleBasedStateMachine):
    """The model: key -> answer in the order of the rows; None is a row that holds no answer."""

    passed = 0
    steps = 0

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cache-"))
        self.path = self.folder / "a'b [1]?*%20#" / "answers.db"
        self.caches = [ResponseCache(self.path) for _ in range(3)]
        self.damaged = [set() for _ in range(3)]
        self.rows = {}

    @initialize()
    def nothing_is_found_before_there_is_a_file(self):
        assert [cache.get(b"\0" * 32) for cache in self.caches] == [None] * 3
        assert not self.path.parent.exists()

    def outside(self, *statements):
        """Somebody else's hands on the file."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            return [connection.execute(*statement).fetchall() for statement in statements]
        finally:
            connection.close()

    @rule(number=CACHES, key=KEYS)
    def get(self, number, key):
        type(self).steps += 1
        expected, found = self.rows.get(key), self.caches[number].get(key)
        assert found == (None if expected is None else replace(expected, cached=True))
        if key in self.rows and expected is None:
            self.damaged[number].add(key)

    @rule(number=CACHES, entries=st.lists(st.tuples(KEYS, ANSWERS), max_size=6))
    def put(self, number, entries):
        type(self).steps += 1
        self.caches[number].put(entries)
        self._expect(number, entries)

    def _expect(self, number, entries):
        for key in {key for key, _ in entries} & self.damaged[number]:
            self.rows.pop(key, None)
            self.damaged[number].discard(key)
        for key, answer in entries:
            self.rows.setdefault(key, answer)

    @rule(number=CACHES, key=KEYS, answer=ANSWERS)
    def ask_again_what_is_not_found(self, number, key, answer):
        self.get(number, key)
        if self.rows.get(key) is None:
            self.put(number, [(key, answer)])
            self.get(number, key)
            assert self.rows[key] == answer

    @rule(number=CACHES)
    def reopen(self, number):
        self.caches[number].close()
        assert self.caches[number].get(b"\0" * 32) is None
        self.caches[number].put([(b"\1" * 33, Completion("late", "stop"))])
        self.caches[number], self.damaged[number] = ResponseCache(self.path), set()

    @rule(number=CACHES, entries=st.lists(st.tuples(KEYS, ANSWERS), min_size=1, max_size=3))
    def put_into_little_room(self, number, entries):
        self.reopen(number)
        cache = ResponseCache(self.path, limit_bytes=TIGHT)
        cache.put(entries)
        assert cache.trouble is None
        cache.close()
        self._expect(number, entries)
        order = [key for (key,) in self.outside(("SELECT key FROM answers_1 ORDER BY id",))[0]]
        assert order == list(self.rows)[len(self.rows) - len(order) :], "not the oldest were dropped"
        pages, free, size = (
            rows[0][0]
            for rows in self.outside(*((f"PRAGMA {x}",) for x in ("page_count", "freelist_count", "page_size")))
        )
        assert (pages - free) * size <= TIGHT
        self.rows = {key: self.rows[key] for key in order}

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), kept=NO_ANSWER, valid=st.booleans())
    def damage(self, data, kept, valid):
        key = data.draw(st.sampled_from(list(self.rows)))
        number = valid_sum(key, kept) if valid else data.draw(st.sampled_from([None, 0, -1, "x", 1 << 40]))
        self.outside(("UPDATE answers_1 SET sum = ?, answer = ? WHERE key = ?", (number, kept, key)))
        self.rows[key] = None

    @precondition(lambda self: len(self.rows) > 1 and any(self.rows.values()))
    @rule(data=st.data())
    def copy_an_answer_over_another_row(self, data):
        one = data.draw(st.sampled_from([key for key, answer in self.rows.items() if answer is not None]))
        other = data.draw(st.sampled_from([key for key in self.rows if key != one]))
        update = "UPDATE answers_1 SET (sum, answer) = (SELECT sum, answer FROM answers_1 WHERE key = ?) WHERE key = ?"
        self.outside((update, (one, other)))
        self.rows[other] = None

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def remove_a_row(self, data):
        key = data.draw(st.sampled_from(list(self.rows)))
        self.outside(("DELETE FROM answers_1 WHERE key = ?", (key,)))
        del self.rows[key]

    @precondition(lambda self: self.rows)
    @rule(number=CACHES, key=KEYS)
    def what_another_has_not_committed_is_not_seen(self, number, key):
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM answers_1")
        self.get(number, key)
        other.execute("ROLLBACK")
        other.close()

    @precondition(lambda self: self.rows)
    @rule(statement=st.sampled_from(["PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM"]))
    def tidy(self, statement):
        self.outside((statement,))

    @invariant()
    def nothing_is_wrong(self):
        assert [cache.trouble for cache in self.caches] == [None] * 3

    def teardown(self):
        for cache in self.caches:
            cache.close()
        if self.path.exists():
            assert self.outside(("PRAGMA integrity_check",)) == [[("ok",)]]
            fresh = ResponseCache(self.path)
            assert fresh.entries() == len(self.rows)
            for key, expected in self.rows.items():
                assert fresh.get(key) == (None if expected is None else replace(expected, cached=True))
            fresh.close()
        shutil.rmtree(self.folder)
        type(self).passed += 1
