"""Charts of a view of the leaderboards: what is drawn of which rows and columns."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from sinan.web import words
from sinan.web.failures import Failure
from sinan.web.service import charts
from sinan.web.service.board_view import Column, Seen, ViewRow
from sinan.web.service.charts import Language, Spec, Theme
from sinan.web.service.history import Moment

Plot = Literal["bars", "radar", "pareto", "history"]
Price = Literal["", "cost", "tokens"]
MOST_BARS = 40
MOST_CORNERS = 12
FEWEST_CORNERS = 3
AT_ONCE = 4
"""Models of a radar or a history where none are named."""


def plots(seen: Seen) -> list[Plot]:
    """The charts that this view has numbers for, the most telling first."""
    found: list[Plot] = ["pareto"] if len(_priced(seen, _price(seen, ""))) > 1 else []
    found.append("bars")
    if len(_corners(seen)) >= FEWEST_CORNERS:
        found.append("radar")
    return [*found, "history"]


def bars(seen: Seen, lang: Language, theme: Theme) -> Spec:
    """The first models of the view."""
    rows = [row.standing for row in seen.rows if row.standing.value is not None][:MOST_BARS]
    board = seen.main.board
    models = [
        charts.Bar(one.model, one.value, one.low, one.high, _ranks(one.first, one.last), one.ties) for one in rows
    ]
    title = words.say(lang, seen.main.listed.title)
    return charts.bars(models, title, in_percent=board.in_percent, chance=board.chance, lang=lang, theme=theme)


def _ranks(first: int | None, last: int | None) -> str:
    if first is None or last is None:
        return ""
    return str(first) if first == last else f"{first}–{last}"


def pareto(seen: Seen, price: Price, lang: Language, theme: Theme) -> Spec:
    """Score against dollars, or against tokens where no cost is known or tokens are asked for."""
    wanted, board = _price(seen, price), seen.main.board
    return charts.pareto(
        _priced(seen, wanted),
        words.say(lang, seen.main.listed.title),
        unit="dollars" if wanted == "cost" else "tokens",
        in_percent=board.in_percent,
        less_is_better=board.less_is_better,
        lang=lang,
        theme=theme,
    )


def _price(seen: Seen, asked: Price) -> Literal["cost", "tokens"]:
    if asked:
        return asked
    return "cost" if any(row.cost_per_1000 for row in seen.rows) else "tokens"


def _priced(seen: Seen, price: Literal["cost", "tokens"]) -> list[charts.Priced]:
    found = []
    for row in seen.rows:
        one, paid = row.standing, row.cost_per_1000 if price == "cost" else row.tokens_per_answer
        if one.value is not None and paid is not None:
            found.append(charts.Priced(one.model, one.value, one.low, one.high, paid))
    return found


def radar(seen: Seen, models: Sequence[str], lang: Language, theme: Theme) -> Spec:
    """Some models of the view over its columns. Raises Failure where it has too few columns."""
    corners = _corners(seen)
    if len(corners) < FEWEST_CORNERS:
        raise Failure(
            f"a radar needs {FEWEST_CORNERS} columns of scores that are shares; this view has {len(corners)}. "
            "Remedy: choose more columns"
        )
    t = partial(words.say, lang)
    found = {row.standing.model: [_corner(row, at) for at, _ in corners] for row in _chosen(seen, models)}
    return charts.radar(found, [t(column.listed.title) for _, column in corners], lang=lang, theme=theme)


def _corners(seen: Seen) -> list[tuple[int, Column]]:
    """Columns that can stand on one scale, with their places in a row."""
    alike = [(at, one) for at, one in enumerate(seen.columns) if one.board.in_percent and not one.board.less_is_better]
    return alike[:MOST_CORNERS]


def _corner(row: ViewRow, at: int) -> charts.Corner:
    cell = row.cells[at]
    return charts.Corner(None) if cell is None else charts.Corner(cell.value, cell.low, cell.high)


def _chosen(seen: Seen, models: Sequence[str]) -> list[ViewRow]:
    """The models that are named, else the first ones."""
    if not models:
        return list(seen.rows[:AT_ONCE])
    rows = {row.standing.model: row for row in seen.rows}
    return [rows[name] for name in dict.fromkeys(models) if name in rows]


def history(seen: Seen, moments: Sequence[Moment], models: Sequence[str], lang: Language, theme: Theme) -> Spec:
    """How some models of the view stood over time."""
    names = [row.standing.model for row in _chosen(seen, models)]
    stood = [
        charts.Moment(one.model, moment.at, one.value, one.low, one.high)
        for moment in moments
        for one in moment.standings
        if one.model in names and one.value is not None
    ]
    stood.sort(key=lambda one: names.index(one.model))
    board, title = seen.main.board, words.say(lang, seen.main.listed.title)
    return charts.history(stood, title, in_percent=board.in_percent, lang=lang, theme=theme)
