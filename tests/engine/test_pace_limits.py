"""Requests and tokens per minute: kept over every window of 60 s, spread evenly, corrected by what it really took."""

import asyncio
from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.engine.limits import MinuteLimits
from sinan.engine.pace import EndpointPace
from sinan.types import Limits, Signal
from tests.engine.virtual_time import run


def sent(limits: Limits, sizes: list[int], until: float = 1e9, concurrency: int | None = 100) -> list[float]:
    """When requests of these sizes are sent that are all there from the start and take 1 s."""

    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=concurrency, limits=limits, clock=loop.time)
        times: list[float] = []

        async def call(size: int) -> None:
            await pace.enter(size)
            times.append(loop.time())
            await asyncio.sleep(1)
            pace.leave(Signal.ANSWERED, 1, tokens=size)

        tasks = [asyncio.ensure_future(call(size)) for size in sizes]
        await asyncio.wait(tasks, timeout=until)
        for task in tasks:
            task.cancel()
        return times

    return run(main())


def most_in_a_minute(times: list[float], sizes: list[int]) -> int:
    return max(sum(sizes[i : bisect_left(times, time + 60.0 - 1e-6)]) for i, time in enumerate(times))


@pytest.mark.parametrize("concurrency", [100, None])
@pytest.mark.parametrize("allowed", [40, 300, 6_000])
def test_requests_per_minute_are_kept_and_used(allowed, concurrency):
    times = sent(Limits(requests_per_minute=allowed), [1] * 20_000, until=180.0, concurrency=concurrency)
    assert most_in_a_minute(times, [1] * len(times)) <= allowed
    assert len(times) >= 3 * allowed * 0.96


def test_requests_are_spread_over_the_minute():
    times = sent(Limits(requests_per_minute=60), [1] * 100, until=59.0)
    assert len([t for t in times if t < 10]) <= 12
    assert max(b - a for a, b in pairwise(times)) <= 2.1


def test_tokens_per_minute_are_kept():
    sizes = [700, 50, 1_500, 300] * 100
    times = sent(Limits(tokens_per_minute=10_000), sizes, until=300.0)
    assert most_in_a_minute(times, sizes) <= 10_000
    assert sum(sizes[: len(times)]) >= 5 * 10_000 * 0.9


def test_a_request_larger_than_the_limit_goes_when_the_minute_is_empty():
    times = sent(Limits(tokens_per_minute=1_000), [100, 5_000, 100])
    assert times[1] == pytest.approx(60.0, abs=0.1)
    assert times[2] - times[1] >= 60.0 - 1e-6


def test_what_it_really_took_makes_room_or_takes_it():
    def second_at(actual: int) -> float:
        async def main() -> float:
            loop = asyncio.get_running_loop()
            limits = Limits(tokens_per_minute=1_000)
            pace = EndpointPace("http://x", concurrency=9, limits=limits, clock=loop.time)
            await pace.enter(900)
            pace.leave(Signal.ANSWERED, 0.1, tokens=actual)
            await pace.enter(900)
            return loop.time()

        return run(main())

    assert second_at(10) == 0.0
    assert second_at(900) == pytest.approx(60.0)


def test_a_caller_that_was_never_let_through_costs_nothing():
    limits = MinuteLimits(Limits(requests_per_minute=1, tokens_per_minute=100))
    limits.reserve(0.0, 100, "a")
    assert limits.wait(1.0, 100) > 0.0
    limits.cancel("a")
    assert limits.wait(1.0, 100) == 0.0


def test_what_is_waited_for_is_told():
    async def main() -> str:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=9, limits=Limits(requests_per_minute=40), clock=loop.time)
        tasks = [asyncio.ensure_future(pace.enter(1)) for _ in range(9)]
        await asyncio.sleep(1)
        said = pace.waiting
        for task in tasks:
            task.cancel()
        return said

    assert run(main()) == "40 requests/min allowed"


@settings(max_examples=100, deadline=None)
@given(
    st.floats(1, 200),
    st.floats(100, 5_000),
    st.lists(
        st.tuples(st.floats(0, 20), st.integers(0, 900), st.none() | st.integers(0, 900)), min_size=1, max_size=80
    ),
)
def test_no_minute_holds_more_than_is_allowed(requests, tokens, asked):
    """Where estimates are no less than what it takes; a single request beyond the limit is alone in its minute."""
    limits, now, log = MinuteLimits(Limits(requests, tokens)), 0.0, []
    for number, (pause, estimate, actual) in enumerate(asked):
        now += pause
        while (wait := limits.wait(now, estimate)) > 0.0:
            now += wait
        limits.reserve(now, estimate, number)
        took = estimate if actual is None else min(actual, estimate)
        limits.settle(now, number, None if actual is None else took)
        log.append((now, took, estimate))
    for at, _, _ in log:
        window = [(took, estimate) for time, took, estimate in log if at <= time < at + 60.0 - 1e-6]
        assert len(window) <= max(requests, 1)
        assert sum(took for took, _ in window) <= tokens + 1e-6 or len([took for took, _ in window if took > 0]) == 1
