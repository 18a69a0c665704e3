"""Questions to the samples of runs: a few at a time, each within its time, and none for a reader who has gone."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from sinan.store import RunFolder, browse
from sinan.store.browse import Samples, Wanted
from sinan.store.record import Record
from sinan.web.failures import NotYet

T = TypeVar("T")
AT_ONCE = 4
"""Questions that a process asks at a time: each takes two threads and up to half a gigabyte."""
WAIT_S = 5.0
LOOK_S = 0.2

_places = threading.BoundedSemaphore(AT_ONCE)
_downloads = threading.BoundedSemaphore(AT_ONCE)


async def asked(folder: RunFolder, question: Callable[[Samples], T], gone: Callable[[], Awaitable[bool]]) -> T:
    """What the samples say. Ended at once where the reader goes away. Raises NotYet, StoreError."""
    opened: list[Samples] = []
    left = threading.Event()
    work = asyncio.ensure_future(asyncio.to_thread(_asked, folder, question, opened, left))
    try:
        while not (await asyncio.wait({work}, timeout=LOOK_S))[0]:
            if await gone():
                _leave(opened, left)
    except asyncio.CancelledError:
        _leave(opened, left)
        raise
    return work.result()


def _leave(opened: list[Samples], left: threading.Event) -> None:
    left.set()
    for samples in opened:
        samples.end()


def _asked(folder: RunFolder, question: Callable[[Samples], T], opened: list[Samples], left: threading.Event) -> T:
    if not _places.acquire(timeout=WAIT_S):
        raise NotYet("other readers are looking through samples. Remedy: ask again in a few seconds", WAIT_S)
    try:
        with browse.reading(folder) as samples:
            opened.append(samples)
            if left.is_set():
                samples.end()
            return question(samples)
    finally:
        _places.release()
        opened.clear()


def all_of(folder: RunFolder, wanted: Wanted) -> Iterator[Record]:
    """Every sample that is wanted, one after the other. What can be refused is refused before the first is given.
    Raises NotYet, StoreError."""
    found = _all_of(folder, wanted)
    first = next(found, None)
    return _chained(first, found)


def _chained(first: Record | None, others: Iterator[Record]) -> Iterator[Record]:
    if first is not None:
        yield first
        yield from others


def _all_of(folder: RunFolder, wanted: Wanted) -> Iterator[Record]:
    if not _downloads.acquire(timeout=WAIT_S):
        raise NotYet("other readers are taking samples away. Remedy: ask again in a minute", 60)
    try:
        with browse.reading(folder, seconds=None) as samples:
            yield from samples.stream(wanted)
    finally:
        _downloads.release()
