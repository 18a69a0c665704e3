"""Files of judgements, for an audit of judges: one item per row, in .jsonl, .csv, .parquet or a .json list.

    {"id": "7", "human": "A", "judge": "B", "judge_swapped": "A", "length_a": 210, "length_b": 830}
    {"id": "8", "human": {"ann": 4, "bo": 5}, "judge": {"gpt-x": 3, "claude-y": 4}, "answer": "..."}

`human` and `judge` are one label, a list of labels, or an object by name; a row without `human` is one that only the
judge saw. Labels are A, B and tie of pairs, and otherwise numbers, or correct and incorrect. `judge_swapped` is what
the judge said in the other order, with A still the first answer of the file. Results of LLMBar (`result.json`) and
AlpacaEval (`annotations.json`) are read as they are published, and so is samples.parquet of a run that judges scored.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sinan.datasets.judged_answers import is_judged_answer, judged_answer, with_labels
from sinan.datasets.readers import Row, any_rows
from sinan.errors import BadFile
from sinan.types.judgement import Compared, Judgement

WHAT = "judgements"

_PAIR = {"a": 1.0, "b": 0.0, "tie": 0.5, "a=b": 0.5, "a>b": 1.0, "b>a": 0.0, "a>>b": 1.0, "b>>a": 0.0}
_RIGHT = {
    "correct": 1.0,
    "incorrect": 0.0,
    "right": 1.0,
    "wrong": 0.0,
    "yes": 1.0,
    "no": 0.0,
    "true": 1.0,
    "false": 0.0,
}


def judgements(file: Path, labels: Path | None = None) -> tuple[Compared, list[Judgement]]:
    """What the file compares, and its items; `labels`: a file of its own for what people said, by `id`. Raises BadFile,
    naming the row."""
    rows = [Row(row.place, _common(row.fields, row.place)) for row in any_rows(file, WHAT)]
    if not rows:
        raise BadFile(f"{file.name} holds no rows")
    if labels is not None:
        rows = with_labels(rows, any_rows(labels, WHAT), labels.name)
    kind = _kind([row.fields for row in rows])
    found = [_judgement(row, kind, number, file) for number, row in enumerate(rows)]
    if not any(one.judges for one in found):
        raise BadFile(f"{file.name}: no row has a verdict. Remedy: give the judge's verdicts in a field `judge`")
    return kind, found


def _common(row: dict[str, Any], place: str) -> dict[str, Any]:
    """A row in our fields, whoever published it."""
    if is_judged_answer(row):
        return judged_answer(row)
    if {"results", "label", "output_1", "output_2"} <= row.keys():
        return _of_llmbar(row, place)
    if {"preference", "generator_1", "generator_2", "output_1", "output_2"} <= row.keys():
        return _of_alpaca_eval(row)
    return row


def _of_llmbar(row: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The last round of results decides; `winner` is of the answers, whatever order they were shown in."""
    try:
        rounds = row["results"][-1]
        said = {order: rounds[f"swap = {order}"]["winner"] for order in ("False", "True")}
    except (KeyError, IndexError, TypeError) as error:
        raise BadFile(f"{place}: looks like a result of LLMBar, but has no results ({error!r})") from None
    named = {"1": "A", "2": "B"}
    return {
        "human": named.get(str(row["label"])),
        "judge": named.get(str(said["False"])),
        "judge_swapped": named.get(str(said["True"])),
        "answer_a": row["output_1"],
        "answer_b": row["output_2"],
    }


def _of_alpaca_eval(row: Mapping[str, Any]) -> dict[str, Any]:
    """The preference is 1 for the first answer, 2 for the second, or between; 0 and 1.5 are draws."""
    preference = row["preference"]
    return {
        "judge": None if preference is None else {str(row.get("annotator", "judge")): _first_won(preference)},
        "answer_a": row["output_1"],
        "answer_b": row["output_2"],
        "model_a": row["generator_1"],
        "model_b": row["generator_2"],
        "kind": "pairwise",
    }


def _first_won(preference: float) -> float:
    return 0.5 if preference == 0 else min(1.0, max(0.0, 2.0 - preference))


def _kind(rows: list[dict[str, Any]]) -> Compared:
    """Pairs, where half of the labels or more are A, B or a tie: the others are weighed (0.7), or a mistake to be
    told."""
    if any(row.get("kind") == "pairwise" for row in rows):
        return "pairwise"
    labels = [label for row in rows for name in ("human", "judge") for label in _named(row.get(name), name).values()]
    of_pairs = sum(str(label).strip().lower() in _PAIR for label in labels)
    return "pairwise" if 0 < len(labels) <= 2 * of_pairs else "pointwise"


def _named(value: Any, name: str) -> Mapping[str, Any]:
    """The labels by whoever gave them."""
    if value is None or value == "":
        return {}
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):  # a cell of a CSV file
        try:
            value = json.loads(value)
        except ValueError:
            return {name: value}
    if isinstance(value, Mapping):
        return {str(key): one for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return {f"{name} {number}": one for number, one in enumerate(value, 1) if one is not None}
    return {name: value}


def _judgement(read: Row, kind: Compared, number: int, file: Path) -> Judgement:
    row, where = read.fields, f"{file.name} {read.place}"
    judges = {name: _value(one, kind, where) for name, one in _named(row.get("judge"), "judge").items()}
    swapped = {name: _value(one, kind, where) for name, one in _named(row.get("judge_swapped"), "judge").items()}
    human = {name: _value(one, kind, where) for name, one in _named(row.get("human"), "human").items()}
    sides = ("_a", "_b") if kind == "pairwise" else ("",)
    lengths = [_length(row, side, where) for side in sides]
    models = [row.get(f"model{side}") for side in sides]
    return Judgement(
        str(row.get("id", number)),
        human,
        judges,
        swapped,
        tuple(one for one in lengths if one is not None) if None not in lengths else (),
        tuple(map(str, models)) if all(models) else (),
    )


LARGEST = 1e12
"""Of a label: squares of larger ones leave no digits for the difference between two."""


def _value(label: Any, kind: Compared, where: str) -> float:
    text = str(label).strip().lower()
    if kind == "pairwise" and text in _PAIR:
        return _PAIR[text]
    if kind == "pointwise" and text in _RIGHT:
        return _RIGHT[text]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) <= LARGEST or (kind == "pairwise" and not 0 <= value <= 1):
        known = "A, B and tie" if kind == "pairwise" else "numbers, correct and incorrect, or, of pairs, A, B and tie"
        raise BadFile(f"{where}: the label {str(label)[:40]!r} cannot be read. Labels are {known}")
    return value


def _length(row: Mapping[str, Any], side: str, where: str) -> float | None:
    if isinstance(row.get(f"answer{side}"), str):
        return float(len(row[f"answer{side}"]))
    value = row.get(f"length{side}")
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadFile(f"{where}: length{side} is {str(value)[:40]!r}, no number") from None
