"""Score answers that somebody else recorded: a published output file becomes a run, and no model is asked but judges.

    file of answers -> matched with the benchmark's questions -> scorer -> a run, with every sample and its verdict

An answer finds its question by the sample's id, by the end of it (`112` for `test/112`) where that is no other's, by
the question's text, or by its place, where the file has neither and exactly as many rows. Several answers of one
question are its draws.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sinan import adapted, catalog
from sinan.asked import in_loop, judging, ready
from sinan.asked_before import Stored
from sinan.datasets.download import fetch, file_sha256
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
    """`file`, `sha256`, `answers` (rows of the file), `matched_by` (`id`, `end of id`, `question`, `place` -> rows),
    `unmatched` (rows that belong to no question), `scorers`, `when`."""

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
    recorded = outputs(file, replace(fields, gold_inside=benchmark is None))
    if benchmark is None:  # row by row: what is asked stands beside what was answered
        recorded = [replace(one, id="", question="") for one in recorded]
    draws = max(1, *Counter(_identity(one) for one in recorded).values())
    spec = RunSpec(
        targets=(catalog.absolute(target),),
        models=(model or f"recorded/{file.stem}",),
        limit=limit,
        draws=draws if draws * len({_identity(one) for one in recorded}) == len(recorded) else 1,
        protocol=protocol,
        scorer=scorer if benchmark is None else None,
        judges=tuple(judges),
    )
    return in_loop(_scored(file, recorded, spec, scorer, name, known_only, runs, timeout, cache, heard))


async def _scored(
    file: Path,
    recorded: Sequence[Output],
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
    chosen, model = plan.protocol(benchmark, spec), Stored(spec.models[0], "chat", {"recorded": file.name})
    cell = plan.cell(
        benchmark,
        chosen,
        model,
        spec,
        plan.Done(),
        metrics=adapted.metrics(benchmark, chosen, spec),
        judges=tuple(Judge(judge, price_of(judge)) for judge in panel),
    )
    matched = _Matched(recorded, cell, spec, known_only)
    tally = Tally([cell], spec.draws, plan.Done())
    about: dict[str, Any] = {}

    def told() -> dict[str, Any]:
        about.update(_about(file, spec, benchmark, cell, panel, matched, tally))
        return about

    def counted() -> None:
        matched.judged += 1
        heard(matched.judged, len(recorded))

    run = await scored_run(
        runs, name or f"{benchmark.id}-{file.stem}", matched.answers(), tally, panel, told, counted, cache
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


def _completion(row: Output, question: Question) -> Completion:
    """The answer; of a conversation all of its turns, where as many were recorded as are asked."""
    reason: FinishReason = "length" if row.finish_reason == "length" else "stop"
    if question.prompt.turns and len(row.turns) == 1 + len(question.prompt.turns):
        return Completion(row.turns[-1], reason, turns=row.turns)
    return Completion(row.text, reason)


def _identity(one: Output) -> str:
    return one.id or one.question or str(one.number)


@dataclass
class _Matched:
    """Which answer belongs to which question."""

    recorded: Sequence[Output]
    cell: Cell
    spec: RunSpec
    known_only: bool
    judged: int = 0
    by: Counter[str] = field(default_factory=Counter)
    missing: int = 0
    """Draws of questions that no row answers."""
    questions: int = 0

    def answers(self) -> Iterator[Answer]:
        """The answers in the benchmark's order. Raises BadFile where rows are left that answer no question."""
        waiting = _Rows(self.recorded, [question.sample.id for question in self.cell.questions if not question.draw])
        for question in self.cell.questions:
            if question.draw == 0:
                rows, how = waiting.take(question, self.questions)
                self.questions += 1
                self.by[how] += len(rows)
                if len(rows) > self.spec.draws:
                    raise BadFile(
                        f"{rows[self.spec.draws].place}: one more answer to sample {question.sample.id}; others have "
                        f"only {self.spec.draws}. Remedy: the same number of answers to each question"
                    )
            if question.draw < len(rows):
                yield Answer(self.cell, question, _completion(rows[question.draw], question), None)
            else:
                self.missing += 1
        if (left := waiting.left()) and self.spec.limit is None and not self.known_only:
            raise BadFile(
                f"{left[0].place} (and {len(left) - 1:,} more): its id {left[0].id!r} and its question are those of no "
                f"sample of {self.cell.benchmark}. Remedy: --id FIELD names the field that holds the sample's id; "
                "--known-only passes over what is no answer to these questions"
            )


class _Rows:
    """The rows of the file, by all that a question may be found by."""

    def __init__(self, recorded: Sequence[Output], ids: Sequence[str]) -> None:
        self._left = dict(enumerate(recorded))
        self._ids = _by(recorded, lambda one: one.id)
        self._questions = _by(recorded, lambda one: _plain(one.question))
        self._ends = Counter(_end(name) for name in ids)
        self._in_place = len(recorded) == len(ids) and not any(one.id or one.question for one in recorded)

    def take(self, question: Question, place: int) -> tuple[list[Output], str]:
        """The rows that answer a question, and how they were found."""
        sample = question.sample
        own = [str(value) for key, value in sample.metadata.items() if key in KNOWN and isinstance(value, str | int)]
        ways: list[tuple[str, Sequence[int]]] = [("id", self._ids.get(name, ())) for name in (sample.id, *own)]
        if self._ends[_end(sample.id)] == 1:
            ways.append(("end of id", self._ids.get(_end(sample.id), ())))
        ways.append(("question", self._questions.get(_plain(sample.question), ())))
        ways.append(("place", (place,) if self._in_place else ()))
        for how, rows in ways:
            if found := [self._left.pop(row) for row in rows if row in self._left]:
                return found, how
        return [], "none"

    def left(self) -> list[Output]:
        """Rows that answer no question so far."""
        return list(self._left.values())


KNOWN = ("id", "task_id", "question_id", "pid", "key", "uid", "index")
"""Metadata of a sample that published answers may name it by."""


def _by(recorded: Sequence[Output], name: Callable[[Output], str]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = defaultdict(list)
    for one in recorded:
        if key := name(one):
            rows[key].append(one.number)
    return rows


def _end(name: str) -> str:
    return name.rpartition("/")[2]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _about(
    file: Path,
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
        "file": file.name,
        "sha256": file_sha256(file) if file.is_file() else "",
        "answers": len(matched.recorded),
        "matched_by": {how: count for how, count in matched.by.items() if count},
        "unmatched": len(matched.recorded) - asked,
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
