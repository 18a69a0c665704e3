"""Verdicts that take their time: scorers that run programs are called in threads, those that ask models have judges.

A judge's call goes the way of any call: through its endpoint's pace, the response cache and the budget. What one
answer's verdict took is counted with its result.
"""

import asyncio
import hashlib
import os
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from sinan.engine import sample
from sinan.engine.budget import Budget, guess
from sinan.engine.cache import FORMAT
from sinan.errors import BudgetReached, ModelError, ModelUnusable, NoVerdict, SandboxUnavailable
from sinan.types import (
    Cache,
    Cell,
    Completion,
    Form,
    Judge,
    JudgeCost,
    Judging,
    Limits,
    Pace,
    Prompt,
    Question,
    SampleResult,
    Sampling,
    Score,
)
from sinan.types.asking import ASKING
from sinan.types.message import canonical

THREADS = (os.cpu_count() or 1) + 2
"""Scorers that are called at once: a few more than cores, since one that waits for its program uses none."""


class Answer(NamedTuple):
    """A stored answer, and what it answers."""

    cell: Cell
    question: Question
    completion: Completion
    cost_usd: float | None
    """What was paid for it, where that is known."""


class Verdicts:
    """Judges answers, as many at once as are handed over."""

    def __init__(self, cache: Cache | None = None, budget: Budget | None = None) -> None:
        self.cache, self.budget = cache, budget
        self._threads: ThreadPoolExecutor | None = None

    async def result(self, cell: Cell, question: Question, completion: Completion) -> SampleResult:
        """The result of a question whose answer is there. Raises ModelUnusable where a judge cannot be asked at all,
        BudgetReached where it may not, and SandboxUnavailable where no program can be run: the answer then waits."""
        scorer = cell.protocol.scorer
        if isinstance(scorer, Judging):
            return await self._judged(scorer, cell, question, completion)
        if not cell.waits:
            return sample.judged(cell, question, completion)
        return sample.with_score(cell, question, completion, await self._in_thread(cell, question, completion))

    async def in_order(self, answers: Iterable["Answer | SampleResult"], at_once: int) -> AsyncIterator[SampleResult]:
        """The results of stored answers, in their order, with so many verdicts on their way at a time. What is a result
        already is passed on. Raises as `result` does."""
        waiting: deque[asyncio.Task[SampleResult] | SampleResult] = deque()
        try:
            for answer in answers:
                waiting.append(answer if isinstance(answer, SampleResult) else self._begun(answer))
                while len(waiting) >= at_once or (waiting and isinstance(waiting[0], SampleResult)):
                    first = waiting.popleft()
                    yield first if isinstance(first, SampleResult) else await first
            while waiting:
                first = waiting.popleft()
                yield first if isinstance(first, SampleResult) else await first
        finally:
            for left in waiting:
                if isinstance(left, asyncio.Task):
                    left.cancel()

    def _begun(self, answer: "Answer") -> "asyncio.Task[SampleResult] | SampleResult":
        if not answer.cell.waits:
            return replace(sample.judged(*answer[:3]), cost_usd=answer.cost_usd)
        return asyncio.create_task(self._stored(answer))

    async def _stored(self, answer: "Answer") -> SampleResult:
        return replace(await self.result(*answer[:3]), cost_usd=answer.cost_usd)

    def close(self) -> None:
        """Let go of the threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, cell: Cell, question: Question, completion: Completion) -> Score:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "scorer")
        call = partial(cell.protocol.scorer, question.sample, completion)
        try:
            return sample.sound(await asyncio.get_running_loop().run_in_executor(self._threads, call))
        except SandboxUnavailable:
            raise
        except (Exception, SystemExit) as error:
            return sample.broken(error)

    async def _judged(self, scorer: Judging, cell: Cell, question: Question, completion: Completion) -> SampleResult:
        """One that got no verdict is kept as an answer that waits for it."""
        asked = [_Asked(judge, self.cache, self.budget) for judge in cell.judges]
        judged = True
        try:
            score = sample.sound(await _asking(scorer, cell, question, completion, asked))
        except (ModelUnusable, BudgetReached):
            raise
        except ModelError as error:
            score, judged = sample.failed(f"no verdict: {error}"), False
            if isinstance(error, NoVerdict):  # asked again it may give one; remembered, it never would
                for one in asked:
                    one.forget()
        except (Exception, SystemExit) as error:
            score = sample.broken(error)
        finally:
            await self._remember(asked)
        cost = sum((one.cost for one in asked), JudgeCost(failed=not judged))
        result = sample.with_score(cell, question, completion, score)
        return replace(result, judging=cost, judged=judged)

    async def _remember(self, judges: "Sequence[_Asked]") -> None:
        answers = [answer for judge in judges for answer in judge.answers]
        if self.cache is not None and answers:
            await asyncio.to_thread(self.cache.put, answers)


async def _asking(
    scorer: Judging, cell: Cell, question: Question, completion: Completion, judges: "list[_Asked]"
) -> Score:
    """The verdict, asked for in a context of its own: which call of a judge it is does not depend on what its model
    was asked before."""
    context = copy_context()
    context.run(ASKING.set, sample.asking(cell, question))
    return await asyncio.create_task(_verdict(scorer, question, completion, judges), context=context)


async def _verdict(scorer: Judging, question: Question, completion: Completion, judges: "list[_Asked]") -> Score:
    return await scorer.judge(question.sample, completion, judges)


class _Asked:
    """A judge as one answer's scorer sees it: a model whose calls are remembered, limited and counted."""

    def __init__(self, judge: Judge, cache: Cache | None, budget: Budget | None) -> None:
        self._judge, self._cache, self._budget = judge, cache, budget
        self.cost = JudgeCost()
        self.answers: list[tuple[bytes, Completion]] = []
        """What it has answered, to be remembered once it is known to hold a verdict."""

    def forget(self) -> None:
        """Remember nothing of this time."""
        self.answers.clear()

    @property
    def name(self) -> str:
        return self._judge.model.name

    @property
    def form(self) -> Form:
        return self._judge.model.form

    @property
    def capabilities(self) -> frozenset[str]:
        return self._judge.model.capabilities

    @property
    def concurrency(self) -> int:
        return self._judge.model.concurrency

    @property
    def endpoint(self) -> str:
        return self._judge.model.endpoint

    @property
    def limits(self) -> Limits:
        return self._judge.model.limits

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._judge.model.identity

    async def open(self, pace: Pace | None = None) -> None:
        """It is open."""

    async def close(self) -> None:
        """Whoever opened it closes it."""

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        return await self._remembered("generate", prompt, sampling)

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        return await self._remembered("loglikelihood", prompt, Sampling(max_tokens=0))

    async def _remembered(self, call: str, prompt: Prompt, sampling: Sampling) -> Completion:
        key = self._key(call, prompt, sampling) if self._cache is not None else None
        if self._cache is not None and key is not None and (found := self._cache.get(key)) is not None:
            self.cost += JudgeCost(cached=1)
            return found
        completion = await self._allowed(call, prompt, sampling)
        tokens_in, tokens_out = completion.usage.tokens_in or 0, completion.usage.tokens_out or 0
        price = self._judge.price
        usd = None if price is None else price.cost(tokens_in, tokens_out)
        self.cost += JudgeCost(completion.requests, 0, 0, tokens_in, tokens_out, usd)
        if key is not None:
            self.answers.append((key, completion))
        return completion

    async def _allowed(self, call: str, prompt: Prompt, sampling: Sampling) -> Completion:
        """The answer, as far as the budget goes. Raises BudgetReached."""
        if self._budget is None:
            return await self._sent(call, prompt, sampling)
        let_in = await self._budget.enter(self.name, guess(prompt), sampling.max_tokens)
        if let_in is None:
            raise BudgetReached(self._budget.reached or "the budget is reached")
        completion = None
        try:
            completion = await self._sent(call, prompt, sampling)
            return completion
        finally:
            self._budget.ended(let_in, completion)

    async def _sent(self, call: str, prompt: Prompt, sampling: Sampling) -> Completion:
        model = self._judge.model
        return await (model.generate(prompt, sampling) if call == "generate" else model.loglikelihood(prompt))

    def _key(self, call: str, prompt: Prompt, sampling: Sampling) -> bytes | None:
        """32 bytes: of all that decides the answer, and of how often this question has made the very same call before:
        a judge that is asked twice is to answer twice. What is drawn at random is of one question alone."""
        asked = ASKING.get()
        whose = "" if sampling.temperature == 0 else asked.name
        try:
            parts = [FORMAT, "judge", call, self.name, dict(self.identity), prompt.hash, sampling.to_json(), whose]
            same = canonical(parts)
        except (TypeError, ValueError, RecursionError):
            return None
        return hashlib.sha256(same + b"/%d" % asked.number(b"judge/" + same)).digest()
