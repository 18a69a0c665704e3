"""How numbers and times are written on pages: filters of the templates."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

FILTERS = ("number", "whole", "percent", "interval", "dollars", "seconds", "moment", "size", "share", "said")


def whole(value: float | None) -> str:
    """`1,234`."""
    return "–" if value is None else f"{value:,.0f}"


def number(value: float | None, digits: int = 3) -> str:
    """To so many significant digits, never as a power of ten where it can be read."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 1
        return f"{value:,.{min(places, 6)}f}"
    return f"{value:.{digits}g}"


def percent(value: float | None, in_percent: bool = True) -> str:
    """`71.0` for 0.71, as all scores that are shares stand in tables; others as they are."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{100 * value:.1f}" if in_percent else number(value, 4)


def interval(ends: tuple[float | None, float | None] | list[float] | None, in_percent: bool = True) -> str:
    """`[64.4, 76.8]`; nothing where there is none."""
    if not ends or ends[0] is None or ends[1] is None:
        return ""
    return f"[{percent(ends[0], in_percent)}, {percent(ends[1], in_percent)}]"


def share(value: float | None) -> str:
    """`71 %`."""
    return "–" if value is None else f"{100 * value:.0f} %"


def dollars(usd: float | None) -> str:
    """`$12.30`; more digits below a dollar."""
    if usd is None:
        return "–"
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def seconds(value: float | None) -> str:
    """`0.8 s`, `3 min 20 s`, `2 h 5 min`."""
    if value is None:
        return "–"
    if value < 60:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def moment(at: int | str | None) -> str:
    """`2026-11-27 14:03` UTC, of milliseconds or of a text in ISO 8601."""
    if at is None or at == "":
        return "–"
    try:
        found = datetime.fromtimestamp(at / 1000, UTC) if isinstance(at, int) else datetime.fromisoformat(at)
    except (ValueError, OverflowError, OSError):
        return str(at)
    return found.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def size(bytes_: float | None) -> str:
    """`3.2 MB`."""
    if bytes_ is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if bytes_ < 1000 or unit == "GB":
            break
        bytes_ /= 1000
    return f"{bytes_:.0f} {unit}" if unit == "B" else f"{bytes_:.1f} {unit}"


def said(sentence: Any, t: Callable[..., str]) -> str:
    """A sentence (`text`, and `values` that may be sentences too) in the reader's language."""
    if isinstance(sentence, str):
        return sentence
    return t(sentence.text, **{name: said(value, t) for name, value in sentence.values.items()})
