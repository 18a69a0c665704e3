"""The two loops and their tally, with requests that are no more than functions."""

import asyncio
import time
from array import array
from functools import partial

import pytest

from sinan.engine.load import Bounds, Lag, Tally, closed, opened
from sinan.types import Usage
from sinan.types.load import Exchange, Failure


class Server:
    """Counts what is in flight; answers after `turns` turns of the event loop."""

    def __init__(self, turns=3):
        self.turns, self.now, self.most, self.numbers = turns, 0, 0, []

    def prepare(self, number):
        return partial(self.ask, number)

    async def ask(self, number):
        sent = time.perf_counter()
        self.numbers.append(number)
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(self.turns):
            await asyncio.sleep(0)
        self.now -= 1
        return Exchange(sent, time.perf_counter())


@pytest.mark.parametrize(("in_flight", "requests"), [(1, 7), (5, 23), (64, 10)])
async def test_a_closed_loop_keeps_so_many_in_flight_and_sends_each_once(in_flight, requests):
    server, tally = Server(), Tally()
    await closed(server.prepare, in_flight, Bounds(requests, None), tally)
    assert sorted(server.numbers) == [*range(requests)]
    assert server.most == tally.in_flight_max == min(in_flight, requests)
    assert (tally.sent, tally.ok, tally.failed, tally.in_flight) == (requests, requests, 0, 0)
    assert len(tally.e2e) == requests


async def test_a_duration_ends_the_sending_and_what_is_in_flight_is_waited_for():
    server, tally = Server(), Tally()
    await closed(server.prepare, 4, Bounds(None, 0.05), tally)
    assert tally.ok == tally.sent > 4
    assert tally.last_sent < 0.05 + 1
    assert tally.ended - tally.began >= 0.05


async def test_an_open_loop_sends_when_it_is_due_whatever_is_answered():
    gate, tally = asyncio.Event(), Tally()

    async def ask():
        sent = time.perf_counter()
        if tally.sent == 20:
            gate.set()
        await gate.wait()  # nobody is answered before everybody has come
        return Exchange(sent, time.perf_counter())

    await opened(lambda number: ask, (0.001 * i for i in range(100)), Bounds(20, None), tally)
    assert (tally.ok, tally.in_flight_max, len(tally.late)) == (20, 20, 20)
    assert tally.last_due == 0.019
    assert tally.last_sent >= 0.019


async def test_latency_in_an_open_loop_counts_from_the_instant_that_was_due():
    tally = Tally()

    def prepare(number):
        async def ask():
            sent = time.perf_counter()
            if number == 0:
                time.sleep(0.08)  # the client itself stands still, past the time of the others
            return Exchange(sent, time.perf_counter())

        return ask

    await opened(prepare, iter([0.0, 0.01, 0.02, 9.0]), Bounds(None, 1.0), tally)
    assert tally.ok == 3
    assert min(tally.late[1:]) >= 0.05
    assert all(e2e >= late for e2e, late in zip(tally.e2e, tally.late, strict=True))


async def test_a_duration_of_an_open_loop_is_of_arrivals():
    tally = Tally()
    await opened(Server().prepare, (0.01 * i for i in range(100)), Bounds(None, 0.05), tally)
    assert tally.sent == 5


async def counted(*exchanges):
    tally = Tally()
    for exchange in exchanges:
        await tally.send(partial(asyncio.sleep, 0, exchange))
    return tally


async def test_times_are_those_of_answered_requests_alone():
    failed = Exchange(0.0, 9.0, 5.0, array("d", [3.0]), 2, Usage(1, 2), Failure("cut", "cut"))
    tally = await counted(Exchange(10.0, 14.0, 11.0, array("d", [1.0, 2.0]), 3, Usage(7, 4)), failed)
    assert (tally.ok, tally.failed) == (1, 1)
    assert (list(tally.ttft), list(tally.e2e), list(tally.itl)) == ([1.0], [4.0], [1.0, 2.0])
    assert list(tally.tpot) == [pytest.approx(1.0)]  # (14 - 11) / (4 - 1): by the server's count, not by chunks
    assert (list(tally.tokens_in), list(tally.tokens_out)) == ([7], [4])
    assert (tally.chunks, tally.chunk_tokens, tally.server_counted, tally.chunk_counted) == (3, 4, 1, 0)


async def test_chunks_count_where_the_server_does_not():
    tally = await counted(Exchange(0.0, 3.0, 1.0, array("d", [1.0]), 2))
    assert (list(tally.tokens_out), tally.server_counted, tally.chunk_counted) == ([2], 0, 1)
    assert list(tally.tpot) == [2.0]


async def test_one_token_has_no_time_per_token():
    tally = await counted(Exchange(0.0, 3.0, 1.0, array("d"), 1, Usage(1, 1)))
    assert list(tally.tpot) == []
    assert list(tally.ttft) == [1.0]


async def test_failures_are_counted_by_reason_with_the_first_as_an_example():
    failures = [Failure("429", f"429: request {i}") for i in range(3)] + [Failure("cut", "cut")]
    tally = await counted(*(Exchange(0.0, 1.0, failure=failure) for failure in failures))
    assert {one.reason: (one.count, one.example) for one in tally.failures.values()} == {
        "429": (3, "429: request 0"),
        "cut": (1, "cut"),
    }
    assert not tally.e2e


async def test_reasons_without_end_do_not_fill_the_memory():
    tally = await counted(*(Exchange(0.0, 1.0, failure=Failure(f"odd {i}", "")) for i in range(200)))
    assert tally.failed == 200
    assert len(tally.failures) == 51


async def test_lag_sees_a_loop_that_stands_still():
    async with Lag() as lag:
        await asyncio.sleep(0.03)
        time.sleep(0.1)
        await asyncio.sleep(0.03)
    assert max(lag.lags) >= 0.08
    assert lag.processor >= 0


async def test_processor_is_the_share_of_this_thread():
    async with Lag() as lag:
        until = time.thread_time() + 0.1
        while time.thread_time() < until:
            pass
    assert 0 < lag.processor <= 1.05
