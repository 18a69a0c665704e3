"""One board over several benchmarks: the weighted mean of chance-corrected scores, and how far it can be trusted.

Benchmarks are fixed, their items are drawn: the error is the root of sum(w^2 SE^2), and models are paired on the items
of every benchmark. A model that lacks a benchmark has no overall, unless what is missing is filled in and marked.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sinan.errors import UsageError
from sinan.ranking.benchmark_board import Scored, cluster_numbers
from sinan.ranking.combine import (
    additive,
    chance_corrected,
    first_share,
    geometric_mean,
    mean_win_rate,
    standardised_mean,
    strengths,
    weighted_mean,
)
from sinan.ranking.contrasts import Contrasts, Numbers, of_covariance, pairs, weighted
from sinan.ranking.parts import Part, part
from sinan.ranking.sensitivity import DIGITS, over_weights, ranks, without_each
from sinan.ranking.standings import METHOD_NAMES, Entry, Ways, standings, unranked
from sinan.statistics.intervals import t_quantile
from sinan.types import Estimate
from sinan.types.leaderboard import Leaderboard

ONE_FACTOR = 0.85
"""Share of the first eigenvalue beyond which the benchmarks are said to measure one thing."""
Missing = Literal["refuse", "additive"]


@dataclass(frozen=True)
class _Sheet:
    """Models by benchmarks."""

    parts: Sequence[Part]
    models: tuple[str, ...]
    scores: Numbers
    """(M, B) as reported; NaN where missing."""
    stderr: Numbers
    """(M, B)"""
    weights: Numbers
    """(B,) summing to one."""

    @property
    def chance(self) -> list[float]:
        """Of each benchmark; 0 where it cannot be said."""
        return [one.chance or 0.0 for one in self.parts]


def overall(
    given: Sequence[Scored | Part],
    weights: Mapping[str, float],
    ways: Ways,
    missing: Missing = "refuse",
    brief: bool = False,
) -> Leaderboard | None:
    """The board over all parts that are shares of one and are means over items; None for fewer than two of them, or
    where no model has them all.

    `weights`: by benchmark; 1 where none is given. `brief`: without what other weights and other means would say.

    Raises UsageError for a weight of what is not there, or below 0.
    """
    parts = [one if isinstance(one, Part) else part(one) for one in given]
    used = [one for one in parts if one.fits]
    left_out = [one.name for one in parts if not one.fits]
    _check(weights, [one.name for one in used])
    used = [one for one in used if weights.get(one.name, 1.0) > 0]
    if len(used) < 2:
        return None
    sheet = _sheet(used, weights)
    lacking = np.isnan(sheet.scores).any(axis=1)
    whole, errors = additive(sheet.scores) if missing == "additive" and lacking.any() else (sheet.scores, None)
    placed = [at for at in range(len(sheet.models)) if not np.isnan(whole[at]).any()]
    if not placed:
        return None
    corrected = chance_corrected(whole, sheet.chance)
    contrasts = _contrasts(sheet, whole, errors, placed)
    entries = [_entry(sheet, corrected, errors, at) for at in range(len(sheet.models))]
    more = [] if brief else _sensitivity(sheet, corrected[placed], ways.seed)
    for at, row in zip(placed, more, strict=not brief):
        entries[at] = Entry(
            entries[at].model, entries[at].estimate, entries[at].runs, {}, {**entries[at].further, **row}
        )
    found, decided = standings([entries[at] for at in placed], contrasts, ways)
    return Leaderboard(
        "overall",
        found + tuple(unranked(entries[at]) for at in range(len(entries)) if at not in placed),
        "mean of chance-corrected scores",
        METHOD_NAMES[ways.method],
        ways.alpha,
        len(contrasts.difference),
        sum(one.size for one in used),
        df=contrasts.df if contrasts.df >= 1 else None,
        critical=decided.critical if math.isfinite(decided.critical) else None,
        estimand="E2: questions like these, of these benchmarks in these weights",
        notes=tuple(_notes(sheet, lacking, missing, left_out)),
        further=_told(sheet) if brief else _told(sheet) | _aggregates(sheet, corrected, placed),
    )


def _check(weights: Mapping[str, float], names: Sequence[str]) -> None:
    for name, weight in weights.items():
        if name not in names:
            raise UsageError(f"--weight {name}: no benchmark of the overall is called so. There: {', '.join(names)}")
        if not 0 <= weight < math.inf:
            raise UsageError(f"--weight {name}={weight:g}: a weight is a number from 0 on")
    if names and sum(weights.get(name, 1.0) > 0 for name in names) < 2 <= len(names):
        raise UsageError("--weight: fewer than two benchmarks have a weight above 0, and one alone makes no overall")


def _sheet(parts: Sequence[Part], weights: Mapping[str, float]) -> _Sheet:
    models = tuple(dict.fromkeys(model for one in parts for model in one.models))
    row = {model: at for at, model in enumerate(models)}
    scores, stderr = (np.full((len(models), len(parts)), np.nan) for _ in range(2))
    for column, one in enumerate(parts):
        rows = [row[model] for model in one.models]
        scores[rows, column], stderr[rows, column] = one.means, one.stderrs
    given = np.array([weights.get(one.name, 1.0) for one in parts])
    given = given / given.max()  # weights may be of any size, and their sum beyond all numbers
    return _Sheet(parts, models, scores, stderr, given / given.sum())


def _contrasts(sheet: _Sheet, whole: Numbers, errors: Numbers | None, placed: Sequence[int]) -> Contrasts:
    parts = [_paired(one, sheet, whole, errors, column, placed) for column, one in enumerate(sheet.parts)]
    factors = [w / (1 - c) for w, c in zip(sheet.weights, sheet.chance, strict=True)]
    return weighted(parts, factors)


def _paired(
    one: Part, sheet: _Sheet, whole: Numbers, errors: Numbers | None, column: int, placed: Sequence[int]
) -> Contrasts:
    """One benchmark's differences. What was filled in is independent of everything else."""
    places = {model: at for at, model in enumerate(one.models)}
    rows = [-1 if math.isnan(sheet.scores[at, column]) else places[sheet.models[at]] for at in placed]
    if errors is None or -1 not in rows:
        return one.among(rows)
    table = one.table()
    clusters = cluster_numbers(table)
    influence = np.zeros((len(placed), int(clusters.max()) + 1))
    for at, row in enumerate(rows):
        if row >= 0:
            own, there = table.values[row], ~np.isnan(table.values[row])
            pulls = np.where(there, own - own[there].mean(), 0.0) / there.sum()
            influence[at] = np.bincount(clusters, pulls, influence.shape[1])
    groups = influence.shape[1]
    covariance = influence @ influence.T * groups / max(1, groups - 1) + np.diag(errors[placed, column] ** 2)
    first, _ = pairs(len(placed))
    n = np.full(len(first), len(table.items), dtype=np.int64)
    return of_covariance(whole[placed, column], covariance, n, float(groups - 1), bool(table.clusters))


def _entry(sheet: _Sheet, corrected: Numbers, errors: Numbers | None, at: int) -> Entry:
    """The overall of one model, with its error; without a number where a benchmark is missing."""
    there = ~np.isnan(sheet.scores[at])
    names = [one.name for one in sheet.parts]
    further = {
        "scores": {name: _or_none(x) for name, x in zip(names, sheet.scores[at], strict=True)},
        "missing": [name for name, has in zip(names, there, strict=True) if not has],
        "imputed": [name for name, has in zip(names, there, strict=True) if not has and errors is not None],
    }
    runs = tuple(dict.fromkeys(_run(one, sheet.models[at]) for one in sheet.parts))
    n = sum(_items(one, sheet.models[at]) for one in sheet.parts)
    value = _or_none(round(float(weighted_mean(corrected[[at]], sheet.weights)[0]), DIGITS))
    stderr = np.where(there, sheet.stderr[at], 0.0 if errors is None else errors[at])
    parts = (sheet.weights / (1 - np.array(sheet.chance)) * stderr) ** 2
    error = math.sqrt(float(parts.sum()))
    if value is None or not math.isfinite(error):
        return Entry(sheet.models[at], Estimate(value, None, None, "none", n), tuple(filter(None, runs)), {}, further)
    free = [one.free for one in sheet.parts]
    df = float(parts.sum() ** 2 / (parts**2 / np.array(free)).sum()) if error else float(min(free))
    half = t_quantile(df) * error
    estimate = Estimate(value, error, (value - half, value + half), "t over weighted errors", n)
    return Entry(sheet.models[at], estimate, tuple(filter(None, runs)), {}, further)


def _run(one: Part, model: str) -> str:
    return one.runs[one.models.index(model)] if one.runs and model in one.models else ""


def _items(one: Part, model: str) -> int:
    return int(one.items[one.models.index(model)]) if model in one.models else 0


def _sensitivity(sheet: _Sheet, corrected: Numbers, seed: int) -> list[dict[str, Any]]:
    """What another choice of weights or benchmarks would do to each model's rank."""
    spans, without = over_weights(corrected, seed), without_each(corrected, sheet.weights)
    names = [one.name for one in sheet.parts]
    return [
        {"rank_over_weights": list(span), "rank_without": dict(zip(names, map(int, without[:, at]), strict=True))}
        for at, span in enumerate(spans)
    ]


def _told(sheet: _Sheet) -> dict[str, Any]:
    return {
        "benchmarks": [one.name for one in sheet.parts],
        "weights": {one.name: float(w) for one, w in zip(sheet.parts, sheet.weights, strict=True)},
        "chances": {one.name: one.chance for one in sheet.parts},
        "first_eigenvalue_share": first_share(sheet.scores),
    }


def _aggregates(sheet: _Sheet, corrected: Numbers, placed: Sequence[int]) -> dict[str, Any]:
    raw, adjusted = sheet.scores[placed], corrected[placed]
    ways = {
        "mean": raw @ sheet.weights,
        "chance_adjusted_mean": weighted_mean(adjusted, sheet.weights),
        "zmean": standardised_mean(raw),
        "geometric": geometric_mean(raw),
        "mean_win_rate": mean_win_rate(raw),
        "bt_theta": strengths(raw),
    }
    names = [sheet.models[at] for at in placed]
    return {
        "aggregates": {
            name: {
                model: {"value": _or_none(v), "rank": None if math.isnan(v) else int(r)}
                for model, v, r in zip(names, own, ranks(own), strict=True)
            }
            for name, own in ways.items()
        },
    }


def _notes(sheet: _Sheet, lacking: Any, missing: Missing, left_out: Sequence[str]) -> list[str]:
    notes = []
    told = [f"{one.name} {w:.3g}" for one, w in zip(sheet.parts, sheet.weights, strict=True)]
    notes.append(f"weights: {', '.join(told)}")
    names = [name for name, lacks in zip(sheet.models, lacking, strict=True) if lacks]
    if names and missing == "refuse":
        notes.append(
            f"without an overall, since a benchmark is missing: {', '.join(names)}. Remedy: run it, or --missing "
            "additive"
        )
    elif names:
        notes.append(f"imputed by an additive model, which nothing guarantees: missing scores of {', '.join(names)}")
    if left_out:
        notes.append(f"left out of the overall, being no share of right answers: {', '.join(left_out)}")
    unknown = [one.name for one in sheet.parts if one.chance is None]
    if unknown:
        notes.append(f"no chance level is known, and none was taken off: {', '.join(unknown)}")
    share = first_share(sheet.scores)
    if share is not None and share > ONE_FACTOR:
        notes.append(
            f"one factor explains {100 * share:.0f} % of what these benchmarks say of these models: they are hardly "
            "several dimensions"
        )
    return notes


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
