"""Compare two runs: how far apart they are, and why each sample differs. Texts are read for the rows that differ."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from sinan import asked_before, causes, store
from sinan.causes import Answer, Side
from sinan.comparison.pairs import StoredRun, nothing, paired_cells
from sinan.comparison.rows import Beside, Key, joined, units
from sinan.errors import SinanError, UsageError
from sinan.statistics.power import too_few
from sinan.statistics.scales import less_is_better
from sinan.store import frames
from sinan.types import CAUSES, Cause, Comparison, Differing, PairedDifference, Question, Run

BATCH = 500
"""Samples whose texts are held at once."""
LEFT_OUT = ("only_a", "only_b", "failed", "collected")


def compare(
    run_a: str | Path | Run,
    run_b: str | Path | Run | None = None,
    *,
    runs: Path | str = Path("runs"),
    benchmarks: Collection[str] = (),
    models: Collection[str] = (),
    notice: Callable[[str], None] = lambda line: None,
) -> tuple[Comparison, ...]:
    """Every cell of `run_a` beside the cell of `run_b` with the same benchmark and the same model, or the only other
    one. Without `run_b`, or with the same run, its models beside each other.

    A run is named by its id, the beginning of its id, its path, `last`, or is one that `sinan.run` returned.
    `benchmarks` and `models` leave out all others. `notice` hears what could not be paired. Raises UnknownName for a
    run that is not known, UsageError where nothing can be paired, StoreError where a run cannot be read.
    """
    folders = [store.find(Path(runs), _name(run)) for run in (run_a, run_a if run_b is None else run_b)]
    opened = [StoredRun(folder, folder.about()) for folder in folders]
    if opened[0].folder.path.resolve() == opened[1].folder.path.resolve():
        opened[1] = opened[0]
    pairs = list(paired_cells(opened[0], opened[1], benchmarks, models, notice))
    found = [_compared(*pair) for pair in pairs]
    for one in found:
        if not _comparable(one):
            why = "judged no sample that they share" if one.left_out["collected"] else "share no sample"
            notice(f"{one.benchmark}: runs {one.run_a} and {one.run_b} {why}; nothing is compared")
    kept = tuple(filter(_comparable, found))
    if not kept:
        judged = not any(one.left_out["collected"] for one in found)
        raise UsageError(nothing(opened, pairs, (*benchmarks, *models), judged))
    return kept


def _comparable(one: Comparison) -> bool:
    """Whether there is a pair, or would be one but for calls that failed."""
    return bool(one.paired.n or one.left_out["failed"])


def _name(run: str | Path | Run) -> str:
    return run.path if isinstance(run, Run) else str(run)


def _compared(a: StoredRun, entry_a: Mapping[str, Any], b: StoredRun, entry_b: Mapping[str, Any]) -> Comparison:
    """One cell beside another."""
    sides = a.side(entry_a), b.side(entry_b)
    beside = Beside(sides)
    for rows_a, rows_b in joined(units(a.folder, sides[0]), units(b.folder, sides[1])):
        beside.unit(rows_a, rows_b)
    questions = tuple(_questions(side, beside.differing) for side in sides)
    differing = tuple(_explained((a, b), sides, questions, beside.differing))
    counted = Counter(cause for one in differing for cause in one.causes)
    flips = Counter(cause for one in differing if one.flip for cause in one.causes)
    return Comparison(
        sides[0].benchmark,
        sides[0].metric.name,
        sides[0].model,
        sides[1].model,
        sides[0].run,
        sides[1].run,
        beside.paired(),
        (beside.flips["a"], beside.flips["b"]),
        causes.differences(*sides),
        {cause: (flips[cause], counted[cause]) for cause in CAUSES if counted[cause]},
        differing,
        {name: beside.left_out[name] for name in LEFT_OUT},
        tuple(_notes((a, b), sides, questions, beside)),
        beside.in_percent(),
        less_is_better(sides[0].metric.kind or sides[0].metric.name),
        (str(a.folder.path), str(b.folder.path)),
    )


def _notes(
    opened: tuple[StoredRun, StoredRun],
    sides: tuple[Side, Side],
    questions: Sequence[Mapping[str, Question]],
    beside: "Beside",
) -> Iterator[str]:
    """What a reader must know before trusting it."""
    paired = beside.paired()
    if not paired.sign and (told := _too_few(paired, beside)):
        yield told
    if beside.targets:
        yield f"{beside.targets:,} samples have another right answer in b than in a: the runs judged by other data"
    if paired.n and not beside.compared:
        yield "questions are paired, their draws are not (they were asked in other forms): no single draw is explained"
    for name, run, side, built in zip("ab", opened, sides, questions, strict=True):
        status = run.about["status"]
        if status != "complete":
            yield f"run {side.run} ({name}) is {status}: only what it holds is compared"
        if "rule" in run.about:
            yield (
                f"run {side.run} ({name}) was stopped by a rule, after a random part: the interval here takes no "
                f"account of when. What is sure of it: sinan show {side.run}"
            )
        if beside.differing and not built:
            why = run.trouble or "its data are not at hand, or what it asks has changed"
            yield f"the questions of {name} cannot be built anew ({why}): causes rest on what is stored"
        if run is opened[1]:
            return


def _too_few(paired: PairedDifference, beside: Beside) -> str:
    """What so many pairs could have told."""
    differing = sum(x != y for x, y in zip(*beside.values, strict=True))
    return too_few(paired.n, differing, paired.difference, paired.stderr, beside.in_percent())


def _questions(side: Side, differing: Collection[Key]) -> Mapping[str, Question]:
    """The questions of these samples, built anew, by id. Empty where they cannot be."""
    wanted = {sample_id for sample_id, _ in differing}
    found: dict[str, Question] = {}
    if side.asked is None or not wanted:
        return found
    try:
        for question in side.asked.questions:
            if question.sample.id in wanted:
                found[question.sample.id] = question
                if len(found) == len(wanted):
                    break
    except SinanError:
        return {}
    return found


def _explained(
    opened: tuple[StoredRun, StoredRun],
    sides: tuple[Side, Side],
    questions: Sequence[Mapping[str, Question]],
    differing: Mapping[Key, bool],
) -> Iterator[Differing]:
    """Every row that differs, with its causes."""
    keys = iter(differing)
    while batch := list(islice(keys, BATCH)):
        found = [
            _answers(run.folder, side, known, batch) for run, side, known in zip(opened, sides, questions, strict=True)
        ]
        for key in batch:
            x, y = found[0][key], found[1][key]
            named, detail = causes.causes(*sides, x, y)
            yield _differing(sides, key, x, y, differing[key], named, detail)


def _differing(
    sides: tuple[Side, Side], key: Key, x: Answer, y: Answer, flip: bool, named: tuple[Cause, ...], detail: str
) -> Differing:
    scores = _number(sides[0].value(x.row)), _number(sides[1].value(y.row))
    return Differing(
        *key,
        x.row["target"],
        *scores,
        x.row["outcome"],
        y.row["outcome"],
        x.row["answer"],
        y.row["answer"],
        flip,
        named,
        detail,
    )


def _answers(
    folder: store.RunFolder, side: Side, questions: Mapping[str, Question], keys: Sequence[Key]
) -> dict[Key, Answer]:
    """The whole rows of these keys. A question that is not what was asked then is left out."""
    where = {"benchmark": [side.benchmark], "model": [side.model], "sample_id": list({name for name, _ in keys})}
    rows, _ = frames.page(folder, where, 1 << 31)
    found = {}
    for row in map(frames.opened, rows):
        key = row["sample_id"], row["draw"]
        if row["completion"] is not None:
            found[key] = Answer(row, asked_before.completion(row), _the_same(questions.get(key[0]), row))
    return found


def _the_same(question: Question | None, row: Mapping[str, Any]) -> Question | None:
    if question is None or question.sample.target != row["target"]:
        return None
    return question if (question.prompt_hash or question.prompt.hash) == row["prompt_hash"] else None


def _number(value: Any) -> float | None:
    """None for what is no single number, such as the sums that a perplexity is made of."""
    return value if isinstance(value, int | float) else None
