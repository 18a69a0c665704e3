"""How many in flight: quickly up where that pays, back to what the endpoint works on at once where it does not."""

import asyncio

import pytest

from sinan.engine.pace import EndpointPace
from tests.engine.endpoints import Crowd, Endpoint, fixed, log_normal
from tests.engine.virtual_time import run


def watched(
    seconds: float, most: int = 10**9, start: int = 8, **endpoint
) -> tuple[Endpoint, list[tuple[float, int, int]]]:
    """The endpoint after so many simulated seconds, and (time, limit, in flight) every 50 ms."""

    async def main() -> tuple[Endpoint, list[tuple[float, int, int]]]:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=None, start=start, clock=loop.time)
        asked, seen = Endpoint(**endpoint), []

        async def watch() -> None:
            while True:
                await asyncio.sleep(0.05)
                seen.append((loop.time(), pace.limit, pace.in_flight))

        watching = asyncio.ensure_future(watch())
        await Crowd(pace, asked, most=most).go_on(seconds)
        watching.cancel()
        return asked, seen

    return run(main())


@pytest.mark.parametrize("latency", [fixed(0.05), log_normal(0.05)])
def test_an_endpoint_with_plenty_behind_it_is_asked_256_at_once_within_half_a_second(latency):
    _, seen = watched(1.0, latency=latency)
    assert min(time for time, _, in_flight in seen if in_flight >= 256) <= 0.6


def test_the_limit_climbs_to_the_work_there_is_and_not_far_beyond():
    _, seen = watched(3.0, most=100, latency=fixed(0.05))
    assert 100 <= seen[-1][1] <= 150


@pytest.mark.parametrize("capacity", [4, 8, 32])
@pytest.mark.parametrize("latency", [fixed(0.05), log_normal(0.05)], ids=["fixed", "log-normal"])
def test_a_saturated_endpoint_is_given_little_more_than_it_works_on(capacity, latency):
    seconds = 60.0
    endpoint, seen = watched(seconds, latency=latency, capacity=capacity)
    late = [limit for time, limit, _ in seen if time > seconds / 2]
    assert 0.8 * capacity <= sum(late) / len(late) <= 2 * capacity
    assert endpoint.rate(seconds / 2, seconds) >= 0.9 * capacity / 0.05


def test_a_benchmark_whose_answers_take_ten_times_as_long_does_not_lower_the_limit():
    taken = [0.1]
    seconds = 40.0

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=None, clock=loop.time)
        loop.call_later(seconds / 2, taken.__setitem__, 0, 1.0)
        limits: list[int] = []
        for at in (0.49, 0.99):
            loop.call_later(at * seconds, lambda: limits.append(pace.in_flight))
        await Crowd(pace, Endpoint(latency=lambda: taken[0]), most=100).go_on(seconds)
        return limits

    before, after = run(main())
    assert before >= 95
    assert after >= 95
