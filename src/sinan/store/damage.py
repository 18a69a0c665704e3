"""Whether run.json and results.json hold what is read of them: anybody may have written them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sinan.errors import StoreError
from sinan.types import CellResult

ABOUT: dict[str, Any] = {
    **dict.fromkeys(("files", "rule", "stopping", "scored_from"), dict | None),
    **dict.fromkeys(("data", "judges", "stopped_before"), list | None),
    "expected": int | None,
}
"""What run.json may hold beside what every one does."""
SPEC: dict[str, Any] = {
    "targets": list,
    "models": list,
    "limit": int | None,
    "shots": int | None,
    "draws": int,
    "seed": int,
    "parameters": dict,
    "protocol": str,
    "scorer": str | None,
}
NEWER: dict[str, Any] = {
    **dict.fromkeys(("few_shot", "shots_as", "system", "prefill", "cluster"), str | None),
    **{"rotate": bool, "trust": bool, "variants": int, "perturb": list, "vary": list, "judges": list},
}
"""Of the spec; an older sinan wrote none of these."""
CELL = dict.fromkeys(("benchmark", "version", "protocol", "model", "metric"), str)
BESIDE: dict[str, Any] = {"metrics": list, "sampling": dict, "shots": int | None}
METRIC = {"name": str, "kind": str, "of": str, "forms": list}

OF_SAMPLES = ("benchmark", "model", "sample_id", "outcome", "score")
"""Columns without which samples.parquet tells nothing."""
ENTRY = CELL | dict.fromkeys(("k", "n", "tokens_in", "tokens_out"), int) | {"outcomes": dict, "groups": list}
NUMBERS = ("stderr", "cost_usd", "clusters", "df", "deff", "population", "alpha")
"""Of an entry of results.json: numbers, or nothing."""


def consistent(about: Mapping[str, Any]) -> bool:
    """Whether the parts of run.json that are read back have what is read of them."""
    spec = about["spec"]
    return (
        _may_have(about, ABOUT)
        and _has(spec, SPEC)
        and bool(spec["targets"])
        and _may_have(spec, NEWER)
        and all(_are_texts(own) for own in spec.values() if isinstance(own, list))
        and all(map(_is_cell, about["cells"]))
        and all(_is_named(model, ("name",)) for model in (*about["models"], *(about.get("judges") or ())))
        and all(_is_named(file, ("repo", "path", "sha256")) for file in about.get("data") or ())
        and _says_what_stopped(about.get("scored_from") or {})
    )


def _says_what_stopped(scored_from: Mapping[str, Any]) -> bool:
    kinds = {"benchmark": str, "model": str, "population": int | None}
    stopped = scored_from.get("stopped") or []
    return isinstance(stopped, list) and all(
        isinstance(one, dict) and set(kinds) <= set(one) and _has(one, kinds) for one in stopped
    )


def _is_named(row: Any, names: Sequence[str]) -> bool:
    return isinstance(row, dict) and _has(row, dict.fromkeys(names, str))


def _is_cell(cell: Any) -> bool:
    return (
        _is_named(cell, tuple(CELL))
        and _may_have(cell, BESIDE)
        and all(isinstance(one, dict) and "name" in one and _may_have(one, METRIC) for one in cell.get("metrics", ()))
        and _are_texts(cell.get("sampling", {}).get("stop") or ())
    )


def _are_texts(words: Any) -> bool:
    return isinstance(words, Sequence) and all(isinstance(word, str) for word in words)


def _has(row: Mapping[str, Any], kinds: Mapping[str, Any]) -> bool:
    return all(isinstance(row.get(name), kind) for name, kind in kinds.items())


def _may_have(row: Mapping[str, Any], kinds: Mapping[str, Any]) -> bool:
    return all(name not in row or isinstance(row[name], kind) for name, kind in kinds.items())


def refuse_other_columns(path: Path, there: Mapping[str, str], kinds: Mapping[str, str]) -> None:
    """Raises StoreError where samples.parquet has not the columns of a run, or others in their place. `kinds`: as in
    the journal."""
    wrong = [name for name in OF_SAMPLES if name not in there]
    wrong += [name for name, kind in kinds.items() if there.get(name) not in (None, kind.replace("JSON", "VARCHAR"))]
    if wrong:
        raise StoreError(
            f"{path} is damaged: {', '.join(wrong[:3])} missing or of the wrong kind. Remedy: remove it; the journal "
            "has all that it says"
        )


def cells(path: Path, rows: Any) -> list[CellResult] | None:
    """The cells of what stands in results.json; None where that is no list. Raises StoreError where it is damaged."""
    if not isinstance(rows, list):
        return None
    try:
        if all(map(_is_entry, rows)):
            return CellResult.from_json(rows)
        told = "an entry has not what it should"
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        told = f"{error!r:.80}"
    raise StoreError(f"{path} is damaged ({told}). Remedy: remove it; all that it says is in the journal")


def _is_entry(row: Mapping[str, Any]) -> bool:
    """Of results.json; raises what a row raises that is none."""
    return (
        _has(row, ENTRY)
        and _may_have(row, {"kind": str, "spread": dict | None, "strata": dict})
        and all(isinstance(count, int) for count in row["outcomes"].values())
        and _is_estimate(row)
        and all(isinstance(group["name"], str) and _is_estimate(group) for group in row["groups"])
        and all(map(_is_estimate, row.get("strata", {}).values()))
    )


def _is_estimate(row: Mapping[str, Any]) -> bool:
    numbers = [row["value"], *(row.get(name) for name in NUMBERS), *(row.get("draws") or {}).values()]
    numbers += [] if row["ci"] is None else [row["ci"][0], row["ci"][1]]
    return (
        all(one is None or (isinstance(one, int | float) and math.isfinite(one)) for one in numbers)
        and isinstance(row["n"], int)
        and _may_have(row, {"ci_method": str, "estimand": str})
        and _are_texts(row.get("notes", ()))
    )
