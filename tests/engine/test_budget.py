"""The budget: what it lets in, when it stops, and by how much it can be overshot at most."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.engine.budget import FIRST, UNKNOWN, Budget, budget, guess, refuse_without_price
from sinan.errors import UsageError
from sinan.types import Completion, Message, Prompt, Usage
from sinan.types.price import FREE, Price

ONE_USD_A_TOKEN = Price(1e6, 1e6)


def answer(tokens, cached=False):
    return Completion("", "stop", Usage(0, tokens), cached=cached)


def over(limits, tokens, prompt=1, at_most=None):
    """One call, from its beginning to its end."""
    limits.ended(limits.began("m", prompt, at_most), answer(tokens))


def run(limits, takes, workers, seed=0, model="m", at_most=None):
    """All calls in `takes` (tokens of each answer) through `workers` workers that end in a shuffled order, the short
    ones sooner: what was spent, and the calls in flight at most."""
    chance, most = random.Random(seed), 0

    async def work(questions, flights):
        nonlocal most
        for tokens in questions:
            call = await limits.enter(model, 0, at_most)
            if call is None:
                return
            flights.add(tokens_id := object())
            most = max(most, len(flights))
            for _ in range(chance.randrange(4) + tokens):
                await asyncio.sleep(0)
            flights.discard(tokens_id)
            limits.ended(call, answer(tokens))

    async def everything():
        questions, flights = iter(takes), set()
        await asyncio.wait_for(asyncio.gather(*(work(questions, flights) for _ in range(workers))), 20)

    asyncio.run(everything())
    return limits.spent.tokens, most


@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.integers(1, 300), st.booleans())
def test_with_one_call_at_a_time_at_most_one_is_over(takes, limit, of_cost):
    limits = Budget(limit, price={"m": ONE_USD_A_TOKEN}) if of_cost else Budget(tokens=limit)
    spent, _ = run(limits, takes, workers=1)
    if limits.reached:
        assert limit <= spent < limit + max(takes)
    else:
        assert spent == sum(takes)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=120),
    st.integers(1, 3000),
    st.integers(1, 40),
    st.integers(0, 5),
    st.booleans(),
)
def test_where_answers_are_limited_at_most_one_call_is_over(takes, limit, workers, seed, of_cost):
    limits = Budget(limit, price={"m": ONE_USD_A_TOKEN}) if of_cost else Budget(tokens=limit)
    spent, _ = run(limits, takes, workers, seed, at_most=40)
    assert spent < limit + max(takes)
    if limits.reached:
        assert spent >= limit
    else:
        assert spent == sum(takes)


def test_long_answers_that_end_last_are_counted_before_they_end():
    # Short ones end first; the mean of those that have ended says nothing of the long ones.
    limits = Budget(tokens=5000)
    spent, _ = run(limits, [300 if i % 2 else 3 for i in range(2000)], workers=256, at_most=300)
    assert 5000 <= spent < 5300


@given(st.lists(st.integers(1, 40), min_size=1, max_size=150), st.integers(50, 3000), st.integers(1, 40))
def test_where_they_are_not_few_calls_run_until_it_is_known_how_long_they_are(takes, limit, workers):
    limits = Budget(tokens=limit)
    spent, most = run(limits, takes, workers)
    assert spent < limit + max(UNKNOWN, most) * max(takes)
    assert spent >= min(limit, sum(takes))


def test_before_anything_is_known_only_a_few_unlimited_calls_are_in_flight():
    limits = Budget(cost_usd=1000.0, price={"m": Price(1, 1)})
    begun = [limits.began("m", 10, None) for _ in range(UNKNOWN)]
    assert not limits.may_ask("m", 10, None)
    assert limits.reached is None
    for call in begun:
        limits.ended(call, answer(20))
    for _ in range(FIRST - UNKNOWN):
        over(limits, 20)
    many = [limits.began("m", 10, None) for _ in range(UNKNOWN * 5)]
    assert limits.may_ask("m", 10, None) and many


def test_once_answers_are_known_to_be_short_their_limit_no_longer_holds_calls_back():
    limits = Budget(tokens=FIRST * 10 + 1000)
    for _ in range(FIRST):
        over(limits, 10, 0, 10_000)
    let_in = 0
    while limits.may_ask("m", 0, 10_000):
        limits.began("m", 0, 10_000)
        let_in += 1
    assert let_in == 50 and limits.reached is None


def test_a_long_prompt_counts_with_its_length():
    limits = Budget(tokens=1000)
    limits.began("m", 900, 10)
    assert limits.may_ask("m", 50, 10)
    assert not limits.may_ask("m", 200, 10)


def test_answers_from_the_cache_and_calls_without_an_answer_cost_nothing():
    limits = Budget(tokens=100)
    for completion in (answer(500, cached=True), None):
        limits.ended(limits.began("m", 50, 10), completion)
    assert limits.spent.tokens == 0
    assert limits.may_ask("m", 50, 10)


def test_where_a_server_does_not_count_characters_are_counted():
    limits = Budget(tokens=100)
    limits.ended(limits.began("m", 30, 10), Completion("x" * 10, "stop", reasoning="y" * 7))
    assert limits.spent.tokens == 30 + 5


def test_time_runs_out_and_is_told():
    clock = iter([0.0, 59.0, 60.5, 60.5])
    limits = Budget(seconds=60, clock=lambda: next(clock))
    assert limits.may_ask("m", 1, 1)
    assert not limits.may_ask("m", 1, 1)
    assert limits.reached == "the budget is reached: 60.5 of 60 seconds spent in 0 calls"


def test_the_line_says_what_is_spent_by_the_time_it_is_read():
    limits = Budget(0.5, 1_000_000, price={"m": Price(1e5, 1e5)})
    last = limits.began("m", 1, 6)
    over(limits, 6)
    assert not limits.may_ask("m", 1, 1)
    limits.ended(last, answer(1))
    assert limits.reached == "the budget is reached: $0.7000 of $0.5 and 7 of 1,000,000 tokens spent in 2 calls"
    assert limits.spent.usd == pytest.approx(0.7)


def test_a_limit_on_cost_does_not_hold_up_a_model_that_costs_nothing():
    limits = Budget(0.5, price={"here": FREE, "there": ONE_USD_A_TOKEN})
    limits.ended(limits.began("there", 1, 1), answer(2))
    for _ in range(50):
        assert limits.may_ask("here", 10, None)
        limits.began("here", 10, None)
    assert not limits.may_ask("there", 1, 1)


def test_a_worker_that_waits_and_is_cancelled_holds_nothing_up():
    async def everything():
        limits = Budget(tokens=100)
        begun = [await limits.enter("m", 1, None) for _ in range(UNKNOWN)]
        waiting = [asyncio.create_task(limits.enter("m", 1, None)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        for call in begun:
            limits.ended(call, answer(30))
        return await asyncio.gather(*waiting, return_exceptions=True), limits.reached

    (first, *others), reached = asyncio.run(everything())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [None, None]
    assert reached


def test_no_limit_is_no_budget_and_a_limit_on_cost_needs_every_price():
    assert budget(None, None, None, {"m": None}) is None
    assert budget(None, 10, None, {"m": None}) is not None
    with pytest.raises(UsageError, match=r"no price of openai/x is known.*price_in=.*sinan\.toml"):
        budget(1.0, None, None, {"needle/s": FREE, "openai/x": None})
    refuse_without_price({"needle/s": FREE})


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [
        (Prompt(text="x" * 40), 11),
        (Prompt(messages=(Message("user", "x" * 20), Message("assistant", "y" * 20))), 11),
        (Prompt(text="x" * 40, continuations=("aa", "bb")), 22),
    ],
)
def test_a_prompt_is_guessed_by_its_characters(prompt, tokens):
    assert guess(prompt) == tokens
