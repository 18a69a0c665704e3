"""Compare two runs: how far apart they are, and why each sample differs. Texts are read for the rows that differ."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sinan import asked_before, causes, store
from sinan.causes import Answer, Side
from sinan.comparison.closer import closer
from sinan.comparison.family import as_family
from sinan.comparison.pairs import StoredRun, metric_names, nothing, paired_cells, paired_metrics
from sinan.comparison.rows import Numbers, half, needs_answers, shares
from sinan.errors import SinanError, UnknownName, UsageError
from sinan.statistics.power import too_few
from sinan.statistics.scales import less_is_better
from sinan.store import frames
from sinan.store.beside import Counts, Joined, Key, joined
from sinan.types import CAUSES, Cause, Comparison, Differing, PairedDifference, ProtocolDifference, Question, Run

BATCH = 500
"""Samples whose texts are held at once."""
EXPLAINED, SUBSET, SEED = 10_000, 2_000, 0
"""So many that differ are explained each; of more, a part that is drawn from the seed."""
LEFT_OUT = ("only_a", "only_b", "failed", "collected")


def compare(
    run_a: str | Path | Run,
    run_b: str | Path | Run | None = None,
    *,
    runs: Path | str = Path("runs"),
    benchmarks: Collection[str] = (),
    models: Collection[str] = (),
    metrics: Collection[str] = (),
    epsilon: float | None = None,
    fdr: bool = False,
    anyway: bool = False,
    sample: str | None = None,
    beside: tuple[str, str] | None = None,
    closer: Path | None = None,
    catalogued: bool = False,
    notice: Callable[[str], None] = lambda line: None,
) -> tuple[Comparison, ...]:
    """Every cell of `run_a` beside the cell of `run_b` with the same benchmark and the same model, or the only other
    one. Without `run_b`, or with the same run, its models beside each other.

    A run is named by its id, the beginning of its id, its path, `last`, or is one that `sinan.run` returned.
    `benchmarks` and `models` leave out all others; `metrics` names others than each cell's first, or `all`. All that is
    compared is one family, whose p-values are adjusted by Holm's way, or with `fdr` by that of Benjamini and Hochberg.
    `epsilon`: the margin below which a difference does not matter, in the metrics' own numbers (default: 0.01 of a
    share). `anyway`: give verdicts also where two cells are not comparable, and intervals also where a rule stopped one
    of them early. `sample`: explain this one alone. `beside`: this model of the one run and that one of the other.
    `closer`: a folder; each comparison has a closer look too, and all draws that differ are written there, to a file of
    each (`Closer.file`). `catalogued`: build no questions anew but those of the catalogue, and run no programs to judge
    them. `notice` hears what could not be paired.

    Raises UnknownName for a run or metric that is not known, UsageError where nothing can be paired or the margin is
    none, StoreError where a run cannot be read.
    """
    if epsilon is not None and not (epsilon > 0 and math.isfinite(epsilon)):
        raise UsageError(f"a margin of {epsilon:g} is none. Remedy: a number above 0, such as 0.01 for one point")
    folders = [store.find(Path(runs), _name(run)) for run in (run_a, run_a if run_b is None else run_b)]
    opened = [StoredRun(folder, folder.about(), catalogued=catalogued) for folder in folders]
    if opened[0].folder.path.resolve() == opened[1].folder.path.resolve():
        opened[1] = opened[0]
    known = metric_names(opened)
    if unheard := [name for name in metrics if name not in known and name != "all"]:
        raise UnknownName(unheard[0], "metric of these runs", known, f"There: {', '.join(known)}")
    pairs = list(paired_cells(opened[0], opened[1], benchmarks, models, notice, beside))
    how = _How(frozenset(metrics), sample, anyway, closer)
    found = [one for pair in pairs for one in _compared(*pair, how)]
    for one in found:
        if not _has_pairs(one):
            why = "judged no sample that they share" if one.left_out["collected"] else "share no sample"
            notice(f"{one.benchmark}: runs {one.run_a} and {one.run_b} {why}; nothing is compared")
    kept = [one for one in found if _has_pairs(one)]
    if not kept:
        judged = not any(one.left_out["collected"] for one in found)
        raise UsageError(nothing(opened, pairs, (*benchmarks, *models), judged))
    return as_family(kept, "benjamini-hochberg" if fdr else "holm", epsilon)


def _has_pairs(one: Comparison) -> bool:
    """Whether there is a pair, or would be one but for calls that failed."""
    return bool(one.paired.n or one.left_out["failed"])


def _name(run: str | Path | Run) -> str:
    return run.path if isinstance(run, Run) else str(run)


class _How(NamedTuple):
    """What is asked of every pair of cells."""

    metrics: Collection[str]
    sample: str | None
    anyway: bool
    closer: Path | None


def _compared(
    a: StoredRun, entry_a: Mapping[str, Any], b: StoredRun, entry_b: Mapping[str, Any], how: _How
) -> Iterator[Comparison]:
    """One cell beside another, by each metric."""
    sides = a.side(entry_a), b.side(entry_b)
    stopped = a.stopped(entry_a), b.stopped(entry_b)
    for one, other in paired_metrics(*sides, how.metrics):
        by = replace(sides[0], metric=one), replace(sides[1], metric=other)
        yield replace(_by_metric((a, b), by, stopped, how), anyway=how.anyway)


def _by_metric(
    opened: tuple[StoredRun, StoredRun], sides: tuple[Side, Side], stopped: tuple[bool, bool], how: _How
) -> Comparison:
    halves = half(opened[0].folder, sides[0]), half(opened[1].folder, sides[1])
    with joined(*halves, answers=needs_answers(sides)) as together:
        counts, sample = together.counts(), how.sample
        numbers, bare = Numbers.of(together, sides, counts), any(stopped) and not how.anyway
        paired = numbers.paired(sides)
        if bare:  # neither interval nor p-value knows when it was looked at
            paired = paired.bare()
        chosen = dict(together.differing(EXPLAINED if counts.differ <= EXPLAINED else SUBSET, SEED, sample))
        questions = tuple(_questions(side, chosen) for side in sides)
        differing = _explained(together, sides, questions, chosen)
        looked = None
        if how.closer is not None:
            file = f"{len(list(how.closer.glob('*.parquet')))}.parquet"
            looked = closer(together, sides, numbers, counts, bare, file)
            together.write_differing(how.closer / looked.file, differing)
    counted = Counter(cause for one in differing for cause in one.causes)
    flips = Counter(cause for one in differing if one.flip for cause in one.causes)
    return Comparison(
        sides[0].benchmark,
        sides[0].metric.name,
        sides[0].model,
        sides[1].model,
        sides[0].run,
        sides[1].run,
        paired,
        counts.flips,
        _differences(sides, counts),
        {cause: (flips[cause], counted[cause]) for cause in CAUSES if counted[cause]},
        differing,
        {name: counts.statuses.get(name, 0) for name in LEFT_OUT},
        tuple(_notes(opened, sides, stopped, questions, counts, paired, len(differing) if sample is None else None)),
        shares(sides, paired),
        less_is_better(sides[0].metric.kind or sides[0].metric.name),
        (str(opened[0].folder.path), str(opened[1].folder.path)),
        counts.differ,
        counts.targets,
        closer=looked,
    )


def _differences(sides: tuple[Side, Side], counts: Counts) -> tuple[ProtocolDifference, ...]:
    """Files that differ make no comparison unfair where every question that both were asked is the same."""
    found = causes.differences(*sides)
    return tuple(replace(one, unfair=False) if one.sort == "data" and _same(counts) else one for one in found)


def _same(counts: Counts) -> bool:
    return not (counts.targets or counts.prompts) and counts.statuses.get("pair", 0) > 0


def _notes(
    opened: tuple[StoredRun, StoredRun],
    sides: tuple[Side, Side],
    stopped: tuple[bool, bool],
    questions: Sequence[Mapping[str, Question]],
    counts: Counts,
    paired: PairedDifference,
    explained: int | None,
) -> Iterator[str]:
    """What a reader must know before trusting it."""
    if counts.targets:
        yield f"{counts.targets:,} samples have another right answer in b than in a: the runs judged by other data"
    elif any(one.what == "data" for one in causes.differences(*sides)) and _same(counts):
        yield "the runs read other files; every question that both were asked is the same, with the same right answer"
    yield from paired.notes
    if not paired.sign and (told := _too_few(sides, paired)):
        yield told
    if paired.n and not counts.statuses.get("pair"):
        yield "questions are paired, their draws are not (they were asked in other forms): no single draw is explained"
    if explained is not None and explained < counts.differ:
        yield f"causes of {explained:,} of {counts.differ:,} that differ, drawn at random from seed {SEED}"
    for name, run, side, early, built in zip("ab", opened, sides, stopped, questions, strict=True):
        status = run.about["status"]
        if status != "complete":
            yield f"run {side.run} ({name}) is {status}: only what it holds is compared"
        if early or (any(stopped) and opened[0] is opened[1]):
            told = "the interval here takes no account of when" if paired.ci else "no interval takes account of when"
            asked = run.about.get("scored_from", {}).get("run", side.run)
            yield (
                f"run {side.run} ({name}) was stopped by a rule, after a part: {told}. What is sure of it: sinan show "
                f"{asked}; of two models: sinan duel; the rest of it: sinan run --resume {asked}"
            )
        if explained and not built:
            why = run.trouble or "its data are not at hand, or what it asks has changed"
            yield f"the questions of {name} cannot be built anew ({why}): causes rest on what is stored"
        if run is opened[1]:
            return


def _too_few(sides: tuple[Side, Side], paired: PairedDifference) -> str:
    """What so many pairs could have told; empty where that is of no matter."""
    return too_few(paired.n, paired.discordant, paired.difference, paired.stderr, shares(sides, paired))


def _questions(side: Side, differing: Collection[Key]) -> Mapping[str, Question]:
    """The questions of these samples, built anew, by id. Empty where they cannot be, or are very many."""
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
    together: Joined,
    sides: tuple[Side, Side],
    questions: Sequence[Mapping[str, Question]],
    differing: Mapping[Key, bool],
) -> tuple[Differing, ...]:
    """Every row of these with its causes, in their order."""
    found: dict[Key, Differing] = {}
    for batch in together.whole(list(differing), BATCH) if differing else ():
        for rows in batch:
            x, y = (_answer(row, known) for row, known in zip(rows, questions, strict=True))
            key = x.row["sample_id"], x.row["draw"]
            named, detail = causes.causes(*sides, x, y)
            found[key] = _differing(sides, key, x, y, differing[key], named, detail)
    return tuple(found[key] for key in differing)


def _answer(stored: Mapping[str, Any], questions: Mapping[str, Question]) -> Answer:
    """A whole row. A question that is not what was asked then is left out."""
    row = frames.opened(stored)
    return Answer(row, asked_before.completion(row), _the_same(questions.get(row["sample_id"]), row))


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


def _the_same(question: Question | None, row: Mapping[str, Any]) -> Question | None:
    if question is None or question.sample.target != row["target"]:
        return None
    return question if (question.prompt_hash or question.prompt.hash) == row["prompt_hash"] else None


def _number(value: Any) -> float | None:
    """None for what is no single number, such as the sums that a perplexity is made of."""
    return value if isinstance(value, int | float) else None
