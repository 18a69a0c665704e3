"""Endpoints that refuse what is too fast: the pace finds what they allow, stays there, and seldom tries more."""

import asyncio
from collections.abc import Callable

import pytest

from sinan.engine.pace import EndpointPace
from sinan.types import Signal
from tests.engine.endpoints import (
    Crowd,
    Endpoint,
    Rule,
    fixed,
    fixed_window,
    log_normal,
    refusing_at_random,
    sliding_window,
    token_bucket,
)
from tests.engine.virtual_time import run

MINUTE = 60.0
RULES: dict[str, Callable[[int], Rule]] = {
    "bucket of 1": lambda rate: token_bucket(rate, 1),
    "bucket of 10": lambda rate: token_bucket(rate, 10),
    "bucket of 40": lambda rate: token_bucket(rate, 40),
    "sliding second": sliding_window,
    "fixed second": fixed_window,
}


def asked(
    endpoint: Callable[[], Endpoint], seconds: float = MINUTE, most: int = 10**9, concurrency: int | None = None
) -> tuple[Endpoint, EndpointPace]:
    async def main() -> tuple[Endpoint, EndpointPace]:
        pace = EndpointPace("http://x", concurrency=concurrency, clock=asyncio.get_running_loop().time)
        of = endpoint()
        await Crowd(pace, of, most=most).go_on(seconds)
        return of, pace

    return run(main())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("retry_after", [None, 1.0], ids=["", "retry-after"])
@pytest.mark.parametrize("latency", [fixed(0.02), fixed(0.2), log_normal(0.2)], ids=["20 ms", "200 ms", "log-normal"])
def test_forty_a_second_are_reached_and_kept_with_few_refusals(rule, retry_after, latency):
    endpoint, _ = asked(
        lambda: Endpoint(RULES[rule](40), latency, retry_after=retry_after, slow_refusals=False),
    )
    assert max(endpoint.rate(at / 2, at / 2 + 3) for at in range(4, 35)) >= 0.9 * 40
    assert endpoint.rate(20, MINUTE) >= 0.9 * 40
    assert endpoint.refused_share() < 0.05


@pytest.mark.parametrize("rule", RULES)
def test_three_hundred_a_second_are_kept_where_an_answer_takes_a_second(rule):
    endpoint, _ = asked(lambda: Endpoint(RULES[rule](300), fixed(1.0), slow_refusals=False))
    assert endpoint.rate(20, MINUTE) >= 0.9 * 300
    assert endpoint.refused_share() < 0.05


@pytest.mark.parametrize("rule", RULES)
def test_five_a_second_are_kept_where_an_answer_takes_a_second(rule):
    endpoint, _ = asked(lambda: Endpoint(RULES[rule](5), fixed(1.0), slow_refusals=False))
    assert endpoint.rate(20, MINUTE) >= 0.9 * 5
    assert endpoint.refused_share() < 0.05


@pytest.mark.parametrize("window", [fixed_window, sliding_window])
def test_an_allowance_per_minute_is_found_without_collapse(window):
    endpoint, _ = asked(lambda: Endpoint(window(600, MINUTE), fixed(0.5), slow_refusals=False), seconds=300.0)
    assert len(endpoint.answered) >= 0.6 * 5 * 600
    assert endpoint.refused_share() < 0.1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("latency", [0.05, 0.1])
@pytest.mark.parametrize(("share", "retry_after"), [(0.05, None), (0.05, 1.0), (0.15, None)])
def test_refusals_by_chance_slow_nobody_but_the_calls_they_meet(share, retry_after, latency, seed):
    def endpoint() -> Endpoint:
        slow = seed % 2 == 0
        return Endpoint(refusing_at_random(share, seed), fixed(latency), retry_after=retry_after, slow_refusals=slow)

    seconds = 10.0
    paced, _ = asked(endpoint, seconds, most=200)
    unpaced, _ = asked(endpoint, seconds, most=200, concurrency=200)
    assert paced.rate(0, seconds) >= 0.6 * unpaced.rate(0, seconds)
    assert paced.rate(3, seconds) >= 0.8 * unpaced.rate(3, seconds)


def test_a_wait_that_is_asked_for_is_kept_and_told():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=None, clock=loop.time)
        await pace.enter(1)
        pace.leave(Signal.REFUSED, 0.1, retry_after=12.0)
        assert pace.waiting == "asked to wait 12 s (429)"
        await pace.enter(1)
        assert loop.time() == pytest.approx(12.0)

    run(main())


def test_nobody_is_waited_for_longer_than_two_minutes():
    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=None, clock=loop.time)
        await pace.enter(1)
        pace.leave(Signal.REFUSED, 0.1, retry_after=86_400.0)
        await pace.enter(1)
        return loop.time()

    assert run(main()) == pytest.approx(120.0)


def test_the_pace_is_told_in_a_few_words():
    _, pace = asked(lambda: Endpoint(token_bucket(40, 10), fixed(0.05), slow_refusals=False))
    words = pace.told.split(" · ")
    assert words[0] == f"pace {pace.limit}"
    assert 30 <= float(words[1].removesuffix("/s")) <= 50
