"""The whole way, on one screen: from names to a stored run.

    names -> benchmarks, models -> cells of questions -> engine (ask, judge, journal) -> tally -> results on disk

To follow one sample, read on from here: engine/plan builds its prompt, engine/schedule gives it to a worker,
engine/sample asks and judges it, store/journal makes it durable, engine/tally counts it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from sinan import catalog, models, store
from sinan.datasets import download
from sinan.engine import CellTally, Done, Tally, plan, schedule
from sinan.errors import StoreError, UsageError
from sinan.models import parameters as generation
from sinan.statistics import METRICS
from sinan.store import description, frames, journal
from sinan.types import Benchmark, CellResult, Model, Run, RunSpec, SampleResult, Source


class Watch:
    """Hears how a run goes on. This one says nothing; the command line and the web draw what they hear."""

    def resolved(self, benchmarks: Sequence[Benchmark]) -> None:
        """What the targets turned out to be."""

    def fetching(self, done: int, total: int) -> None:
        """So many of the data files are at hand."""

    def began(self, run: str, path: Path, expected: int, tally: Tally) -> None:
        """The run exists; so many results are expected; `tally` goes on counting."""

    def counted(self, result: SampleResult, cell: CellTally) -> None:
        """A result is on disk, and in its cell's tally."""

    def ended(self, run: Run) -> None:
        """The run is over, or stopped; heard also where an error or a cancellation follows."""


async def evaluate(
    spec: RunSpec,
    *,
    runs: Path = Path("runs"),
    name: str | None = None,
    resume: str | None = None,
    concurrency: int | None = None,
    timeout: float = 600.0,
    watch: Watch | None = None,
) -> Run:
    """Evaluate every model on every target and store the run.

    `timeout` is seconds for one call; `concurrency` calls in flight per model (None: what suits the model).
    Raises UsageError, DataError and ModelUnusable before the first request wherever the fault can be seen by then;
    StoreError and ModelUnusable later end the run with everything answered kept. Cancelling stops it cleanly.
    """
    began, watch = time.perf_counter(), watch or Watch()
    spec = replace(spec, targets=tuple(catalog.absolute(target) for target in spec.targets))
    generation.check(spec.parameters)
    benchmarks = catalog.resolve(spec.targets, spec.scorer)
    watch.resolved(benchmarks)
    async with _opened(spec, benchmarks, timeout) as opened:
        data = await _fetched(benchmarks, watch)
        done, names = Done(), {b.id: plan.protocol_name(b, spec) for b in benchmarks}
        versions = {b.id: catalog.version(b, names[b.id]) for b in benchmarks}
        pairs = [(benchmark, model) for benchmark in benchmarks for model in opened]
        cells = [plan.cell(b, plan.protocol(b, spec), model, spec, done) for b, model in pairs]
        about = description.describe(spec, cells, versions, names, benchmarks, opened, data)
        folder = store.find(runs, resume) if resume else store.create(runs, name or Path(spec.targets[0]).stem)
        with _writing(folder, about) as disk:
            tally = Tally(cells, spec.draws, done)
            tally.replay(journal.read(folder.journal))
            watch.began(folder.id, folder.path, plan.expected(benchmarks, len(opened), spec), tally)
            status: Literal["complete", "partial", "stopped"] = "stopped"
            try:
                await schedule.run(
                    cells,
                    disk,
                    concurrency=lambda model: concurrency or model.concurrency,
                    counted=lambda result: watch.counted(result, tally.count(result)),
                )
                frames.write_samples(folder, repeated=resume is not None)
                status = "partial" if tally.failed else "complete"
            finally:
                results = tally.results(versions, names)
                seconds = time.perf_counter() - began
                rows = partial(frames.relation, folder)
                run = Run(folder.id, str(folder.path), status, results, tally.requests(), seconds, rows)
                _conclude(folder, run)
                watch.ended(run)
        return run


async def run_async(
    targets: str | Iterable[str],
    models: str | Iterable[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    **how: Any,
) -> Run:
    """`evaluate` for scripts and notebooks: `await sinan.run_async("gsm8k", "needle/m", limit=100)`.

    Takes the other fields of RunSpec and the keywords of `evaluate`.
    """
    in_spec = {k: v for k, v in how.items() if k in RunSpec.__dataclass_fields__}
    spec = RunSpec(
        targets=(targets,) if isinstance(targets, str) else tuple(targets),
        models=(models,) if isinstance(models, str) else tuple(models),
        parameters=dict(parameters or {}),
        **in_spec,
    )
    return await evaluate(spec, **{k: v for k, v in how.items() if k not in in_spec})


def run(targets: str | Iterable[str], models: str | Iterable[str], **how: Any) -> Run:
    """`run_async` where no event loop runs: `sinan.run("gsm8k", "needle/m", limit=100)`."""
    return asyncio.run(run_async(targets, models, **how))


def spec_of(runs: Path, name: str) -> RunSpec:
    """What a stored run asked for: what resuming it asks again."""
    return description.spec_from_json(store.find(runs, name).about())


def stored_results(folder: store.RunFolder) -> list[CellResult]:
    """The numbers of a stored run; of one that is unfinished or was killed, as they stand in its journal."""
    about, rows = folder.about(), folder.results()
    try:
        if rows is not None and about["status"] != "running":
            return [CellResult.from_json(row) for row in rows]
        return _results_so_far(folder, about)
    except (KeyError, TypeError, IndexError) as error:
        raise StoreError(
            f"run {folder.id} cannot be read: its run.json or results.json is damaged ({error!r})"
        ) from None


def _results_so_far(folder: store.RunFolder, about: Mapping[str, Any]) -> list[CellResult]:
    cells = {(cell["benchmark"], cell["model"]): cell for cell in about["cells"]}
    draws = about["spec"]["draws"]
    tallies = {key: CellTally(METRICS[cell["metric"]], draws) for key, cell in cells.items()}
    for record in journal.read_final(folder.journal):
        tallies[record["benchmark"], record["model"]].replay(record)
    return [t.result(b, cells[b, m]["version"], cells[b, m]["protocol"], m) for (b, m), t in tallies.items()]


@asynccontextmanager
async def _opened(spec: RunSpec, benchmarks: Sequence[Benchmark], timeout: float) -> AsyncIterator[list[Model]]:
    """The models, ready, once nothing about them and the benchmarks is known to fail."""
    opened = [models.open_model(model, timeout) for model in spec.models]
    _refuse_twice([model.name for model in opened], "model")
    _refuse_twice([benchmark.id for benchmark in benchmarks], "benchmark")
    for benchmark in benchmarks:
        for model in opened:
            plan.refuse_what_cannot_work(benchmark, plan.protocol(benchmark, spec), model, spec)
    async with AsyncExitStack() as stack:
        for model in opened:
            stack.push_async_callback(model.close)
            await model.open()
        yield opened


def _refuse_twice(names: Sequence[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{what} {twice[0]} is asked for twice in one run; results could not be told apart")


async def _fetched(benchmarks: Sequence[Benchmark], watch: Watch) -> list[Source]:
    """Every data file of the benchmarks, at hand and verified."""
    sources = [source for benchmark in benchmarks for source in benchmark.dataset.files]
    for number, source in enumerate(sources, 1):
        await asyncio.to_thread(download.fetch, source)
        watch.fetching(number, len(sources))
    return sources


@contextmanager
def _writing(folder: store.RunFolder, about: dict[str, Any]) -> Iterator[store.DiskJournal]:
    """The run's journal, in this process's hands alone; refused where the run asked for something else before."""
    lock, new = folder.lock(), not folder.described
    try:
        created = store.now()
        if not new:
            before = folder.about()
            description.refuse_difference(folder.id, before, about)
            created = before["created"]
        try:
            folder.describe(about | {"created": created, "status": "running"})
        except StoreError:
            if new:
                folder.discard()
            raise
        folder.forget_results()  # of an earlier process: from here on they are out of date
        disk = store.DiskJournal(folder.journal)
        try:
            yield disk
        finally:
            disk.close()
    finally:
        lock.release()


def _conclude(folder: store.RunFolder, run: Run) -> None:
    """results.json and the status. On a full disk they stay behind: the journal has all that they say."""
    try:
        folder.conclude([result.to_json() for result in run.results])
        folder.describe(folder.about() | {"status": run.status, "ended": store.now(), "requests": dict(run.requests)})
    except StoreError:
        if run.status != "stopped":
            raise
