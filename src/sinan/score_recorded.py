"""Score answers that somebody else recorded: a published output file becomes a run, and no model is asked but judges.

    file of answers -> matched with the benchmark's questions -> scorer -> a run, with every sample and its verdict

An answer finds its question as `sinan.datasets.matched` tells. Several answers of one question are its draws.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sinan import adapted, catalog
from sinan.asked import in_loop, judging, ready
from sinan.asked_before import Stored
from sinan.datasets.download import fetch, file_sha256
from sinan.datasets.matched import Matches, match
from sinan.datasets.outputs import Fields, Output, outputs
from sinan.engine import Tally, plan
from sinan.engine.verdicts import Answer
from sinan.errors import BadFile, UsageError
from sinan.models.prices import price_of
from sinan.scored_run import scored_run
from sinan.store import description, now
from sinan.store.provenance import provenance
from sinan.types import Benchmark, Cell, Completion, Judge, Model, Question, Run, RunSpec
from sinan.types.completion import FinishReason

NAMED = Fields()
"""Every field is found by its name."""


@dataclass(frozen=True)
class Recorded:
    """The run, and how its answers were found."""

    run: Run
    scored_from: Mapping[str, Any]
    """`file`, `sha256`, `passed_over` (files of a folder that hold no answers), `answers` (rows), `matched_by` (way ->
    rows, as `matched.Matches` has it), `unmatched` (rows that belong to no question), `reworded` (rows asked in other
    words, of those found by id or place), `scorers`, `when`."""

    def to_json(self) -> dict[str, Any]:
        """The document of `sinan score FILE --json`."""
        return self.run.to_json() | {"scored_from": dict(self.scored_from)}


def score_recorded(
    file: Path,
    benchmark: str | None = None,
    *,
    protocol: str = "default",
    scorer: str | None = None,
    fields: Fields = NAMED,
    model: str | None = None,
    limit: int | None = None,
    runs: Path = Path("runs"),
    name: str | None = None,
    known_only: bool = False,
    judges: Sequence[str] = (),
    timeout: float = 600.0,
    cache: bool = True,
    heard: Callable[[int, int], None] = lambda done, of: None,
) -> Recorded:
    """Score a file of recorded answers.

    `benchmark`: whose questions they answer; None: the file holds questions and right answers itself. `model`: the name
    that the results bear (default: the file's). `limit`: of the benchmark's questions, as in `evaluate`. `known_only`:
    pass over answers that belong to no question, instead of refusing them. The rest is as in `score_again`.

    Raises BadFile where the file cannot be read or an answer belongs to no question, UsageError for what does not fit.
    """
    target = benchmark or str(file)
    passed_over: list[str] = []
    recorded = outputs(file, replace(fields, gold_inside=benchmark is None), passed_over)
    if benchmark is None:  # row by row: what is asked stands beside what was answered
        recorded = [replace(one, id="", question="") for one in recorded]
    read = _File(file, recorded, passed_over)
    spec = RunSpec(
        targets=(catalog.absolute(target),),
        models=(model or f"recorded/{file.stem}",),
        limit=limit,
        protocol=protocol,
        scorer=scorer if benchmark is None else None,
        judges=tuple(judges),
    )
    return in_loop(_scored(read, spec, scorer, name, known_only, runs, timeout, cache, heard))


@dataclass(frozen=True)
class _File:
    """What was read."""

    path: Path
    recorded: Sequence[Output]
    passed_over: Sequence[str]
    """Files of a folder that hold no answers."""

    @property
    def sha256(self) -> str:
        """Of the bytes; of a folder, of its files' hashes and names."""
        if self.path.is_file():
            return file_sha256(self.path)
        files = sorted(one for one in self.path.rglob("*") if one.is_file())
        lines = [f"{file_sha256(one)}  {one.relative_to(self.path)}\n" for one in files]
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


async def _scored(
    read: _File,
    spec: RunSpec,
    scorer: str | None,
    name: str | None,
    known_only: bool,
    runs: Path,
    timeout: float,
    cache: bool,
    heard: Callable[[int, int], None],
) -> Recorded:
    (benchmark,) = _benchmarks(spec, scorer)
    panel = judging([benchmark], spec, timeout)
    sources = list(benchmark.dataset.files)
    for source in sources:
        fetch(source)
    await ready([benchmark], spec)
    chosen, model = plan.protocol(benchmark, spec), Stored(spec.models[0], "chat", {"recorded": read.path.name})

    def cell_of(spec: RunSpec) -> Cell:
        metrics = adapted.metrics(benchmark, chosen, spec)
        judges = tuple(Judge(judge, price_of(judge)) for judge in panel)
        return plan.cell(benchmark, chosen, model, spec, plan.Done(), metrics=metrics, judges=judges)

    matched = _matched(read.recorded, cell_of(spec), known_only or spec.limit is not None)
    spec = replace(spec, draws=max(map(len, matched.answers_of.values()), default=1))
    cell = cell_of(spec)
    tally = Tally([cell], spec.draws, plan.Done())
    run, about = await scored_run(
        runs,
        name or f"{benchmark.id}-{read.path.stem}",
        matched.answers(cell),
        tally,
        panel,
        lambda: _about(read, spec, benchmark, cell, panel, matched, tally),
        heard,
        len(read.recorded),
        cache,
    )
    return Recorded(run, about["scored_from"])


def _benchmarks(spec: RunSpec, scorer: str | None) -> list[Benchmark]:
    """The one benchmark, judged by the scorer that was named, if any."""
    found = [adapted.adapted(one, spec) for one in catalog.resolve(spec.targets, spec.scorer)]
    if len(found) != 1:
        raise UsageError(f"{spec.targets[0]} is {len(found)} benchmarks: recorded answers are scored against one")
    if scorer and spec.scorer is None:
        from sinan.scoring import by_name, judged_by

        before = found[0].protocols[plan.protocol_name(found[0], spec)]
        judged = judged_by(before, by_name(scorer))
        protocols = {key: judged if one is before else one for key, one in found[0].protocols.items()}
        found = [replace(found[0], protocols=protocols)]
    return found


def _completions(row: Output, question: Question) -> list[Completion]:
    """The answer; several, where it is a list of texts. Of a conversation all of its turns are one answer, where as
    many were recorded as are asked."""
    reason: FinishReason = "length" if row.finish_reason == "length" else "stop"
    if question.prompt.turns:
        whole = len(row.turns) == 1 + len(question.prompt.turns)
        return [Completion(row.turns[-1], reason, turns=row.turns) if whole else Completion(row.text, reason)]
    return [Completion(text, reason) for text in row.turns or (row.text,)]


@dataclass
class _Matched:
    """Which answers belong to which question, and what is counted on the way."""

    recorded: Sequence[Output]
    matches: Matches
    answers_of: Mapping[str, Sequence[Completion]]
    """By the id of the sample; samples without any are not in it."""
    missing: int = 0
    """Draws of questions that no row answers."""

    def answers(self, cell: Cell) -> Iterator[Answer]:
        """The answers in the benchmark's order."""
        for question in cell.questions:
            given = self.answers_of.get(question.sample.id, ())
            if question.draw < len(given):
                yield Answer(cell, question, given[question.draw], None)
            else:
                self.missing += 1


def _matched(recorded: Sequence[Output], cell: Cell, passed_over: bool) -> _Matched:
    """Find the answers to each question of a cell of one draw. Raises BadFile where a row answers none, unless such are
    `passed_over`, and where one question has more answers than another."""
    questions = list(cell.questions)
    matches = match(recorded, (question.sample for question in questions))
    left = [row for number, row in enumerate(recorded) if number not in matches.how]
    if left and not passed_over:
        raise BadFile(
            f"{left[0].place} (and {len(left) - 1:,} more): its id {left[0].id!r} and its question are those of no "
            f"sample of {cell.benchmark}. Remedy: --id FIELD names the field that holds the sample's id; "
            "--known-only passes over what is no answer to these questions"
        )
    found: dict[str, Sequence[Completion]] = {}
    for question, numbers in zip(questions, matches.rows, strict=True):
        if numbers:
            found[question.sample.id] = [one for n in numbers for one in _completions(recorded[n], question)]
    counts = Counter(map(len, found.values()))
    if len(counts) > 1:
        usual = counts.most_common(1)[0][0]
        other = next(key for key, given in found.items() if len(given) != usual)
        raise BadFile(
            f"{len(found[other])} answers to sample {other}, but {usual} to others. Remedy: the same number of answers "
            "to each question"
        )
    return _Matched(recorded, matches, found)


def _about(
    read: _File,
    spec: RunSpec,
    benchmark: Benchmark,
    cell: Cell,
    judges: Sequence[Model],
    matched: _Matched,
    tally: Tally,
) -> dict[str, Any]:
    """run.json: as that of any run, and where its answers come from."""
    names = {benchmark.id: plan.protocol_name(benchmark, spec)}
    versions = {benchmark.id: catalog.version(benchmark, names[benchmark.id])}
    about = description.describe(
        spec, [cell], versions, names, [benchmark], [cell.model], benchmark.dataset.files, judges
    )
    when, asked = now(), sum(sum(one.outcomes.values()) for one in tally.cells.values())
    scored_from = {
        "file": read.path.name,
        "sha256": read.sha256,
        "passed_over": list(read.passed_over),
        "answers": len(matched.recorded),
        "matched_by": dict(Counter(matched.matches.how.values())),
        "unmatched": len(matched.recorded) - len(matched.matches.how),
        "reworded": matched.matches.reworded,
        "scorers": {benchmark.id: repr(cell.protocol.scorer)},
        "when": when,
    }
    return (
        about
        | provenance()
        | {
            "status": "stopped" if matched.missing else "partial" if tally.failed else "complete",
            "created": when,
            "ended": when,
            "expected": asked + matched.missing,
            "requests": {"sent": 0, "cached": 0, "resumed": asked, "retried": 0},
            "scored_from": scored_from,
        }
    )
