"""What a run asks: names become benchmarks, models and cells of questions, with all at hand that it takes to ask them.

    names -> benchmarks, models -> cells of questions -> a schedule over them

`evaluate` prepares a run here, and so does every process of a run that has several: what both of them ask is the same.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sinan import adapted, catalog, models, settings, store
from sinan.datasets import download
from sinan.engine import Done, EndpointPace, plan
from sinan.engine.budget import Budget
from sinan.engine.cache import Keys
from sinan.engine.schedule import Schedule
from sinan.errors import UsageError
from sinan.models import parameters as generation
from sinan.models.prices import price_of
from sinan.store import description
from sinan.store.earlier import earlier
from sinan.types import (
    Benchmark,
    Cache,
    Cell,
    Completion,
    InBatches,
    Journal,
    Judge,
    Judging,
    Limits,
    Model,
    RunSpec,
    SampleResult,
    Source,
    in_batches,
)
from sinan.types.answered import Key
from sinan.types.earlier import EarlierRuns
from sinan.types.price import Price

T = TypeVar("T")


class AllBut(Done):
    """What is not to be asked where only a part is: all that is not in it."""

    def __init__(self, part: Collection[Key]) -> None:
        super().__init__()
        self._part = Done()
        for key in part:
            self._part.add(key)

    def __contains__(self, key: Key) -> bool:
        return key not in self._part or super().__contains__(key)

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Asked:
    """Everything that is known before the first request."""

    spec: RunSpec
    benchmarks: Sequence[Benchmark]
    models: Sequence[Model]
    judges: Sequence[Model]
    paces: Mapping[str, EndpointPace]
    """By endpoint; none for models that run on this machine."""
    concurrency: int | None
    """Attempts in flight per endpoint, as the user wants it; None: as many as it turns out to bear."""
    cells: Sequence[Cell]
    done: Done
    """What no cell asks, although its benchmark has it. Filled by whoever reads the journal."""
    versions: Mapping[str, str]
    protocols: Mapping[str, str]
    earlier: EarlierRuns
    about: dict[str, Any]
    """What run.json will say of the questions; nothing of the machine."""

    def schedule(
        self,
        journal: Journal,
        counted: Callable[[SampleResult], None],
        cache: Cache | None,
        budget: Budget | None,
        unjudged: dict[Key, Completion] | None = None,
    ) -> Schedule:
        """All cells in one schedule, which the paces widen as they find out what their endpoints bear. `unjudged`:
        answers of an earlier process that wait for their verdict."""
        schedule = Schedule(
            self.cells,
            journal,
            workers=self._workers,
            counted=counted,
            cache=cache,
            keys=Keys(self.versions),
            budget=budget,
            stops=[pace.stop for pace in self.paces.values()],
            unjudged=unjudged,
        )
        for pace in self.paces.values():
            pace.changed = schedule.grow
        return schedule

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The models, ready to be asked. Raises ModelUnusable where one cannot be. Where nothing is raised until the
        end, all that was answered is on disk."""
        async with AsyncExitStack() as stack:
            for model in (*self.models, *self.judges):
                stack.push_async_callback(model.close)
                await model.open(self.paces.get(model.endpoint))
            yield
            for model in (*self.models, *self.judges):
                if isinstance(model, InBatches):
                    await model.settle()

    @property
    def waits(self) -> bool:
        """Whether verdicts take their time."""
        return any(cell.waits for cell in self.cells)

    def _workers(self, model: Model) -> int:
        """As many as the model can keep busy, and its judges too: an answer that is being judged keeps its worker."""
        return self._busy(model) + sum(self._busy(judge) for judge in self.judges)

    def _busy(self, model: Model) -> int:
        """A few more than may be in flight: a question is ready when a place becomes free, and a call that waits
        before its next attempt leaves its place to another."""
        if in_batches(model):
            return model.concurrency
        if model.endpoint not in self.paces:
            return self.concurrency or model.concurrency
        limit = self.paces[model.endpoint].limit
        return limit + limit // 4 + 2


async def asked(
    spec: RunSpec,
    runs: Path,
    timeout: float,
    concurrency: int | None,
    *,
    done: Done | None = None,
    share: int = 1,
    longest_first: bool = True,
    resolved: Callable[[Sequence[Benchmark]], None] = lambda benchmarks: None,
    fetching: Callable[[int, int], None] = lambda done, total: None,
) -> Asked:
    """What a run of `spec` asks, once nothing about its benchmarks and models is known to fail.

    `done` holds what is not to be asked. `share`: of so many processes this is one, so what an endpoint's owner allows
    is divided by it (`concurrency` is this process's own). `longest_first`: begin with what took long in earlier runs;
    not where the run may be stopped before its end, since what was asked by then should be a fair part. `resolved`
    hears what the targets are, `fetching` how many data files are at hand, of how many.
    """
    spec, benchmarks, opened = looked_up(spec, timeout, resolved)
    judges = judging(benchmarks, spec, timeout)
    data = await fetched(benchmarks, spec, opened, fetching)
    await ready(benchmarks, spec)
    done, names = Done() if done is None else done, {b.id: plan.protocol_name(b, spec) for b in benchmarks}
    versions = {b.id: catalog.version(b, names[b.id]) for b in benchmarks}
    before = earlier(runs, [b.id for b in benchmarks], [model.name for model in opened], names)
    cells = _cells(benchmarks, opened, judges, spec, done, before if longest_first else EarlierRuns())
    about = description.describe(spec, cells, versions, names, benchmarks, opened, data, judges)
    shared = paces([*opened, *judges], concurrency, share)
    return Asked(spec, benchmarks, opened, judges, shared, concurrency, cells, done, versions, names, before, about)


def looked_up(
    spec: RunSpec, timeout: float, resolved: Callable[[Sequence[Benchmark]], None] = lambda benchmarks: None
) -> tuple[RunSpec, list[Benchmark], list[Model]]:
    """What the names of a spec stand for: the spec with whole paths, the benchmarks as it wants them asked, and the
    models, of which nothing is asked yet. Raises UsageError where they do not fit each other."""
    targets = tuple(catalog.absolute(target) for target in spec.targets)
    spec = replace(spec, targets=targets, few_shot=adapted.absolute_rule(spec.few_shot))
    generation.check(spec.parameters)
    benchmarks = catalog.resolve(spec.targets, spec.scorer, spec.trust)
    resolved(benchmarks)
    opened = [models.open_model(model, timeout) for model in spec.models]
    _refuse_twice([model.name for model in opened], "model")
    _refuse_twice([benchmark.id for benchmark in benchmarks], "benchmark")
    benchmarks = [adapted.adapted(benchmark, spec) for benchmark in benchmarks]
    for benchmark in benchmarks:
        for model in opened:
            plan.refuse_what_cannot_work(benchmark, plan.protocol(benchmark, spec), model, spec)
    return spec, benchmarks, opened


def judging(benchmarks: Sequence[Benchmark], spec: RunSpec, timeout: float) -> list[Model]:
    """The models that judge. Raises UsageError where a scorer asks for one and none is named, or none asks for any."""
    asking = [b.id for b in benchmarks if isinstance(plan.protocol(b, spec).scorer, Judging)]
    if asking and not spec.judges:
        raise UsageError(
            f"the answers to {asking[0]} are judged by a model. Say by which: --judge PROVIDER/NAME; again for a panel"
        )
    if spec.judges and not asking:
        raise UsageError(
            f"--judge {spec.judges[0]}: no answer here is judged by a model. Protocols that are: sinan hub show ID"
        )
    judges = [models.open_model(judge, timeout) for judge in spec.judges]
    _refuse_twice([judge.name for judge in judges], "judge")
    for judge in judges:
        if "generate" not in judge.capabilities:
            raise UsageError(f"--judge {judge.name}: a judge must write its verdict, which {judge.name} does not")
    return judges


async def ready(benchmarks: Sequence[Benchmark], spec: RunSpec) -> None:
    """Everything that scorers need is at hand. Raises SinanError where a scorer says that it cannot work here."""
    for benchmark in benchmarks:
        prepare = getattr(plan.protocol(benchmark, spec).scorer, "ready", None)
        if callable(prepare):
            await asyncio.to_thread(prepare)


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a process of our own through: on uvloop where it is installed, since a request costs about a fifth less
    there, and with a garbage collector that looks less often: what a request leaves behind is freed by itself, and
    looking for cycles took another tenth."""
    gc.set_threshold(20_000, 20, 50)
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    done: T = uvloop.run(work)
    return done


@contextmanager
def answers(wanted: bool, notice: Callable[[str], None]) -> Iterator[store.ResponseCache | None]:
    """The response cache, where it is wanted. `notice` hears of its troubles, in one line."""
    if not wanted:
        yield None
        return
    cache = store.ResponseCache(settings.load().cache / "answers.db")
    try:
        yield cache
        if cache.trouble:  # where the run itself broke, that is what has to be told
            notice(cache.trouble)
    finally:
        cache.close()


def _cells(
    benchmarks: Sequence[Benchmark],
    opened: Sequence[Model],
    judges: Sequence[Model],
    spec: RunSpec,
    done: Done,
    before: EarlierRuns,
) -> list[Cell]:
    """Every benchmark for every model."""
    known = before.means
    panel = tuple(Judge(judge, price_of(judge)) for judge in judges)
    return [
        plan.cell(
            benchmark,
            plan.protocol(benchmark, spec),
            model,
            spec,
            done,
            before.seconds.get((benchmark.id, model.name), {}),
            price_of(model),
            known[benchmark.id, model.name].tokens_out if (benchmark.id, model.name) in known else None,
            adapted.metrics(benchmark, benchmark.protocols[plan.protocol_name(benchmark, spec)], spec),
            panel,
        )
        for benchmark in benchmarks
        for model in opened
    ]


def prices(cells: Sequence[Cell]) -> dict[str, Price | None]:
    """What the tokens of everyone cost who is asked, judges among them; None where it is not known."""
    asked = [(cell.model, cell.price) for cell in cells]
    asked += [(judge.model, judge.price) for cell in cells for judge in cell.judges]
    return {model.name: price for model, price in asked}


def paces(opened: Sequence[Model], concurrency: int | None, share: int) -> dict[str, EndpointPace]:
    """One for each endpoint, however many models it serves. Where questions wait in batches, no more are in flight
    than the model says; how many calls suit the endpoint is of no matter to them."""
    of = {endpoint: [m for m in opened if m.endpoint == endpoint] for endpoint in _endpoints(opened)}
    return {
        endpoint: EndpointPace(
            endpoint.split()[0],
            concurrency=sum(m.concurrency for m in served) if all(map(in_batches, served)) else concurrency,
            limits=_shared([m.limits for m in served], share),
        )
        for endpoint, served in of.items()
    }


def _endpoints(opened: Sequence[Model]) -> list[str]:
    return list(dict.fromkeys(model.endpoint for model in opened if model.endpoint))


def _shared(limits: Sequence[Limits], share: int) -> Limits:
    """What one of `share` processes may send; where models say different things of one endpoint, the least."""
    requests = [one.requests_per_minute for one in limits if one.requests_per_minute is not None]
    tokens = [one.tokens_per_minute for one in limits if one.tokens_per_minute is not None]
    return Limits(min(requests) / share if requests else None, min(tokens) / share if tokens else None)


def _refuse_twice(names: Sequence[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{what} {twice[0]} is asked for twice in one run; results could not be told apart")


async def fetched(
    benchmarks: Sequence[Benchmark],
    spec: RunSpec,
    opened: Sequence[Model],
    fetching: Callable[[int, int], None] = lambda done, total: None,
) -> list[Source]:
    """Every data file of the benchmarks, at hand and verified. Raises UsageError where the data do not bear what the
    spec wants of them."""
    sources = [source for benchmark in benchmarks for source in benchmark.dataset.files]
    for number, source in enumerate(sources, 1):
        await asyncio.to_thread(download.fetch, source)
        fetching(number, len(sources))
    for benchmark in benchmarks:
        adapted.refuse_what_its_data_do_not_bear(benchmark, spec, {model.form for model in opened})
    return sources
