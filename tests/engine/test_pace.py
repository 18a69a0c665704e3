"""The queue of a pace: bounded, first come first served, nothing lost however callers come, leave and are cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.engine.pace import EndpointPace
from sinan.types import Limits, Pace, Signal
from tests.engine.virtual_time import run


def fixed(count: int, **how: Any) -> EndpointPace:
    return EndpointPace("http://x", concurrency=count, clock=asyncio.get_running_loop().time, **how)


def step(entering: Coroutine[Any, Any, None]) -> bool:
    """Whether it came through without waiting for anything."""
    try:
        entering.send(None)
    except StopIteration:
        return True
    entering.close()
    return False


def test_it_is_a_pace():
    pace: Pace = EndpointPace("http://x", concurrency=1)
    assert pace


def test_a_free_slot_is_had_without_waiting_and_no_more_than_there_are():
    async def main() -> None:
        pace = fixed(3)
        assert [step(pace.enter(1)) for _ in range(4)] == [True, True, True, False]
        assert pace.in_flight == 3

    run(main())


def test_those_who_wait_are_served_in_the_order_they_came():
    async def main() -> list[int]:
        pace, order = fixed(1), []

        async def call(number: int) -> None:
            await pace.enter(1)
            order.append(number)
            await asyncio.sleep(1)
            pace.leave(Signal.ANSWERED, 1)

        await asyncio.gather(*(call(number) for number in range(10)))
        return order

    assert run(main()) == list(range(10))


@pytest.mark.parametrize("signal", [Signal.REFUSED, Signal.FAILED, Signal.LEFT])
def test_a_fixed_number_stays_whatever_the_endpoint_says(signal):
    async def main() -> None:
        pace = fixed(4)
        for _ in range(5):
            await pace.enter(1)
            pace.leave(signal, 0.1, retry_after=60.0 if signal is Signal.REFUSED else None)
        assert [step(pace.enter(1)) for _ in range(5)] == [True] * 4 + [False]
        assert pace.limit == 4
        assert pace.waiting == ""

    run(main())


def test_a_cancelled_caller_gives_its_turn_to_the_next():
    async def main() -> None:
        pace = fixed(1)
        await pace.enter(1)
        first, second = (asyncio.ensure_future(pace.enter(1)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        pace.leave(Signal.ANSWERED, 1)
        await second
        assert first.cancelled()
        assert pace.in_flight == 1

    run(main())


def test_a_caller_that_is_cancelled_just_when_it_is_let_in_gives_the_slot_back():
    async def main() -> None:
        pace = fixed(1, limits=Limits(requests_per_minute=6_000, tokens_per_minute=60_000))
        await pace.enter(1)
        first, second = (asyncio.ensure_future(pace.enter(1)) for _ in range(2))
        await asyncio.sleep(0)
        pace.leave(Signal.LEFT, 0)  # lets the first in, which does not run before it is cancelled
        first.cancel()
        await second
        assert first.cancelled()
        assert pace.in_flight == 1
        pace.leave(Signal.ANSWERED, 1)
        assert pace.in_flight == 0

    run(main())


def test_a_grown_limit_is_told_so_that_more_callers_can_come():
    async def main() -> None:
        pace = EndpointPace("http://x", concurrency=None, start=2, clock=asyncio.get_running_loop().time)
        told: list[int] = []
        pace.changed = lambda: told.append(pace.limit)

        async def call() -> None:
            await pace.enter(1)
            await asyncio.sleep(0.2)
            pace.leave(Signal.ANSWERED, 0.2)

        await asyncio.gather(*(call() for _ in range(50)))
        assert told == sorted(set(told))
        assert told[-1] == pace.limit > 2

    run(main())


def test_most_is_the_most():
    async def main() -> int:
        pace = EndpointPace("http://x", concurrency=None, start=2, most=5, clock=asyncio.get_running_loop().time)

        async def call() -> None:
            await pace.enter(1)
            await asyncio.sleep(0.2)
            pace.leave(Signal.ANSWERED, 0.2)
            assert pace.in_flight <= 5

        await asyncio.gather(*(call() for _ in range(200)))
        return pace.limit

    assert run(main()) == 5


signals = st.sampled_from(list(Signal))
callers = st.lists(
    st.tuples(
        st.floats(0, 5),  # when it comes
        st.floats(0, 3),  # how long its attempt takes
        signals,
        st.none() | st.floats(0, 6),  # when it is cancelled
        st.none() | st.floats(0.1, 2),  # Retry-After, where it is refused
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(callers, st.none() | st.integers(1, 4), st.booleans())
def test_no_interleaving_of_callers_loses_a_slot_or_exceeds_the_limit(callers, concurrency, limited):
    async def main() -> None:
        loop = asyncio.get_running_loop()
        limits = Limits(600.0, 60_000.0) if limited else Limits()
        pace = EndpointPace("http://x", concurrency=concurrency, start=2, limits=limits, give_up=1e9, clock=loop.time)
        inside = 0

        async def call(comes: float, takes: float, signal: Signal, wait: float | None) -> None:
            nonlocal inside
            await asyncio.sleep(comes)
            await pace.enter(50)
            inside += 1
            assert inside <= pace.in_flight  # one that was let in may not have run yet
            assert concurrency is None or pace.in_flight <= concurrency
            came = Signal.LEFT
            try:
                await asyncio.sleep(takes)
                came = signal
            finally:
                inside -= 1
                pace.leave(came, takes, tokens=40, retry_after=wait, reason="a reason")

        tasks = []
        for comes, takes, signal, cancelled, wait in callers:
            tasks.append(asyncio.ensure_future(call(comes, takes, signal, wait)))
            if cancelled is not None:
                loop.call_later(cancelled, tasks[-1].cancel)
        done = await asyncio.gather(*tasks, return_exceptions=True)  # a lost wake-up raises in the loop
        assert all(result is None or isinstance(result, asyncio.CancelledError) for result in done)
        assert pace.in_flight == inside == 0
        await asyncio.wait_for(pace.enter(1), 600)

    run(main())
