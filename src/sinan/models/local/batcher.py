"""Collects calls that arrive one by one and runs them together, in a thread per core for all local models.

Threads of ours, each with a single-threaded matrix product, and not the other way round: these models are so small
that a product shared by two threads gains little, and on a busy machine such threads wait for each other by spinning
(measured with the other core taken: 62 s of processor time for what takes 6 s).
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
TOKENS = 32_768  # of one batch, padding included; bounds its memory
SMALL = 1_024  # a batch is not split below it: its products would be too small to be worth a thread
PAUSE_S = 0.002  # how long a first call waits for others: little beside its work, enough for a burst of arrivals

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


@cache
def workers() -> ThreadPoolExecutor:
    """The threads that all local models compute in."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")
    return ThreadPoolExecutor(max_workers=CORES, thread_name_prefix="local-models")


@dataclass
class _Job(Generic[Ask, Answer]):
    ask: Ask
    size: int
    future: "asyncio.Future[Answer]"


class Batcher(Generic[Ask, Answer]):
    """`run` gets a list of asks and gives their answers in order; it is called in the workers' threads."""

    def __init__(self, run: Callable[[Sequence[Ask]], Sequence[Answer]]) -> None:
        self._run = run
        self._waiting: list[_Job[Ask, Answer]] = []
        self._pump: asyncio.Task[None] | None = None

    async def __call__(self, ask: Ask, size: int) -> Answer:
        """The answer to one ask of `size` tokens, computed together with what else is waiting."""
        loop = asyncio.get_running_loop()
        job = _Job[Ask, Answer](ask, size, loop.create_future())
        self._waiting.append(job)
        if self._pump is None or self._pump.done() or self._pump.get_loop() is not loop:
            self._pump = loop.create_task(self._drain(loop))
        return await job.future

    async def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        await asyncio.sleep(PAUSE_S)
        while self._waiting:
            jobs, self._waiting = self._waiting, []
            # A caller that was cancelled wants nothing; one of a loop that is gone can get nothing.
            live = [job for job in jobs if not job.future.done() and job.future.get_loop() is loop]
            await asyncio.gather(*(self._answer(loop, batch) for batch in _batches(live)))

    async def _answer(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Job[Ask, Answer]]) -> None:
        try:
            answers = await loop.run_in_executor(workers(), self._run, [job.ask for job in batch])
        except Exception as error:
            for job in batch:
                if not job.future.done():
                    job.future.set_exception(error)
            return
        for job, answer in zip(batch, answers, strict=True):
            if not job.future.done():
                job.future.set_result(answer)


def _batches(jobs: Sequence[_Job[Ask, Answer]]) -> list[list[_Job[Ask, Answer]]]:
    """Jobs of like size together, a share for every core, within the budget; the longest first, so that no memory
    grows late."""
    out: list[list[_Job[Ask, Answer]]] = []
    share = min(TOKENS, max(SMALL, -(-sum(job.size for job in jobs) // CORES)))
    for job in sorted(jobs, key=lambda one: -one.size):
        if not out or (len(out[-1]) + 1) * out[-1][0].size > share:
            out.append([])
        out[-1].append(job)
    return out
