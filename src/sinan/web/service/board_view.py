"""A view of the leaderboards: which board, which columns, which models, in which order. All of it is an address.

Ranks are those of the whole board: to leave models out of a view changes no rank.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sinan.hub.families import Known, known
from sinan.web.failures import Failure
from sinan.web.service.boards import Board, Boards, Listed, Standing
from sinan.web.service.making import BENCHMARK, DIMENSION, OVERALL, SUITE

MOST_COLUMNS = 150
MOST_USUAL = 20
"""Columns beyond which benchmarks of no known dimension are shown only where they are chosen."""
LANES = 10
"""Bars of ties that are drawn side by side; letters tell the others."""


def sound(text: str) -> str:
    """A text that a database and a file system can hold. Raises ValueError."""
    if "\x00" in text:
        raise ValueError("a text has no NUL")
    return text


Text = Annotated[str, Field(max_length=300), AfterValidator(sound)]
Size = Annotated[
    str, Field(pattern=r"^(\d{1,6}(\.\d{1,4})?)?$", description="Billions of parameters, such as 7 or 0.5")
]
Day = Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="2026-11-28")]


class View(BaseModel):
    """What of the boards is shown. Everything empty: the first board, with its columns."""

    model_config = ConfigDict(frozen=True)

    board: Text = ""
    """Name of a board: `overall`, `suite:NAME`, `dim:NAME` or a benchmark. Empty: the first that there is."""
    columns: Annotated[list[Text], Field(max_length=MOST_COLUMNS)] = []
    """Names of further boards, each a column. Empty: as `show` says."""
    show: Literal["", "benchmarks", "none"] = ""
    """Which columns, where none are named: those of the dimensions (of a suite or dimension: its benchmarks), of all
    benchmarks, or none."""
    language: Annotated[str, Field(max_length=20), AfterValidator(sound)] = ""
    """Only benchmarks that have questions in this language."""
    protocol: Annotated[str, Field(max_length=80), AfterValidator(sound)] = ""
    """Only benchmarks asked by this protocol."""
    q: Text = ""
    """Only models whose name has this."""
    maker: Annotated[str, Field(max_length=80), AfterValidator(sound)] = ""
    """Only models of this maker; `?`: of those nobody knows."""
    weights: Literal["", "open", "closed", "unknown"] = ""
    """Only models whose weights are open, closed, or nobody knows."""
    min_size: Size = ""
    max_size: Size = ""
    since: Day = ""
    """Only models whose newest run on the board is of this day or later."""
    until: Day = ""
    sort: Text = "rank"
    """rank, model, date, size, cost, tokens, or the name of a column."""
    order: Literal["", "asc", "desc"] = ""
    """Empty: the best first."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0


@dataclass(frozen=True)
class Column:
    """A board as a column."""

    listed: Listed
    board: Board

    @property
    def scale(self) -> tuple[float, float]:
        """What its bars run from and to."""
        if self.board.in_percent:
            return 0.0, 1.0
        ends = [x for one in self.board.standings for x in (one.value, one.low, one.high) if x is not None]
        low, high = min(ends, default=0.0), max(ends, default=1.0)
        return (low, high) if high > low else (low, low + 1)


@dataclass(frozen=True)
class ViewRow:
    """A model in a view."""

    standing: Standing
    known: Known
    cells: tuple[Standing | None, ...]
    lanes: tuple[int, ...] = ()
    """Which of the bars that join tied models pass here."""

    @property
    def cost_per_1000(self) -> float | None:
        """Dollars for a thousand answers."""
        one = self.standing
        return None if one.cost_usd is None or not one.answers else 1000 * one.cost_usd / one.answers

    @property
    def tokens_per_answer(self) -> float | None:
        """That the model wrote."""
        one = self.standing
        return one.tokens_out / one.answers if one.answers else None


@dataclass(frozen=True)
class Seen:
    """A view, filled in."""

    main: Column
    columns: tuple[Column, ...]
    rows: tuple[ViewRow, ...]
    total: int
    """Models that pass the filters."""
    makers: tuple[str, ...]
    """Of all models on the board."""


def seen(boards: Boards, view: View) -> Seen | None:
    """The view; None where there is no board at all. Raises Missing for a board that is not there, Failure for what
    cannot be sorted by."""
    if not boards.listed:
        return None
    main = boards.named(view.board) if view.board else _first(boards, view)
    column = Column(main, boards.board(main))
    columns = tuple(Column(one, boards.board(one)) for one in _columns(boards, view, main))
    rows = [_row(boards, one, columns) for one in column.board.standings]
    makers = tuple(sorted({row.known.maker for row in rows if row.known.maker}))
    kept = _sorted([row for row in rows if _passes(row, view)], columns, view)
    shown = kept[view.offset : view.offset + view.limit]
    if view.sort == "rank":
        shown = _with_lanes(shown)
    return Seen(column, columns, tuple(shown), len(kept), makers)


def _first(boards: Boards, view: View) -> Listed:
    return next((one for one in boards.listed if one.kind != BENCHMARK or _fits(one, view)), boards.listed[0])


def _fits(one: Listed, view: View) -> bool:
    return (not view.language or view.language in one.languages) and (
        not view.protocol or view.protocol == one.protocol
    )


def _columns(boards: Boards, view: View, main: Listed) -> list[Listed]:
    benchmarks = [one for one in boards.listed if one.kind == BENCHMARK and _fits(one, view)]
    if view.columns:
        named = [boards.named(slug) for slug in dict.fromkeys(view.columns)]
        return [one for one in named if one != main and (one.kind != BENCHMARK or _fits(one, view))]
    if view.show == "none":
        return []
    if view.show == "benchmarks":
        found = benchmarks
    elif main.kind == OVERALL:
        found = _by_dimension(boards, benchmarks)
    elif main.kind in (SUITE, DIMENSION):
        found = [one for one in benchmarks if one.benchmarks[0] in main.benchmarks]
    else:
        found = []
    return [one for one in found if one != main][:MOST_COLUMNS]


def _by_dimension(boards: Boards, benchmarks: Sequence[Listed]) -> list[Listed]:
    """The board of each dimension; the benchmark itself where it is the only one."""
    whole = {one.slug.partition(":")[2]: one for one in boards.listed if one.kind == DIMENSION}
    found: dict[str, Listed] = {}
    for one in benchmarks:
        name = one.dimension or one.slug
        found.setdefault(name, whole.get(name, one))
    known = [found[name] for name in sorted(found) if name in whole or found[name].dimension]
    others = [found[name] for name in sorted(found) if found[name] not in known]
    return known + (others if len(found) <= MOST_USUAL else [])


def _row(boards: Boards, one: Standing, columns: Sequence[Column]) -> ViewRow:
    facts = known(one.model, boards.parameters.get(one.model))
    return ViewRow(one, facts, tuple(column.board.by_model.get(one.model) for column in columns))


def _passes(row: ViewRow, view: View) -> bool:
    facts, one = row.known, row.standing
    wanted = {"open": True, "closed": False, "unknown": None}
    return (
        view.q.casefold() in one.model.casefold()
        and (not view.weights or facts.open is wanted[view.weights])
        and (not view.maker or facts.maker == ("" if view.maker == "?" else view.maker))
        and (not view.min_size or (facts.billions is not None and facts.billions >= float(view.min_size)))
        and (not view.max_size or (facts.billions is not None and facts.billions <= float(view.max_size)))
        and (not view.since or one.date >= view.since)
        and (not view.until or one.date <= view.until)
    )


Key = Callable[[ViewRow], Any]


def _sorted(rows: list[ViewRow], columns: Sequence[Column], view: View) -> list[ViewRow]:
    """What has no value stands last, in either direction; equals stay in the order of the board."""
    key, downwards = _key(columns, view.sort)
    if view.order:
        downwards = view.order == "desc"
    has = [row for row in rows if key(row) is not None]
    return sorted(has, key=key, reverse=downwards) + [row for row in rows if key(row) is None]


def _key(columns: Sequence[Column], sort: str) -> tuple[Key, bool]:
    plain: dict[str, tuple[Key, bool]] = {
        "rank": (lambda row: row.standing.rank, False),
        "model": (lambda row: row.standing.model.casefold(), False),
        "date": (lambda row: row.standing.date, True),
        "size": (lambda row: row.known.billions, True),
        "cost": (lambda row: row.cost_per_1000, False),
        "tokens": (lambda row: row.tokens_per_answer, False),
    }
    if sort in plain:
        return plain[sort]
    for at, column in enumerate(columns):
        if column.listed.slug == sort:
            return _column_key(at), not column.board.less_is_better
    raise Failure(
        f"nothing here is called {sort[:100]} to sort by. Remedy: {', '.join(plain)}, or a column that is shown"
    )


def _column_key(at: int) -> Key:
    def key(row: ViewRow) -> float | None:
        cell = row.cells[at]
        return None if cell is None else cell.value

    return key


def _with_lanes(rows: Sequence[ViewRow]) -> list[ViewRow]:
    """Each letter of ties is a bar from its first model to its last; bars that do not meet share a lane."""
    spans: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        for letter in row.standing.ties.split():
            spans.setdefault(letter, []).append(at)
    free = [-1] * LANES
    found: list[list[int]] = [[] for _ in rows]
    for members in spans.values():
        lane = next((lane for lane, end in enumerate(free) if end < members[0]), None)
        if lane is None or len(members) < 2:
            continue
        free[lane] = members[-1]
        for at in members:
            found[at].append(lane)
    return [_laned(row, lanes) for row, lanes in zip(rows, found, strict=True)]


def _laned(row: ViewRow, lanes: Sequence[int]) -> ViewRow:
    return ViewRow(row.standing, row.known, row.cells, tuple(lanes))


def letters(ties: str) -> str:
    """`a b c` as it is written in little room: runs of letters as `a–c`."""
    names = ties.split()
    parts = list(_runs([_number(name) for name in names]))
    return " ".join(
        _name(a) if a == b else f"{_name(a)} {_name(b)}" if b == a + 1 else f"{_name(a)}–{_name(b)}" for a, b in parts
    )


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = last = None
    for number in numbers:
        if last is not None and start is not None and number != last + 1:
            yield start, last
            start = None
        start, last = number if start is None else start, number
    if start is not None and last is not None:
        yield start, last


def _number(name: str) -> int:
    number = 0
    for letter in re.sub(r"[^a-z]", "", name):
        number = number * 26 + ord(letter) - 96
    return number


def _name(number: int) -> str:
    letters_ = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters_ = chr(97 + rest) + letters_
    return letters_
