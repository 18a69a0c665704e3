"""A run asked by several processes, where one core is not enough: an event loop sends a few thousand requests a second.

    crew --(order)--> share 0, share 1, ... --(appends)--> the run's journal
    crew <--(reports of what is on disk)-- shares

This process keeps the lock, run.json, the tally and the end; the others ask (see `share`). They hold the lock too, so
that nobody else writes the run before the last of them is gone. Where one ends in an error all are stopped.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sinan.asked import Asked
from sinan.engine import EndpointPace
from sinan.errors import BudgetReached, SinanError, StoreError, UsageError
from sinan.share import LINE_BYTES, Order, error_of, names, unpacked
from sinan.types import SampleResult, in_batches

STOP_SECONDS = 10.0
"""How long a process that is told to stop may take to put away what it has."""

AUTO_CALLS = 256
"""Calls in flight that are worth a process of their own, where nobody says how many processes."""
AUTO_QUESTIONS = 10_000
"""With fewer, the second that a process takes to begin is not won back."""
AUTO_CORES = 4


def size(wanted: int | None, asked: Asked, expected: int, limited: bool) -> int:
    """How many processes ask. `wanted` None: more than one only where that is likely to help and costs nothing.

    `expected`: results; `limited`: by cost or tokens. Raises UsageError where several are wanted of a model that has no
    use for them.
    """
    local = [model.name for model in asked.models if not model.endpoint]
    batched = [model.name for model in asked.models if in_batches(model)]
    calls = asked.concurrency
    if wanted is None:
        cores, slow = _cores(), batched or asked.waits
        if local or slow or limited or calls is None or expected < AUTO_QUESTIONS or cores < AUTO_CORES:
            return 1
        return max(1, min(cores // 2, calls // AUTO_CALLS))
    if wanted > 1 and local:
        raise UsageError(
            f"--workers {wanted} is for models behind an address: {local[0]} runs on this machine, and {wanted} "
            "processes would hold it as often and share the same cores. Leave --workers out"
        )
    if wanted > 1 and batched:
        raise UsageError(
            f"--workers {wanted} is for models that answer each call by itself: {batched[0]} answers in batches, which "
            "one process sends. Leave --workers out"
        )
    if wanted > 1 and asked.waits:
        raise UsageError(
            f"--workers {wanted} is for answers that are judged at once: here programs are run or models asked for "
            "each verdict, which one process does as fast. Leave --workers out"
        )
    return max(1, min(wanted, expected, calls or wanted))


def _cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew:
    """All the processes of one run."""

    def __init__(
        self,
        asked: Asked,
        order: Order,
        lock: int,
        counted: Callable[[SampleResult], None],
        notice: Callable[[str], None],
    ) -> None:
        """`order` is for all together; `lock` the descriptor of the run's lock. `counted` hears of each result that is
        on disk, with its texts left out; `notice` of what the user should know, each line once."""
        self._order, self._lock, self._counted, self._notice = order, lock, counted, notice
        self._cells = names(asked.about)
        self._noticed: set[str] = set()
        self._members: list[_Member] = []
        self._listening: set[asyncio.Task[None]] = set()
        self._fault: SinanError | None = None
        self._stopping = False
        self.paces = [_Reported(endpoint, order.of) for endpoint in asked.paces]

    async def run(self) -> None:
        """Ask everything. Raises what the first process to fail reports, StoreError where one is killed, and
        BudgetReached; all are gone then, and what they had on disk is counted, also where the caller cancels."""
        if self._order.max_time is not None:
            self._order = replace(self._order, until=time.monotonic() + self._order.max_time)
        try:
            for number in range(self._order.of):
                self._members.append(await self._started(number))
            self._listening = {asyncio.create_task(self._listen(member)) for member in self._members}
            pending = set(self._listening)
            while pending and self._fault is None:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            await asyncio.shield(self._dismiss())
        if self._fault is not None:
            raise self._fault
        if any(member.out_of_budget for member in self._members):
            raise BudgetReached(self._budget())

    async def _started(self, number: int) -> "_Member":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "sinan.share"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},  # it finds what this process finds, no more
            pass_fds=(self._lock,),
            start_new_session=True,  # Ctrl-C reaches this process, which tells the others
        )
        member = _Member(number, process)
        member.tell(self._order.shared(number).line())
        return member

    async def _listen(self, member: "_Member") -> None:
        """Until the process has ended."""
        assert member.process.stdout is not None
        async for line in member.process.stdout:
            if line.endswith(b"\n"):  # the last one may be cut by a kill
                self._hear(member, json.loads(line))
        code = await member.process.wait()
        if not member.ended:
            self._blame(StoreError(self._lost(member, code)))

    def _hear(self, member: "_Member", said: dict[str, Any]) -> None:
        for row in said.get("results", ()):
            self._counted(unpacked(row, self._cells))
        for pace, (limit, waiting) in zip(self.paces, said.get("paces", ()), strict=False):
            pace.hear(member.number, limit, waiting)
        if "notice" in said and said["notice"] not in self._noticed:
            self._noticed.add(said["notice"])
            self._notice(said["notice"])
        if "ended" in said:
            self._end(member, said["ended"])

    def _end(self, member: "_Member", how: dict[str, Any]) -> None:
        member.ended = True
        if how["spent"]:
            member.usd, member.tokens, member.calls = how["spent"]
        if how.get("error") == BudgetReached.__name__:
            member.out_of_budget = True  # of its own share; the others may have something left
        elif "error" in how:
            self._blame(error_of(how["error"], how["text"]))
        elif "stopped" in how:
            self._blame(StoreError(self._lost(member, -signal.SIGTERM)))

    def _blame(self, fault: SinanError) -> None:
        """The first fault is told; what comes of stopping is none."""
        if self._fault is None and not self._stopping:
            self._fault = fault

    async def _dismiss(self) -> None:
        """Stop whoever still works, and wait until all are gone."""
        self._stopping = True
        for member in self._members:
            if not member.ended:
                member.tell(b"stop\n")
        listening = self._listening or {asyncio.create_task(self._listen(member)) for member in self._members}
        if listening:
            _, late = await asyncio.wait(listening, timeout=STOP_SECONDS)
            for member in self._members if late else ():
                if member.process.returncode is None:
                    member.process.kill()  # what it had is in the journal, and is counted when the run goes on
            await asyncio.gather(*listening)

    def _lost(self, member: "_Member", code: int) -> str:
        how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"broke off (exit code {code})"
        return (
            f"worker {member.number + 1} of {self._order.of}, process {member.process.pid}, {how} before its share was "
            f"done, so all were stopped. Every answer is kept; go on with: sinan run --resume {self._order.folder}"
        )

    def _budget(self) -> str:
        order, members = self._order, self._members
        usd, tokens = sum(member.usd for member in members), sum(member.tokens for member in members)
        limits = [
            f"${usd:.4f} of ${order.max_cost:g}" if order.max_cost is not None else "",
            f"{tokens:,} of {order.max_tokens:,} tokens" if order.max_tokens is not None else "",
            f"all {order.max_time:g} seconds" if order.max_time is not None else "",
        ]
        spent = " and ".join(limit for limit in limits if limit)
        out, calls = sum(member.out_of_budget for member in members), sum(member.calls for member in members)
        return f"the budget is reached by {out} of {order.of} workers: {spent} spent in {calls:,} calls"


class _Member:
    """One of the processes, and what it said of itself."""

    def __init__(self, number: int, process: asyncio.subprocess.Process) -> None:
        self.number, self.process = number, process
        self.ended = self.out_of_budget = False
        self.usd = 0.0
        self.tokens = self.calls = 0

    def tell(self, line: bytes) -> None:
        """Nothing is heard by a process that is gone; its end is noticed elsewhere."""
        assert self.process.stdin is not None
        if not self.process.stdin.is_closing():
            self.process.stdin.write(line)


class _Reported(EndpointPace):
    """The paces of all processes at one endpoint, as they report them: for whoever shows how a run goes on."""

    def __init__(self, endpoint: str, of: int) -> None:
        super().__init__(endpoint.split()[0], concurrency=of)
        self._of = of
        self._limits: dict[int, int] = {}
        self._waits: dict[int, str] = {}

    def hear(self, number: int, limit: int, waiting: str) -> None:
        """How one of them stands."""
        self._limits[number], self._waits[number] = limit, waiting
        self.limit = sum(self._limits.values())

    @property
    def waiting(self) -> str:
        """What one of them waits for, in a few words; '' where nothing is special."""
        return next((wait for wait in self._waits.values() if wait), "")

    @property
    def told(self) -> str:
        """The paces together, in a few words: `pace 512 in 2 processes`."""
        return f"pace {self.limit} in {self._of} processes"
