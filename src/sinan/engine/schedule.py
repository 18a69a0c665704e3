"""One schedule over all (benchmark, model) cells.

Every model has its own set of workers, which draw questions lazily from that model's cells one after the other: no
worker waits for a batch or a benchmark to end, and no question is built long before a worker is free for it. An
answer is handed to the journal the moment it is there, and counts once the journal has committed it.

How many calls are really in flight is the pace's business, through which every attempt goes; the workers are a few
more than it lets in, so that the next question is built when a place is free, and one that waits before it asks again
holds no place.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

from sinan.engine import sample
from sinan.engine.budget import Budget, guess
from sinan.engine.cache import Keys
from sinan.errors import BudgetReached
from sinan.types import Cache, Cell, Journal, Model, Question, SampleResult, Sampling

COMMIT_SECONDS = 0.05
COMMIT_RESULTS = 1_000

Questions = Iterator[tuple[Cell, Question]]


class Schedule:
    """Asks every question of every cell, once."""

    def __init__(
        self,
        cells: Sequence[Cell],
        journal: Journal,
        workers: Callable[[Model], int],
        counted: Callable[[SampleResult], None],
        cache: Cache | None = None,
        keys: Keys | None = None,
        budget: Budget | None = None,
        stops: Sequence[Callable[[BudgetReached], None]] = (),
    ) -> None:
        """`workers`: how many a model can keep busy now; may grow later (`grow`). `counted` hears of each result once
        it is durable. `stops` are called when the budget's time is over: from then on nothing is sent."""
        self._stops = stops
        self._cells, self._wanted, self._budget = cells, workers, budget
        self._commits = _Commits(journal, counted, cache)
        self._desk = _Desk(cache, keys or Keys(), budget, self._commits)
        self._group: asyncio.TaskGroup | None = None
        self._lines: dict[int, tuple[Model, Questions]] = {}
        self._working: dict[int, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Raises ModelUnusable, StoreError and BudgetReached; whatever was answered before is committed and counted
        first, then too when the caller cancels."""
        try:
            async with asyncio.TaskGroup() as self._group:
                self._group.create_task(self._commits.keep_committing())
                self._lines = {id(model): (model, questions) for model, questions in _by_model(self._cells)}
                self._working = dict.fromkeys(self._lines, 0)
                self.grow()
                timer = self._budget.at_its_end(self._time_up) if self._budget else None
                while self._tasks:
                    await asyncio.wait(self._tasks)
                if timer:
                    timer.cancel()
                self._commits.finish()
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        finally:
            self._group = None
            await asyncio.shield(self._commits.commit())
        if self._budget and self._budget.reached:
            raise BudgetReached(self._budget.reached)

    def _time_up(self, why: BudgetReached) -> None:
        for stop in self._stops:
            stop(why)

    def grow(self) -> None:
        """Start more workers where their model can now keep more of them busy."""
        if self._group is None:
            return
        for key, (model, questions) in self._lines.items():
            for _ in range(self._wanted(model) - self._working[key]):
                self._working[key] += 1
                task = self._group.create_task(self._desk.work(questions))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)


def _by_model(cells: Sequence[Cell]) -> Iterator[tuple[Model, Questions]]:
    models = {id(cell.model): cell.model for cell in cells}
    for key, model in models.items():
        own = [cell for cell in cells if id(cell.model) == key]
        yield model, _lazily(sorted(own, key=lambda cell: -cell.answer_tokens))


def _lazily(cells: Iterable[Cell]) -> Questions:
    for cell in cells:
        for question in cell.questions:
            yield cell, question


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Workers that die together nearly always die of one cause; the first is the one to tell."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


class _Desk:
    """What a worker does with one question after the other: look into the cache, mind the budget, ask, record."""

    def __init__(self, cache: Cache | None, keys: Keys, budget: Budget | None, commits: "_Commits") -> None:
        self._cache, self._keys, self._budget, self._commits = cache, keys, budget, commits

    async def work(self, questions: Questions) -> None:
        """Until there is none left, or the budget is reached."""
        for cell, question in questions:
            sampling = sample.drawn(cell, question)
            key = self._keys.key(cell, question, sampling) if self._cache is not None else None
            found = self._cache.get(key) if self._cache is not None and key is not None else None
            if found is not None:
                self._commits.record(sample.judged(cell, question, found), None)
                await asyncio.sleep(0)  # a run that is wholly in the cache must still let the journal commit
                continue
            result = await self._ask(cell, question, sampling)
            if result is None:
                return
            self._commits.record(result, key)

    async def _ask(self, cell: Cell, question: Question, sampling: Sampling) -> SampleResult | None:
        """The result, or None where the budget does not allow the call."""
        if self._budget is None:
            return await sample.ask(cell, question, sampling)
        turns, limit = 1 + len(question.prompt.turns), sampling.max_tokens
        likelihoods = question.prompt.continuations or question.prompt.rolling
        answer = 0 if likelihoods else None if limit is None else limit * turns
        call = await self._budget.enter(cell.model.name, guess(question.prompt), answer)
        if call is None:
            return None
        result = None
        try:
            result = await sample.ask(cell, question, sampling)
            return result
        except BudgetReached:  # while it waited to be sent, or to be sent again
            return None
        finally:
            self._budget.ended(call, result.completion if result else None)


class _Commits:
    """Results on their way from the operating system to the disk: committed in groups, then counted."""

    def __init__(self, journal: Journal, counted: Callable[[SampleResult], None], cache: Cache | None) -> None:
        self._journal, self._counted, self._cache = journal, counted, cache
        self._waiting: list[tuple[SampleResult, bytes | None]] = []
        self._full = asyncio.Event()
        self._finished = False

    def record(self, result: SampleResult, key: bytes | None) -> None:
        """`key`: under which the answer is to be kept in the cache."""
        self._journal.append(result)
        self._waiting.append((result, key))
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
        for result, _ in group:
            self._counted(result)
        answers = [(key, r.completion) for r, key in group if key is not None and r.completion is not None]
        if self._cache is not None and answers:
            await asyncio.to_thread(self._cache.put, answers)
