"""Which of several records of one question counts: the first that was answered, else the last failure.

A question that failed stands in the journal again when a resumed run has asked it again.
"""

from collections.abc import Iterator

from sinan.types.answered import HEAD, SIZE, Key, digest, find

_ENTRY = SIZE - HEAD + 8
"""Bytes of an entry: the tail of the key's digest, then the record's place, shifted, with two marks below it."""
_ANSWERED, _TAKEN = 1, 2


class Finals:
    """Key -> where the record that counts begins in the journal. About 30 bytes for a question."""

    def __init__(self) -> None:
        self._buckets: dict[bytes, bytearray] = {}
        self._count = 0

    def note(self, key: Key, place: int, answered: bool) -> bool:
        """One more record, at this place; True where it is the question's first answer."""
        name = digest(key)
        bucket = self._buckets.setdefault(name[:HEAD], bytearray())
        at, value = find(bucket, name[HEAD:], _ENTRY), (place << 2 | answered).to_bytes(8, "big")
        if at < 0:
            bucket += name[HEAD:] + value
            self._count += 1
        elif bucket[at + _ENTRY - 1] & _ANSWERED:
            return False
        else:
            bucket[at + _ENTRY - 8 : at + _ENTRY] = value
        return answered

    def take(self, key: Key) -> int | None:
        """The place of the record that counts, which is no longer left; None where the question has none."""
        name = digest(key)
        bucket = self._buckets.get(name[:HEAD], bytearray())
        at = find(bucket, name[HEAD:], _ENTRY)
        if at < 0:
            return None
        bucket[at + _ENTRY - 1] |= _TAKEN
        return int.from_bytes(bucket[at + _ENTRY - 8 : at + _ENTRY], "big") >> 2

    def failures(self) -> Iterator[int]:
        """The places of the questions that were never answered, in no order."""
        return (value >> 2 for value in self._values() if not value & _ANSWERED)

    def left(self) -> Iterator[int]:
        """The places that were not taken, in no order."""
        return (value >> 2 for value in self._values() if not value & _TAKEN)

    def __len__(self) -> int:
        return self._count

    def _values(self) -> Iterator[int]:
        for bucket in self._buckets.values():
            for end in range(_ENTRY, len(bucket) + 1, _ENTRY):
                yield int.from_bytes(bucket[end - 8 : end], "big")
