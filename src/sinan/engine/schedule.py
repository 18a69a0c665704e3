"""One schedule over all (benchmark, model) cells.

Every model has its own set of workers, which draw questions lazily from that model's cells one after the other: no
worker waits for a batch or a benchmark to end, and no question is built before a worker is free for it. An answer
is handed to the journal the moment it is there, and counts once the journal has committed it.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

from sinan.engine.sample import ask
from sinan.types import Cell, Journal, Model, Question, SampleResult

COMMIT_SECONDS = 0.05
COMMIT_RESULTS = 1_000


async def run(
    cells: Sequence[Cell],
    journal: Journal,
    concurrency: Callable[[Model], int],
    counted: Callable[[SampleResult], None],
) -> None:
    """Ask every question of every cell; `counted` hears of each result once it is durable.

    Raises ModelUnusable and StoreError; whatever was answered before is committed and counted first, then too when
    the caller cancels.
    """
    commits = _Commits(journal, counted)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(commits.keep_committing())
            workers = [
                group.create_task(_work(questions, commits.record))
                for model, questions in _by_model(cells)
                for _ in range(concurrency(model))
            ]
            await asyncio.wait(workers)
            commits.finish()
    except BaseExceptionGroup as errors:
        raise _first(errors) from None
    finally:
        await asyncio.shield(commits.commit())


def _by_model(cells: Sequence[Cell]) -> Iterator[tuple[Model, Iterator[tuple[Cell, Question]]]]:
    models = {id(cell.model): cell.model for cell in cells}
    for key, model in models.items():
        yield model, _lazily([cell for cell in cells if id(cell.model) == key])


def _lazily(cells: Iterable[Cell]) -> Iterator[tuple[Cell, Question]]:
    for cell in cells:
        for question in cell.questions:
            yield cell, question


async def _work(questions: Iterator[tuple[Cell, Question]], record: Callable[[SampleResult], None]) -> None:
    for cell, question in questions:
        record(await ask(cell, question))


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Workers that die together nearly always die of one cause; the first is the one to tell."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


class _Commits:
    """Results on their way from the operating system to the disk: committed in groups, then counted."""

    def __init__(self, journal: Journal, counted: Callable[[SampleResult], None]) -> None:
        self._journal = journal
        self._counted = counted
        self._waiting: list[SampleResult] = []
        self._full = asyncio.Event()
        self._finished = False

    def record(self, result: SampleResult) -> None:
        self._journal.append(result)
        self._waiting.append(result)
        if len(self._waiting) >= COMMIT_RESULTS:
            self._full.set()

    async def keep_committing(self) -> None:
        while not self._finished:
            try:
                async with asyncio.timeout(COMMIT_SECONDS):
                    await self._full.wait()
            except TimeoutError:
                pass
            self._full.clear()
            await self.commit()

    def finish(self) -> None:
        """No further result will come: `keep_committing` returns."""
        self._finished = True
        self._full.set()

    async def commit(self) -> None:
        group = self._waiting[:]
        if not group:
            return
        await self._journal.commit()
        # Taken off only now: a cancelled commit leaves its group to the next one.
        del self._waiting[: len(group)]
        for result in group:
            self._counted(result)
