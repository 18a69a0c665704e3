"""Calls that arrive one by one, worked off together in one thread that takes in new ones while it works."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

PAUSE_S = 0.002  # how long a first call waits for others: little beside its work, enough for a burst of arrivals

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Job(Generic[Ask, Answer]):
    """One call on its way."""

    def __init__(self, ask: Ask, loop: asyncio.AbstractEventLoop) -> None:
        self.ask = ask
        self.future: asyncio.Future[Answer] = loop.create_future()

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.future.done()


class Line(Generic[Ask, Answer]):
    """`work(desk)` runs in the thread while there is anything to do: `desk.take()` gives the jobs that have arrived
    since, `desk.answer` tells what came of jobs. It returns when there is nothing left to take or to do."""

    def __init__(self, work: Callable[["Line[Ask, Answer]"], None], thread: ThreadPoolExecutor) -> None:
        self._work, self._thread = work, thread
        self._waiting: deque[Job[Ask, Answer]] = deque()
        self._taken: dict[int, Job[Ask, Answer]] = {}
        self._pump: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, ask: Ask) -> Answer:
        """The answer to one ask, worked out together with what else is waiting."""
        loop = asyncio.get_running_loop()
        if self._pump is None or self._pump.done() or self._loop is not loop:
            self._loop = loop
            self._pump = loop.create_task(self._drain(loop))
        job = Job[Ask, Answer](ask, loop)
        self._waiting.append(job)
        return await job.future

    def take(self) -> list[Job[Ask, Answer]]:
        """What has arrived and is still wanted."""
        out = []
        while self._waiting:
            job = self._waiting.popleft()
            # A caller that was cancelled wants nothing; one of a loop that is gone can get nothing.
            if not job.gone and job.future.get_loop() is self._loop:
                self._taken[id(job)] = job
                out.append(job)
        return out

    def answer(self, answers: Sequence[tuple[Job[Ask, Answer], "Answer | Exception"]]) -> None:
        """What came of some jobs."""
        if answers and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_settle, answers)
        for job, _ in answers:
            self._taken.pop(id(job), None)

    async def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        await asyncio.sleep(PAUSE_S)
        while self._waiting:
            try:
                await loop.run_in_executor(self._thread, self._work, self)
            except Exception as error:
                _settle([(job, error) for job in self._taken.values()])
            finally:
                self._taken.clear()


def _settle(answers: Sequence[tuple[Job[Ask, Answer], "Answer | Exception"]]) -> None:
    for job, answer in answers:
        if job.gone:
            continue
        if isinstance(answer, Exception):
            job.future.set_exception(answer)
        else:
            job.future.set_result(answer)
