"""The budget: what it lets in, when it stops, and by how much it can be overshot at most."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.engine.budget import UNKNOWN, Budget, budget, guess, refuse_without_price
from sinan.errors import UsageError
from sinan.types import Completion, Message, Prompt, Usage
from sinan.types.price import FREE, Price

ONE_USD_A_TOKEN = Price(1e6, 1e6)


def answer(tokens, cached=False):
    return Completion("", "stop", Usage(tokens, 0), cached=cached)


def run(limits, takes, workers, seed=0, model="m"):
    """All calls in `takes` (tokens each) through `workers` workers that end in a shuffled order: what was spent, the
    calls in flight at most, and the budget."""
    chance, most = random.Random(seed), 0

    async def work(questions, flights):
        nonlocal most
        for tokens in questions:
            if not await limits.enter(model, 1):
                return
            flights.add(tokens_id := object())
            most = max(most, len(flights))
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            flights.discard(tokens_id)
            limits.ended(model, 1, answer(tokens))

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
    st.lists(st.integers(10, 40), min_size=1, max_size=120),
    st.integers(1, 3000),
    st.integers(1, 40),
    st.integers(0, 5),
    st.booleans(),
)
def test_what_is_spent_beyond_is_no_more_than_the_calls_in_flight_take_beyond_their_mean(
    takes, limit, workers, seed, of_cost
):
    limits = Budget(limit, price={"m": ONE_USD_A_TOKEN}) if of_cost else Budget(tokens=limit)
    spent, most = run(limits, takes, workers, seed)
    # The least mean there can be is 10; before any is known, UNKNOWN calls are expected to take nearly nothing.
    beyond = max(max(takes), most * (max(takes) - 10), min(most, UNKNOWN) * max(takes))
    assert spent < limit + beyond
    assert spent >= min(limit, sum(takes))
    assert bool(limits.reached) <= (spent >= limit)


def test_before_anything_is_known_only_a_few_calls_are_in_flight():
    limits = Budget(cost_usd=1000.0, price={"m": Price(1, 1)})
    for _ in range(UNKNOWN):
        assert limits.may_ask("m", 10)
        limits.began("m", 10)
    assert not limits.may_ask("m", 10)
    assert limits.reached is None
    limits.ended("m", 10, answer(20))
    assert limits.may_ask("m", 10)


def test_many_calls_of_a_small_budget_are_not_let_in_together():
    limits = Budget(tokens=1000)
    limits.began("m", 1)
    limits.ended("m", 1, answer(100))
    let_in = 0
    while limits.may_ask("m", 1):
        limits.began("m", 1)
        let_in += 1
    assert let_in == 9
    assert limits.reached is None


def test_a_prompt_longer_than_the_mean_counts_with_its_length():
    limits = Budget(tokens=1000)
    limits.began("m", 1)
    limits.ended("m", 1, answer(10))
    limits.began("m", 900)
    assert limits.may_ask("m", 50)
    assert not limits.may_ask("m", 200)


def test_answers_from_the_cache_and_calls_without_an_answer_cost_nothing():
    limits = Budget(tokens=100)
    for completion in (answer(500, cached=True), None):
        limits.began("m", 50)
        limits.ended("m", 50, completion)
    assert limits.spent.tokens == 0
    assert limits.may_ask("m", 50)


def test_where_a_server_does_not_count_characters_are_counted():
    limits = Budget(tokens=100)
    limits.began("m", 30)
    limits.ended("m", 30, Completion("x" * 10, "stop", reasoning="y" * 7))
    assert limits.spent.tokens == 30 + 5


def test_time_runs_out_and_is_told():
    clock = iter([0.0, 59.0, 60.5, 60.5, 61.0])
    limits = Budget(seconds=60, clock=lambda: next(clock))
    assert limits.may_ask("m", 1)
    assert not limits.may_ask("m", 1)
    assert limits.reached is not None and "of 60 seconds" in limits.reached


def test_the_line_says_which_limit_was_reached_and_what_was_spent():
    limits = Budget(0.5, 1_000_000, price={"m": Price(1e5, 1e5)})
    limits.began("m", 1)
    limits.ended("m", 1, answer(6))
    assert not limits.may_ask("m", 1)
    assert limits.reached == "the budget is reached: $0.6000 of $0.5 spent in 1 calls"
    assert limits.spent.usd == pytest.approx(0.6)


def test_a_limit_on_cost_does_not_hold_up_a_model_that_costs_nothing():
    limits = Budget(0.5, price={"here": FREE, "there": ONE_USD_A_TOKEN})
    limits.began("there", 1)
    limits.ended("there", 1, answer(2))
    for _ in range(50):
        assert limits.may_ask("here", 10)
        limits.began("here", 10)
    assert not limits.may_ask("there", 1)


def test_a_worker_that_waits_and_is_cancelled_holds_nothing_up():
    async def everything():
        limits = Budget(tokens=100)
        for _ in range(UNKNOWN):
            assert await limits.enter("m", 1)
        waiting = [asyncio.create_task(limits.enter("m", 1)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        for _ in range(UNKNOWN):
            limits.ended("m", 1, answer(30))
        return await asyncio.gather(*waiting, return_exceptions=True), limits.reached

    (first, *others), reached = asyncio.run(everything())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [False, False]
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
