"""The schedule: every question once, bounded, durable before counted, and failures kept apart."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from sinan.engine import Done, plan
from sinan.engine.budget import Budget
from sinan.engine.schedule import Schedule
from sinan.errors import BudgetReached, ModelUnusable, RequestRejected, StoreError
from sinan.types import Completion, Outcome, Prompt, RunSpec, Sample, SampleResult, Sampling, Score
from tests.fakes import FakeModel, benchmark, numbered


@dataclass
class MemoryJournal:
    appended: list[SampleResult] = field(default_factory=list)
    committed: int = 0
    room: int = 10**9

    def append(self, result: SampleResult) -> None:
        if len(self.appended) >= self.room:
            raise StoreError("no space left")
        self.appended.append(result)

    async def commit(self) -> None:
        before = len(self.appended)
        await asyncio.sleep(0)
        self.committed = before


SPEC = RunSpec(targets=("toy",), models=("fake/one",))


def cell(samples, model, spec=SPEC, done=None, **protocol):
    toy = benchmark(samples, **protocol)
    return plan.cell(toy, plan.protocol(toy, spec), model, spec, done or Done())


async def run(cells, journal, concurrency=8, **more):
    counted = []

    def count(result):
        counted.append(result)
        assert journal.appended.index(result) < journal.committed, "counted before it was durable"

    await Schedule(cells, journal, lambda model: concurrency, count, **more).run()
    return counted


async def test_every_question_is_asked_once_and_counted_after_its_commit():
    model, journal = FakeModel(lambda q: "0"), MemoryJournal()
    counted = await run([cell(numbered(100), model)], journal)
    assert sorted(model.asked.values()) == [1] * 100
    assert {r.question.sample.id for r in counted} == {str(i) for i in range(100)}
    assert sum(r.score.outcome is Outcome.CORRECT for r in counted) == 34


async def test_calls_in_flight_stay_within_the_bound():
    model = FakeModel(lambda q: "0")
    await run([cell(numbered(100), model)], MemoryJournal(), concurrency=5)
    assert model.most_in_flight == 5


async def test_cells_of_two_models_share_one_schedule():
    one, two = FakeModel(lambda q: "0"), FakeModel(lambda q: "1", name="fake/two")
    counted = await run([cell(numbered(30), one), cell(numbered(30), two)], MemoryJournal())
    assert {(r.model, r.question.sample.id) for r in counted} == {
        (m, str(i)) for m in ("fake/one", "fake/two") for i in range(30)
    }


async def test_questions_are_built_only_when_a_worker_is_free():
    read = []

    def samples():
        for sample in numbered(1000):
            read.append(sample.id)
            yield sample

    toy = benchmark(numbered(1000))
    toy = replace(toy, dataset=replace(toy.dataset, read=lambda subset, seed: samples()))
    ahead = []
    model = FakeModel(lambda q: ahead.append(len(read) - int(q)) or "0")
    await run([plan.cell(toy, toy.protocols["default"], model, SPEC, Done())], MemoryJournal(), concurrency=4)
    assert max(ahead) <= 8


async def test_what_is_done_is_not_asked_again():
    model, done = FakeModel(lambda q: "0"), Done()
    for i in range(90):
        done.add(("toy", "fake/one", str(i), 0))
    counted = await run([cell(numbered(100), model, done=done)], MemoryJournal())
    assert sorted(model.asked) == [str(i) for i in range(90, 100)]
    assert len(counted) == 10


async def test_a_failed_call_is_a_failure_and_never_an_answer():
    def answer(question):
        if question == "3":
            raise RequestRejected("the server answered 400: too long")
        return "0"

    counted = await run([cell(numbered(10), FakeModel(answer))], MemoryJournal())
    failed = [r for r in counted if r.score.outcome is Outcome.FAILED]
    assert [(r.question.sample.id, r.score.value, r.completion) for r in failed] == [("3", None, None)]
    assert "too long" in failed[0].score.explanation


@dataclass(frozen=True)
class Broken:
    def __call__(self, sample: Sample, completion: Completion) -> Score:
        raise ZeroDivisionError("a bug")


async def test_a_scorer_that_breaks_loses_no_answer_and_scores_none():
    counted = await run([cell(numbered(3), FakeModel(lambda q: "0"), scorer=Broken())], MemoryJournal())
    assert {r.score.outcome for r in counted} == {Outcome.FAILED}
    assert all(r.completion and r.completion.text == "0" for r in counted)


async def test_an_unusable_model_stops_the_run_with_what_was_answered_kept():
    def answer(question):
        if question == "50":
            raise ModelUnusable("wrong key")
        return "0"

    journal = MemoryJournal()
    with pytest.raises(ModelUnusable, match="wrong key"):
        await run([cell(numbered(100), FakeModel(answer))], journal, concurrency=2)
    assert 49 <= journal.committed == len(journal.appended) < 60


async def test_a_full_disk_stops_the_run_with_what_was_written_kept():
    journal = MemoryJournal(room=20)
    with pytest.raises(StoreError, match="no space left"):
        await run([cell(numbered(100), FakeModel(lambda q: "0"))], journal)
    assert journal.committed == 20


async def test_cancelling_commits_what_was_answered():
    journal, model = MemoryJournal(), FakeModel(lambda q: "0")
    task = asyncio.create_task(run([cell(numbered(100_000), model)], journal))
    while len(journal.appended) < 50:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert journal.committed == len(journal.appended) < 100_000


async def test_a_slow_answer_holds_nobody_else_up():
    release = asyncio.Event()

    class Slow(FakeModel):
        async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
            if prompt.messages[-1].content == "0":
                await release.wait()
            done = await super().generate(prompt, sampling)
            if len(self.asked) == 99:
                release.set()
            return done

    counted = await run([cell(numbered(100), Slow(lambda q: "0"))], MemoryJournal(), concurrency=2)
    assert len(counted) == 100


class Sampled(FakeModel):
    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        return Completion(str(sampling.seed), "stop")


@pytest.mark.parametrize(
    ("capabilities", "parameters", "differ"),
    [
        ({"generate", "seed"}, {"temperature": 1.0}, True),
        ({"generate"}, {"temperature": 1.0, "seed": 5}, True),
        ({"generate"}, {"temperature": None, "seed": 5}, True),
        ({"generate"}, {"temperature": 1.0}, False),
        ({"generate", "seed"}, {}, False),
    ],
)
async def test_draws_have_seeds_of_their_own_and_the_same_ones_every_time(capabilities, parameters, differ):
    spec = replace(SPEC, draws=3, parameters=parameters)

    async def seeds():
        model = Sampled(str, capabilities=frozenset(capabilities))
        counted = await run([cell(numbered(4), model, spec)], MemoryJournal())
        return {(r.question.sample.id, r.question.draw): r.completion.text for r in counted}

    first = await seeds()
    assert await seeds() == first
    by_sample = [{first[id, draw] for draw in range(3)} for id in "0123"]
    assert all(len(own) == (3 if differ else 1) for own in by_sample)
    assert ("None" in by_sample[0]) is not differ


@dataclass
class MemoryCache:
    kept: dict[bytes, Completion] = field(default_factory=dict)

    def get(self, key: bytes) -> Completion | None:
        found = self.kept.get(key)
        return replace(found, cached=True) if found else None

    def put(self, entries) -> None:
        self.kept.update(entries)


async def test_answers_are_kept_and_taken_again_by_draw_and_failures_are_not():
    def answer(question):
        if question == "3":
            raise RequestRejected("too long")
        return "0"

    cache, spec = MemoryCache(), replace(SPEC, draws=2)
    await run([cell(numbered(10), FakeModel(answer), spec)], MemoryJournal(), cache=cache)
    assert len(cache.kept) == 18
    model = FakeModel(lambda q: "0")
    counted = await run([cell(numbered(10), model, spec)], MemoryJournal(), cache=cache)
    assert model.asked == {"3": 2} and len(counted) == 20
    assert sum(r.completion.cached for r in counted) == 18
    assert all(r.cost_usd in (None, 0.0) for r in counted)


async def test_a_cached_run_lets_the_journal_commit_on_its_way():
    cache = MemoryCache()
    await run([cell(numbered(3000), FakeModel(lambda q: "0"))], MemoryJournal(), cache=cache)
    journal = MemoryJournal()
    behind = []

    def count(result):
        behind.append(len(journal.appended) - journal.committed)

    work = Schedule([cell(numbered(3000), FakeModel(lambda q: "0"))], journal, lambda m: 4, count, cache=cache)
    await work.run()
    assert len(behind) == 3000 and max(behind) < 2900


async def test_a_budget_that_is_reached_stops_the_run_with_what_was_answered_kept():
    journal, model = MemoryJournal(), FakeModel(lambda q: "0")  # each call takes 1 or 2 characters in and 1 out
    with pytest.raises(BudgetReached, match="tokens"):
        await run([cell(numbered(1000), model)], journal, concurrency=16, budget=Budget(tokens=100))
    spent = sum(r.completion.usage.tokens_in + r.completion.usage.tokens_out for r in journal.appended)
    assert 90 <= spent <= 106 and journal.committed == len(journal.appended) == sum(model.asked.values())


async def test_a_budget_that_suffices_is_not_noticed():
    counted = await run([cell(numbered(50), FakeModel(lambda q: "0"))], MemoryJournal(), budget=Budget(tokens=10_000))
    assert len(counted) == 50


async def test_workers_are_added_while_it_runs():
    wanted = 1

    class Growing(FakeModel):
        async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
            nonlocal wanted
            if len(self.asked) == 20:
                wanted = 7
                work.grow()
            return await super().generate(prompt, sampling)

    model = Growing(lambda q: "0")
    counted = []
    work = Schedule([cell(numbered(200), model)], MemoryJournal(), lambda m: wanted, counted.append)
    await work.run()
    assert len(counted) == 200 and model.most_in_flight == 7
    work.grow()  # after the end there is nothing to add to


async def test_long_answers_are_asked_first_and_all_else_keeps_its_order():
    model = FakeModel(lambda q: "0")
    toy = benchmark(numbered(6))
    known = plan.cell(toy, toy.protocols["default"], model, SPEC, Done(), {"4": 9.0, "1": 2.0, "absent": 50.0})
    await run([known], MemoryJournal(), concurrency=1)
    assert list(model.asked) == ["4", "1", "0", "2", "3", "5"]


async def test_of_several_benchmarks_the_one_with_long_answers_is_asked_first():
    model, protocol = FakeModel(lambda q: "0"), benchmark(numbered(1)).protocols["default"]
    cells = [
        plan.cell(benchmark(numbered(3, group), group), protocol, model, SPEC, Done(), answer_tokens=tokens)
        for group, tokens in (("short", 5), ("long", 500), ("middle", 50))
    ]
    await run(cells, MemoryJournal(), concurrency=1)
    assert [name.rstrip("012") for name in model.asked] == ["long"] * 3 + ["middle"] * 3 + ["short"] * 3
