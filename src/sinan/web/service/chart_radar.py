"""The radar of a few models over several dimensions. Vega draws it: Vega-Lite knows no polar lines.

The centre is 0. Every corner has its interval along the spoke, as every mark of ours has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from sinan.web import shown, words
from sinan.web.service.chart_look import (
    DASHES,
    FONT,
    LABEL,
    SERIES,
    SHAPES,
    Language,
    Spec,
    Theme,
    colours,
    percents,
    ranged,
    values,
)

SCHEMA = "https://vega.github.io/schema/vega/v6.json"
HEIGHT = 340
TURN = "(datum.at * 2 * PI / corners - PI / 2)"
"""The angle of a corner: the first one points up, the others follow the clock."""


@dataclass(frozen=True)
class Corner:
    """One model in one dimension."""

    value: float | None
    low: float | None = None
    high: float | None = None


def radar(
    models: Mapping[str, Sequence[Corner]],
    dimensions: Sequence[str],
    *,
    in_percent: bool = True,
    lang: Language = "en",
    theme: Theme = "light",
) -> Spec:
    """A line for each of up to six models; each has a corner for every dimension, in their order."""
    t = partial(words.say, lang)
    kept = dict(list(models.items())[: len(SERIES)])
    rows = [
        _corner(name, at, dimension, one, in_percent)
        for name, corners in kept.items()
        for at, (dimension, one) in enumerate(zip(dimensions, corners, strict=True))
    ]
    top = ranged([n for row in rows for n in (row["value"], row["high"])])[1]
    names = ", ".join(kept) or t("no model has a number")
    about = t("Radar over {dimensions}. Models: {names}", dimensions=", ".join(dimensions), names=names)
    given = [{"name": "scores", **values(rows)}, *_frame(dimensions, top)]
    return {
        "$schema": SCHEMA,
        "description": about,
        "background": {"signal": "ground"},
        "padding": 4,
        "autosize": {"type": "none"},
        "width": 0,
        "height": HEIGHT,
        "signals": [*colours(theme), *_signals(len(dimensions), top)],
        "config": {"text": {"font": FONT}, "legend": {"labelFont": FONT, "labelLimit": 2 * LABEL}},
        "data": given,
        "scales": _scales(list(kept)),
        "legends": [_legend()] if kept else [],
        "marks": [*_rings(), *_spokes(), *_lines(lang)],
    }


def _corner(name: str, at: int, dimension: str, one: Corner, in_percent: bool) -> dict[str, Any]:
    ends = {"low": percents(one.low, in_percent), "high": percents(one.high, in_percent)}
    said = f"{shown.percent(one.value, in_percent)} {shown.interval((one.low, one.high), in_percent)}".strip()
    row = {"name": name, "at": at, "dimension": dimension, "said": said}
    return row | {"value": percents(one.value, in_percent)} | ends


def _signals(corners: int, top: float) -> list[Spec]:
    return [
        {"name": "width", "value": 520},
        {"name": "corners", "value": corners},
        {"name": "top", "value": top},
        {"name": "cx", "update": "width / 2"},
        {"name": "cy", "update": "(height - 40) / 2 + 6"},
        {"name": "radius", "update": "max(40, min(width / 2 - 70, (height - 40) / 2 - 24))"},
    ]


def _frame(dimensions: Sequence[str], top: float) -> list[Spec]:
    """Data of rings and spokes."""
    spokes = [{"at": at, "dimension": name} for at, name in enumerate(dimensions)]
    around = [*range(len(dimensions)), 0] if dimensions else []
    rings = [
        {"ring": ring, "at": at, "level": top * ring / 4, "said": f"{top * ring / 4:g}"}
        for ring in range(1, 5)
        for at in around
    ]
    return [{"name": "spokes", **values(spokes)}, {"name": "rings", **values(rings)}]


def _scales(names: Sequence[str]) -> list[Spec]:
    def of(name: str, channel: Sequence[Any]) -> Spec:
        return {"name": name, "type": "ordinal", "domain": list(names), "range": list(channel[: max(1, len(names))])}

    return [of("colour", [{"signal": one} for one in SERIES]), of("dash", DASHES), of("shape", SHAPES)]


def _legend() -> Spec:
    text = {"fill": {"signal": "ink"}, "fontSize": {"value": 12}}
    return {
        "stroke": "colour",
        "strokeDash": "dash",
        "shape": "shape",
        "orient": "none",
        "direction": "horizontal",
        "columns": {"signal": "max(1, floor(width / 180))"},
        "legendX": 0,
        "legendY": {"signal": "height - 34"},
        "symbolFillColor": "transparent",
        "encode": {"labels": {"update": text}},
    }


def _point(radius: str, offset: str = "0") -> Spec:
    """Where a distance along a spoke lies."""
    return {
        "x": {"signal": f"cx + ({radius} + {offset}) * cos{TURN}"},
        "y": {"signal": f"cy + ({radius} + {offset}) * sin{TURN}"},
    }


def _along(field: str) -> str:
    return f"radius * datum.{field} / top"


def _rings() -> list[Spec]:
    facet = {"facet": {"data": "rings", "name": "ring", "groupby": "ring"}}
    line = {"type": "line", "from": {"data": "ring"}}
    line["encode"] = {"update": _point(_along("level")) | {"stroke": {"signal": "rule"}}}
    said = {"type": "text", "from": {"data": "rings"}}
    said["encode"] = {
        "update": {
            "x": {"signal": "cx + 4"},
            "y": {"signal": f"cy - {_along('level')}"},
            "text": {"signal": "datum.at == 0 ? datum.said : ''"},
            "fill": {"signal": "muted"},
            "fontSize": {"value": 10},
            "baseline": {"value": "bottom"},
        }
    }
    return [{"type": "group", "from": facet, "marks": [line]}, said]


def _spokes() -> list[Spec]:
    rule = {"type": "rule", "from": {"data": "spokes"}}
    ends = _point("radius")
    rule["encode"] = {
        "update": {
            "x": {"signal": "cx"},
            "y": {"signal": "cy"},
            "x2": ends["x"],
            "y2": ends["y"],
            "stroke": {"signal": "rule"},
        }
    }
    side = f"cos{TURN} > 0.2 ? 'left' : cos{TURN} < -0.2 ? 'right' : 'center'"
    text = {"type": "text", "from": {"data": "spokes"}}
    text["encode"] = {
        "update": _point("radius", "18")
        | {
            "text": {"field": "dimension"},
            "align": {"signal": side},
            "baseline": {"value": "middle"},
            "fill": {"signal": "ink"},
            "fontSize": {"value": 12},
            "limit": {"signal": "max(60, width / 2 - radius)"},
        }
    }
    return [rule, text]


def _lines(lang: Language) -> list[Spec]:
    """Each model's line, its intervals and its corners."""
    facet = {"facet": {"data": "scores", "name": "model", "groupby": "name"}}
    colour, known = {"scale": "colour", "field": "name"}, "isValid(datum.value)"
    line = {"type": "line", "from": {"data": "model"}}
    line["encode"] = {
        "update": _point(_along("value"))
        | {
            "stroke": colour,
            "strokeDash": {"scale": "dash", "field": "name"},
            "strokeWidth": {"value": 2},
            "interpolate": {"value": "linear-closed"},
            "defined": {"signal": known},
        }
    }
    low, high = _point(_along("low")), _point(_along("high"))
    error = {"type": "rule", "from": {"data": "model"}}
    error["encode"] = {
        "update": low
        | {
            "x2": high["x"],
            "y2": high["y"],
            "stroke": colour,
            "strokeWidth": {"value": 1.5},
            "opacity": {"signal": "isValid(datum.low) && isValid(datum.high) ? 0.7 : 0"},
        }
    }
    model, score = (orjson.dumps(words.say(lang, name)).decode() for name in ("model", "score"))
    title = f"{{{model}: datum.name, {score}: datum.said}}"
    dot = {"type": "symbol", "from": {"data": "model"}}
    dot["encode"] = {
        "update": _point(_along("value"))
        | {
            "fill": colour,
            "shape": {"scale": "shape", "field": "name"},
            "size": {"value": 45},
            "opacity": {"signal": f"{known} ? 1 : 0"},
            "tooltip": {"signal": title},
        }
    }
    return [{"type": "group", "from": facet, "marks": [error, line, dot]}]
