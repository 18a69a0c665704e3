"""A process that reads and writes a response cache, and says what it saw.

python -m tests.store.cache_worker PATH NUMBER ROUNDS LIMIT_BYTES: `ready`, and once a line came on stdin: `put KEY...`
when a put has returned, `saw KEY WRITER` for every answer found, `trouble ...` where the cache went off, or `done`.
"""

import hashlib
import random
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from sinan.store.cache import ResponseCache
from sinan.types import Completion, LogLikelihood, ToolCall, Usage

WINDOW, STEP = 100, 5
"""Each round asks out of so many keys, so many further on: processes of one pace ask the same, at about one time."""


def key(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def completion(number: int, writer: int) -> Completion:
    """What this writer answers to this key: every field is a function of the two."""
    noise = hashlib.sha256(f"{number}/{writer}".encode()).hexdigest()
    length = int(noise[:3], 16)  # up to 4 KB: some rows span pages
    return Completion(
        f"{number}/{writer}/" + (noise * (1 + length // 64))[:length],
        "length" if length % 2 else "stop",
        Usage(number, writer),
        reasoning=noise,
        tool_calls=(ToolCall(noise[:4], "look", "{}"),) if length % 3 == 0 else (),
        loglikelihoods=(LogLikelihood(-length / 7, writer, bool(length % 2)),),
        latency_s=length / 3,
        attempts=1 + length % 3,
    )


def writer_of(number: int, found: Completion) -> int:
    """Who wrote it. Fails where not every field is what that writer gave to that key."""
    said, writer, _ = found.text.split("/", 2)
    expected = completion(number, int(writer))
    assert int(said) == number and found.cached
    assert {f: getattr(found, f) for f in found.__dataclass_fields__ if f != "cached"} == {
        f: getattr(expected, f) for f in expected.__dataclass_fields__ if f != "cached"
    }
    return int(writer)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def ask(cache: ResponseCache, numbers: Iterable[int]) -> list[int]:
    """The numbers that the cache does not hold."""
    missing = []
    for number in numbers:
        found = cache.get(key(number))
        if found is None:
            missing.append(number)
        else:
            say("saw", number, writer_of(number, found))
    return missing


def keep(cache: ResponseCache, numbers: list[int], me: int) -> None:
    cache.put([(key(number), completion(number, me)) for number in numbers])
    if cache.trouble is None:
        say("put", *numbers)


def work(path: Path, me: int, rounds: int, limit: int) -> None:
    random_, cache = random.Random(me), ResponseCache(path, limit)
    pending: Future[None] | None = None
    with ThreadPoolExecutor(1) as thread:
        for number in range(rounds):
            missing = ask(cache, random_.sample(range(STEP * number, STEP * number + WINDOW), 20))
            if pending is not None:
                pending.result()
            if random_.random() < 0.2:  # the last one to close removes the log; the next to open makes a new one
                cache.close()
                if cache.trouble is None:
                    cache = ResponseCache(path, limit)
            pending = thread.submit(keep, cache, missing, me)
    cache.close()
    say("trouble", cache.trouble) if cache.trouble else say("done")


if __name__ == "__main__":
    say("ready")
    sys.stdin.readline()
    work(Path(sys.argv[1]), *map(int, sys.argv[2:]))
