"""run.json: what was asked, of what, with which data and versions; and whether two runs asked the same."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sinan.types import Benchmark, Cell, CellResult, Judging, Metric, Model, Protocol, RunSpec, Source, waits

MUST_AGREE = ("files", "spec", "cells", "models", "judges")
"""What a resumed run may not change: old and new answers would be of different questions."""

EVIDENCE = ("needs", "prompt", "solver", "scorer", "few_shot", "waits", "judged")
"""Of a cell: how it was asked and judged, in words. It tells why two runs differ; whether a run may be gone on with is
not read from it, since the version covers it and runs of an older sinan have none."""

LONGEST = 4_000
"""Characters of one such telling; of a longer one the beginning and the hash are kept."""


def describe(
    spec: RunSpec,
    cells: Iterable[Cell],
    versions: Mapping[str, str],
    protocols: Mapping[str, str],
    benchmarks: Sequence[Benchmark],
    models: Iterable[Model],
    data: Iterable[Source],
    judges: Iterable[Model] = (),
) -> dict[str, Any]:
    """The content of run.json but for its status, its dates and the machine. Holds no secret."""
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
                "metrics": [_metric(metric) for metric in cell.metrics],
                "shots": cell.protocol.shots,
                "sampling": cell.sampling.to_json(),
                **_evidence(cell.protocol),
            }
            for cell in cells
        ],
        "models": [{"name": model.name, "identity": dict(model.identity)} for model in models],
        "judges": [{"name": judge.name, "identity": dict(judge.identity)} for judge in judges],
        "files": {b.id: b.dataset.fingerprint for b in benchmarks if b.dataset.fingerprint},
        "data": [
            {"repo": s.repo, "revision": s.revision, "path": s.path, "sha256": s.sha256}
            for s in sorted(set(data), key=lambda s: (s.repo, s.revision, s.path))
        ],
    }


def _metric(metric: Metric) -> dict[str, Any]:
    """What it takes to find a metric again (`statistics.metrics.metric`); what is as usual is left out."""
    entry = {"name": metric.name, "kind": metric.kind, "of": metric.of, "forms": list(metric.forms)}
    return {k: v for k, v in entry.items() if v and (k != "kind" or v != metric.name)}


def _evidence(protocol: Protocol) -> dict[str, Any]:
    """The values of `EVIDENCE`."""
    return {
        "needs": protocol.solver.needs,
        "prompt": told(protocol.prompt),
        "solver": told(protocol.solver),
        "scorer": told(protocol.scorer),
        "few_shot": told(protocol.few_shot) if protocol.few_shot else "",
        **({"waits": True} if waits(protocol.scorer) else {}),
        **({"judged": True} if isinstance(protocol.scorer, Judging) else {}),
    }


def told(part: object) -> str:
    """A prompt builder, solver, scorer or rule in words that are the same in every process: its repr, or the name of a
    function."""
    text = re.sub(r" at 0x[0-9a-f]+", "", getattr(part, "__qualname__", "") or repr(part))
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}... sha256 {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def spec_to_json(spec: RunSpec) -> dict[str, Any]:
    """A RunSpec as JSON."""
    plain = asdict(spec)
    listed = {name: list(value) for name, value in plain.items() if isinstance(value, tuple)}
    return plain | listed | {"parameters": dict(spec.parameters)}


def spec_from_json(about: Mapping[str, Any]) -> RunSpec:
    """The RunSpec of a run.json, as `RunFolder.about` gives it. Fields that this version does not know are left out."""
    known = {field.name for field in fields(RunSpec)}
    row = {k: v for k, v in about["spec"].items() if k in known}
    asked: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return RunSpec(**asked)


def stopped_early(about: Mapping[str, Any], results: Sequence[CellResult] | None) -> dict[tuple[str, str], int | None]:
    """(benchmark, model) -> questions of the whole, of the cells whose answers decided how many were asked, so that no
    usual interval holds. `results`: those of the run; None of one that has not come so far, as one that was killed
    under its rule: nobody knows then which cells they are, nor how many questions there are.

    Other verdicts on the same answers do not undo it: a run that was scored again has the cells of the run it is from.
    """
    again = (about.get("scored_from") or {}).get("stopped") or ()
    found: dict[tuple[str, str], int | None] = {(one["benchmark"], one["model"]): one["population"] for one in again}
    if results is None and "rule" in about:
        found |= {(cell["benchmark"], cell["model"]): None for cell in about["cells"]}
    stopped = [one for one in results or () if one.population is not None]
    return found | {(one.benchmark, one.model): one.population for one in stopped}


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What two run.json ask differently, in one line; empty where they ask the same."""
    differing = [told for name in MUST_AGREE for told in _differences(name, _named(name, before), _named(name, now))]
    more = f"; and {len(differing) - 4} more" if len(differing) > 4 else ""
    return "; ".join(differing[:4]) + more


def _named(part: str, about: Mapping[str, Any]) -> Any:
    """A part of run.json, its lists by what their entries are called."""
    value = about.get(part)
    if part == "cells":
        cells = {f"{cell['benchmark']} for {cell['model']}": cell for cell in value or ()}
        return {name: {k: v for k, v in cell.items() if k not in EVIDENCE} for name, cell in cells.items()}
    if part == "spec":
        return spec_to_json(spec_from_json(about))  # a field that an older sinan did not know is as it is by default
    if part in ("models", "judges"):
        return {model["name"]: model.get("identity") for model in value or ()}
    return value


def _differences(path: str, before: Any, now: Any) -> list[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        keys = sorted(set(before) | set(now))
        return [d for k in keys for d in _differences(f"{path}: {k}", before.get(k), now.get(k))]
    return [] if before == now else [f"{path} was {_short(before)}, is {_short(now)}"]


def _short(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= 24 else text[:12] + "..."
