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
from sinan.store import frames

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
    """A model's scores on a benchmark."""

    run: str
    model: str
    means: Mapping[str, float]
    """By unit."""
    noise: Mapping[str, float]
    """By unit, the variance over draws; empty where there was one."""
    draws: int


def discordance(runs: Path, benchmark: str) -> Discordance | None:
    """What the newest runs tell that asked several models alike; None where none did."""
    for cells in _alike(runs, benchmark):
        found = [pair for a, b in combinations(cells, 2) if (pair := _pair(a, b))]
        close = [pair for pair in found if pair.difference <= CLOSE]
        chosen = close or found
        if chosen:
            noises = [pair.noise for pair in chosen if pair.noise is not None]
            names = sorted({name for pair in chosen for name in pair.models})
            used = tuple(dict.fromkeys(cell.run for cell in cells if cell.model in names))
            value = median(pair.discordance for pair in chosen)
            return Discordance(value, median(noises) if noises else None, len(chosen), bool(close), tuple(names), used)
    return None


def _alike(runs: Path, benchmark: str) -> Iterator[list[_Stored]]:
    """Cells under one version and protocol, each model's newest; the newest version first."""
    kinds: dict[tuple[Any, ...], dict[str, tuple[store.RunFolder, Mapping[str, Any], int]]] = {}
    for folder in reversed(store.listed(runs)[-RUNS:]):
        try:
            about = folder.about()
        except SinanError:  # one run that cannot be read hides no other
            continue
        for cell in about["cells"] if about["status"] in ("complete", "partial") else ():
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
    values: dict[str, list[float]] = {}
    of = (cell.get("metrics") or [{}])[0].get("of", "")
    if of:
        return None  # another number than the score decides there
    try:
        for name, score in frames.of_cell(folder, cell["benchmark"], cell["model"], ("sample_id", "score")):
            if score is not None:
                values.setdefault(name, []).append(float(score))
    except SinanError:
        return None
    whole = {name: own for name, own in values.items() if len(own) == draws}
    if not whole or not all(0 <= score <= 1 for own in whole.values() for score in own):
        return None
    means = {name: float(np.mean(own)) for name, own in whole.items()}
    noise = {name: float(np.var(own, ddof=1)) for name, own in whole.items()} if draws > 1 else {}
    return _Stored(folder.id, cell["model"], means, noise, draws)


class _Pair(NamedTuple):
    models: tuple[str, str]
    difference: float
    discordance: float
    noise: float | None


def _pair(a: _Stored, b: _Stored) -> _Pair | None:
    """None where they share too few questions, or differ on none."""
    common = sorted(a.means.keys() & b.means.keys())
    if len(common) < LEAST:
        return None
    apart = np.array([a.means[name] - b.means[name] for name in common])
    difference, total = float(apart.mean()), float(apart.var())
    within = left = 0.0
    for one in (a, b):
        if one.noise:
            own = float(np.mean([one.noise[name] for name in common]))
            within, left = within + own, left + own / one.draws
    at_one_draw = max(0.0, total - left) + within
    if at_one_draw + difference**2 <= 0:
        return None
    noise = within / at_one_draw if a.noise and b.noise and at_one_draw > 0 else None
    return _Pair((a.model, b.model), abs(difference), at_one_draw + difference**2, noise)
