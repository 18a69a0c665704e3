"""Questions in a drawn order: only completed prefixes are heard, whoever answers first, and nothing runs far ahead."""

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.engine import Done, plan
from sinan.engine.budget import Budget
from sinan.engine.drawn import drawn
from sinan.engine.prefix import FIRST, Prefix
from sinan.engine.schedule import Schedule
from sinan.errors import BudgetReached, RequestRejected
from sinan.types import RunSpec, Sample
from sinan.types.sequential import Claim, Decision, Followed
from tests.engine.test_schedule import MemoryJournal
from tests.fakes import FakeModel, benchmark, numbered

SPEC = RunSpec(targets=("toy",), models=("fake/one",))


@dataclass
class Until:
    """Wants so many scores of each model; remembers what it heard."""

    wants: dict[str, int]
    heard: list[tuple[str, float | None]] = field(default_factory=list)

    def observe(self, model, value):
        self.heard.append((model, value))
        self.wants[model] -= 1

    @property
    def asking(self):
        return frozenset(model for model, left in self.wants.items() if left > 0)

    def decision(self):
        of = {model: [v for m, v in self.heard if m == model] for model in self.wants}
        models = tuple(Followed(m, len(own), own.count(None), None, None) for m, own in of.items())
        return Decision("duel", 100, 0.05, (Claim("A - B", "undecided", 0.1),), models, not self.asking)


def prefix_of(samples, models, procedure, spec=SPEC):
    toy = benchmark(samples)
    order = drawn(toy, spec)
    cells = [plan.cell(toy, toy.protocols["default"], model, spec, Done()) for model in models]
    prefix = Prefix(order, {cell.model.name: cell.metric.reduce for cell in cells}, spec.draws, [procedure])
    return prefix, [plan.in_another_order(cell, order.samples, prefix.gate(cell.model.name)) for cell in cells]


async def run(prefix, cells, concurrency=64, **more):
    journal = MemoryJournal()

    def counted(result):
        prefix.note(result.model, result.question.sample.unit or result.question.sample.id, result.score.value)

    await Schedule(cells, journal, lambda model: concurrency, counted, **more).run()
    return journal.appended


class Late(FakeModel):
    """Right answers come at once, wrong ones once many others have come."""

    async def generate(self, prompt, sampling):
        answer = self.answer(str(prompt.messages[-1].content))
        for _ in range(0 if answer == "0" else 50):
            await asyncio.sleep(0)
        return await super().generate(prompt, sampling)


def test_an_order_is_a_permutation_that_the_seed_decides():
    toy = benchmark(numbered(200))
    one, again, other = drawn(toy, SPEC), drawn(toy, SPEC), drawn(toy, RunSpec(("toy",), ("m",), seed=1))
    assert sorted(one.units) == sorted(str(i) for i in range(200)) and one.units != tuple(str(i) for i in range(200))
    assert one == again and one.sha256 == again.sha256
    assert other.units != one.units and other.sha256 != one.sha256


def test_every_order_is_as_likely_as_any_other():
    toy, seen = benchmark(numbered(4)), {}
    for seed in range(2_400):
        order = drawn(toy, RunSpec(("toy",), ("m",), seed=seed)).units
        seen[order] = seen.get(order, 0) + 1
    assert len(seen) == 24
    assert sum((count - 100) ** 2 / 100 for count in seen.values()) < 49.7  # chi-square of 23 degrees at 0.001


def test_forms_of_a_question_stand_together():
    forms = [
        Sample(f"{i}~{j}" if j else f"{i}", f"{i} {j}", "0", unit=str(i), unit_size=3)
        for i in range(9)
        for j in range(3)
    ]
    order = drawn(benchmark(forms), SPEC)
    assert len(order) == 9 and order.sizes == (3,) * 9
    assert [sample.unit for _, _, sample in order.samples] == [unit for unit in order.units for _ in range(3)]


@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_whatever_comes_first_the_same_is_heard(shuffled: random.Random, draws):
    spec = RunSpec(("toy",), ("m",), draws=draws)
    models = [FakeModel(lambda q: "0", name=name) for name in ("a", "b")]
    arrivals = [(m, str(i), d) for m in ("a", "b") for i in range(12) for d in range(draws)]
    heard = []
    for _ in range(2):
        shuffled.shuffle(arrivals)
        procedure = Until({"a": 7, "b": 9})
        prefix, _ = prefix_of(numbered(12), models, procedure, spec)
        for model, unit, _ in arrivals:
            prefix.note(model, unit, None if unit == "5" else float((int(unit) + (model == "b")) % 2))
        heard.append(procedure.heard)
        assert prefix.heard == {"a": 7, "b": 9} and prefix.late("a") == 5 * draws
    assert heard[0] == heard[1]
    values = [None if u == "5" else float(int(u) % 2) for u in prefix.order.units[:7]]
    assert [value for model, value in heard[0] if model == "a"] == values


async def test_an_order_of_arrival_that_follows_difficulty_changes_nothing():
    quick, late = (kind(lambda q: "0", name="fake/one") for kind in (FakeModel, Late))
    heard = []
    for model in (quick, late):
        procedure = Until({"fake/one": 60})
        prefix, cells = prefix_of(numbered(300), [model], procedure)
        await run(prefix, cells)
        heard.append(procedure.heard)
    assert heard[0] == heard[1]
    right = [float(int(unit) % 3 == 0) for unit in prefix.order.units[:60]]
    assert [value for _, value in heard[0]] == right


async def test_only_few_questions_are_asked_beyond_what_was_wanted():
    model = FakeModel(lambda q: "0")
    prefix, cells = prefix_of(numbered(3_000), [model], Until({"fake/one": 120}))
    results = await run(prefix, cells)
    assert prefix.heard["fake/one"] == 120 and prefix.met
    assert 120 <= len(results) <= 120 + 120 // 3 and prefix.late("fake/one") == len(results) - 120
    assert {r.question.sample.id for r in results} == set(prefix.order.units[: len(results)])


async def test_a_run_that_is_wanted_to_its_end_asks_everything_once():
    one, two = FakeModel(lambda q: "0"), FakeModel(lambda q: "1", name="fake/two")
    prefix, cells = prefix_of(numbered(200), [one, two], Until({"fake/one": 200, "fake/two": 200}))
    await run(prefix, cells)
    assert prefix.whole and prefix.met
    assert set(one.asked.values()) == set(two.asked.values()) == {1} and len(one.asked) == len(two.asked) == 200


async def test_no_model_runs_far_ahead_of_another():
    ahead = []

    class Watched(FakeModel):
        async def generate(self, prompt, sampling):
            ahead.append(len(one.asked) - len(two.answered))
            return await super().generate(prompt, sampling)

    class Slow(FakeModel):
        answered = 0

        async def generate(self, prompt, sampling):
            for _ in range(20):
                await asyncio.sleep(0)
            done = await super().generate(prompt, sampling)
            self.answered = [*self.answered, 1]
            return done

    one, two = Watched(lambda q: "0"), Slow(lambda q: "0", name="fake/two")
    two.answered = []
    prefix, cells = prefix_of(numbered(100), [one, two], Until({"fake/one": 40, "fake/two": 40}))
    await run(prefix, cells)
    assert max(ahead) <= FIRST + 40 // 3 + 1


async def test_a_failed_call_is_heard_as_such_and_blocks_nothing():
    def answer(question):
        if int(question) % 5 == 0:
            raise RequestRejected("the server answered 400")
        return "0"

    procedure = Until({"fake/one": 50})
    prefix, cells = prefix_of(numbered(80), [FakeModel(answer)], procedure)
    await run(prefix, cells)
    units = prefix.order.units[:50]
    assert [value is None for _, value in procedure.heard] == [int(unit) % 5 == 0 for unit in units]


async def test_a_budget_that_is_met_leaves_nobody_waiting():
    prefix, cells = prefix_of(numbered(500), [FakeModel(lambda q: "0")], Until({"fake/one": 500}))
    with pytest.raises(BudgetReached):
        async with asyncio.timeout(20):
            await run(prefix, cells, budget=Budget(None, 100, None, {}))
    assert not prefix.met and 0 < prefix.at < 500


async def test_other_cells_go_on_while_one_waits_at_its_gate():
    model = Late(lambda q: "1")
    prefix, cells = prefix_of(numbered(400), [model], Until({"fake/one": 400}))
    free = benchmark(numbered(300, group="free"), id="free")
    cells.append(plan.cell(free, free.protocols["default"], model, SPEC, Done()))
    journal = MemoryJournal()

    def counted(result):
        if result.benchmark == "toy":
            prefix.note(result.model, result.question.sample.id, result.score.value)

    await Schedule(cells, journal, lambda model: 32, counted).run()
    names = [result.benchmark for result in journal.appended]
    assert names.count("toy") == 400 and names.count("free") == 300
    assert names[:100].count("free") > 60, "those that wait for nothing fill the time"


async def test_a_cell_that_wants_nothing_asks_nothing():
    model = FakeModel(lambda q: "0")
    prefix, cells = prefix_of(numbered(10), [model], Until({"fake/one": 0}))
    await run(prefix, cells)
    assert not model.asked and prefix.met
