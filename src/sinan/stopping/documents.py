"""The documents of `sinan duel`, `sinan best` and `sinan place --json`."""

from collections.abc import Mapping
from typing import Any

from sinan.types import Run

SHARED = ("verdict", "log_e", "alpha", "epsilon", "questions", "used", "order", "claims", "models", "notes")


def document(stopping: Mapping[str, Any], run: Run | None) -> dict[str, Any]:
    """What came of it. `run` None: known outcomes were replayed, and nothing was stored."""
    one = stopping["verdicts"][0]
    head: dict[str, Any] = {"run": None, "path": None, "status": "complete", "source": "replayed"}
    if run is not None:
        head = {"run": run.id, "path": run.path, "status": run.status, "source": "asked"}
    head |= {"kind": one["kind"], "benchmark": one["benchmark"]}
    head |= {"estimand": stopping["estimand"], "guaranteed": stopping["guaranteed"], "seed": stopping["seed"]}
    notes = [*one["notes"], *stopping.get("notes", ())]
    body = head | {name: one[name] for name in SHARED} | {"notes": notes, "requests": _requests(one)}
    return body | _OF_KIND[one["kind"]](one | {"board": stopping.get("board", {})})


def _requests(one: Mapping[str, Any]) -> dict[str, Any]:
    """Draws that were asked, of all that a full run would ask."""
    asked = {model["model"]: model["asked"] for model in one["models"]}
    total, full = sum(asked.values()), sum(model["full"] for model in one["models"])
    return {"total": total, "full": full, "share": round(total / full, 6), "by_model": asked}


def _duel(one: Mapping[str, Any]) -> dict[str, Any]:
    requests = _requests(one)
    asked = requests["by_model"]
    a, b = (asked.get(name, 0) for name in one["further"].get("pair", asked))
    about = {name: one["further"][name] for name in ("difference", "ci", "known") if name in one["further"]}
    return about | {"requests": {"a": a, "b": b} | requests}


def _best(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"best": one["further"]["best"], "left": one["further"]["left"], "standings": standings(one)}


def _place(one: Mapping[str, Any]) -> dict[str, Any]:
    (model,) = one["models"]
    return {
        "rank_interval": one["further"]["rank"],
        "of": one["further"]["of"],
        "value": model["value"],
        "ci": model["ci"],
    }


def standings(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of a race: who is left first, the best score before the others; then who was dropped, the last of them first.
    `by`: the rival that most speaks for it; sure is that some rival is better."""
    said = {claim["about"]: claim for claim in one["claims"]}
    rows = [
        {"model": model["model"], "standing": said[model["model"]]["verdict"]}
        | {name: model[name] for name in ("value", "ci", "used", "asked", "failed")}
        for model in one["models"]
    ]
    stored = {claim["about"] for claim in one["claims"]} - {row["model"] for row in rows}
    rows += [
        {"model": name, "standing": said[name]["verdict"], "stored": True}
        | {"value": one["board"][name], "ci": None, "used": 0, "asked": 0, "failed": 0}
        for name in stored
    ]
    rows = [row | one["further"].get("dropped", {}).get(row["model"], {}) for row in rows]
    return sorted(rows, key=lambda row: (row["standing"] == "dropped", -row["used"], -(row["value"] or 0.0)))


_OF_KIND = {"duel": _duel, "best": _best, "place": _place}
