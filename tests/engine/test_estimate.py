"""The estimate before a run: counted where it can be counted, a bound where only a bound is known, else not known."""

import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.engine import Done, plan
from sinan.engine.estimate import MOST, RunEstimate, estimate, tokens
from sinan.solving import Likelihood
from sinan.types import Image, Message, Prompt, RunSpec, Sample, Sampling, Text
from sinan.types.earlier import Earlier
from sinan.types.price import FREE, LongPrompts, Price
from tests.fakes import FakeModel, benchmark, numbered

BOUNDED = Sampling(max_tokens=100)


def model(name="fake/one", **how):
    return FakeModel(str, name=name, **how)


def guessed(toys, models, price=None, done=None, earlier=None, concurrency=4, **how):
    spec = RunSpec(targets=("toy",), models=tuple(m.name for m in models), **how)
    done = Done() if done is None else done
    cells = [plan.cell(toy, plan.protocol(toy, spec), m, spec, done, price=price) for toy in toys for m in models]
    return estimate(cells, toys, spec, done, earlier=earlier or {}, concurrency=lambda _: concurrency)


def asking(count, **protocol):
    return benchmark(numbered(count), chat_sampling=BOUNDED, sampling=BOUNDED, **protocol)


def test_requests_and_tokens_are_those_of_the_prompts_that_a_run_sends():
    toy = asking(7)
    cell = plan.cell(toy, toy.protocols["default"], model(), RunSpec(("toy",), ("fake/one",)), Done())
    sent = sum(4 + tokens(str(q.prompt.messages[0].content)) for q in cell.questions)
    got = guessed([toy], [model()], Price(2.0, 5.0))
    assert (got.questions, got.requests, got.tokens_in) == (7, 7, round(sent))
    assert (got.tokens_out, got.at_most) == (700, True)
    assert got.cost_usd_at_least == pytest.approx(sent * 2e-6)
    assert got.cost_usd == pytest.approx(sent * 2e-6 + 700 * 5e-6)
    assert got.seconds is None


@pytest.mark.parametrize("count", [1, MOST, MOST + 1, 999, 5000])
def test_a_few_samples_that_are_spread_over_the_cell_stand_for_all(count):
    built = []

    @dataclass(frozen=True)
    class Growing:
        """Prompts that grow along the dataset: only an even spread has their mean."""

        def __call__(self, sample, form, shots):
            built.append(int(sample.id))
            return Prompt(messages=(Message("user", "x" * int(sample.id)),))

    got = guessed([benchmark(numbered(count), prompt=Growing(), chat_sampling=BOUNDED)], [model()])
    true = sum(4 + 0.2 * i for i in range(count))
    assert len(built) <= MOST
    assert got.requests == count
    assert got.tokens_in == pytest.approx(true, rel=0.02, abs=5)


def test_draws_and_what_is_answered_already_are_taken_into_account():
    done = Done()
    for i in range(3):
        done.add(("toy", "fake/one", str(i), 0))
    got = guessed([asking(5)], [model(), model("fake/two")], draws=2, done=done)
    assert [cell.questions for cell in got.cells] == [7, 10]
    for i, draw in itertools.product(range(5), range(2)):
        done.add(("toy", "fake/one", str(i), draw))
    first = guessed([asking(5)], [model()], Price(1, 1), draws=2, done=done).cells[0]
    assert (first.requests, first.tokens_in, first.tokens_out, first.cost_usd, first.seconds) == (0, 0, 0, 0.0, 0.0)


def test_a_limit_is_met():
    assert guessed([asking(50)], [model()], limit=8).requests == 8


def test_earlier_answers_tell_how_long_answers_are_and_how_long_they_take():
    known = {("toy", "fake/one"): Earlier(12.5, 2.0), ("toy", "fake/two"): Earlier(30.0, None, same_model=False)}
    one, two = guessed([asking(8)], [model(), model("fake/two")], Price(0, 1.0), earlier=known).cells
    assert (one.tokens_out, one.basis, one.at_most) == (100, "this model", False)
    assert (one.cost_usd, one.cost_usd_at_least) == (pytest.approx(100e-6), pytest.approx(100e-6))
    assert one.seconds == pytest.approx(8 * 2.0 / 4)
    assert (two.tokens_out, two.basis, two.seconds) == (240, "other models", None)


def test_no_answer_is_expected_to_be_longer_than_it_may_be():
    known = {("toy", "fake/one"): Earlier(1e6, 1.0)}
    assert guessed([asking(2)], [model()], earlier=known).tokens_out == 200


def test_without_a_bound_and_without_earlier_runs_the_cost_is_known_from_below_only():
    toy = benchmark(numbered(3), chat_sampling=Sampling())
    got = guessed([toy], [model()], Price(1.0, 1.0))
    assert got.tokens_out is None and got.cost_usd is None
    assert got.cost_usd_at_least is not None and got.cost_usd_at_least > 0
    assert guessed([toy], [model()], FREE).cost_usd == 0.0


def test_a_model_without_a_price_has_no_cost():
    got = guessed([asking(3)], [model()])
    assert got.cost_usd is None and got.cost_usd_at_least is None


def test_an_api_is_sent_one_request_per_continuation_and_nothing_is_answered():
    @dataclass(frozen=True)
    class Three:
        """A text and three continuations."""

        def __call__(self, sample, form, shots):
            return Prompt(text="Which is it?", continuations=(" one", " two", " three"))

    likely = benchmark(numbered(4), prompt=Three(), solver=Likelihood())
    able = {"form": "base", "capabilities": frozenset({"generate", "loglikelihood"})}
    here = guessed([likely], [model(**able)], FREE)
    there = guessed([likely], [model(**able, endpoint="https://x")], Price(1.0, 1.0))
    assert (here.requests, there.requests) == (4, 12)
    assert there.tokens_in > here.tokens_in
    assert (there.tokens_out, there.at_most, there.cells[0].basis) == (0, False, "log-likelihood")
    assert there.cost_usd == pytest.approx(there.tokens_in * 1e-6, rel=0.05)


def test_a_long_prompt_is_charged_as_such():
    toy = benchmark([Sample("0", "y " * 5000, "1")], chat_sampling=BOUNDED)
    got = guessed([toy], [model()], Price(1.0, 0.0, LongPrompts(1000, 10.0, 0.0)))
    assert got.cost_usd == pytest.approx(got.tokens_in * 10e-6, rel=1e-3)


def test_pictures_are_counted_apart():
    @dataclass(frozen=True)
    class Showing:
        """One picture and two words."""

        def __call__(self, sample, form, shots):
            parts = (Image("x.png", "0" * 64, "image/png"), Text("Which is"))
            return Prompt(messages=(Message("user", parts),))

    got = guessed([benchmark(numbered(3), prompt=Showing(), chat_sampling=BOUNDED)], [model()])
    assert got.pictures == 3
    assert got.tokens_in == round(3 * (4 + tokens("Which is")))


def test_models_are_asked_at_the_same_time_and_the_cells_of_one_after_each_other():
    toys = [asking(8), replace(asking(8), id="other")]
    known = {(b, m): Earlier(1.0, s) for b in ("toy", "other") for m, s in (("fake/one", 1.0), ("fake/two", 3.0))}
    got = guessed(toys, [model(), model("fake/two")], earlier=known)
    assert [(c.benchmark, c.model) for c in got.cells] == [
        ("toy", "fake/one"),
        ("toy", "fake/two"),
        ("other", "fake/one"),
        ("other", "fake/two"),
    ]
    assert got.seconds == pytest.approx(2 * 8 * 3.0 / 4)


def test_the_json_document_holds_the_sums_and_every_cell():
    got = guessed([asking(3)], [model()], Price(1.0, 1.0)).to_json()["estimate"]
    assert set(got) == {
        "requests",
        "tokens_in",
        "tokens_out",
        "tokens_out_at_most",
        "cost_usd",
        "cost_usd_at_least",
        "seconds",
        "pictures",
        "cells",
    }
    assert got["tokens_out_at_most"] is True and got["seconds"] is None
    assert got["cells"][0]["model"] == "fake/one" and got["cells"][0]["basis"] == "max_tokens"
    assert got["requests"] == got["cells"][0]["requests"] == 3


def test_nothing_to_ask_is_nothing():
    assert (RunEstimate(()).requests, RunEstimate(()).cost_usd, RunEstimate(()).seconds) == (0, 0.0, 0.0)


@given(st.text(), st.text())
def test_tokens_of_a_text_are_never_negative_and_add_up(one, two):
    assert 0 <= tokens(one) <= len(one)
    assert tokens(one + two) == pytest.approx(tokens(one) + tokens(two))


def test_tokens_are_guessed_alike_for_ascii_in_company_and_alone():
    assert tokens("abc 12, ") == pytest.approx(3 * 0.2 + 2 + 0.75 + 2 * 0.15)
    assert tokens("司南 abc 12, ") == pytest.approx(2 * 0.8 + 0.15 + tokens("abc 12, "))
