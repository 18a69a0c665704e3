"""How often verdicts of two models differ on a benchmark, as its stored runs tell: what a plan rests on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from sinan import store
from sinan.errors import SinanError
from sinan.statistics.paired import Units
from sinan.store import frames
from sinan.types.table import ScoreTable

RUNS = 50
"""Runs that are looked into, the newest first."""
MODELS = 20
LEAST = 20
"""Questions that two models must share."""
CLOSE = 0.05
"""Models that lie no further apart are the ones that a plan is for; of others more verdicts differ."""


@dataclass(frozen=True, slots=True)
class Discordance:
    """Over pairs of models; the median."""

    value: float
    """Mean square of the difference on one question, at one draw: of verdicts the share that differs."""
    noise: float | None
    """Share of the variance of a difference that further draws take away; None where each question was drawn once."""
    deff: float
    """Design effect of the questions' clusters; 1 where they stand alone."""
    pairs: int
    close: bool
    """Whether only pairs within 5 points count; else there was none."""
    models: tuple[str, ...]
    runs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For `sinan power --json`."""
        within = CLOSE if self.close else None
        return {"pairs": self.pairs, "within": within, "models": list(self.models), "runs": list(self.runs)}


class _Stored(NamedTuple):
    """A model's scores on a benchmark, by question in the order of their ids."""

    run: str
    model: str
    units: "np.ndarray[Any, Any]"
    means: "np.ndarray[Any, Any]"
    """Over draws."""
    noise: "np.ndarray[Any, Any] | None"
    """The variance over draws; None where there was one."""
    clusters: "np.ndarray[Any, Any]"
    draws: int


def discordance(runs: Path, benchmark: str) -> Discordance | None:
    """What the newest runs tell that asked several models alike; None where none did."""
    for cells in _alike(runs, benchmark):
        if found := _over_pairs(cells):
            return found
    return None


def of_table(table: ScoreTable) -> Discordance | None:
    """What a table of outcomes tells."""
    items = np.array(table.items, dtype=object)
    clusters = np.array(table.clusters or table.items, dtype=object)
    cells = []
    for model, values in zip(table.models, table.values, strict=True):
        there = ~np.isnan(values)
        cells.append(_Stored(table.benchmark, model, items[there], values[there], None, clusters[there], 1))
    return _over_pairs(cells)


def _over_pairs(cells: list[_Stored]) -> Discordance | None:
    """Of pairs of models that lie close to each other, else of all."""
    found = [pair for a, b in combinations(cells, 2) if (pair := _pair(a, b))]
    close = [pair for pair in found if pair.difference <= CLOSE]
    chosen = close or found
    if not chosen:
        return None
    noises = [pair.noise for pair in chosen if pair.noise is not None]
    names = tuple(sorted({name for pair in chosen for name in pair.models}))
    return Discordance(
        median(pair.discordance for pair in chosen),
        median(noises) if noises else None,
        max(1.0, median(pair.deff for pair in chosen)),
        len(chosen),
        bool(close),
        names,
        tuple(dict.fromkeys(cell.run for cell in cells if cell.model in names)),
    )


def _alike(runs: Path, benchmark: str) -> Iterator[list[_Stored]]:
    """Cells under one version and protocol, each model's newest; the newest version first."""
    kinds: dict[tuple[Any, ...], dict[str, tuple[store.RunFolder, Mapping[str, Any], int]]] = {}
    for folder in reversed(store.listed(runs)[-RUNS:]):
        try:
            about = folder.about()
        except SinanError:  # one run that cannot be read hides no other
            continue
        if "rule" in about or about["status"] not in ("complete", "partial"):  # a rule stops where verdicts say so
            continue
        for cell in about["cells"]:
            if cell["benchmark"] == benchmark and _plain(about["spec"]):
                key = cell["version"], cell["protocol"], cell["metric"]
                kinds.setdefault(key, {}).setdefault(cell["model"], (folder, cell, about["spec"]["draws"]))
    for of_models in kinds.values():
        if len(of_models) > 1:
            read = [_read(folder, cell, draws) for folder, cell, draws in list(of_models.values())[:MODELS]]
            yield [one for one in read if one is not None]


def _plain(spec: Mapping[str, Any]) -> bool:
    """Whether each question was asked in one form."""
    return not any(spec.get(name) for name in ("rotate", "perturb", "vary"))


def _read(folder: store.RunFolder, cell: Mapping[str, Any], draws: int) -> _Stored | None:
    """None where a score is no share of one."""
    of = (cell.get("metrics") or [{}])[0].get("of", "")
    try:
        found = frames.by_unit(folder, cell["benchmark"], cell["model"], of, whole=True)
    except SinanError:
        return None
    whole = np.asarray(found["draws"]) == draws
    if not whole.any():
        return None
    values = np.array([list(own) for own in found["value"][whole]], dtype=float)
    if values.min() < 0 or values.max() > 1:
        return None
    noise = values.var(axis=1, ddof=1) if draws > 1 else None
    units, clusters = found["unit"][whole], found["cluster"][whole]
    return _Stored(folder.id, cell["model"], units, values.mean(axis=1), noise, clusters, draws)


class _Pair(NamedTuple):
    models: tuple[str, str]
    difference: float
    discordance: float
    noise: float | None
    deff: float


def _pair(a: _Stored, b: _Stored) -> _Pair | None:
    """None where they share too few questions, or differ on none."""
    common, of_a, of_b = np.intersect1d(a.units, b.units, return_indices=True)
    if len(common) < LEAST:
        return None
    apart = a.means[of_a] - b.means[of_b]
    difference, total = float(apart.mean()), float(apart.var())
    within = left = 0.0
    for one, places in ((a, of_a), (b, of_b)):
        if one.noise is not None:
            own = float(one.noise[places].mean())
            within, left = within + own, left + own / one.draws
    at_one_draw = max(0.0, total - left) + within
    if at_one_draw + difference**2 <= 0:
        return None
    several = a.noise is not None and b.noise is not None and at_one_draw > 0
    return _Pair(
        (a.model, b.model),
        abs(difference),
        at_one_draw + difference**2,
        within / at_one_draw if several else None,
        Units.of(apart, a.clusters[of_a]).deff or 1.0,
    )
