"""A table of outcomes that somebody keeps: one row per question, one column per model.

    item,model-a,model-b
    q-17,1,0

The first column names the item. A column in which every cell is a number from 0 to 1, true or false, or empty, is a
model; one of other numbers, or of nothing, is left out, and that is said. Of the others `category`, `group`, `subject`
or `topic` groups the items, and `cluster` or `passage` says what they share. An empty cell is an answer that could not
be read: it counts as wrong, as everywhere, and is counted.
"""

import csv
import math
from pathlib import Path

from sinan.errors import BadFile
from sinan.types.table import ScoreTable

TABLES = (".csv", ".tsv")
"""How the names of such files end."""
GROUPS = ("category", "group", "subject", "topic")
CLUSTERS = ("cluster", "passage")
VERDICTS = {"true": 1.0, "false": 0.0}


def head(path: str | Path) -> tuple[str, ...] | None:
    """The names of the columns; None where no file of such a name is there. Nothing else of it is read."""
    file = Path(path)
    if file.suffix.lower() not in TABLES or not file.is_file():
        return None
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        try:
            return tuple(next(csv.reader(lines, delimiter=_between(file)), ()))
        except csv.Error:
            return ()


def outcomes(path: str | Path) -> ScoreTable:
    """The table of a .csv or .tsv file. Raises BadFile where it is none."""
    import numpy as np

    file = Path(path)
    names, rows = _rows(file)
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    items, *_ = columns.values()
    if names[0].strip().lower() in ("model", "models"):
        raise BadFile(f"{file.name}: its rows are models; a table of outcomes has a row a question. Turn it around")
    if len(set(items)) != len(items):
        twice = next(item for item in items if items.count(item) > 1)
        raise BadFile(f"{file.name}: item {twice!r} stands in it more than once")
    named = {name.lower(): own for name, own in columns.items()}
    scores = {name: numbers for name in names[1:] if (numbers := _numbers(columns[name])) is not None}
    scores = {name: numbers for name, numbers in scores.items() if name.lower() not in (*GROUPS, *CLUSTERS)}
    if not scores:
        raise BadFile(f"{file.name}: no column holds numbers from 0 to 1, so none is a model's. Its columns: {names}")
    values = np.array(list(scores.values()), dtype=np.float64)
    unread = int(np.isnan(values).sum())
    told = {*scores, *(name for name in names if name.lower() in (*GROUPS, *CLUSTERS))}
    out = [name for name in names[1:] if name not in told and _meant(columns[name])]
    shared = next((named[name] for name in CLUSTERS if name in named), ())
    return ScoreTable(
        file.stem if file.stem != "correctness" else file.parent.name,
        tuple(scores),
        tuple(items),
        np.nan_to_num(values),
        tuple(own or item for own, item in zip(shared, items, strict=True)) if shared else (),
        tuple(next((named[name] for name in GROUPS if name in named), ())),
        notes=(
            *([f"{unread:,} empty cells count as wrong"] if unread else []),
            *([f"no numbers from 0 to 1, so left out: {', '.join(out)}"] if out else []),
        ),
    )


def _rows(file: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            names, *rows = csv.reader(lines, delimiter=_between(file), strict=True)
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        raise BadFile(f"{file}: a table of outcomes cannot be read from it ({error})") from None
    rows = [row for row in rows if row]
    if len(names) < 2 or not rows or len(set(names)) != len(names):
        raise BadFile(f"{file.name}: a table of outcomes has a line of different names, and lines of as many cells")
    for number, row in enumerate(rows, 2):
        if len(row) != len(names):
            raise BadFile(f"{file.name}: line {number} has {len(row)} cells, the first has {len(names)}")
    return names, rows


def _between(file: Path) -> str:
    """What stands between two cells."""
    return "\t" if file.suffix.lower() == ".tsv" else ","


def _numbers(cells: tuple[str, ...]) -> list[float] | None:
    """NaN for what is empty; None where one of them is no number from 0 to 1, or all are empty."""
    try:
        found = [_number(cell) for cell in cells]
    except ValueError:
        return None
    given = [number for number in found if not math.isnan(number)]
    return found if given and all(0 <= number <= 1 for number in given) else None


def _number(cell: str) -> float:
    """NaN for what is empty. Raises ValueError for what is neither a number nor true or false."""
    word = cell.strip().lower()
    return VERDICTS[word] if word in VERDICTS else float(word) if word else math.nan


def _meant(cells: tuple[str, ...]) -> bool:
    """Whether a column that is no model could have been meant as one: of numbers, or of nothing."""
    try:
        return all(math.isfinite(_number(cell)) or not cell.strip() for cell in cells)
    except ValueError:
        return False
