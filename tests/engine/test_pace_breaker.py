"""An endpoint that is away: nobody burns attempts, one probe at a time looks, and in the end one line says it all."""

import asyncio
from collections.abc import Callable

import pytest

from sinan.engine.pace import EndpointPace
from sinan.errors import ModelUnusable
from sinan.types import Signal
from tests.engine.virtual_time import run

REASON = "connection refused"


class Server:
    """Up or down by the clock; counts what arrives while it is down."""

    def __init__(self, down: Callable[[float], bool], takes: float = 0.05, fails_after: float = 0.05) -> None:
        self.down, self.takes, self.fails_after = down, takes, fails_after
        self.failed = self.answered = self.probing = self.most_probing = 0

    async def ask(self) -> Signal:
        if not self.down(asyncio.get_running_loop().time()):
            await asyncio.sleep(self.takes)
            self.answered += 1
            return Signal.ANSWERED
        self.failed += 1
        self.probing += 1
        self.most_probing = max(self.most_probing, self.probing)
        await asyncio.sleep(self.fails_after)
        self.probing -= 1
        return Signal.FAILED


async def ask_for_ever(pace: EndpointPace, server: Server) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await pace.enter(1)
        began = loop.time()
        signal = Signal.LEFT
        try:
            signal = await server.ask()
        finally:
            pace.leave(signal, loop.time() - began, reason=REASON if signal is Signal.FAILED else "")
        if signal is Signal.FAILED:
            await asyncio.sleep(0.2)


def crowd(server: Server, seconds: float, concurrency: int | None = 16, callers: int = 32) -> tuple[EndpointPace, list]:
    async def main() -> tuple[EndpointPace, list]:
        pace = EndpointPace("http://x/v1", concurrency=concurrency, clock=asyncio.get_running_loop().time)
        tasks = [asyncio.ensure_future(ask_for_ever(pace, server)) for _ in range(callers)]
        await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        return pace, await asyncio.gather(*tasks, return_exceptions=True)

    return run(main())


@pytest.mark.parametrize("concurrency", [16, None])
def test_a_dead_endpoint_is_given_up_with_one_line_for_everybody(concurrency):
    server = Server(lambda now: now >= 10)
    pace, errors = crowd(server, 200, concurrency)
    assert pace.dead
    assert {type(error) for error in errors} == {ModelUnusable}
    (line,) = {str(error) for error in errors}
    assert line.startswith(f"http://x/v1 does not answer: {server.failed} attempts in a row failed over 3")
    assert line.endswith("; the last: connection refused. Everything answered so far is kept; "
                         "resume the run once the server is back.")  # fmt: skip
    assert "\n" not in line


def test_whoever_comes_later_hears_it_at_once():
    async def main() -> None:
        pace = EndpointPace("http://x", concurrency=1, clock=asyncio.get_running_loop().time)
        with pytest.raises(ModelUnusable):
            await ask_for_ever(pace, Server(lambda now: True))
        with pytest.raises(ModelUnusable, match="does not answer"):
            await pace.enter(1)

    run(main())


def test_an_outage_that_ends_costs_few_attempts_and_ends_with_it():
    server = Server(lambda now: 10 <= now < 30)
    pace, _ = crowd(server, 60)
    assert not pace.dead
    before_opening = 32 / 0.25 * 3 + 32  # every caller asks again after 0.25 s, until 3 s without an answer are over
    assert server.failed <= before_opening + 8
    assert server.answered > 16 / 0.05 * (60 - 20 - 10)


def test_while_it_is_open_one_probe_at_a_time_goes():
    server = Server(lambda now: now >= 5)
    counted = []

    def down(now: float) -> bool:
        if now > 12 and not counted:
            counted.append(True)
            server.most_probing = 0
        return now >= 5

    server.down = down
    crowd(server, 100)
    assert server.most_probing == 1


def test_fewer_than_ten_failures_never_open_it():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=1, clock=loop.time)
        for _ in range(9):
            await pace.enter(1)
            await asyncio.sleep(10)
            pace.leave(Signal.FAILED, 10, reason=REASON)
        before = loop.time()
        await pace.enter(1)
        assert loop.time() == before
        assert pace.waiting == ""

    run(main())


def test_a_blip_of_many_failures_within_three_seconds_does_not_open_it():
    server = Server(lambda now: 10 <= now < 12.5)
    pace, _ = crowd(server, 20, concurrency=32)
    assert server.failed > 32 * 8
    assert server.answered > 32 / 0.05 * (20 - 2.5 - 1)
    assert pace.waiting == ""


def test_failures_among_answers_neither_open_it_nor_slow_it():
    async def main() -> EndpointPace:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=None, clock=loop.time)
        number = 0

        async def call() -> None:
            nonlocal number
            while loop.time() < 20:
                await pace.enter(1)
                number += 1
                failed = number % 3 == 0
                await asyncio.sleep(0.1)
                pace.leave(Signal.FAILED if failed else Signal.ANSWERED, 0.1, reason="500")

        await asyncio.gather(*(call() for _ in range(200)))
        assert number > 200 * 10 * 20 * 0.9
        return pace

    assert run(main()).limit >= 200


def test_a_probe_that_hangs_is_not_presumed_dead():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=20, clock=loop.time)
        for _ in range(20):
            await pace.enter(1)
        for _ in range(19):
            await asyncio.sleep(0.5)
            pace.leave(Signal.FAILED, 0.5, reason=REASON)
        waiter = asyncio.ensure_future(pace.enter(1))
        await asyncio.sleep(5)
        assert waiter.done()  # the probe
        pace.leave(Signal.FAILED, 1, reason=REASON)
        waiter = asyncio.ensure_future(pace.enter(1))
        await asyncio.sleep(300)  # one attempt hangs all the while, and the probe does as well
        assert not pace.dead
        pace.leave(Signal.ANSWERED, 300)
        assert pace.waiting == ""
        await waiter

    run(main())


def test_attempts_that_take_long_are_counted_from_the_opening():
    async def main() -> float:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=10, clock=loop.time)
        server = Server(lambda now: True, fails_after=600)
        tasks = [asyncio.ensure_future(ask_for_ever(pace, server)) for _ in range(10)]
        _, errors = await asyncio.wait(tasks), None
        assert all(isinstance(task.exception(), ModelUnusable) for task in tasks)
        assert server.failed == 11 and errors is None
        return loop.time()

    assert run(main()) == pytest.approx(1200, abs=5)


def test_the_wait_is_told():
    async def main() -> list[str]:
        pace = EndpointPace("http://x", concurrency=4, clock=asyncio.get_running_loop().time)
        tasks = [asyncio.ensure_future(ask_for_ever(pace, Server(lambda now: True))) for _ in range(8)]
        said = []
        for _ in range(3):
            await asyncio.sleep(5)
            said.append(pace.waiting)
        for task in tasks:
            task.cancel()
        return said

    said = run(main())
    assert said[1].startswith("server not answering for 10 s: connection refused; stopping in 2")
    assert len(set(said)) == 3


def test_a_probe_whose_caller_left_does_not_block_the_next():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pace = EndpointPace("http://x", concurrency=4, clock=loop.time)
        for _ in range(10):
            await pace.enter(1)
            await asyncio.sleep(0.5)
            pace.leave(Signal.FAILED, 0.5, reason=REASON)
        await pace.enter(1)
        pace.leave(Signal.LEFT, 0)
        await asyncio.wait_for(pace.enter(1), 20)

    run(main())
