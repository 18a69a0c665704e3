"""Answered: a set of keys like any other, in a fraction of the memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sinan.types.answered import Answered, digest, find

TEXT = st.text(st.characters(codec=None), max_size=4)
KEYS = st.tuples(TEXT, TEXT, TEXT, st.integers(0, 3))


@given(st.lists(KEYS), st.lists(KEYS))
def test_it_holds_what_a_set_holds(added, asked):
    answered = Answered()
    for key in added:
        answered.add(key)
    assert len(answered) == len(set(added)) and bool(answered) == bool(added)
    for key in added + asked:
        assert (key in answered) == (key in set(added))


@given(KEYS, KEYS)
def test_keys_that_differ_have_digests_that_differ(one, other):
    assert (digest(one) == digest(other)) == (one == other)


@given(st.lists(st.binary(min_size=3, max_size=3), unique=True, max_size=8), st.binary(min_size=3, max_size=3))
def test_an_entry_is_found_where_it_begins_and_nowhere_else(entries, wanted):
    at = find(bytearray(b"".join(entries)), wanted, 3)
    assert at == (3 * entries.index(wanted) if wanted in entries else -1)


def test_a_key_takes_a_few_dozen_bytes():
    answered, count = Answered(), 100_000
    tracemalloc.start()
    for number in range(count):
        answered.add(("questions", "openai/some-model", f"row-{number:09}", 0))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(answered) == count and grown / count < 120  # the buckets weigh most; a set of tuples takes 200
