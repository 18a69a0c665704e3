"""The numbers of a run as documents: each value with its interval, and all that the terminal says beside them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from sinan.statistics.scales import in_percent, less_is_better
from sinan.types import CellResult, Estimate, Further, JudgeCost, Outcome

OF_FORMS = (
    "each question in several forms: n counts questions, outcomes count forms; worst: the form that went worst; "
    "spread: the best form less the worst"
)
OF_VARIANTS = (
    "each question in several variants: n counts questions, outcomes count variants; the first value is their mean"
)
OF_DRAWS = "{k} draws of each sample: n counts samples, outcomes count draws"
CLUSTERED = "clusters: questions that share something; error bars take them together"
CHANCE = (
    "{cell}: {share} % of the variance of one draw is chance; the standard error {stderr} would be {same} for the same "
    "questions drawn anew, {many} with ever more draws"
)
NOTES = (OF_FORMS, OF_VARIANTS, OF_DRAWS, CLUSTERED, CHANCE)


class Told(BaseModel):
    """A part of a document."""

    model_config = ConfigDict(ser_json_inf_nan="null", frozen=True)


class Note(Told):
    """A sentence with its values: pages say it in the reader's language."""

    text: str
    values: dict[str, str] = {}


class Number(Told):
    """A value that knows how sure it is."""

    name: str
    """The metric, or the group."""
    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    method: str = ""
    stderr: float | None = None
    n: int
    clusters: int | None = None
    deff: float | None = None
    estimand: str = ""
    in_percent: bool = True
    less_is_better: bool = False
    notes: list[str] = []


class Metric(Number):
    """One metric of a cell, whole and by group."""

    groups: list[Number] = []
    averages: list[Number] = []
    """Over groups: `macro`, where each counts the same, `micro`, where each question does."""


class Judging(Told):
    """Who judged, what it took, and how often no verdict came."""

    judges: list[str]
    calls: int
    cached: int
    failed: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None


class Spread(Told):
    """What variants of the questions do to a result, by what was varied."""

    source: str
    variants: int
    worst: float | None
    best: float | None
    spread: float | None
    sd_of_one_variant: float | None
    shares: dict[str, float | None]
    """Parts of the variance of a single score: `variant`, `item`, `resid`."""
    n: int


class Cell(Told):
    """One benchmark under one protocol for one model."""

    benchmark: str
    model: str
    version: str
    protocol: str
    metrics: list[Metric]
    """The first is the cell's result."""
    k: int
    outcomes: dict[str, int]
    extraction_rate: float | None
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    population: int | None
    judging: Judging | None
    spread: list[Spread] = []
    spread_notes: list[str] = []

    @property
    def main(self) -> Metric:
        """What the cell's result is."""
        return self.metrics[0]

    @property
    def asked(self) -> int:
        """Draws that ended."""
        return sum(self.outcomes.values())


def cells(results: Sequence[CellResult]) -> list[Cell]:
    """The numbers, every metric in percent or as it is, the same wherever it is shown."""
    scale = shares(results)
    return [_cell(one, scale) for one in results]


def shares(results: Sequence[CellResult]) -> Mapping[str, bool]:
    """Metric -> whether it is shown in percent."""
    by_name: dict[str, list[Further]] = {}
    for one in (metric for result in results for metric in result.reported):
        by_name.setdefault(one.metric, []).append(one)
    return {name: in_percent(own[0].kind or name, [one.estimate for one in own]) for name, own in by_name.items()}


def _cell(result: CellResult, scale: Mapping[str, bool]) -> Cell:
    return Cell(
        benchmark=result.benchmark,
        model=result.model,
        version=result.version,
        protocol=result.protocol,
        metrics=[_metric(one, scale[one.metric]) for one in result.reported],
        k=result.k,
        outcomes=_in_order(result.outcomes),
        extraction_rate=result.extraction_rate,
        tokens_in=result.tokens_in,
        tokens_out=result.tokens_out,
        cost_usd=result.cost_usd,
        population=result.population,
        judging=_judging(result),
        spread=[_spread(*one) for one in (result.spread or {}).get("sources", {}).items()],
        spread_notes=list(map(str, (result.spread or {}).get("notes", ()))),
    )


def _in_order(outcomes: Mapping[str, int]) -> dict[str, int]:
    return {one.value: outcomes[one.value] for one in Outcome if outcomes.get(one.value)}


def _metric(one: Further, share: bool) -> Metric:
    less = less_is_better(one.kind or one.metric)
    return Metric(
        **_number(one.metric, one.estimate, share, less),
        groups=[Number(**_number(name, estimate, share, less)) for name, estimate in one.groups],
        averages=[Number(**_number(name, estimate, share, less)) for name, estimate in one.strata],
    )


def _number(name: str, estimate: Estimate, share: bool, less: bool) -> dict[str, Any]:
    low, high = estimate.ci or (None, None)
    return {
        "name": name,
        "value": finite(estimate.value),
        "low": finite(low),
        "high": finite(high),
        "level": estimate.level,
        "method": estimate.method,
        "stderr": finite(estimate.stderr),
        "n": estimate.n,
        "clusters": estimate.clusters,
        "deff": finite(estimate.deff),
        "estimand": estimate.estimand,
        "in_percent": share,
        "less_is_better": less,
        "notes": list(estimate.notes),
    }


def finite(number: float | None) -> float | None:
    """None for what JSON has no number for."""
    return number if number is not None and math.isfinite(number) else None


def _judging(result: CellResult) -> Judging | None:
    if result.judging is None:
        return None
    cost: JudgeCost = result.judging
    return Judging(judges=list(result.judges), **cost.to_json())


def _spread(source: str, found: Mapping[str, Any]) -> Spread:
    means, parts = [one for one in found["means"].values() if one is not None], found["shares"] or {}
    return Spread(
        source=source,
        variants=found["variants"],
        worst=min(means, default=None),
        best=max(means, default=None),
        spread=found["spread"],
        sd_of_one_variant=found["sd_of_one_variant"],
        shares={name: parts.get(name) for name in ("variant", "item", "resid")},
        n=found["n"],
    )


def notes(results: Sequence[CellResult]) -> list[Note]:
    """What limits the numbers, each thing once."""
    found = [one for result in results for one in result.reported]
    told = [Note(text=CLUSTERED)] if any(one.estimate.clusters is not None for one in found) else []
    told += [Note(text=text) for text in dict.fromkeys(note for one in found for note in one.estimate.notes)]
    told += [note for result in results for note in _chance(result)]
    told += [Note(text=OF_FORMS)] if any((one.kind or one.metric) == "spread" for one in found) else []
    told += [Note(text=OF_VARIANTS)] if any(result.spread for result in results) else []
    draws = max((result.k for result in results), default=1)
    return told + ([Note(text=OF_DRAWS, values={"k": str(draws)})] if draws > 1 else [])


def _chance(result: CellResult) -> list[Note]:
    split = result.estimate.draws
    if split is None or split.noise_share is None:
        return []
    errors = {"stderr": result.estimate.stderr, "same": split.stderr_same_questions, "many": split.stderr_many_draws}
    values = {name: "-" if value is None else f"{100 * value:.1f}" for name, value in errors.items()}
    about = {"cell": f"{result.benchmark}, {result.model}", "share": f"{100 * split.noise_share:.0f}"}
    return [Note(text=CHANCE, values=about | values)]
