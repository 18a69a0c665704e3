"""The plan: limits spread over subsets, draws, shots, and refusals before the first request."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.engine import Done, plan
from sinan.errors import UnknownName, UsageError
from sinan.types import RunSpec, Sample, Sampling
from tests.fakes import FakeModel, benchmark, numbered


@given(st.integers(0, 200), st.lists(st.integers(0, 40), min_size=1, max_size=20))
def test_a_limit_is_met_and_spread_as_evenly_as_the_sizes_allow(limit, sizes):
    quotas = plan.spread(limit, sizes)
    assert sum(quotas) == min(limit, sum(sizes))
    assert all(0 <= quota <= size for quota, size in zip(quotas, sizes, strict=True))
    unfilled = [quota for quota, size in zip(quotas, sizes, strict=True) if quota < size]
    assert not unfilled or max(quotas) - min(unfilled) <= 1


def spec(**how):
    return RunSpec(targets=("toy",), models=("fake/one",), **how)


def questions(toy, spec, done=None):
    return list(plan.cell(toy, plan.protocol(toy, spec), FakeModel(str), spec, done or Done()).questions)


def test_a_limited_run_looks_at_every_subset_in_order():
    toy = benchmark(numbered(10, "a") + numbered(2, "b") + numbered(10, "c"))
    assert [q.sample.id for q in questions(toy, spec(limit=8))] == ["a0", "a1", "a2", "b0", "b1", "c0", "c1", "c2"]


def test_repeated_draws_ask_one_prompt_under_different_indices():
    asked = questions(benchmark(numbered(2)), spec(draws=3))
    assert [(q.sample.id, q.draw) for q in asked] == [(i, d) for i in ("0", "1") for d in range(3)]


def test_only_missing_draws_are_asked_again():
    done = Done()
    done.add(("toy", "fake/one", "0", 1))
    assert [(q.sample.id, q.draw) for q in questions(benchmark(numbered(1)), spec(draws=3), done)] == [
        ("0", 0),
        ("0", 2),
    ]


def test_parameters_override_the_protocol_and_unknown_ones_are_passed_on():
    toy = benchmark(numbered(1), sampling=Sampling(max_tokens=5, stop=("\n",)))
    got = plan.sampling(toy.protocols["default"], "base", {"temperature": 0.7, "stop": ["x"], "min_p": 0.1})
    assert got == Sampling(temperature=0.7, max_tokens=5, stop=("x",), extra={"min_p": 0.1})


def test_an_unknown_protocol_is_refused_with_those_there_are():
    with pytest.raises(UnknownName, match=r"toy has: default"):
        plan.protocol(benchmark(numbered(1)), spec(protocol="lm-eval"))


def test_shots_without_worked_examples_are_refused():
    toy = benchmark(numbered(1))
    with pytest.raises(UsageError, match="no worked examples"):
        plan.refuse_what_cannot_work(toy, plan.protocol(toy, spec(shots=3)), FakeModel(str), spec(shots=3))


def test_a_chat_model_ends_its_own_turn_and_may_think():
    toy = benchmark(numbered(1), sampling=Sampling(max_tokens=5, stop=("\n",)))
    assert plan.sampling(toy.protocols["default"], "chat", {}) == Sampling(max_tokens=2048)
    assert plan.sampling(toy.protocols["default"], "base", {}) == Sampling(max_tokens=5, stop=("\n",))


def test_generate_is_also_what_a_default_that_generates_is():
    toy = benchmark(numbered(1))
    assert plan.protocol_name(toy, spec(protocol="generate")) == "default"


def test_one_stop_string_is_one_and_not_its_letters():
    toy = benchmark(numbered(1))
    assert plan.sampling(toy.protocols["default"], "chat", {"stop": "END"}).stop == ("END",)


def test_a_reading_that_breaks_is_one_line_wherever_it_is_met():
    def broken(subset, seed):
        raise KeyError("row 4")
        yield

    toy = benchmark(numbered(2, "a") + numbered(2, "b"))
    toy = replace(toy, dataset=replace(toy.dataset, read=broken, size=None))
    for limit in (None, 3):
        with pytest.raises(UsageError, match=r"toy: reading its samples raised KeyError"):
            plan.expected([toy], 1, spec(limit=limit))


def forms(count, of=3):
    return [Sample(f"{i}~{f}", f"{i}", "A", unit=str(i), unit_size=of) for i in range(count) for f in range(of)]


def test_a_limit_counts_questions_and_takes_each_in_all_its_forms():
    toy = benchmark(forms(10))
    assert [q.sample.id for q in questions(toy, spec(limit=2))] == [f"{i}~{f}" for i in (0, 1) for f in (0, 1, 2)]
    toy = replace(toy, dataset=replace(toy.dataset, size=None))
    assert plan.expected([toy], 2, spec(limit=2)) == 12
    assert plan.expected([toy], 1, spec()) == 30


def test_a_limit_is_spread_over_subsets_by_their_questions():
    samples = [replace(s, id=f"{g}{s.id}", unit=f"{g}{s.unit}", group=g) for g in "ab" for s in forms(4)]
    assert [q.sample.unit for q in questions(benchmark(samples), spec(limit=3))] == [
        *(["a0"] * 3 + ["a1"] * 3 + ["b0"] * 3)
    ]


def test_a_prefill_is_refused_where_a_model_cannot_take_it():
    toy, wanted = benchmark(numbered(1)), spec(prefill="x")
    with pytest.raises(UsageError, match="--prefill: fake/one takes no beginning of its answer"):
        plan.refuse_what_cannot_work(toy, plan.protocol(toy, wanted), FakeModel(str), wanted)
    able = FakeModel(str, capabilities=frozenset({"generate", "prefill"}))
    plan.refuse_what_cannot_work(toy, plan.protocol(toy, wanted), able, wanted)
