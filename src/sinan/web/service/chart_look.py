"""How every chart looks: the palette, type, and what all specifications share.

Colours are parameters of a specification (`ink`, `bronze`...), whose values are those of the light or the dark palette:
the page sets them again when the reader changes the theme, and nothing is drawn anew. What a model or a user wrote is
data or a literal title, never part of an expression.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Spec = dict[str, Any]
Theme = Literal["light", "dark"]
Language = Literal["en", "zh"]

PALETTE: Mapping[str, Mapping[str, str]] = {
    "light": {
        "paper": "#faf8f4",
        "ink": "#1d1c1a",
        "rule": "#ddd7cb",
        "muted": "#6f6a60",
        "bronze": "#8a5a1f",
        "verdigris": "#1f6f5f",
        "cinnabar": "#b0382b",
        "amber": "#856300",
    },
    "dark": {
        "paper": "#171614",
        "ink": "#ece8e0",
        "rule": "#35322d",
        "muted": "#a29b8e",
        "bronze": "#d9a45b",
        "verdigris": "#5fbfa8",
        "cinnabar": "#ef8a7c",
        "amber": "#e0bd4f",
    },
}
SERIES = ("bronze", "verdigris", "cinnabar", "ink", "amber", "muted")
"""Colours of lines that stand together; dashes and shapes tell them apart as well."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'DejaVu Sans', sans-serif"
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
ROW = 24
"""Height of one row of bars, in pixels."""
LABEL = 170
"""The longest label of an axis, in pixels; the whole name is in the mark's title."""


def role(name: str) -> Spec:
    """The colour that plays this part."""
    return {"expr": name}


def colours(theme: Theme) -> list[Spec]:
    """The palette as parameters. `ground` is what the chart lies on."""
    roles = PALETTE[theme]
    return [{"name": name, "value": value} for name, value in (roles | {"ground": roles["paper"]}).items()]  # type: ignore[operator]


def config() -> Spec:
    """What Vega-Lite is told of axes, text and frames."""
    axis = {
        "domainColor": role("rule"),
        "tickColor": role("rule"),
        "gridColor": role("rule"),
        "labelColor": role("muted"),
        "titleColor": role("muted"),
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelLimit": LABEL,
        "grid": False,
    }
    return {
        "font": FONT,
        "axis": axis,
        "view": {"stroke": None},
        "text": {"color": role("ink"), "fontSize": 12},
        "rule": {"color": role("ink")},
        "bar": {"color": role("bronze")},
        "point": {"color": role("bronze"), "filled": True},
        "line": {"color": role("bronze")},
        "legend": {"labelColor": role("ink"), "titleColor": role("muted"), "labelLimit": 2 * LABEL, "orient": "bottom"},
    }


def whole(layers: Sequence[Spec], theme: Theme, description: str, **more: Any) -> Spec:
    """A chart of layers, wide as its place."""
    found: Spec = {"$schema": SCHEMA, "description": description, "background": role("ground")}
    found |= {"params": colours(theme), "width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
    return found | {"padding": 4, "config": config(), "layer": list(layers)} | more


def sized(spec: Spec, width: int) -> Spec:
    """The same chart with a width of its own, for a picture."""
    if "layer" in spec:
        return spec | {"width": width}
    return spec | {"signals": [one | {"value": width} if one["name"] == "width" else one for one in spec["signals"]]}


def values(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """Rows as data; what is no number is null."""
    return {"values": [{name: finite(value) for name, value in row.items()} for row in rows]}


def finite(value: Any) -> Any:
    """JSON knows no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def percents(value: float | None, in_percent: bool) -> float | None:
    """As charts show it: 71 for 0.71 where scores are shares."""
    if value is None or not math.isfinite(value):
        return None
    return 100 * value if in_percent else value


def rows_axis(names: Sequence[str]) -> Spec:
    """A row for each name, in this order."""
    axis = {"title": None, "ticks": False, "domain": False, "labelPadding": 8, "labelColor": role("ink")}
    return {"field": "name", "type": "nominal", "sort": None, "scale": {"domain": list(names)}, "axis": axis}


def lines_axis(title: str) -> Spec:
    """A vertical axis with light horizontal rules."""
    return {"title": title, "grid": True, "domain": False, "ticks": False, "tickCount": 5, "titleAnchor": "end"}


def ranged(numbers: Sequence[float | None], zero: bool = True) -> list[float]:
    """Round ends around some numbers; 0 is one of them where marks begin there."""
    known = [one for one in numbers if one is not None] or [0.0, 1.0]
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = (low, low + 1.0) if zero else (low - 0.5, low + 0.5)
    rough = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * one for one in (1, 2, 5, 10) if unit * one >= rough)
    return [math.floor(low / step) * step, math.ceil(high / step) * step]


def apart(numbers: Sequence[float], domain: Sequence[float], height: int, gap: float = 14.0) -> list[float]:
    """How far labels beside marks are moved, in pixels, so that none lies on another."""
    span = domain[1] - domain[0] or 1.0
    places = [height * (domain[1] - one) / span for one in numbers]
    moved, last = [0.0] * len(places), -math.inf
    for at in sorted(range(len(places)), key=lambda at: places[at]):
        last = max(places[at], last + gap)
        moved[at] = round(last - places[at], 1)
    return moved
