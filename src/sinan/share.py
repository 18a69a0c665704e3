"""One process's share of a run: `python -m sinan.share`, started by a crew.

    standard input    its order, one line of JSON; later `stop`. The end of the input means the same: the crew is gone
    standard output   its reports, one JSON object a line: results, the state of its paces, notices, how it ended

It prepares the run as `evaluate` does, from run.json and its own environment (no key is ever sent to it), refuses
where that gives other questions, and appends to the run's journal itself. What it reports is on disk.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sinan.asked import answers, asked, in_loop, prices
from sinan.engine import Done, EndpointPace
from sinan.engine.budget import Spent
from sinan.engine.budget import budget as budgeted
from sinan.errors import (
    BudgetReached,
    DataError,
    ModelUnusable,
    SinanError,
    StoreError,
    Unsupported,
    UsageError,
)
from sinan.store import RunFolder, description, journal
from sinan.store.record import answered, key
from sinan.store.shared import SharedJournal
from sinan.types import Completion, Outcome, Prompt, Question, Sample, SampleResult, Score, Usage

BATCH = 500
"""Results in one line of a report."""
PACE_SECONDS = 0.5
"""How long the state of a pace may go unreported."""
LINE_BYTES = 1 << 26
"""The longest line that is read."""
SAID = 500
"""Characters of an explanation that are reported; the journal has it whole."""

_KINDS = (Unsupported, ModelUnusable, BudgetReached, StoreError, DataError, UsageError, SinanError)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a process is to do. Holds no key."""

    folder: str
    """Of the run, which is described there and locked."""
    runs: str
    of: int
    """Processes in all."""
    timeout: float
    concurrency: int | None
    cache: bool
    max_cost: float | None
    max_tokens: int | None
    max_time: float | None
    number: int = 0
    """Of this process, from 0."""
    until: float | None = None
    """When no call is begun any more, on the clock that all processes of a machine share (`time.monotonic`)."""

    def shared(self, number: int) -> "Order":
        """The order for one of `of` processes, made from that for all: whole numbers sum to what was asked."""
        calls, tokens = self.concurrency, self.max_tokens
        return replace(
            self,
            number=number,
            concurrency=None if calls is None else max(1, _part(calls, number, self.of)),
            max_cost=None if self.max_cost is None else self.max_cost / self.of,
            max_tokens=None if tokens is None else max(1, _part(tokens, number, self.of)),
        )

    def line(self) -> bytes:
        """As it is sent."""
        return json.dumps(asdict(self)).encode() + b"\n"


def _part(whole: int, number: int, of: int) -> int:
    return whole // of + (number < whole % of)


def whose(sample_id: str, of: int) -> int:
    """Which of so many processes asks a sample, for every model and every draw. The id alone decides, so that none is
    left out or asked twice, whatever order each of them meets the samples in."""
    digest = blake2b(sample_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % of


class _LeftOut(Done):
    """What this process does not ask: what is answered already, and all that is another's."""

    def __init__(self, number: int, of: int) -> None:
        super().__init__()
        self._number, self._of = number, of

    def __contains__(self, question: Any) -> bool:
        return whose(question[2], self._of) != self._number or super().__contains__(question)

    def __bool__(self) -> bool:
        return True


def packed(result: SampleResult, cells: Mapping[tuple[str, str], int]) -> list[Any]:
    """What is counted of a result, and no text but why it failed; `unpacked` is the way back."""
    sample, score, completion = result.question.sample, result.score, result.completion
    answer = None
    if completion is not None:
        answer = [completion.usage.tokens_in, completion.usage.tokens_out, completion.cached, completion.requests]
    return [
        cells[result.benchmark, result.model],
        sample.id,
        sample.group,
        result.question.draw,
        score.outcome.value,
        score.value,
        score.explanation[:SAID] if score.outcome is Outcome.FAILED else "",
        result.attempts,
        result.cost_usd,
        answer,
        dict(score.values),
        score.answer,
        sample.unit,
        sample.unit_size,
        sample.cluster,
        result.question.position,
    ]


def unpacked(row: Sequence[Any], cells: Sequence[tuple[str, str]]) -> SampleResult:
    """The result, with its texts left out. `cells`: (benchmark, model) in the order of run.json."""
    cell, sample_id, group, draw, outcome, value, explanation, attempts, cost_usd, answer, *more = row
    values, read, unit, unit_size, cluster, position = more
    completion = None
    if answer is not None:
        tokens_in, tokens_out, cached, requests = answer
        usage = Usage(tokens_in, tokens_out)
        completion = Completion("", "stop", usage, attempts=attempts, requests=requests, cached=cached)
    sample = Sample(sample_id, "", "", group=group, unit=unit, unit_size=unit_size, cluster=cluster)
    question = Question(sample, Prompt(), draw, position=position)
    score = Score(value, Outcome(outcome), read, explanation, values)
    benchmark, model = cells[cell]
    return SampleResult(benchmark, model, question, completion, score, attempts, cost_usd)


def names(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(benchmark, model) of every cell of a run.json."""
    return [(cell["benchmark"], cell["model"]) for cell in about["cells"]]


def error_of(kind: str, text: str) -> SinanError:
    """The error that another process reported."""
    return next(known for known in _KINDS if known.__name__ == kind)(text)


class _Reports:
    """What this process has to say, on its way to the crew. Never in the way of asking: a thread writes."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._waiting: list[SampleResult] = []
        self._lines: list[dict[str, Any]] = []
        self._wake = asyncio.Event()
        self._over = False
        self._told: list[Any] = []
        self.cells: Mapping[tuple[str, str], int] = {}
        self.paces: Sequence[EndpointPace] = ()
        self.spent: Spent | None = None

    def count(self, result: SampleResult) -> None:
        """A result is on disk."""
        self._waiting.append(result)
        self._wake.set()

    def notice(self, line: str) -> None:
        """Something that the user should know."""
        self._lines.append({"notice": line})

    async def keep_sending(self) -> None:
        """Until `end`, or until nobody reads any more."""
        last = False
        try:
            while not last:
                try:
                    async with asyncio.timeout(PACE_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                self._wake.clear()
                last = self._over
                await asyncio.to_thread(self._write, self._taken())
        except BrokenPipeError:
            pass  # the end of the input says so too, and stops this process

    def end(self, how: dict[str, Any]) -> None:
        """Nothing follows but what is waiting, and this."""
        self._lines.append({"ended": how})
        self._over = True
        self._wake.set()

    def _taken(self) -> bytes:
        results, self._waiting = self._waiting, []
        rows = [packed(result, self.cells) for result in results]
        lines: list[dict[str, Any]] = [{"results": rows[i : i + BATCH]} for i in range(0, len(rows), BATCH)]
        now = [[pace.limit, pace.waiting] for pace in self.paces]
        if now != self._told:
            self._told = now
            lines.append({"paces": now})
        lines += self._lines
        self._lines = []
        return "".join(f"{json.dumps(line)}\n" for line in lines).encode()

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]


async def _ask(order: Order, reports: _Reports) -> None:
    """Ask the share. Raises as `evaluate` does."""
    folder, left_out = RunFolder(Path(order.folder)), _LeftOut(order.number, order.of)
    about = folder.about()
    spec = description.spec_from_json(about)
    mine = await asked(
        spec,
        Path(order.runs),
        order.timeout,
        order.concurrency,
        done=left_out,
        share=order.of,
        longest_first=order.max_cost is None and order.max_tokens is None and order.max_time is None,
    )
    if difference := description.difference(about, mine.about):
        raise DataError(f"what is asked changed while the run began ({difference}). Run the same command again")
    for record in journal.read(folder.journal):
        if answered(record):
            left_out.add(key(record))
    reports.cells = {name: index for index, name in enumerate(names(about))}
    reports.paces = list(mine.paces.values())
    seconds = None if order.until is None else max(1e-6, order.until - time.monotonic())
    budget = budgeted(order.max_cost, order.max_tokens, seconds, prices(mine.cells))
    async with mine.opened():
        with answers(order.cache, reports.notice) as cache:
            disk = SharedJournal(folder.journal)
            try:
                await mine.schedule(disk, reports.count, cache, budget).run()
            finally:
                disk.close()
                reports.spent = None if budget is None else budget.spent


async def _work(out: int) -> None:
    loop, inbox = asyncio.get_running_loop(), asyncio.StreamReader(LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(inbox), os.fdopen(os.dup(0), "rb"))
    line = await inbox.readline()
    if not line:
        return
    reports = _Reports(out)
    asking = asyncio.create_task(_ask(Order(**json.loads(line)), reports))
    obeying = asyncio.create_task(_obey(inbox, asking))
    sending = asyncio.create_task(reports.keep_sending())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asking.cancel)
    await asyncio.wait([asking])
    reports.end(_how(asking, reports.spent))
    await sending
    obeying.cancel()


async def _obey(inbox: asyncio.StreamReader, asking: "asyncio.Task[None]") -> None:
    """Whatever the crew says next, or its end, means stop."""
    await inbox.readline()
    asking.cancel()


def _how(asking: "asyncio.Task[None]", spent: Spent | None) -> dict[str, Any]:
    """How it ended. A bug of ours is raised, for its traceback."""
    how: dict[str, Any] = {"spent": None if spent is None else [spent.usd, spent.tokens, spent.calls]}
    if asking.cancelled():
        return how | {"stopped": True}
    error = asking.exception()
    if error is None:
        return how
    if not isinstance(error, SinanError):
        raise error
    return how | {"error": next(kind.__name__ for kind in _KINDS if isinstance(error, kind)), "text": str(error)}


def main() -> None:
    """Work through one order. What anybody's code prints goes to standard error: the reports have the output."""
    out = os.dup(1)
    os.dup2(2, 1)
    in_loop(_work(out))


if __name__ == "__main__":
    main()
