"""Charts of what lies between runs, and inside them: forests of differences, difficulty, latency, reliability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from sinan.web import shown, words
from sinan.web.service.chart_look import (
    ROW,
    Language,
    Spec,
    Theme,
    lines_axis,
    percents,
    ranged,
    role,
    rows_axis,
    values,
    whole,
)

Verdict = Literal["better", "worse", "equivalent", "undecided"]
SIGNS: Mapping[Verdict, tuple[str, str]] = {
    "better": ("triangle-up", "verdigris"),
    "worse": ("triangle-down", "cinnabar"),
    "equivalent": ("square", "muted"),
    "undecided": ("circle", "amber"),
}
"""Shape and colour of a verdict."""


@dataclass(frozen=True)
class Difference:
    """One row of a forest: a benchmark or a group; numbers as they are stored."""

    name: str
    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict


def forest(
    rows: Sequence[Difference],
    first: str,
    second: str,
    *,
    in_percent: bool = True,
    margin: float | None = None,
    lang: Language = "en",
    theme: Theme = "light",
) -> Spec:
    """Differences (`first` less `second`) with their intervals around zero; `margin`: what counts as equivalent."""
    t = partial(words.say, lang)
    found = [_difference(one, in_percent, t) for one in rows if one.difference is not None]
    near = percents(margin, in_percent)
    domain = ranged([n for row in found for n in (row["value"], row["low"], row["high"])] + [near, near and -near])
    unit = t("points") if in_percent else t("score")
    title = t("{first} less {second}, {unit}", first=first, second=second, unit=unit)
    axis = {"title": title, "titleAnchor": "start", "titleLimit": 480, "tickCount": 5, "format": "+,~f"}
    x = {"field": "value", "type": "quantitative", "scale": {"domain": domain}, "axis": axis}
    y = rows_axis([row["name"] for row in found])
    about = t("Differences with intervals: {first} less {second}", first=first, second=second)
    layers = [*_around_zero(near), *_differences(x, y, lang)]
    return whole(layers, theme, about, data=values(found), height=ROW * max(1, len(found)))


def _difference(one: Difference, in_percent: bool, t: Any) -> dict[str, Any]:
    value = percents(one.difference, in_percent)
    row = {"name": one.name, "value": value, "verdict": one.verdict, "said": t(one.verdict)}
    row |= {"low": percents(one.low, in_percent), "high": percents(one.high, in_percent)}
    written = shown.percent(one.difference, in_percent)
    row["shown"] = written if written.startswith("-") else f"+{written}"
    return row | {"ci": shown.interval((one.low, one.high), in_percent)}


def _around_zero(near: float | None) -> list[Spec]:
    band = {"data": values([{"from": -near, "to": near}] if near else [])}
    band["mark"] = {"type": "rect", "color": role("bronze"), "opacity": 0.12}
    band["encoding"] = {"x": {"field": "from", "type": "quantitative"}, "x2": {"field": "to"}}
    zero = {"data": values([{"zero": 0}]), "mark": {"type": "rule", "color": role("muted")}}
    return [band, zero | {"encoding": {"x": {"field": "zero", "type": "quantitative"}}}]


def _differences(x: Spec, y: Spec, lang: Language) -> list[Spec]:
    def of(place: int) -> Spec:
        looks = [sign[place] if place == 0 else role(sign[place]) for sign in SIGNS.values()]
        return {"field": "verdict", "type": "nominal", "scale": {"domain": list(SIGNS), "range": looks}, "legend": None}

    names = (("name", "what"), ("shown", "difference"), ("ci", "interval"), ("said", "verdict"))
    tip = [{"field": field, "type": "nominal", "title": words.say(lang, name)} for field, name in names]
    ends = {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}, "y": y}
    given = {"filter": "isValid(datum.low) && isValid(datum.high)"}
    mark = {"type": "point", "size": 70, "filled": True, "opacity": 1}
    return [
        {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": ends, "transform": [given]},
        {"mark": mark, "encoding": {"x": x, "y": y, "shape": of(0), "color": of(1), "tooltip": tip}},
    ]


@dataclass(frozen=True)
class Bin:
    """How many lie between two numbers."""

    start: float
    end: float
    count: int


def difficulty(
    bins: Sequence[Bin], *, half: float | None = None, lang: Language = "en", theme: Theme = "light"
) -> Spec:
    """Items of a benchmark by the share of models that answer them right, as a strip; `half`: the share that half of
    the items lie below."""
    t = partial(words.say, lang)
    scaled = [Bin(100 * one.start, 100 * one.end, one.count) for one in bins]
    marks = [(100 * half, t("half of the items"))] if half is not None else []
    about = t("Items by the share of models that answer them right")
    return _histogram(scaled, t("answered right, % of models"), t("items"), about, marks, [0, 100], 110, theme)


def latency(
    bins: Sequence[Bin], *, marks: Mapping[str, float] | None = None, lang: Language = "en", theme: Theme = "light"
) -> Spec:
    """How long answers took, in seconds; `marks`: named moments, such as p50 and p95."""
    t = partial(words.say, lang)
    named = [(at, f"{name} {shown.seconds(at)}") for name, at in (marks or {}).items()]
    about = t("How long answers took")
    return _histogram(bins, t("seconds"), t("samples"), about, named, None, 160, theme)


def _histogram(
    bins: Sequence[Bin],
    across: str,
    up: str,
    about: str,
    marks: Sequence[tuple[float, str]],
    domain: Sequence[float] | None,
    height: int,
    theme: Theme,
) -> Spec:
    rows = [{"start": one.start, "end": one.end, "count": one.count} for one in bins]
    axis = {"title": across, "titleAnchor": "end", "tickCount": 6, "format": ",~f"}
    x: Spec = {"field": "start", "type": "quantitative", "axis": axis, "scale": {"nice": False}}
    if domain:
        x["scale"] |= {"domain": list(domain)}
    y = {"field": "count", "type": "quantitative", "axis": lines_axis(up) | {"tickMinStep": 1, "tickCount": 3}}
    room = 1.3 if marks else 1.0  # for their names
    y["scale"] = {"domain": [0, room * max([one.count for one in bins], default=0) or 1]}
    names = (("start", across), ("count", up))
    tip = [{"field": name, "type": "quantitative", "title": title} for name, title in names]
    bar = {"mark": {"type": "bar", "opacity": 0.75, "binSpacing": 1}}
    bar["encoding"] = {"x": x | {"bin": "binned"}, "x2": {"field": "end"}, "y": y, "tooltip": tip}
    data = values([{"at": at, "said": said, "y": 10 + 14 * number} for number, (at, said) in enumerate(marks)])
    at = {"field": "at", "type": "quantitative"}
    rule = {"data": data, "mark": {"type": "rule", "strokeDash": [4, 3]}, "encoding": {"x": at}}
    text = {"data": data, "mark": {"type": "text", "align": "left", "dx": 4, "y": {"expr": "datum.y"}, "fontSize": 11}}
    text["encoding"] = {"x": at, "text": {"field": "said", "type": "nominal"}}
    return whole([bar, rule, text], theme, about, data=values(rows), height=height)


@dataclass(frozen=True)
class Confidence:
    """Answers that were given with about the same confidence, and how many of them are right."""

    confidence: float
    right: float
    low: float | None
    high: float | None
    n: int


def reliability(bins: Sequence[Confidence], *, lang: Language = "en", theme: Theme = "light") -> Spec:
    """How often answers are right, against how sure the model was; on the dotted line the two are equal."""
    t = partial(words.say, lang)
    rows = [
        {"sure": 100 * one.confidence, "value": 100 * one.right, "n": one.n, "shown": shown.percent(one.right)}
        | {"low": percents(one.low, True), "high": percents(one.high, True)}
        | {"ci": shown.interval((one.low, one.high))}
        for one in bins
    ]
    scale = {"domain": [0, 100]}
    axis = {"title": t("confidence, %"), "titleAnchor": "end", "tickCount": 5}
    x = {"field": "sure", "type": "quantitative", "scale": scale, "axis": axis}
    y = {"field": "value", "type": "quantitative", "scale": scale, "axis": lines_axis(t("right, %"))}
    names = (("shown", "right, %"), ("ci", "interval"), ("n", "answers"))
    tip = [{"field": field, "type": "nominal", "title": t(name)} for field, name in names]
    even = {"data": values([{"sure": 0, "value": 0}, {"sure": 100, "value": 100}])}
    even["mark"] = {"type": "line", "strokeDash": [2, 3], "color": role("muted"), "strokeWidth": 1.5}
    ends = {"x": x, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}}
    given = {"filter": "isValid(datum.low) && isValid(datum.high)"}
    layers: list[Spec] = [
        even | {"encoding": {"x": x, "y": y}},
        {"mark": {"type": "rule"}, "encoding": ends, "transform": [given]},
        {"mark": {"type": "line"}, "encoding": {"x": x, "y": y}},
        {"mark": {"type": "point", "size": 60}, "encoding": {"x": x, "y": y, "tooltip": tip}},
    ]
    return whole(layers, theme, t("How often answers are right, against confidence"), data=values(rows), height=240)
