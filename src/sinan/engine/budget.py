"""What a run may spend: US dollars, tokens, seconds. Asked before each question is begun, told when it has ended.

A call is let in while what is spent, and the most that it and the calls in flight can take, stay within every limit;
alone, with none in flight, it is let in while a limit is not yet met. The most that a call can take is its prompt, as
guessed from its characters, and as many tokens as its answer may have. Where the answer is not limited, it is twice the
longest one so far; and once the first `FIRST` calls of a model have all ended, which shows how long answers are, it is
never more than that. Not sooner: short answers end first, and tell nothing of the long ones that are still coming.

So a budget is overshot by at most one call, and by what a server takes beyond what it was asked for. Close to a limit
fewer calls are in flight. An answer from a cache or a journal costs nothing and is never told here.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sinan.errors import BudgetReached, UsageError
from sinan.types import Completion, Prompt
from sinan.types.price import Price

FIRST = 30
"""Calls of a model, in the order in which they began, that must have ended before their answers count as typical."""

UNKNOWN = 4
"""Calls in flight of a model whose answers are not limited, until the first of them have ended."""

CHARACTERS = 4
"""Of one token, where a server does not say how many tokens a call took."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has spent so far."""

    usd: float
    tokens: int
    seconds: float
    calls: int


class Call:
    """One call that was let in."""

    __slots__ = ("answer", "calls", "first", "prompt")

    def __init__(self, calls: "_Calls", prompt: int, answer: int | None) -> None:
        self.calls, self.prompt, self.answer = calls, prompt, answer
        calls.begun += 1
        calls.in_flight += 1
        calls.prompts += prompt
        calls.answers += answer or 0
        calls.unlimited += answer is None
        self.first = calls.begun <= FIRST


class Budget:
    """The limits of one run, and what is spent of them. One event loop's: nothing here is locked."""

    def __init__(
        self,
        cost_usd: float | None = None,
        tokens: int | None = None,
        seconds: float | None = None,
        price: Mapping[str, Price | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`price` by model name: see `refuse_without_price`. The clock of `seconds` starts now."""
        limits = (math.inf if limit is None else limit for limit in (cost_usd, tokens, seconds))
        self._usd, self._tokens, self._seconds = limits
        self._clock, self._began = clock, clock()
        self._models: dict[str, _Calls] = {}
        self._price = price or {}
        self._waiting: list[asyncio.Future[None]] = []
        self._over = False

    @property
    def spent(self) -> Spent:
        """Of calls that have ended."""
        calls = self._models.values()
        usd, tokens = sum(c.usd for c in calls), sum(c.tokens for c in calls)
        return Spent(usd, tokens, self._clock() - self._began, sum(c.ended for c in calls))

    @property
    def reached(self) -> str | None:
        """Which limit kept a question from being asked, and what is spent by now, in one line; None while none did."""
        if not self._over:
            return None
        spent = self.spent
        told = [
            (self._usd, f"${spent.usd:.4f} of ${self._usd:g}"),
            (self._tokens, f"{spent.tokens:,} of {self._tokens:,} tokens"),
            (self._seconds, f"{spent.seconds:.1f} of {self._seconds:g} seconds"),
        ]
        used = " and ".join(text for limit, text in told if limit < math.inf)
        return f"the budget is reached: {used} spent in {spent.calls:,} call{'s' * (spent.calls != 1)}"

    def at_its_end(self, hear: Callable[[BudgetReached], None]) -> asyncio.TimerHandle | None:
        """Call `hear` when the time is over; None where time is not limited."""
        if self._seconds == math.inf:
            return None

        def over() -> None:
            self._over = True
            hear(BudgetReached(self.reached or ""))
            self._wake()

        left = self._seconds - (self._clock() - self._began)
        return asyncio.get_running_loop().call_later(max(0.0, left), over)

    async def enter(self, model: str, prompt: int, answer: int | None) -> Call | None:
        """Wait until a call may begin, and count it as begun; None once the budget is reached.

        `prompt` is guessed in tokens; `answer` is how many there may be at most, None where nothing limits them. Every
        Call is followed by one `ended`.
        """
        while not self.may_ask(model, prompt, answer):
            if self._over:
                return None
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        return self.began(model, prompt, answer)

    def may_ask(self, model: str, prompt: int, answer: int | None) -> bool:
        """Whether a call may begin now. False with `reached` set: never again. False without: once a call has ended."""
        if self._over:
            return False
        calls = self._calls(model)
        if self._seconds < math.inf and self._clock() - self._began >= self._seconds:
            return self._stop()
        # What a model on this machine answers costs nothing, and a limit on cost does not hold it up.
        usd = self._usd if calls.costs else math.inf
        return min(usd, self._tokens) == math.inf or self._below(usd, calls, prompt, answer)

    def began(self, model: str, prompt: int, answer: int | None) -> Call:
        """A call is in flight."""
        return Call(self._calls(model), prompt, answer)

    def ended(self, call: Call, completion: Completion | None) -> None:
        """The call is over; None: without an answer, which counts as nothing.

        Where the server did not say what it took, the guess stands for the prompt and the answer's characters, four
        to a token, for the rest: a budget must end all the same. That is for the budget alone, never for a result.
        """
        call.calls.close(call)
        if completion is not None and not completion.cached:
            usage = completion.usage
            characters = len(completion.text) + len(completion.reasoning)
            tokens_in = call.prompt if usage.tokens_in is None else usage.tokens_in
            tokens_out = -(-characters // CHARACTERS) if usage.tokens_out is None else usage.tokens_out
            call.calls.count(tokens_in, tokens_out)
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _below(self, usd_limit: float, calls: "_Calls", prompt: int, answer: int | None) -> bool:
        usd = tokens = 0.0
        in_flight = 0
        for each in self._models.values():
            usd, tokens, in_flight = usd + each.usd, tokens + each.tokens, in_flight + each.in_flight
        if usd >= usd_limit or tokens >= self._tokens:
            return self._stop()
        if not in_flight:
            return True
        if answer is None and not calls.typical and calls.in_flight >= UNKNOWN:
            return False
        for each in self._models.values():
            more = (prompt, answer, 1) if each is calls else (0, 0, 0)
            more_usd, more_tokens = each.most(*more)
            usd, tokens = usd + more_usd, tokens + more_tokens
        return usd <= usd_limit and tokens <= self._tokens

    def _stop(self) -> bool:
        self._over = True
        return False

    def _calls(self, model: str) -> "_Calls":
        calls = self._models.get(model)
        if calls is None:
            calls = self._models[model] = _Calls(self._price.get(model))
        return calls


class _Calls:
    """The calls of one model: how many are in flight and what they may take, and what those that ended took."""

    def __init__(self, price: Price | None) -> None:
        self.price = price
        self.costs = price is not None and (price.input_usd > 0 or price.output_usd > 0)
        self.begun = self.in_flight = self.ended = self.first_ended = 0
        self.prompts = self.answers = self.unlimited = 0
        """In flight: guessed tokens of prompts, most tokens of answers that are limited, and how many are not."""
        self.longest = self.tokens = 0
        self.usd = 0.0

    @property
    def typical(self) -> bool:
        """Whether enough answers have come to know how long they are."""
        return self.first_ended >= FIRST

    def close(self, call: Call) -> None:
        self.in_flight -= 1
        self.prompts -= call.prompt
        self.answers -= call.answer or 0
        self.unlimited -= call.answer is None
        self.first_ended += call.first

    def count(self, tokens_in: int, tokens_out: int) -> None:
        self.ended += 1
        self.tokens += tokens_in + tokens_out
        self.longest = max(self.longest, tokens_out)
        if self.price is not None:
            self.usd += self.price.cost(tokens_in, tokens_out)

    def most(self, prompt: int, answer: int | None, more: int) -> tuple[float, float]:
        """USD and tokens that the calls in flight and one more can take."""
        long = 2 * self.longest
        unlimited = self.unlimited + (more if answer is None else 0)
        answers = self.answers + (answer or 0) + unlimited * long
        if self.typical:
            answers = min(answers, (self.in_flight + more) * long)
        prompts = self.prompts + prompt
        usd = 0.0 if self.price is None else (prompts * self.price.input_usd + answers * self.price.output_usd) / 1e6
        return usd, prompts + answers


def guess(prompt: Prompt) -> int:
    """Tokens that a prompt takes, from its characters: quick rather than good. A log-likelihood is sent with the
    whole text before every continuation, a turn with all turns before it."""
    if prompt.turns:
        turns = [len(turn.content) for turn in prompt.turns]
        later = sum((len(turns) - place) * length for place, length in enumerate(turns))
        return guess(replace(prompt, turns=())) * (1 + len(turns)) + later // CHARACTERS
    if prompt.messages:
        texts = [m.content for m in prompt.messages if isinstance(m.content, str)]
        return sum(map(len, texts)) // CHARACTERS + 1
    if prompt.contexts:
        return sum(len(context) + len(continuation) for context, continuation in prompt.pairs) // CHARACTERS + 1
    characters = len(prompt.text) * max(1, len(prompt.continuations)) + sum(map(len, prompt.continuations))
    return characters // CHARACTERS + 1


def budget(
    cost_usd: float | None, tokens: int | None, seconds: float | None, price: Mapping[str, Price | None]
) -> Budget | None:
    """The budget, or None where nothing is limited: then nothing is asked of it at all.

    Raises UsageError where cost is limited and a model has no price.
    """
    if cost_usd is None and tokens is None and seconds is None:
        return None
    if cost_usd is not None:
        refuse_without_price(price)
    return Budget(cost_usd, tokens, seconds, price)


def refuse_without_price(price: Mapping[str, Price | None]) -> None:
    """Raises UsageError naming the first model whose price is not known: its cost cannot be limited."""
    unknown = [model for model, known in price.items() if known is None]
    if unknown:
        more = f" (and of {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise UsageError(
            f"the cost cannot be limited: no price of {unknown[0]} is known{more}. Say it in US dollars per million "
            f"tokens: -m '{unknown[0]}?price_in=0.15&price_out=0.6', or in sinan.toml: "
            f'[prices."{unknown[0]}"] input = 0.15, output = 0.6. Known prices: sinan models --prices'
        )
