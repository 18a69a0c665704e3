"""What judges said of the answers of a run, as rows of an audit: from its samples.parquet.

Of a pair A is the model's answer and B the baseline's, in whatever order they were shown. Draws after the first have
an id of their own: `7/1` is the second of sample 7.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from sinan.datasets.readers import Row
from sinan.errors import BadFile

_EXCHANGED = {"A": "B", "B": "A", "A>B": "B>A", "B>A": "A>B", "A>>B": "B>>A", "B>>A": "A>>B"}
_ORDERS = {"answer first": "judge", "answer second": "judge_swapped"}


def is_judged_answer(row: Mapping[str, Any]) -> bool:
    """Whether a row is one of samples.parquet."""
    return {"sample_id", "benchmark", "model", "evidence"} <= row.keys()


def judged_answer(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row in the fields of an audit."""
    rulings = _json(row["evidence"]).get("judges", ())
    name = str(row["sample_id"]) + (f"/{row['draw']}" if row.get("draw") else "")
    found: dict[str, Any] = {"id": name, "model": row["model"]}
    orders = [one for one in rulings if one.get("case") in _ORDERS]
    if not orders:
        return found | {"judge": _graded(rulings), "length": len(row.get("completion") or "")}
    for one in orders:
        found.setdefault(_ORDERS[one["case"]], {}).setdefault(one["judge"], _for_answer(one))
    if "judge" not in found:  # one order was asked, and it was the other
        found["judge"] = found.pop("judge_swapped")
    scores = _json(row.get("scores") or {})
    if "length" in scores and "by_length" in scores:
        found |= {"length_a": scores["length"], "length_b": scores["length"] - scores["by_length"][1]}
    return found | {"model_a": row["model"], "model_b": "baseline", "kind": "pairwise"}


def with_labels(rows: Sequence[Row], labels: Iterable[Row], where: str) -> list[Row]:
    """The rows with what people said, by `id` and, where that is not enough, `model`. Raises BadFile where a label is
    of no row, or it cannot be told of which."""
    by_key = {(str(row.fields.get("id")), str(row.fields.get("model") or "")): row for row in labels}
    known: dict[str, int] = {}
    for row in rows:
        known[str(row.fields.get("id"))] = known.get(str(row.fields.get("id")), 0) + 1
    for (name, model), label in by_key.items():
        if name not in known:
            raise BadFile(f"{where} {label.place}: no item has the id {name!r}")
        if known[name] > 1 and not model:
            raise BadFile(f"{where} {label.place}: {known[name]} items have the id {name!r}: say of which `model`")
    return [_labelled(row, by_key) for row in rows]


def _labelled(row: Row, labels: Mapping[tuple[str, str], Row]) -> Row:
    name = str(row.fields.get("id"))
    found = labels.get((name, str(row.fields.get("model") or ""))) or labels.get((name, ""))
    return row if found is None else Row(row.place, {**row.fields, "human": found.fields.get("human")})


def _graded(rulings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """By judge: the mean of its grades over all cases and draws, else its first label."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in rulings:
        found.setdefault(one["judge"], []).append(one)
    return {name: _value(own) for name, own in found.items()}


def _value(rulings: Sequence[Mapping[str, Any]]) -> Any:
    grades = [grade for one in rulings for grade in one.get("numbers", {}).values()]
    return fmean(grades) if grades else float(rulings[0]["verdict"] == "correct")


def _for_answer(ruling: Mapping[str, Any]) -> Any:
    """The verdict with A for the model's answer; weighed ones as the share that A got."""
    first = ruling["case"] == "answer first"
    if "numbers" in ruling:
        return ruling["numbers"]["A" if first else "B"]
    verdict = {"C": "tie"}.get(ruling["verdict"], ruling["verdict"])
    return verdict if first else _EXCHANGED.get(verdict, verdict)


def _json(value: Any) -> Mapping[str, Any]:
    found = json.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, Mapping) else {}
