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
from sinan.engine.verdicts import Verdicts
from sinan.errors import BudgetReached
from sinan.types import Cache, Cell, Completion, Journal, Model, Question, SampleResult, Sampling
from sinan.types.answered import Key
from sinan.types.sequential import Gate

COMMIT_SECONDS = 0.05
COMMIT_RESULTS = 1_000
AT_ONCE = 1_000
"""Workers of a model that are started before it is seen whether there are questions for more."""

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
        unjudged: dict[Key, Completion] | None = None,
    ) -> None:
        """`workers`: how many a model can keep busy now; may grow later (`grow`). `counted` hears of each result once
        it is durable. `stops` are called when the budget's time is over: from then on nothing is sent. `unjudged`:
        answers of an earlier process that wait for their verdict; they are taken out as they are judged."""
        self._stops = stops
        self._cells, self._wanted, self._budget = cells, workers, budget
        self._commits = _Commits(journal, counted, cache)
        gates = [cell.gate for cell in cells if cell.gate is not None]
        self._desk = _Desk(cache, keys or Keys(), budget, self._commits, {} if unjudged is None else unjudged, gates)
        self._group: asyncio.TaskGroup | None = None
        self._lines: dict[int, tuple[Model, Questions]] = {}
        self._working: dict[int, int] = {}
        self._last: dict[int, asyncio.Task[None]] = {}
        """The worker of each line that was started last."""
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
            self._desk.verdicts.close()
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
            last = self._last.get(key)
            if last is not None and last.done():
                continue  # no question was left for it
            more = self._wanted(model) - self._working[key]
            for _ in range(min(more, AT_ONCE)):
                self._working[key] += 1
                task = self._last[key] = self._group.create_task(self._desk.work(questions))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            if more > AT_ONCE:  # once these have taken their questions
                asyncio.get_running_loop().call_soon(self.grow)


def _by_model(cells: Sequence[Cell]) -> Iterator[tuple[Model, Questions]]:
    models = {id(cell.model): cell.model for cell in cells}
    for key, model in models.items():
        own = [cell for cell in cells if id(cell.model) == key]
        gated = [cell for cell in own if cell.gate is not None]
        longest_first = _lazily(sorted((cell for cell in own if cell.gate is None), key=lambda c: -c.answer_tokens))
        yield model, _through_gates(gated, longest_first) if gated else longest_first


def _lazily(cells: Iterable[Cell]) -> Questions:
    for cell in cells:
        for question in cell.questions:
            yield cell, question


def _through_gates(cells: Sequence[Cell], others: Questions) -> Questions:
    """The next question of a cell whose gate lets it in at once; where none does, one of the others, which wait for
    nothing; where there are none left, one that will wait."""
    heads = [(cell, cell.gate, iter(cell.questions)) for cell in cells if cell.gate is not None]
    waiting = {id(cell): next(questions, None) for cell, _, questions in heads}
    while heads := [head for head in heads if waiting[id(head[0])] is not None and not head[1].closed]:
        ready = next((head for head in heads if head[1].ready(_sure(waiting[id(head[0])]))), None)
        if ready is None and (other := next(others, None)) is not None:
            yield other
            continue
        cell, _, questions = ready or heads[0]
        heads.sort(key=lambda head: head[0] is cell)  # the others have their turn first
        question, waiting[id(cell)] = _sure(waiting[id(cell)]), next(questions, None)
        yield cell, question
    yield from others


def _sure(question: Question | None) -> Question:
    assert question is not None
    return question


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Workers that die together nearly always die of one cause; the first is the one to tell."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


class _Desk:
    """What a worker does with one question after the other: look into the cache, mind the budget, ask, record."""

    def __init__(
        self,
        cache: Cache | None,
        keys: Keys,
        budget: Budget | None,
        commits: "_Commits",
        unjudged: dict[Key, Completion],
        gates: Sequence[Gate],
    ) -> None:
        self._cache, self._keys, self._budget, self._commits = cache, keys, budget, commits
        self._unjudged, self._gates = unjudged, gates
        self.verdicts = Verdicts(cache, budget)

    async def work(self, questions: Questions) -> None:
        """Until there is none left, or the budget is reached: then nobody waits any more for what will not come."""
        for cell, question in questions:
            if cell.gate is not None and not await cell.gate.admits(question):
                continue
            before = self._unjudged.pop(_key(cell, question), None) if self._unjudged else None
            if before is not None:
                if not await self._judge(cell, question, before):
                    return self._give_up()
                continue
            sampling = sample.drawn(cell, question)
            key = self._keys.key(cell, question, sampling) if self._cache is not None else None
            found = self._cache.get(key) if self._cache is not None and key is not None else None
            if found is not None:
                if not await self._judge(cell, question, found):
                    return self._give_up()
                await asyncio.sleep(0)  # a run that is wholly in the cache must still let the journal commit
                continue
            answer = await self._ask(cell, question, sampling)
            if answer is None:
                return self._give_up()
            if isinstance(answer, SampleResult):
                self._commits.record(answer, key)
            elif not await self._judge(cell, question, answer, key, new=True):
                return self._give_up()
        return None

    def _give_up(self) -> None:
        for gate in self._gates:
            gate.close()

    async def _judge(
        self, cell: Cell, question: Question, answer: Completion, key: bytes | None = None, new: bool = False
    ) -> bool:
        """Record the answer's result; False where the budget does not allow a judge's call. What was just answered and
        is judged slowly is written before: whatever happens to its verdict, it is not lost."""
        if not cell.waits:
            self._commits.record(sample.judged(cell, question, answer), key)
            return True
        if new:
            self._commits.keep(sample.waiting(cell, question, answer), key)
        try:
            result = await self.verdicts.result(cell, question, answer)
        except BudgetReached:
            return False
        self._commits.record(result, None)
        return True

    async def _ask(self, cell: Cell, question: Question, sampling: Sampling) -> Completion | SampleResult | None:
        """The answer, a result that says why there is none, or None where the budget does not allow the call."""
        if self._budget is None:
            return await sample.ask(cell, question, sampling)
        reply: Completion | SampleResult | None = None
        turns, limit = 1 + len(question.prompt.turns), sampling.max_tokens
        likelihoods = question.prompt.continuations or question.prompt.rolling
        answer = 0 if likelihoods else None if limit is None else limit * turns
        call = await self._budget.enter(cell.model.name, guess(question.prompt), answer)
        if call is None:
            return None
        try:
            reply = await sample.ask(cell, question, sampling)
            return reply
        except BudgetReached:  # while it waited to be sent, or to be sent again
            return None
        finally:
            self._budget.ended(call, reply if isinstance(reply, Completion) else None)


def _key(cell: Cell, question: Question) -> Key:
    return cell.benchmark, cell.model.name, question.sample.id, question.draw


class _Commits:
    """Results on their way from the operating system to the disk: committed in groups, then counted."""

    def __init__(self, journal: Journal, counted: Callable[[SampleResult], None], cache: Cache | None) -> None:
        self._journal, self._counted, self._cache = journal, counted, cache
        self._waiting: list[tuple[SampleResult, bytes | None]] = []
        self._kept: list[tuple[bytes, Completion]] = []
        self._unsynced = False
        self._full = asyncio.Event()
        self._finished = False

    def record(self, result: SampleResult, key: bytes | None) -> None:
        """`key`: under which the answer is to be kept in the cache."""
        self._journal.append(result)
        self._waiting.append((result, key))
        if len(self._waiting) >= COMMIT_RESULTS:
            self._full.set()

    def keep(self, result: SampleResult, key: bytes | None) -> None:
        """An answer that waits for its verdict: durable with the next commit, and not counted."""
        self._journal.append(result)
        self._unsynced = True
        if key is not None and result.completion is not None:
            self._kept.append((key, result.completion))

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
        group, kept = self._waiting[:], len(self._kept)
        if not group and not self._unsynced:
            return
        self._unsynced = False
        await self._journal.commit()
        # Taken off only now: a cancelled commit leaves its group to the next one.
        del self._waiting[: len(group)]
        for result, _ in group:
            self._counted(result)
        answers = [(key, r.completion) for r, key in group if key is not None and r.completion is not None]
        answers += self._kept[:kept]
        del self._kept[:kept]
        if self._cache is not None and answers:
            await asyncio.to_thread(self._cache.put, answers)
