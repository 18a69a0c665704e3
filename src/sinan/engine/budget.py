"""What a run may spend: US dollars, tokens, seconds. Asked before each question is begun, told when it has ended.

A call is let in while what is spent, what the calls in flight are expected to take and what it is expected to take
itself stay within every limit; alone, with none in flight, it is let in while a limit is not yet met. What a call is
expected to take is the mean of its model's calls so far, or its prompt alone where that is more. Before a model's
first call has ended nothing is known of it, and no more than `UNKNOWN` of its calls are in flight.

So a budget is overshot by no more than what the calls in flight take beyond their expectation, or by one call: with
at most k in flight, by less than the greater of one call and k times (the dearest call - the least mean so far). An
answer from a cache or a journal costs nothing and is never told here.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sinan.errors import UsageError
from sinan.types import Completion, Prompt
from sinan.types.price import Price

UNKNOWN = 4
"""Calls in flight of a model of which no call has ended yet."""

CHARACTERS = 4
"""Of one token, where a server does not say how many tokens a call took."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has spent so far."""

    usd: float
    tokens: int
    seconds: float
    calls: int


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
        self.reached: str | None = None
        """Which limit kept a question from being asked, and what was spent, in one line; None while none did."""

    @property
    def spent(self) -> Spent:
        """Of calls that have ended."""
        calls = self._models.values()
        usd, tokens = sum(c.usd for c in calls), sum(c.tokens for c in calls)
        return Spent(usd, tokens, self._clock() - self._began, sum(c.ended for c in calls))

    async def enter(self, model: str, tokens_guess: int) -> bool:
        """Wait until a call may begin, and count it as begun; False once the budget is reached.

        `tokens_guess` is what the prompt alone is guessed to take. Every True is followed by one `ended`.
        """
        while not self.may_ask(model, tokens_guess):
            if self.reached:
                return False
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        self.began(model, tokens_guess)
        return True

    def may_ask(self, model: str, tokens_guess: int) -> bool:
        """Whether a call may begin now. False with `reached` set: never again. False without: once a call has ended."""
        if self.reached:
            return False
        calls = self._calls(model)
        if self._seconds < math.inf and self._clock() - self._began >= self._seconds:
            return self._stop()
        # What a model on this machine answers costs nothing, and a limit on cost does not hold it up.
        usd = self._usd if calls.costs else math.inf
        return min(usd, self._tokens) == math.inf or self._below(usd, calls, tokens_guess)

    def began(self, model: str, tokens_guess: int) -> None:
        """A call is in flight."""
        calls = self._calls(model)
        calls.in_flight += 1
        calls.guessed += tokens_guess

    def ended(self, model: str, tokens_guess: int, completion: Completion | None) -> None:
        """The call that began with this guess is over; None: without an answer, which counts as nothing.

        Where the server did not say what it took, the guess stands for the prompt and the answer's characters, four
        to a token, for the rest: a budget must end all the same. That is for the budget alone, never for a result.
        """
        calls = self._calls(model)
        calls.in_flight -= 1
        calls.guessed -= tokens_guess
        if completion is not None and not completion.cached:
            usage = completion.usage
            characters = len(completion.text) + len(completion.reasoning)
            tokens_in = tokens_guess if usage.tokens_in is None else usage.tokens_in
            tokens_out = -(-characters // CHARACTERS) if usage.tokens_out is None else usage.tokens_out
            calls.count(tokens_in, tokens_out)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _below(self, usd_limit: float, calls: "_Calls", tokens_guess: int) -> bool:
        usd = tokens = 0.0
        in_flight = 0
        for each in self._models.values():
            usd, tokens, in_flight = usd + each.usd, tokens + each.tokens, in_flight + each.in_flight
        if usd >= usd_limit or tokens >= self._tokens:
            return self._stop()
        if not in_flight:
            return True
        if not calls.ended and calls.in_flight >= UNKNOWN:
            return False
        for each in self._models.values():
            more = (1, tokens_guess) if each is calls else (0, 0)
            more_usd, more_tokens = each.expected(*more)
            usd, tokens = usd + more_usd, tokens + more_tokens
        return usd <= usd_limit and tokens <= self._tokens

    def _stop(self) -> bool:
        spent = self.spent
        told = [
            (spent.usd, self._usd, f"${spent.usd:.4f} of ${self._usd:g}"),
            (spent.tokens, self._tokens, f"{spent.tokens:,} of {self._tokens:,} tokens"),
            (spent.seconds, self._seconds, f"{spent.seconds:.0f} of {self._seconds:g} seconds"),
        ]
        over = " and ".join(text for used, limit, text in told if used >= limit)
        self.reached = f"the budget is reached: {over} spent in {spent.calls:,} calls"
        return False

    def _calls(self, model: str) -> "_Calls":
        calls = self._models.get(model)
        if calls is None:
            calls = self._models[model] = _Calls(self._price.get(model))
        return calls


class _Calls:
    """The calls of one model: how many are in flight, and what those that ended took."""

    __slots__ = ("costs", "ended", "guessed", "in_flight", "price", "tokens", "usd")

    def __init__(self, price: Price | None) -> None:
        self.price = price
        self.costs = price is not None and (price.input_usd > 0 or price.output_usd > 0)
        self.in_flight = self.guessed = self.ended = self.tokens = 0
        self.usd = 0.0

    def count(self, tokens_in: int, tokens_out: int) -> None:
        self.ended += 1
        self.tokens += tokens_in + tokens_out
        if self.price is not None:
            self.usd += self.price.cost(tokens_in, tokens_out)

    def expected(self, more: int, guessed: int) -> tuple[float, float]:
        """USD and tokens that the calls in flight and `more` will take: as many as the mean of those that ended, and
        no less than their prompts."""
        guessed += self.guessed
        usd = self.price.input_usd * guessed / 1e6 if self.price is not None else 0.0
        if not self.ended:
            return usd, guessed
        share = (self.in_flight + more) / self.ended
        return max(usd, share * self.usd), max(guessed, share * self.tokens)


def guess(prompt: Prompt) -> int:
    """Tokens that a prompt takes, from its characters: quick rather than good. A log-likelihood is sent with the
    whole text before every continuation."""
    if prompt.messages:
        texts = [m.content for m in prompt.messages if isinstance(m.content, str)]
        return sum(map(len, texts)) // CHARACTERS + 1
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
