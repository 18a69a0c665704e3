"""A finished board: what other models scored when they were asked all questions of a benchmark, in stored runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinan import store
from sinan.errors import StoreError
from sinan.store import description
from sinan.types import Benchmark, CellResult, RunSpec

WORDED = ("shots", "few_shot", "shots_as", "system", "prefill", "rotate", "perturb", "vary", "variants")
ALIKE = ("limit", "draws", "parameters", *WORDED)
"""Settings of a run that must be the same on a board."""


@dataclass(frozen=True)
class Standing:
    """One model's place to begin with."""

    model: str
    value: float
    run: str


def standings(runs: Path, benchmark: Benchmark, version: str, protocol: str, spec: RunSpec) -> tuple[Standing, ...]:
    """Of every model its newest run that was asked the very same questions in the same way, and all of them."""
    found: dict[str, Standing] = {}
    for folder in store.listed(runs):
        try:
            about = folder.about()
            results = (folder.results() or []) if _same_questions(about, benchmark, spec) else []
        except StoreError:
            continue  # a run that cannot be read is no part of a board, and hides no other
        for one in _whole(about, results):
            if (one.benchmark, one.version, one.protocol) == (benchmark.id, version, protocol):
                assert one.estimate.value is not None
                found[one.model] = Standing(one.model, one.estimate.value, folder.id)
    return tuple(found.values())


def _same_questions(about: Mapping[str, Any], benchmark: Benchmark, spec: RunSpec) -> bool:
    """Asked in the same way, as far as a user says how, and judged by the same judges. Generated questions follow from
    the seed; those of a file do not."""
    generated = not (benchmark.dataset.fingerprint or benchmark.dataset.files)
    then = description.spec_from_json(about)
    same = all(getattr(then, name) == getattr(spec, name) for name in ALIKE)
    judges = [[judge.partition("?")[0] for judge in one.judges] for one in (then, spec)]
    return same and judges[0] == judges[1] and (not generated or then.seed == spec.seed)


def _whole(about: Mapping[str, Any], results: list[CellResult]) -> Iterator[CellResult]:
    """Cells of which all was asked and answered. What failed has no score, and a board needs scores of all."""
    if about["status"] == "complete":
        for one in results:
            if one.population is None and not one.outcomes.get("failed") and one.estimate.value is not None:
                yield one
