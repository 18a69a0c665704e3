"""Score the stored answers of a run again: no model is called but judges, and a new run stands beside the old.

    old run -> its questions, built anew -> the answer that the journal holds for each -> scorer -> journal, results

Questions are built one after the other and each stored record is read where it stands: what grows with the run is an
index of some 30 bytes a question.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sinan import asked_before, catalog, store
from sinan.asked import in_loop, judging, ready
from sinan.datasets import download
from sinan.engine import Tally, plan
from sinan.engine.sample import failed
from sinan.engine.verdicts import Answer
from sinan.errors import StoreError, UsageError
from sinan.scored_run import scored_run
from sinan.store import description, journal
from sinan.store.finals import Finals
from sinan.store.living import being_written
from sinan.store.provenance import provenance
from sinan.store.record import Record
from sinan.types import Benchmark, Cell, Model, Question, Run, RunSpec, SampleResult


@dataclass(frozen=True)
class ScoredAgain:
    """The new run, and what it was made from."""

    run: Run
    scored_from: Mapping[str, Any]
    """`run`, `journal_sha256`, `scorer` (the name that was asked for; None: the benchmarks' own), `scorers` (by
    benchmark, as they are set), `versions_before`, `targets_changed`, `stopped` (cells that a rule stopped
    early), `when`."""

    def to_json(self) -> dict[str, Any]:
        """The document of `sinan score --json`."""
        return self.run.to_json() | {"scored_from": dict(self.scored_from)}


def score_again(
    run: str,
    *,
    runs: Path = Path("runs"),
    scorer: str | None = None,
    name: str | None = None,
    judges: Sequence[str] | None = None,
    timeout: float = 600.0,
    cache: bool = True,
    heard: Callable[[int, int], None] = lambda done, of: None,
) -> ScoredAgain:
    """Score what the journal of `run` holds with the present scorer of each benchmark, or with the one named.

    `judges`: who judges, where a scorer asks models; None: whoever did before. `timeout` and `cache` are for their
    calls, as in `evaluate`. `heard` is called after each result with how many are done and how many there are.

    Raises UnknownName for a run or scorer that is not known, UsageError where a question is no longer what the model
    was asked, StoreError where the run is being written or cannot be read. Whatever is raised, no new run is left
    behind and the old one is untouched.
    """
    old = store.find(runs, run)
    if being_written(old):
        raise StoreError(f"run {old.id} is still being written. Wait for it, or stop it; then score it again")
    before = old.about()
    spec = description.spec_from_json(before)
    spec = spec if judges is None else replace(spec, judges=tuple(judges))
    chosen = scorer or asked_before.scorer_asked_for(before)
    return in_loop(_scored(old, before, spec, chosen, name, timeout, cache, heard))


async def _scored(
    old: store.RunFolder,
    before: Mapping[str, Any],
    spec: RunSpec,
    chosen: str | None,
    name: str | None,
    timeout: float,
    cache: bool,
    heard: Callable[[int, int], None],
) -> ScoredAgain:
    benchmarks = asked_before.benchmarks(old.id, before, spec, chosen)
    judges = judging(benchmarks, spec, timeout)
    for source in {source for benchmark in benchmarks for source in benchmark.dataset.files}:
        download.fetch(source)
    await ready(benchmarks, spec)
    cells = asked_before.cells(before, benchmarks, spec, judges=judges)
    finals = journal.finals(old.journal, {(cell.benchmark, cell.model.name) for cell in cells})
    if not len(finals):
        raise StoreError(f"run {old.id} holds no answer that could be scored: {old.journal} is empty or not there")
    again = _Again(old, chosen, cells, finals, Tally(cells, spec.draws, plan.Done()))
    run, about = await scored_run(
        old.path.absolute().parent if old.path.parent == Path() else old.path.parent,
        name or f"{old.id.partition('-')[2]}-{chosen or 'again'}",
        again.answers(),
        again.tally,
        judges,
        lambda: _about(before, spec, benchmarks, again, judges),
        heard,
        len(finals),
        cache,
    )
    return ScoredAgain(run, about["scored_from"])


def _about(
    before: Mapping[str, Any],
    spec: RunSpec,
    benchmarks: Sequence[Benchmark],
    again: "_Again",
    judges: Sequence[Model],
) -> dict[str, Any]:
    """run.json of the new run: as that of any run, and where it comes from."""
    names = {b.id: plan.protocol_name(b, spec) for b in benchmarks}
    versions = {b.id: catalog.version(b, names[b.id]) for b in benchmarks}
    sources = [source for benchmark in benchmarks for source in benchmark.dataset.files]
    models = {cell.model.name: cell.model for cell in again.cells}.values()
    about = description.describe(spec, again.cells, versions, names, benchmarks, models, sources, judges)
    about |= provenance()
    now = store.now()
    scored_from = {
        "run": again.old.id,
        "journal_sha256": download.file_sha256(again.old.journal),
        "scorer": again.scorer,
        "scorers": {b.id: repr(b.protocols[names[b.id]].scorer) for b in benchmarks},
        "versions_before": {cell["benchmark"]: cell["version"] for cell in before["cells"]},
        "targets_changed": again.targets_changed,
        "stopped": [
            {"benchmark": benchmark, "model": model, "population": population}
            for (benchmark, model), population in description.stopped_early(before, again.old.results()).items()
        ],
        "when": now,
    }
    about |= {"rule": before["rule"]} if "rule" in before else {}
    return about | {
        "status": "stopped" if again.missing else "partial" if again.tally.failed else "complete",
        "created": now,
        "ended": now,
        "expected": before.get("expected"),
        "requests": {"sent": 0, "cached": 0, "resumed": again.answered, "retried": 0},
        "scored_from": scored_from,
    }


@dataclass
class _Again:
    """One pass over the questions of a run, and what it counts on its way."""

    old: store.RunFolder
    scorer: str | None
    """The name that was asked for; None: the benchmarks' own."""
    cells: Sequence[Cell]
    finals: Finals
    tally: Tally
    answered: int = 0
    """Records that hold an answer."""
    missing: int = 0
    """Questions that the run never came to."""
    targets_changed: int = 0
    """Samples whose right answer is another one than it was."""

    def answers(self) -> Iterator[Answer | SampleResult]:
        """The answer of each stored record, or the failure that it is.

        Raises UsageError at the first one whose question is no longer the same.
        """
        with closing(journal.Places(self.old.journal)) as places:
            for cell in self.cells:
                for question in cell.questions:
                    place = self.finals.take(_key(cell, question))
                    if place is None:
                        self.missing += 1
                    else:
                        yield self._again(cell, question, places.read(place))
            left = min(self.finals.left(), default=None)
            if left is not None:
                self._refuse(places.read(left), "is no longer in the data")

    def _again(self, cell: Cell, question: Question, record: Record) -> Answer | SampleResult:
        if (question.prompt_hash or question.prompt.hash) != record["prompt_hash"]:
            self._refuse(record, "is asked in other words today")
        self.targets_changed += question.sample.target != record["target"]
        name, attempts, cost = cell.model.name, record["attempts"], record["cost_usd"]
        if record["finish_reason"] is None:
            return SampleResult(cell.benchmark, name, question, None, failed(record["explanation"]), attempts, cost)
        self.answered += 1
        return Answer(cell, question, asked_before.completion(record), cost)

    def _refuse(self, record: Record, why: str) -> None:
        raise UsageError(
            f"run {self.old.id} cannot be scored again: {record['benchmark']} sample {record['sample_id']} {why} "
            "(data, prompts or worked examples have changed), so its answer belongs to another question. "
            "Remedy: ask again in a new run"
        )


def _key(cell: Cell, question: Question) -> tuple[str, str, str, int]:
    """As the journal has it: text that is no valid Unicode is kept as far as Unicode goes."""
    name = question.sample.id
    stored = name if name.isascii() else name.encode("utf-8", "replace").decode("utf-8")
    return cell.benchmark, cell.model.name, stored, question.draw
