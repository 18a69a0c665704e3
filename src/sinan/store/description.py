"""run.json: what was asked, of what, with which data and versions; and whether two runs asked the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sinan.errors import UsageError
from sinan.store.provenance import provenance
from sinan.types import Benchmark, Cell, Model, RunSpec, Source

MUST_AGREE = ("files", "spec", "cells", "models")
"""What a resumed run may not change: old and new answers would be of different questions."""


def describe(
    spec: RunSpec,
    cells: Iterable[Cell],
    versions: Mapping[str, str],
    protocols: Mapping[str, str],
    benchmarks: Sequence[Benchmark],
    models: Iterable[Model],
    data: Iterable[Source],
) -> dict[str, Any]:
    """The content of run.json but for its status and dates. Holds no secret."""
    return {
        "spec": spec_to_json(spec),
        "cells": [
            {
                "benchmark": cell.benchmark,
                "version": versions[cell.benchmark],
                "protocol": protocols[cell.benchmark],
                "model": cell.model.name,
                "form": cell.model.form,
                "metric": cell.metric.name,
                "shots": cell.protocol.shots,
                "sampling": cell.sampling.to_json(),
            }
            for cell in cells
        ],
        "models": [{"name": model.name, "identity": dict(model.identity)} for model in models],
        "files": {b.id: b.dataset.fingerprint for b in benchmarks if b.dataset.fingerprint},
        "data": [
            {"repo": s.repo, "revision": s.revision, "path": s.path, "sha256": s.sha256}
            for s in sorted(set(data), key=lambda s: (s.repo, s.revision, s.path))
        ],
        **provenance(),
    }


def spec_to_json(spec: RunSpec) -> dict[str, Any]:
    """A RunSpec as JSON."""
    plain = asdict(spec)
    return plain | {"targets": list(spec.targets), "models": list(spec.models), "parameters": dict(spec.parameters)}


def spec_from_json(about: Mapping[str, Any]) -> RunSpec:
    """The RunSpec of a run.json, as `RunFolder.about` gives it. Fields that this version does not know are left out."""
    known = {field.name for field in fields(RunSpec)}
    row = {k: v for k, v in about["spec"].items() if k in known}
    return RunSpec(**row | {"targets": tuple(row["targets"]), "models": tuple(row["models"])})


def refuse_difference(run: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises UsageError naming each thing that differs from what the run asked before."""
    differing = [path for name in MUST_AGREE for path in _differences(name, before.get(name), now.get(name))]
    if differing:
        shown = "; ".join(differing[:4]) + (f"; and {len(differing) - 4} more" if len(differing) > 4 else "")
        raise UsageError(
            f"run {run} cannot go on, because what it asks has changed: {shown}. Old and new answers are not mixed. "
            "Remedy: start a new run (leave --resume out)"
        )


def _differences(path: str, before: Any, now: Any) -> list[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        keys = sorted(set(before) | set(now))
        return [d for k in keys for d in _differences(f"{path}.{k}", before.get(k), now.get(k))]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [d for i, (a, b) in enumerate(zip(before, now, strict=True)) for d in _differences(f"{path}[{i}]", a, b)]
    return [] if before == now else [f"{path} was {_short(before)}, is {_short(now)}"]


def _short(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
