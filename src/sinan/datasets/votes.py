"""Files of votes: which of two models' answers was better. One vote per row, or one pair of models with its counts.

    {"model_a": "x", "model_b": "y", "winner": "model_a", "question_id": "q7", "judge": "ann"}
    {"model_a": "x", "model_b": "y", "wins_a": 30, "wins_b": 15, "ties": 10}

Fields are found by their usual names, those of published arenas among them; options name others. What cannot be read is
an error that names the row; a row without a verdict is left out, and counted.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sinan.datasets.readers import Row, any_rows
from sinan.errors import BadFile
from sinan.types.votes import Votes

MODELS = (
    ("model_a", "model_b"),
    ("leftSubcomponent", "rightSubcomponent"),
    ("left", "right"),
    ("left_model", "right_model"),
    ("model_1", "model_2"),
    ("model1", "model2"),
    ("generator_1", "generator_2"),
    ("player_a", "player_b"),
    ("a", "b"),
)
WON = (
    "winner",
    "rating",
    "verdict",
    "vote",
    "outcome",
    "result",
    "preference",
    "label",
    "judge_verdict",
    "a_wins",
    "won",
)
COUNTS = (
    ("wins_a", "wins_b", "ties"),
    ("a_wins", "b_wins", "ties"),
    ("win_a", "win_b", "tie"),
    ("wins", "losses", "ties"),
    ("winner_model_a", "winner_model_b", "winner_tie"),
)
PROMPTS = ("prompt_id", "question_id", "prompt", "question", "instruction", "item_id", "item", "cluster")
JUDGES = ("judge", "judge_id", "user", "user_id", "annotator", "voter", "rater")
IDS = ("vote_id", "_id", "battle_id")
FEWEST_JUDGES = 10
"""Clusters of fewer judges are not made unless they are asked for."""
MOST = 20_000_000
"""Votes that are held; counts of pairs may say any number."""

_A = "a|model_a|model a|left|first|model_1|a is better|left is better|a wins|a>b|a>>b|[[a]]|[[a>b]]|[[a>>b]]"
_B = "b|model_b|model b|right|second|model_2|b is better|right is better|b wins|b>a|b>>a|[[b]]|[[b>a]]|[[b>>a]]"
_TIE = (
    "tie|ties|tied|draw|equal|same|both|neither|a=b|[[c]]|[[a=b]]|tie (bothbad)|tie (both bad)|bothbad|both bad|"
    "both_bad|both are bad|both good|both_good|both are good|tie (inconsistent)"
)
WORDS = {word: won for words, won in ((_A, 1.0), (_B, 0.0), (_TIE, 0.5)) for word in words.split("|")}


@dataclass(frozen=True)
class Fields:
    """Which fields hold what; empty: found by their usual names."""

    model_a: str = ""
    model_b: str = ""
    won: str = ""
    clusters: Sequence[str] | None = None
    """None: by prompt where a field says it, and by judge where there are enough."""
    style: Sequence[str] = ()
    """`NAME`, a difference of a less b, or `NAME_a` and `NAME_b`, of which (a - b) / (a + b + 1) is taken."""


def votes(file: Path, fields: Fields = Fields()) -> Votes:
    """Read a .json list, .jsonl, .csv or .parquet. Raises BadFile."""
    rows = any_rows(file, "votes")
    if not rows:
        raise BadFile(f"{file.name} holds no rows")
    known = list(dict.fromkeys(name for row in rows for name in row.fields))
    sides = _sides(fields, known, file)
    read, unread = _Read([], [], []), 0
    counted = () if fields.won else next((c for c in COUNTS if {c[0], c[1]} <= set(known)), ())
    told = [] if counted else _verdicts(rows, sides, _won(fields, known, file), file)
    for at, row in enumerate(rows):
        named = tuple(_name(row, side) for side in sides)
        given = _counted(row, counted, file) if counted else [] if told[at] is None else [(told[at], 1)]
        if given and not all(named):
            raise BadFile(f"{file.name} {row.place}: {sides[0]} or {sides[1]} is empty")
        unread += not given
        if len(read.won) + sum(times for _, times in given) > MOST:
            raise BadFile(f"{file.name} {row.place}: more than {MOST:,} votes, which is more than can be held")
        read.add(at, named, given)
    if not read.won:
        raise BadFile(f"{file.name}: no row has a verdict")
    notes = [f"{unread:,} rows have no verdict and are left out"] if unread else []
    notes += [_repeated(rows, name) for name in IDS if name in known]
    return _columns(file, rows, read, known, fields, tuple(filter(None, notes)))


@dataclass(frozen=True)
class _Read:
    """Votes as they were read, one entry each."""

    rows: list[int]
    sides: list[tuple[str, ...]]
    won: list[float]

    def add(self, row: int, sides: tuple[str, ...], given: Sequence[tuple[float | None, int]]) -> None:
        """All votes of one row."""
        for won, times in given:
            assert won is not None
            self.rows.extend([row] * times)
            self.sides.extend([sides] * times)
            self.won.extend([won] * times)


def _columns(
    file: Path, rows: Sequence[Row], read: _Read, known: Sequence[str], fields: Fields, notes: tuple[str, ...]
) -> Votes:
    apart = [at for at, (a, b) in enumerate(read.sides) if a != b]
    if not apart:
        raise BadFile(f"{file.name}: no vote is between two different models")
    models = tuple(sorted({side for at in apart for side in read.sides[at]}))
    place = {model: at for at, model in enumerate(models)}
    chosen = [rows[read.rows[at]] for at in apart]
    clusters, further = _clusters(file, chosen, known, fields)
    return Votes(
        models,
        np.array([place[read.sides[at][0]] for at in apart], dtype=np.int64),
        np.array([place[read.sides[at][1]] for at in apart], dtype=np.int64),
        np.array([read.won[at] for at in apart]),
        np.array([[_style(row, name, file) for name in fields.style] for row in chosen]).reshape(len(apart), -1),
        tuple(fields.style),
        clusters,
        len(read.sides) - len(apart),
        (*notes, *further),
    )


def _sides(fields: Fields, known: Sequence[str], file: Path) -> tuple[str, str]:
    usual = next((pair for pair in MODELS if set(pair) <= set(known)), ("", ""))
    sides = fields.model_a or usual[0], fields.model_b or usual[1]
    missing = [side for side in sides if side not in known]
    if missing:
        what = f"no field {missing[0]!r}" if missing[0] else "no fields that name the two models of a vote"
        raise BadFile(f"{file.name} has {what}. Its fields: {', '.join(known)}. Remedy: --model-a and --model-b")
    return sides


def _won(fields: Fields, known: Sequence[str], file: Path) -> str:
    name = fields.won or next((name for name in WON if name in known), "")
    if name not in known:
        what = f"no field {name!r}" if name else "no field that says which answer was better"
        raise BadFile(f"{file.name} has {what}. Its fields: {', '.join(known)}. Remedy: --winner FIELD")
    return name


def _repeated(rows: Sequence[Row], name: str) -> str:
    """What to say of votes that seem to be in the file twice."""
    told = [str(own) for row in rows if (own := row.fields.get(name)) is not None]
    again = len(told) - len(set(told))
    return f"{again:,} rows have a {name} that came before: each counts as a vote of its own" if again else ""


def _name(row: Row, side: str) -> str:
    """Of a model, without the blanks that a table may leave around it."""
    return "" if (name := row.fields.get(side)) is None else str(name).strip()


def _counted(row: Row, counted: Sequence[str], file: Path) -> list[tuple[float | None, int]]:
    """Wins of a, of b, and ties, as often as the row says."""
    found: list[tuple[float | None, int]] = []
    for name, won in zip(counted, (1.0, 0.0, 0.5), strict=True):
        count = _number(row.fields.get(name) or 0)
        if count is None or count < 0 or count != int(count):
            raise BadFile(f"{file.name} {row.place}: {name} is {row.fields.get(name)!r}, no whole number of votes")
        found.append((won, int(count)))
    return [(won, count) for won, count in found if count]


def _verdicts(rows: Sequence[Row], sides: tuple[str, str], field: str, file: Path) -> list[float | None]:
    """Of each row the share that a won; None without a verdict. Where all verdicts that are no ties name one of the
    row's two models, they are names, also where a model is called A."""
    told = [row.fields.get(field) for row in rows]
    texts = ["" if one is None else str(one).strip() for one in told]
    named = [(_name(row, sides[0]), _name(row, sides[1])) for row in rows]
    decided = [(text, own) for text, own in zip(texts, named, strict=True) if text and WORDS.get(text.lower()) != 0.5]
    if decided and all(text in own for text, own in decided):
        return [
            None
            if not text
            else WORDS.get(text.lower(), 0.5)
            if text not in own
            else 0.5 + (text == own[0]) / 2 - (text == own[1]) / 2
            for text, own in zip(texts, named, strict=True)
        ]
    numbers = {n for text in texts if (n := _number(text)) is not None}
    of_two = bool(numbers) and min(numbers) >= 1 and max(numbers) == 2
    return [_verdict(text, of_two, field, row, file) for text, row in zip(texts, rows, strict=True)]


def _verdict(text: str, of_two: bool, field: str, row: Row, file: Path) -> float | None:
    """`of_two`: numbers are 1 for the first answer, 2 for the second; else they are the first one's share."""
    if not text:
        return None
    if (word := text.lower()) in WORDS:
        return WORDS[word]
    if word in ("true", "false"):
        return float(word == "true")
    number = _number(text)
    won = None if number is None else 2 - number if of_two else number
    if won is None or not 0 <= won <= 1:
        raise BadFile(
            f"{file.name} {row.place}: {field} is {text[:40]!r}, no verdict. Verdicts are model_a, model_b, tie and "
            "their like, a model's name, or the first answer's share from 0 to 1 (or 1 and 2 for first and second)"
        )
    return won


def _clusters(
    file: Path, rows: Sequence[Row], known: Sequence[str], fields: Fields
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Which votes hang together, and what was decided about it."""
    if fields.clusters is not None:
        missing = [name for name in fields.clusters if name not in known]
        if missing:
            raise BadFile(f"{file.name} has no field {missing[0]!r}. Its fields: {', '.join(known)}")
        return {name: _numbered(rows, name) for name in fields.clusters}, ()
    found: dict[str, Any] = {}
    if prompt := next((name for name in PROMPTS if name in known), ""):
        found[prompt] = _numbered(rows, prompt)
    judge = next((name for name in JUDGES if name in known), "")
    if not judge:
        return found, ()
    numbered = _numbered(rows, judge)
    judges = int(numbered.max()) + 1
    if judges < FEWEST_JUDGES:
        return found, (f"{judges} of {judge}: too few to be clusters (--cluster {judge} makes them all the same)",)
    return found | {judge: numbered}, ()


def _numbered(rows: Sequence[Row], name: str) -> Any:
    """Numbers from 0 for equal values; a row without a value stands by itself."""
    numbers: dict[str, int] = {}
    texts = [
        f"alone {at}"
        if (value := row.fields.get(name)) is None
        else "is " + json.dumps(value, sort_keys=True, default=str)
        for at, row in enumerate(rows)
    ]
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int64)


def _style(row: Row, name: str, file: Path) -> float:
    """a less b, of what the field says."""
    places: list[Mapping[str, Any]] = [row.fields]
    if isinstance(row.fields.get("conv_metadata"), Mapping):
        places.append(row.fields["conv_metadata"])
    for place in places:
        if (number := _number(place.get(name))) is not None:
            return number
        for a, b in (
            (f"{name}_a", f"{name}_b"),
            *((("sum_assistant_a_tokens", "sum_assistant_b_tokens"),) * (name == "length")),
        ):
            one, other = _size(place.get(a)), _size(place.get(b))
            if one is not None and other is not None and min(one, other) >= 0:
                return (one - other) / (one + other + 1)
    raise BadFile(
        f"{file.name} {row.place}: no number {name}, and no sizes {name}_a and {name}_b. Remedy: --style FIELD"
    )


def _size(value: Any) -> float | None:
    """A number; the sum of an object's numbers, such as counts of headings by level; the length of a text."""
    if isinstance(value, Mapping):
        return math.fsum(number for one in value.values() if (number := _number(one)) is not None)
    number = _number(value)
    return float(len(value)) if number is None and isinstance(value, str) else number


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
