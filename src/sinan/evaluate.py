"""The whole way, on one screen: from names to a stored run.

    names -> benchmarks, models -> cells of questions -> engine (ask, judge, journal) -> tally -> results on disk

To follow one sample, read on from here: `asked` finds what is asked, engine/plan builds its prompt, engine/schedule
gives it to a worker, engine/sample asks and judges it, store/journal makes it durable, engine/tally counts it. Where
several processes ask, `crew` starts them and hears of every result; all else is the same.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sinan import crew, run_folder, store
from sinan.asked import AllBut, Asked, answers, asked, prices
from sinan.asked_before import completion
from sinan.engine import CellTally, EndpointPace, Tally, plan
from sinan.engine.budget import budget as budgeted
from sinan.engine.estimate import RunEstimate, estimate
from sinan.engine.schedule import Schedule
from sinan.errors import StoreError, UsageError
from sinan.scored_run import as_asked
from sinan.share import Order
from sinan.statistics import metrics
from sinan.stopping import Declared, stop_by
from sinan.store import description, earlier, frames, journal
from sinan.store.folder import RunLock
from sinan.store.provenance import provenance
from sinan.types import Benchmark, CellResult, Completion, Metric, Run, RunSpec, SampleResult
from sinan.types.answered import Key
from sinan.variation import with_spread

if TYPE_CHECKING:
    from sinan.stopping.following import Following

Status = Literal["complete", "partial", "stopped"]


class Watch:
    """Hears how a run goes on. This one says nothing; the command line and the web draw what they hear."""

    def resolved(self, benchmarks: Sequence[Benchmark]) -> None:
        """What the targets turned out to be."""

    def fetching(self, done: int, total: int) -> None:
        """So many of the data files are at hand."""

    def notice(self, line: str) -> None:
        """Something that the user should know, and that is no error."""

    def began(self, run: str, path: Path, expected: int, tally: Tally, paces: Sequence[EndpointPace]) -> None:
        """The run exists; so many results are expected; `tally` goes on counting, each of `paces` on pacing."""

    def counted(self, result: SampleResult, cell: CellTally) -> None:
        """A result is on disk, and in its cell's tally. Where several processes ask, its texts are left out here."""

    def ended(self, run: Run) -> None:
        """The run is over, or stopped; heard also where an error or a cancellation follows."""


async def evaluate(
    spec: RunSpec,
    *,
    runs: Path | str = Path("runs"),
    name: str | None = None,
    resume: str | None = None,
    into: str | None = None,
    only: Collection[Key] | None = None,
    concurrency: int | None = None,
    timeout: float = 600.0,
    cache: bool = True,
    max_cost: float | None = None,
    max_tokens: int | None = None,
    max_time: float | None = None,
    workers: int | None = 1,
    stop: Declared | str | Sequence[str] | None = None,
    watch: Watch | None = None,
) -> Run:
    """Evaluate every model on every target and store the run.

    `timeout` is seconds for one attempt of a call; `concurrency` attempts in flight per endpoint (None: as many as it
    turns out to bear); `cache` whether answers of earlier runs are taken and new ones kept for later ones;
    `max_cost` (USD), `max_tokens` (in and out together) and `max_time` (seconds) what this call may spend; `workers`
    how many processes ask (None: as many as are sure to help, see `crew.size`); `stop` the rules by which it ends when
    enough is known (`"gsm8k>0.7"`, `"ci<0.02"`). A run of the same spec that was stopped is gone on with; `into` is
    for whoever knows the run's id before it begins: exactly this folder is begun, or gone on with. `only`: these alone
    of all that the spec asks; the run says that it is a part, and stands on no board.

    Raises UsageError, DataError and ModelUnusable before the first request wherever the fault can be seen by then;
    StoreError, ModelUnusable and BudgetReached later, and cancelling, end the run with everything answered kept.
    """
    began, watch, runs = time.perf_counter(), watch or Watch(), Path(runs)
    paid = max_cost is not None or max_tokens is not None
    how: dict[str, Any] = {"timeout": timeout, "concurrency": concurrency, "cache": cache}
    how |= {"max_cost": max_cost, "max_tokens": max_tokens, "max_time": max_time}
    questions, about = await _prepared(spec, runs, timeout, concurrency, watch, paid or max_time is not None, only)
    if into is not None and store.RunFolder(runs / into).described:
        resume = into
    following = _following(stop, runs, resume, questions, about, workers)
    if following is not None:
        questions, workers = following.asked, 1
    size = crew.size(workers, questions, about["expected"], limited=paid)
    budget = budgeted(max_cost, max_tokens, max_time, prices(questions.cells))
    async with questions.opened():
        folder = (
            run_folder.exactly(runs, into, about)
            if into is not None
            else run_folder.chosen(runs, name, resume, about, watch.notice)
        )
        with _writing(folder, about) as (disk, lock), answers(cache, watch.notice) as kept:
            tally = _tally(questions, folder)
            if following is not None:
                following.hear(journal.read_final(folder.journal))
            heard = partial(_heard, tally, watch, following)
            work: Schedule | crew.Crew
            paces: Sequence[EndpointPace] = list(questions.paces.values())
            if size > 1:
                order = Order(folder=str(folder.path), runs=str(runs), of=size, **how)
                work = crew.Crew(questions, order, lock.fileno(), heard, watch.notice)
                paces = work.paces
            else:
                work = questions.schedule(disk, heard, kept, budget, _unjudged(tally))
            watch.began(folder.id, folder.path, about["expected"], tally, paces)
            status: Status = "stopped"
            try:
                with _getting_ready():
                    await work.run()
                earlier.keep(folder, frames.write_samples(folder, tally.repeated, earlier.LONGEST))
                status = "partial" if tally.failed else "complete"
            finally:
                seconds = time.perf_counter() - began
                run = _run(folder, questions, tally, following, status, seconds, about["expected"])
                run = _conclude(folder, run)
                watch.ended(run)
        return run


def _run(
    folder: store.RunFolder,
    questions: Asked,
    tally: Tally,
    following: "Following | None",
    status: Status,
    seconds: float,
    expected: int | None,
) -> Run:
    """The run as it stands; of what a rule stopped, what is sure of it."""
    results, sent = tally.results(questions.versions, questions.protocols), tally.requests()
    if following is None:
        return Run(folder.id, str(folder.path), status, results, sent, seconds, expected)
    told = following.results(results), sent, seconds, expected
    return replace(Run(folder.id, str(folder.path), status, *told), stopping=following.to_json())


async def foresee(
    spec: RunSpec,
    *,
    runs: Path = Path("runs"),
    resume: str | None = None,
    concurrency: int | None = None,
    timeout: float = 600.0,
    stop: Declared | None = None,
    watch: Watch | None = None,
) -> RunEstimate:
    """What `evaluate` would take: requests, tokens, cost, time; with a rule, at most. Nothing is asked of any model,
    nothing is written."""
    watch = watch or Watch()
    questions = await asked(spec, runs, timeout, concurrency, resolved=watch.resolved, fetching=watch.fetching)
    before = run_folder.resumable(runs, resume) if resume else store.unfinished(runs, questions.about)
    if before is not None and not description.difference(before.about(), questions.about):
        tally = Tally(questions.cells, questions.spec.draws, questions.done)
        tally.replay(journal.read(before.journal))
    whole = estimate(
        questions.cells,
        questions.benchmarks,
        questions.spec,
        questions.done,
        earlier=questions.earlier.means,
        concurrency=lambda model: concurrency or model.concurrency,
    )
    if stop is None:
        return whole
    from sinan.stopping.earlier import with_earlier
    from sinan.stopping.foreseen import foreseen

    return replace(whole, rules=foreseen(with_earlier(stop, questions, runs), questions))


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
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise UsageError("an event loop runs here already, as in a notebook: await sinan.run_async(...) instead")
    return asyncio.run(run_async(targets, models, **how))


def spec_of(runs: Path, name: str) -> RunSpec:
    """What a stored run asked for: what resuming it asks again."""
    return description.spec_from_json(run_folder.resumable(runs, name).about())


def stored_results(folder: store.RunFolder) -> list[CellResult]:
    """The numbers of a stored run; of one that is unfinished or was killed, as they stand in its journal."""
    written = folder.results() if folder.about()["status"] != "running" else None
    return results_as(folder) if written is None else written


def results_as(
    folder: store.RunFolder, change: Callable[[tuple[Metric, ...]], tuple[Metric, ...]] = lambda found: found
) -> list[CellResult]:
    """The numbers of a stored run made again from its journal, its metrics changed."""
    about = folder.about()
    try:
        cells = {(cell["benchmark"], cell["model"]): cell for cell in about["cells"]}
        draws = about["spec"]["draws"]
        judges = [judge["name"] for judge in about.get("judges", ())]
        tallies = {
            key: CellTally(change(metrics(cell)), draws, judges if cell.get("judged") else ())
            for key, cell in cells.items()
        }
        for record in journal.read_final(folder.journal):
            tallies[record["benchmark"], record["model"]].replay(record)
    except (KeyError, TypeError, IndexError) as error:
        raise StoreError(f"run {folder.id} cannot be read: its run.json is damaged ({error!r})") from None
    found = [t.result(b, cells[b, m]["version"], cells[b, m]["protocol"], m) for (b, m), t in tallies.items()]
    if "rule" in about and "scored_from" not in about:
        return [one.without_intervals() for one in found]
    return as_asked(about, found)


async def _prepared(
    spec: RunSpec,
    runs: Path,
    timeout: float,
    concurrency: int | None,
    watch: Watch,
    limited: bool,
    only: Collection[Key] | None = None,
) -> tuple[Asked, dict[str, Any]]:
    """What is asked, and what run.json will say of it and of this machine."""
    machine = asyncio.create_task(asyncio.to_thread(provenance))
    questions = await asked(
        spec,
        runs,
        timeout,
        concurrency,
        done=None if only is None else AllBut(only),
        longest_first=not limited,
        resolved=watch.resolved,
        fetching=watch.fetching,
    )
    for each in questions.paces.values():
        each.notice = watch.notice
    if greedy := plan.greedy(questions.cells, questions.spec.draws):
        watch.notice(greedy)
    expected = plan.expected(questions.benchmarks, len(questions.models), questions.spec)
    if only is not None:
        questions.about["part"], expected = {"of": expected}, len(only)
    return questions, questions.about | {"expected": expected} | await machine


def _tally(questions: Asked, folder: store.RunFolder) -> Tally:
    """The run's count so far; what is answered is not asked again."""
    tally = Tally(questions.cells, questions.spec.draws, questions.done)
    tally.replay(journal.read(folder.journal))
    tally.repeated |= questions.waits
    return tally


@contextmanager
def _getting_ready() -> Iterator[None]:
    """What the end of a run needs is loaded while answers are awaited, but not while the first of all are sent."""
    loop = asyncio.get_running_loop()
    loading = loop.call_later(1.0, loop.run_in_executor, None, frames.prepare)
    try:
        yield
    finally:
        loading.cancel()


def _unjudged(tally: Tally) -> dict[Key, Completion]:
    """Answers of an earlier process that still wait for their verdict."""
    return {key: completion(dict(record)) for key, record in tally.unjudged.items()}


def _heard(tally: Tally, watch: Watch, following: "Following | None", result: SampleResult) -> None:
    watch.counted(result, tally.count(result))
    if following is not None:
        following.note(result)


def _following(
    stop: Declared | str | Sequence[str] | None,
    runs: Path,
    resume: str | None,
    questions: Asked,
    about: dict[str, Any],
    workers: int | None,
) -> "Following | None":
    """What decides how much is asked; None: all is. A run that was stopped before its rule was met goes on with it; one
    whose rule was met is asked whole, which keeps what was sure sure. `about` tells of it."""
    before = run_folder.resumable(runs, resume).about() if resume else {}
    if before.get("stopping", {}).get("met"):
        about["stopped_before"] = [*before.get("stopped_before", ()), before["rule"] | before["stopping"]]
    if not stop and "rule" in before and not before.get("stopping", {}).get("met"):
        stop = Declared.from_json(before["rule"])
    if not stop:
        return None
    if workers is not None and workers > 1:
        raise UsageError(
            f"--workers {workers}: what is asked next depends on what was answered, which one process sees. Leave "
            "--workers out"
        )
    from sinan.stopping.earlier import with_earlier
    from sinan.stopping.following import follow

    declared = with_earlier(stop if isinstance(stop, Declared) else stop_by(stop), questions, runs)
    about["rule"] = declared.to_json()
    return follow(declared, questions)


@contextmanager
def _writing(folder: store.RunFolder, about: dict[str, Any]) -> Iterator[tuple[store.DiskJournal, RunLock]]:
    """The run's journal, in no other run's hands, and the lock that keeps it so."""
    lock, new = folder.lock(), not folder.described
    try:
        created = store.now()
        if not new:
            created = folder.about()["created"]
        try:
            folder.describe(about | {"created": created, "status": "running", "resumed": not new})
        except StoreError:
            if new:
                folder.discard()
            raise
        folder.forget_results()  # of an earlier process: from here on they are out of date
        disk = store.DiskJournal(folder.journal)
        try:
            yield disk, lock
        finally:
            disk.close()
    finally:
        lock.release()


def _conclude(folder: store.RunFolder, run: Run) -> Run:
    """results.json and the status. On a full disk they stay behind: the journal has all that they say."""
    try:
        about = folder.about()
        run = replace(run, results=with_spread(folder, about, run.results))
        folder.conclude([row for result in run.results for row in result.to_json()])
        ended = {"status": run.status, "ended": store.now(), "requests": dict(run.requests)}
        found = {} if run.stopping is None else {"stopping": dict(run.stopping)}
        folder.describe(about | ended | found)
    except StoreError:
        if run.status != "stopped":
            raise
    return replace(run, samples=partial(frames.relation, folder))
