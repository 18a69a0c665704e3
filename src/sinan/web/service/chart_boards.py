"""Charts of leaderboards: bars of one board, its history, score against what it costs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from sinan.web import shown, words
from sinan.web.service.chart_look import (
    DASHES,
    LABEL,
    ROW,
    SERIES,
    SHAPES,
    Language,
    Spec,
    Theme,
    apart,
    lines_axis,
    percents,
    ranged,
    role,
    rows_axis,
    values,
    whole,
)

LETTER = 10
"""Width of the column of one group of ties, in pixels."""
MARGIN = 52
"""Room for the number behind the longest bar."""


PLOT = 280
"""Height of a plane, in pixels."""


@dataclass(frozen=True)
class Bar:
    """One model on one board; numbers as they are stored, so that 0.71 is a share."""

    model: str
    value: float | None
    low: float | None = None
    high: float | None = None
    rank: str = ""
    """`1` or `1–3`."""
    ties: str = ""
    """Letters: models that have one in common are tied."""


@dataclass(frozen=True)
class Priced:
    """One model's score, and what it costs."""

    model: str
    value: float
    low: float | None
    high: float | None
    price: float
    """Dollars or tokens."""


@dataclass(frozen=True)
class Moment:
    """One model's score as it stood at a time."""

    model: str
    at: int
    """Milliseconds since 1970."""
    value: float
    low: float | None = None
    high: float | None = None


def bars(
    models: Sequence[Bar],
    board: str,
    *,
    in_percent: bool = True,
    chance: float | None = None,
    lang: Language = "en",
    theme: Theme = "light",
) -> Spec:
    """A bar for each model that has a number, with its interval; who is tied with the first is shaded, and columns of
    letters show every group of ties."""
    t = partial(words.say, lang)
    rows = [_bar(one, in_percent) for one in models if one.value is not None]
    names = [row["name"] for row in rows]
    guess = percents(chance, in_percent)
    domain = ranged([n for row in rows for n in (row["value"], row["low"], row["high"])] + [guess])
    y, x = rows_axis(names), _across(domain, t("score, %") if in_percent else t("score"))
    tip = _told("model", "score", "interval", "rank", lang=lang)
    layers: list[Spec] = [
        _shaded([row for row in rows if rows and set(row["ties"].split()) & set(rows[0]["ties"].split())], rows, y),
        {"mark": {"type": "bar", "height": 11, "opacity": 0.75}, "encoding": {"y": y, "x": x, "tooltip": tip}},
        *_intervals(y),
        {"mark": {"type": "text", "align": "left", "dx": 6}, "encoding": {"y": y, "x": _end(), "text": _text()}},
        *_letters(rows, y),
    ]
    if guess is not None:
        layers += _chance(guess, t("chance {level}", level=shown.percent(chance, in_percent)))
    best = f"{rows[0]['name']} {rows[0]['shown']} {rows[0]['ci']}" if rows else t("no model has a number")
    about = t("Bars with intervals: {board}. First: {best}", board=board, best=best)
    return whole(layers, theme, about, data=values(rows), height=ROW * max(1, len(rows)))


def _bar(one: Bar, in_percent: bool) -> dict[str, Any]:
    low, high = percents(one.low, in_percent), percents(one.high, in_percent)
    value = percents(one.value, in_percent)
    return {
        "name": one.model,
        "value": value,
        "low": low,
        "high": high,
        "end": max(n for n in (value, high, 0.0) if n is not None),
        "shown": shown.percent(one.value, in_percent),
        "ci": shown.interval((one.low, one.high), in_percent),
        "rank": one.rank,
        "ties": one.ties,
    }


def _across(domain: Sequence[float], title: str) -> Spec:
    axis = {"title": title, "titleAnchor": "start", "tickCount": 5, "domain": False}
    return {"field": "value", "type": "quantitative", "scale": {"domain": list(domain)}, "axis": axis}


def _end() -> Spec:
    return {"field": "end", "type": "quantitative"}


def _text() -> Spec:
    return {"field": "shown", "type": "nominal"}


FIELDS = {"model": "name", "score": "shown", "interval": "ci", "rank": "rank"}


def _told(*names: str, lang: Language) -> list[Spec]:
    """What a mark's title tells."""
    return [{"field": FIELDS[name], "type": "nominal", "title": words.say(lang, name)} for name in names]


def _intervals(y: Spec) -> list[Spec]:
    """Error bars with ends."""
    ends = {"low": {"field": "low", "type": "quantitative"}, "high": {"field": "high", "type": "quantitative"}}
    given: list[Spec] = [{"filter": "isValid(datum.low) && isValid(datum.high)"}]
    span = {"y": y, "x": ends["low"], "x2": {"field": "high"}}
    line = {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": span}
    ticks = [
        {"mark": {"type": "tick", "size": 9, "thickness": 1.5, "color": role("ink")}, "encoding": {"y": y, "x": end}}
        for end in ends.values()
    ]
    return [one | {"transform": given} for one in (line, *ticks)]


def _shaded(tied: Sequence[Spec], rows: Sequence[Spec], y: Spec) -> Spec:
    """Rows that are tied with the first, where any is."""
    mark = {"type": "bar", "height": ROW, "color": role("bronze"), "opacity": 0.11, "tooltip": None}
    span = {"x": {"value": 0}, "x2": {"value": "width"}, "y": y}
    return {"data": values(tied if len(tied) > 1 and len(rows) > 1 else []), "mark": mark, "encoding": span}


def _letters(rows: Sequence[Spec], y: Spec) -> list[Spec]:
    """A column for each group of ties, at the right of the plot: a line down its models, and its letter on each."""
    letters = sorted({one for row in rows for one in row["ties"].split()}, key=lambda one: (len(one), one))
    shared = [one for one in letters if sum(one in row["ties"].split() for row in rows) > 1]
    marks = [
        {"name": row["name"], "letter": letter, "at": at * LETTER}
        for row in rows
        for at, letter in enumerate(shared)
        if letter in row["ties"].split()
    ]
    place = {"expr": f"width + {MARGIN} + datum.at"}
    strip = {"type": "bar", "height": ROW, "width": LETTER - 2, "x": place, "color": role("bronze"), "opacity": 0.22}
    said = {"type": "text", "x": place, "fontSize": 10, "color": role("ink")}
    return [
        {"data": values(marks), "mark": strip, "encoding": {"y": y}},
        {"data": values(marks), "mark": said, "encoding": {"y": y, "text": {"field": "letter", "type": "nominal"}}},
    ]


def _chance(level: float, said: str) -> list[Spec]:
    data = values([{"level": level, "said": said}])
    x = {"field": "level", "type": "quantitative"}
    rule = {"type": "rule", "strokeDash": [2, 3], "color": role("muted"), "strokeWidth": 1.5}
    text = {"type": "text", "color": role("muted"), "align": "left", "dx": 4, "dy": -6, "fontSize": 11, "y": 0}
    return [
        {"data": data, "mark": rule, "encoding": {"x": x}},
        {"data": data, "mark": text, "encoding": {"x": x, "text": {"field": "said", "type": "nominal"}}},
    ]


def edge(points: Sequence[Priced], less_is_better: bool = False) -> list[Priced]:
    """The Pareto edge, the cheapest first: nothing else is both as cheap and as good."""
    found: list[Priced] = []
    sign = -1 if less_is_better else 1
    for one in sorted(points, key=lambda one: (one.price, -sign * one.value)):
        if not found or sign * one.value > sign * found[-1].value:
            found.append(one)
    return found


def pareto(
    points: Sequence[Priced],
    board: str,
    *,
    unit: Literal["dollars", "tokens"] = "dollars",
    in_percent: bool = True,
    less_is_better: bool = False,
    lang: Language = "en",
    theme: Theme = "light",
) -> Spec:
    """Score against what it costs; the models on the edge are named, and a stepped line joins them."""
    t = partial(words.say, lang)
    best = edge(points, less_is_better)
    title = t("cost, $ per 1,000 samples") if unit == "dollars" else t("tokens per sample")
    prices = [one.price for one in points]
    wide = bool(prices) and min(prices) > 0 and max(prices) > 20 * min(prices)
    rows = [_priced(one, one in best, in_percent, unit) | {"along": _along(one.price, prices, wide)} for one in points]
    x_axis = {"title": title, "titleAnchor": "end", "tickCount": 5, "format": ",~r" if wide else ",~f"}
    x = {"field": "price", "type": "quantitative", "axis": x_axis}
    x["scale"] = {"type": "log", "nice": False, "padding": 16} if wide else {"domain": ranged(prices)}
    score = t("score, %") if in_percent else t("score")
    domain = ranged([n for row in rows for n in (row["value"], row["low"], row["high"])], zero=False)
    y = {"field": "value", "type": "quantitative", "axis": lines_axis(score), "scale": {"domain": domain}}
    _name_edge(rows, domain, less_is_better)
    tip = [*_told("model", "score", "interval", lang=lang), {"field": "paid", "type": "nominal", "title": title}]
    layers = _costs(rows, x, y, tip)
    names = ", ".join(one.model for one in best) or t("no model has a number")
    about = t("Score against cost: {board}. On the edge: {names}", board=board, names=names)
    return whole(layers, theme, about, data=values(rows), height=PLOT)


def _priced(one: Priced, on_edge: bool, in_percent: bool, unit: str) -> dict[str, Any]:
    row = _bar(Bar(one.model, one.value, one.low, one.high), in_percent)
    paid = shown.dollars(one.price) if unit == "dollars" else shown.whole(one.price)
    return row | {"price": one.price, "paid": paid, "edge": on_edge}


def _name_edge(rows: Sequence[Spec], domain: Sequence[float], less_is_better: bool) -> None:
    """Labels of the edge: above the marks and to their left, where by its meaning nothing is, but for those near the
    left end, which have their room at the right."""
    on = sorted((row for row in rows if row["edge"]), key=lambda row: row["price"])
    moved = apart([row["value"] for row in on], domain, PLOT)
    for row, dy in zip(on, moved, strict=True):
        left_end = row["along"] < 0.4
        row |= {"dy": (14 + dy) if less_is_better else dy - 10}
        row |= {"side": "left", "dx": 7} if left_end else {"side": "right", "dx": -7}


def _along(price: float, prices: Sequence[float], log: bool) -> float:
    """Where on the axis a price lies, from 0 to 1."""
    if log:
        low, high = math.log(min(prices)), math.log(max(prices))
        return (math.log(price) - low) / (high - low)
    return price / (max(prices) or 1.0)


def _costs(rows: Sequence[Spec], x: Spec, y: Spec, tip: list[Spec]) -> list[Spec]:
    y_ends = {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}, "x": x}
    on, off = {"filter": "datum.edge"}, {"filter": "!datum.edge"}
    stepped = {"type": "line", "interpolate": "step-after", "strokeWidth": 1.5, "strokeDash": [4, 3], "opacity": 0.8}
    hollow = {"type": "point", "filled": False, "size": 60, "color": role("muted")}
    named = {"type": "text", "limit": LABEL} | {
        name: {"expr": f"datum.{value}"} for name, value in (("align", "side"), ("dx", "dx"), ("dy", "dy"))
    }
    given = {"filter": "isValid(datum.low) && isValid(datum.high)"}
    return [
        {"mark": {"type": "rule", "color": role("muted"), "opacity": 0.7}, "encoding": y_ends, "transform": [given]},
        {"mark": stepped, "encoding": {"x": x, "y": y}, "transform": [on]},
        {"mark": hollow, "encoding": {"x": x, "y": y, "tooltip": tip}, "transform": [off]},
        {"mark": {"type": "point", "size": 80}, "encoding": {"x": x, "y": y, "tooltip": tip}, "transform": [on]},
        {
            "mark": named,
            "encoding": {"x": x, "y": y, "text": {"field": "name", "type": "nominal"}},
            "transform": [on],
        },
    ]


def history(
    moments: Sequence[Moment],
    board: str,
    *,
    in_percent: bool = True,
    lang: Language = "en",
    theme: Theme = "light",
) -> Spec:
    """Lines over time of up to six models, the first ones that are given; each is named at its end."""
    t = partial(words.say, lang)
    names = list(dict.fromkeys(one.model for one in moments))[: len(SERIES)]
    kept = sorted((one for one in moments if one.model in names), key=lambda one: one.at)
    last = {one.model: one.at for one in kept}
    rows = [
        _bar(Bar(one.model, one.value, one.low, one.high), in_percent)
        | {"at": one.at, "when": shown.moment(one.at), "last": last[one.model] == one.at}
        for one in kept
    ]
    domain = ranged([n for row in rows for n in (row["value"], row["low"], row["high"])], zero=False)
    ends = [row for row in rows if row["last"]]
    for row, dy in zip(ends, apart([row["value"] for row in ends], domain, PLOT), strict=True):
        row["dy"] = dy
    score = t("score, %") if in_percent else t("score")
    axis = {"title": t("UTC"), "titleAnchor": "end", "labelOverlap": True, "tickCount": 4, "format": "%Y-%m-%d"}
    x: Spec = {"field": "at", "type": "temporal", "scale": {"type": "utc"}, "axis": axis}
    if not kept:
        x["scale"] |= {"domain": [0, 1]}
    y = {"field": "value", "type": "quantitative", "axis": lines_axis(score), "scale": {"domain": domain}}
    about = t("Scores over time: {board}. Models: {names}", board=board, names=", ".join(names))
    return whole(_over_time(names, x, y, lang), theme, about, data=values(rows), height=PLOT)


def _over_time(names: Sequence[str], x: Spec, y: Spec, lang: Language) -> list[Spec]:
    def of(channel: Sequence[Any]) -> Spec:
        return {
            "field": "name",
            "type": "nominal",
            "scale": {"domain": list(names), "range": list(channel[: len(names)])},
            "legend": None,
        }

    colour, dash, shape = of([role(one) for one in SERIES]), of(DASHES), of(SHAPES)
    when = [{"field": "when", "type": "nominal", "title": words.say(lang, "UTC")}]
    tip = _told("model", "score", "interval", lang=lang) + when
    ends = {"x": x, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}, "color": colour}
    named = {"type": "text", "align": "left", "dx": 8, "dy": {"expr": "datum.dy"}, "limit": LABEL}
    return [
        {
            "mark": {"type": "rule", "opacity": 0.6},
            "encoding": ends,
            "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
        },
        {"mark": {"type": "line"}, "encoding": {"x": x, "y": y, "color": colour, "strokeDash": dash}},
        {
            "mark": {"type": "point", "size": 50},
            "encoding": {"x": x, "y": y, "color": colour, "shape": shape, "tooltip": tip},
        },
        {
            "mark": named,
            "encoding": {"x": x, "y": y, "color": colour, "text": {"field": "name", "type": "nominal"}},
            "transform": [{"filter": "datum.last"}],
        },
    ]
