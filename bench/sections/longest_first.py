"""Answers of very different length: how near a run comes to the shortest time that any order of asking could take."""

import heapq
from collections.abc import Iterable, Iterator

import work
from evaluated import Ran, evaluate, scratch
from server import Behaviour
from stand_in import serving

from sections import Size

TITLE = "Answers of different length"
SECONDS, SIGMA, CONCURRENCY = 0.25, 1.0, 64
"""A quarter of what a chat takes, so that the bench stays short: the ratios are the same but for start-up, which
neither the bound nor the makespan holds."""


def lines(size: Size) -> Iterator[str]:
    count = 200 if size == "small" else 2_000
    how = Behaviour("problem", SECONDS, SIGMA)
    with serving(how) as stand, scratch() as folder:
        file = work.write(folder / "w.jsonl", "problem", range(count))
        options = ("--concurrency", str(CONCURRENCY), "--no-cache")
        first, second = (evaluate(stand, file, *options, folder=folder) for _ in range(2))
    seconds = [how.latency(i) for i in range(count)]
    bound = max(sum(seconds) / CONCURRENCY, max(seconds))
    yield (
        f"{count:,} requests, log-normal latency: median {1000 * SECONDS:.0f} ms, sigma {SIGMA:g}, the longest "
        f"{max(seconds):.1f} s; {CONCURRENCY} in flight. *bound*: the larger of sum / {CONCURRENCY} and the longest, "
        f"{bound:.2f} s. *makespan*: from the first request to the last answer. One run each, the second in the "
        "folder of the first, without a cache.\n"
    )
    yield "| order | makespan s | / bound |"
    yield "|---|--:|--:|"
    yield _line("of the file, by a client that takes no time (computed)", _makespan(seconds), bound)
    yield _line("longest first, by a client that takes no time (computed)", _makespan(sorted(seconds)[::-1]), bound)
    yield _line("sinan, first run: nothing is known", _checked(first, count), bound)
    yield _line("sinan, second run: the first one is known", _checked(second, count), bound)


def _line(name: str, makespan: float, bound: float) -> str:
    return f"| {name} | {makespan:.2f} | {makespan / bound:.2f} |"


def _checked(ran: Ran, count: int) -> float:
    if ran.stats["requests"] != count:
        raise SystemExit(f"{count} questions were asked in {ran.stats['requests']} requests; nothing was to go wrong")
    return ran.active


def _makespan(seconds: Iterable[float]) -> float:
    """When the last is done, where each begins as soon as a place is free."""
    free = [0.0] * CONCURRENCY
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)
