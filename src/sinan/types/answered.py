"""Which questions are answered: a set that a million keys do not make large."""

from hashlib import blake2b

Key = tuple[str, str, str, int]
"""(benchmark, model, sample id, draw): what makes it one result of its run."""

SIZE = 16
"""Bytes of a digest: among 10^9 keys two share one with a probability of 10^-21."""
HEAD = 2
"""Bytes that choose the bucket; the rest is kept in it."""
_TAIL = SIZE - HEAD


class Answered:
    """A set of keys, kept as digests in 65,536 buckets: about 20 bytes for a key, where a set of tuples takes 250."""

    __slots__ = ("_buckets", "_count")

    def __init__(self) -> None:
        self._buckets: dict[bytes, bytearray] = {}
        self._count = 0

    def add(self, key: Key) -> None:
        """Put it in; nothing changes where it is in already."""
        name = digest(key)
        bucket = self._buckets.setdefault(name[:HEAD], bytearray())
        if find(bucket, name[HEAD:], _TAIL) < 0:
            bucket += name[HEAD:]
            self._count += 1

    def __contains__(self, key: Key) -> bool:
        name = digest(key)
        bucket = self._buckets.get(name[:HEAD])
        return bucket is not None and find(bucket, name[HEAD:], _TAIL) >= 0

    def __len__(self) -> int:
        return self._count


def digest(key: Key) -> bytes:
    """16 bytes that stand for the key. The lengths keep apart what would read alike when joined."""
    benchmark, model, sample_id, draw = key
    text = f"{len(benchmark)} {len(model)} {draw} {benchmark}{model}{sample_id}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()


def find(bucket: bytearray, tail: bytes, step: int) -> int:
    """Where among entries of `step` bytes the one stands that begins with `tail`; -1 where there is none."""
    at = bucket.find(tail)
    while at > 0 and at % step:  # a match across two entries is none
        at = bucket.find(tail, at + 1)
    return at
