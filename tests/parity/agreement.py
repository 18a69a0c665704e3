"""Holds a run of sinan against what lm-evaluation-harness measured of the same samples."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sinan

LIKELIHOODS = 1e-4
NUMBERS = 1e-9
ROUNDED = LIKELIHOODS
"""For what is made of log-likelihoods themselves (a share of probability, a perplexity) and not of which is larger: it
is as near as they are, which both sides compute in float32 and in batches of their own."""
OF_LIKELIHOODS = ("perplexity", "bits_per_byte", "brier_score")


@dataclass
class Agreement:
    """One task: how many samples were compared, and how far apart the two ever are."""

    task: str
    samples: int = 0
    likelihoods: int = 0
    furthest: float = 0.0
    """Largest difference of two log-likelihoods."""
    numbers: int = 0
    apart: float = 0.0
    """Largest difference of an aggregate or a standard error."""
    faults: list[str] = field(default_factory=list)

    def row(self, model: str) -> str:
        """A line of the table in the documents."""
        far = f"{self.furthest:.1e}" if self.likelihoods else "-"
        counts = f"{self.samples} | {self.likelihoods} | {far} | {self.numbers} | {self.apart:.1e}"
        return f"| {model} | {self.task} | {counts} |"


def hold(
    task: str,
    run: "sinan.Run",
    benchmark: str,
    theirs: Mapping[str, Any],
    place: Callable[[str], int],
    only: Callable[[str], bool] = lambda sample_id: True,
) -> Agreement:
    """Compare the samples of a task one by one, and its numbers where the whole benchmark is the task.

    `place`: a sample's id -> its number in the task; `only`: which samples are of the task.
    """
    found = Agreement(task)
    rows = [row for row in samples_of(run, benchmark) if only(row["sample_id"])]
    by_place = {place(row["sample_id"]): row for row in rows}
    seen = set()
    for one in theirs["samples"][task]:
        seen.add(one["doc_id"])
        _same_sample(found, by_place[one["doc_id"]], one)
    if seen != set(by_place):
        found.faults.append(f"{len(by_place)} samples here, {len(seen)} there")
    found.samples = len(seen)
    result = next(r for r in run.results if r.benchmark == benchmark)
    if len(rows) == sum(result.outcomes.values()):
        estimates = {result.metric: result.estimate} | {one.metric: one.estimate for one in result.further}
        same_numbers(found, estimates, theirs["results"][task])
    return found


def samples_of(run: "sinan.Run", benchmark: str) -> list[dict[str, Any]]:
    relation = run.samples().filter(f"benchmark = '{benchmark}'")
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def same_numbers(found: Agreement, estimates: Mapping[str, Any], numbers: Mapping[str, Any]) -> None:
    """Aggregates and standard errors; theirs are named `acc,none` and `acc_stderr,none`."""
    for name, value in numbers.items():
        metric, comma, pipeline = name.partition(",")
        if not comma:
            continue
        ours = metric.removesuffix("_stderr") + ("" if pipeline == "none" else f",{pipeline}")
        if ours not in estimates:
            found.faults.append(f"no metric {ours} here")
            continue
        mine = estimates[ours].stderr if metric.endswith("_stderr") else estimates[ours].value
        found.numbers += 1
        soft = found.task == "truthfulqa_mc2" or metric.removesuffix("_stderr").endswith(OF_LIKELIHOODS)
        _same_number(found, name, mine, value, ROUNDED if soft else NUMBERS)


def _same_number(found: Agreement, name: str, mine: float | None, theirs: Any, within: float) -> None:
    if theirs == "N/A" or mine is None:
        if (theirs == "N/A") != (mine is None):
            found.faults.append(f"{name}: {mine} here, {theirs} there")
        return
    apart = abs(mine - theirs) / max(1.0, abs(theirs))
    found.apart = max(found.apart, apart)
    if apart > within:
        found.faults.append(f"{name}: {mine!r} here, {theirs!r} there")


def _same_sample(found: Agreement, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    said = json.loads(mine["loglikelihoods"])
    if said:
        _same_likelihoods(found, mine, said, theirs["resps"])
    elif theirs["filter"] == "none" or theirs["resps"]:
        text = theirs["resps"][0][0]
        if mine["completion"] != text:
            found.faults.append(f"{mine['sample_id']}: wrote {mine['completion']!r} here, {text!r} there")
    scores = json.loads(mine["scores"])
    for metric in theirs["metrics"]:
        name = metric if theirs["filter"] == "none" else f"{metric},{theirs['filter']}"
        if name not in scores or not same_value(scores[name], theirs[metric]):
            found.faults.append(f"{mine['sample_id']} {name}: {scores.get(name)} here, {theirs[metric]} there")


def same_value(mine: Any, theirs: Any) -> bool:
    """Numbers that come of 0 and 1 are the same; of log-likelihoods, as near as those."""
    if isinstance(theirs, list | tuple):
        return all(same_value(a, b) for a, b in zip(mine, theirs, strict=True))
    return math.isclose(mine, theirs, rel_tol=LIKELIHOODS, abs_tol=LIKELIHOODS)


def _same_likelihoods(found: Agreement, mine: Mapping[str, Any], said: Sequence[Any], responses: Sequence[Any]) -> None:
    pairs = [one[0] if isinstance(one[0], list | tuple) else (one[0], None) for one in responses]
    if len(pairs) != len(said):
        found.faults.append(f"{mine['sample_id']}: {len(said)} log-likelihoods here, {len(pairs)} there")
        return
    for (value, _, greedy), (other, most_likely) in zip(said, pairs, strict=True):
        found.likelihoods += 1
        found.furthest = max(found.furthest, abs(value - other))
        if abs(value - other) > LIKELIHOODS * max(1.0, abs(other) / 100):
            found.faults.append(f"{mine['sample_id']}: log-likelihood {value} here, {other} there")
        if most_likely is not None and greedy != most_likely:
            found.faults.append(f"{mine['sample_id']}: greedy {greedy} here, {most_likely} there")
