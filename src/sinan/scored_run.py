"""A run of answers that are there already: judged, written beside other runs, and nobody but judges is asked.

answers, in order -> scorer (and judges) -> journal, samples.parquet, results.json, and run.json at the end
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sinan import store
from sinan.asked import answers as answers_cache
from sinan.asked import paces
from sinan.engine import Tally
from sinan.engine.verdicts import THREADS, Answer, Verdicts
from sinan.store import description, frames
from sinan.types import CellResult, Model, Run, SampleResult
from sinan.variation import with_spread


async def scored_run(
    runs: Path,
    name: str,
    answers: Iterable[Answer | SampleResult],
    tally: Tally,
    judges: Sequence[Model],
    about: Callable[[], dict[str, Any]],
    heard: Callable[[int, int], None],
    of: int,
    cache: bool,
) -> tuple[Run, dict[str, Any]]:
    """Judge the answers and write the run; returns it with its run.json, which `about` gives once all are judged.

    `heard` is called after each with how many are done, `of` how many. `judges` are opened here; `cache`: whether their
    answers are taken from earlier calls, and kept for later ones. Whatever is raised, no run is left behind.
    """
    began = time.perf_counter()
    endpoints = paces(judges, None, 1)
    with _new(runs, name) as (folder, disk), answers_cache(cache and bool(judges), lambda line: None) as kept:
        verdicts = Verdicts(kept)
        async with AsyncExitStack() as stack:
            stack.callback(verdicts.close)
            for judge in judges:
                stack.push_async_callback(judge.close)
                await judge.open(endpoints.get(judge.endpoint))
            at_once = sum(endpoints[j.endpoint].limit if j.endpoint in endpoints else j.concurrency for j in judges)
            done = 0
            async for result in verdicts.in_order(answers, 2 * THREADS + at_once):
                disk.append(result)
                tally.count(result)
                done += 1
                heard(done, of)
        disk.sync()
        frames.write_samples(folder, repeated=False)
        described = about()
        names, versions = (
            {cell["benchmark"]: cell[what] for cell in described["cells"]} for what in ("protocol", "version")
        )
        results = with_spread(folder, described, as_asked(described, tally.results(versions, names)))
        folder.conclude([row for result in results for row in result.to_json()])
        folder.describe(described)
    seconds, rows = time.perf_counter() - began, partial(frames.relation, folder)
    status, requests, expected = described["status"], described["requests"], described["expected"]
    return Run(folder.id, str(folder.path), status, results, requests, seconds, expected, rows), described


def as_asked(about: Mapping[str, Any], results: Sequence[CellResult]) -> list[CellResult]:
    """The results, without intervals where the run that the answers are from was stopped early by a rule."""
    stopped = description.stopped_early(about, ())
    return [
        replace(one.without_intervals(), population=stopped[key])
        if (key := (one.benchmark, one.model)) in stopped
        else one
        for one in results
    ]


@contextmanager
def _new(runs: Path, name: str) -> Iterator[tuple[store.RunFolder, store.DiskJournal]]:
    """A new folder. It is a run only once run.json stands in it, which is written last: half of it is never taken for a
    run that could be resumed, which would ask a model."""
    folder = store.create(runs, name)
    lock = folder.lock()
    try:
        disk = store.DiskJournal(folder.journal)
        try:
            yield folder, disk
        finally:
            disk.close()
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    finally:
        lock.release()
