"""A load test as a picture: throughput and latencies against the load, one small panel each."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sinan import __version__
from sinan.cli.plot import INK, MUTED, PAPER, RULE, fonts_of
from sinan.errors import MissingExtra, StoreError, UsageError
from sinan.types.load import Level, LoadTest

CINNABAR = "#b0382b"
LINES = (("p50", "#1f6f5f", "o"), ("p95", "#8a5a1f", "s"), ("p99", "#1d1c1a", "D"))
PANELS = (
    ("ttft", "time to first token"),
    ("tpot", "time per output token"),
    ("e2e", "end to end"),
)
_LABELS = 8
"""Levels beyond which marks carry no figures."""


def check(path: Path) -> None:
    """Raises UsageError for another kind of file, and MissingExtra where matplotlib is not installed."""
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"{path}: a plot is written as .png or .svg")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtra("a plot", "matplotlib", "plot") from None


def draw(test: LoadTest, path: Path) -> None:
    """Draw the levels of a test to a .png or .svg file. Raises UsageError, MissingExtra, StoreError."""
    check(path)
    levels = sorted((level for level in test.levels if level.ok), key=lambda level: level.at)
    if not levels:
        raise UsageError("no request succeeded, so there is nothing to plot")
    import matplotlib.figure

    kind = path.suffix.lower().removeprefix(".")
    shown = [(name, title) for name, title in PANELS if any(level.spreads[name] for level in levels)]
    rows = (len(shown) + 2) // 2
    with fonts_of(kind) as can_show:
        figure = matplotlib.figure.Figure(figsize=(9.2, 0.9 + 2.75 * rows), facecolor=PAPER)
        grid = figure.subplots(rows, 2, squeeze=False).flatten()
        for axes in grid[len(shown) + 1 :]:
            axes.set_visible(False)
        _throughput(grid[0], levels)
        for axes, (name, title) in zip(grid[1:], shown, strict=False):
            _latency(axes, levels, name, title, test)
        _words(figure, can_show(test.model, 60), levels)
        _save(figure, path, kind)


def _throughput(axes: Any, levels: Sequence[Level]) -> None:
    """Output tokens per second, or requests where nobody counted tokens; and where requests failed, how many."""
    counted = all(level.tokens_out_total is not None for level in levels)
    title = "output tokens per second" if counted else "answered requests per second"
    values = [level.per_second(level.tokens_out_total if counted else level.ok) or 0.0 for level in levels]
    _frame(axes, levels, title, max(values, default=0.0))
    axes.plot([level.at for level in levels], values, color="#1f6f5f", **_mark("o"))
    _hollow(axes, levels, values, "#1f6f5f", "o")
    _figures(axes, levels, values, lambda value: f"{value:,.0f}" if value >= 100 else f"{value:.3g}")
    _failures(axes, [level for level in levels if level.failed])


def _failures(axes: Any, levels: Sequence[Level]) -> None:
    """A cross under each level at which requests failed, with the share of them where there is room."""
    place = axes.get_xaxis_transform()
    look = {"color": CINNABAR, "linestyle": "none", "marker": "x", "markersize": 5, "markeredgewidth": 1.4}
    axes.plot([level.at for level in levels], [0.05] * len(levels), transform=place, **look)
    roomy = _apart([level.at for level in levels], axes.get_xscale() == "log", axes.get_xlim(), 0.13)
    for level in levels:
        if level.at in roomy:
            share = f"{100 * level.failed / (level.ok + level.failed):.2g} % failed"
            where = {"transform": place, "ha": "center", "va": "bottom"}
            axes.text(level.at, 0.09, share, color=CINNABAR, fontsize=7, **where)


def _latency(axes: Any, levels: Sequence[Level], name: str, title: str, test: LoadTest) -> None:
    """Three percentiles of one time, with the bounds that were asked for."""
    here = [level for level in levels if level.spreads[name]]
    values = {s: [1000 * (level.value(name, s) or 0.0) for level in here] for s, _, _ in LINES}
    bounds = [1000 * target.bound for target in test.spec.targets if target.metric == name]
    top = max(v for line in values.values() for v in line)
    near = [bound for bound in bounds if bound <= 1.5 * top]  # one far above would flatten everything
    _frame(axes, levels, f"{title}, ms", max(top, *near, 0.0))
    for statistic, colour, marker in LINES:
        axes.plot([level.at for level in here], values[statistic], color=colour, label=statistic, **_mark(marker))
        _hollow(axes, here, values[statistic], colour, marker)
    for bound in near:
        axes.axhline(bound, color=CINNABAR, linewidth=1, linestyle=(0, (1, 1.6)), zorder=1)
        where = {"transform": axes.get_yaxis_transform(), "ha": "left", "va": "bottom"}
        axes.text(0.005, bound, f"target {bound:,.4g}", color=CINNABAR, fontsize=7, **where)
    _figures(axes, here, values["p50"], lambda value: f"{value:,.0f}" if value >= 10 else f"{value:.2g}", below=True)


def _frame(axes: Any, levels: Sequence[Level], title: str, top: float) -> None:
    """No box; light horizontal rules, a base at zero, and the levels themselves as ticks."""
    from matplotlib.ticker import MaxNLocator, NullLocator, StrMethodFormatter

    axes.set_facecolor(PAPER)
    for spine in axes.spines.values():
        spine.set_visible(False)
    at = [level.at for level in levels]
    if at[0] > 0 and at[-1] / at[0] >= 8:
        axes.set_xscale("log", base=2)
        axes.set_xlim(at[0] / 1.35, at[-1] * 1.35)
    else:
        room = 0.12 * (at[-1] - at[0]) or max(0.5, 0.1 * at[0])
        axes.set_xlim(at[0] - room, at[-1] + room)
    ticks = _apart(at, axes.get_xscale() == "log", axes.get_xlim(), 0.055)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(0, 1.18 * top or 1)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
    axes.grid(axis="y", color=RULE, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(axis="both", length=0, labelsize=8, colors=MUTED)
    over = "requests in flight" if levels[0].over == "concurrency" else "arrivals per second"
    axes.set_xlabel(over, fontsize=8, color=MUTED)
    axes.set_title(title, loc="left", fontsize=9.5, color=INK, pad=8)


def _apart(at: Sequence[float], logarithmic: bool, limits: tuple[float, float], gap: float) -> list[float]:
    """The levels whose words have room beside each other, a share `gap` of the width; the last is always there."""
    place: Callable[[float], float] = math.log if logarithmic else float
    span, kept = place(limits[1]) - place(limits[0]), list[float]()
    for value in reversed(at):
        if not kept or (place(kept[-1]) - place(value)) / span >= gap:
            kept.append(value)
    return kept[::-1]


def _mark(marker: str) -> dict[str, Any]:
    size = {"D": 4.6, "s": 5}.get(marker, 5.6)
    line = {"linewidth": 1.5, "zorder": 2, "clip_on": False}
    return line | {"marker": marker, "markersize": size, "markeredgecolor": PAPER, "markeredgewidth": 0.5}


def _hollow(axes: Any, levels: Sequence[Level], values: Sequence[float], colour: str, marker: str) -> None:
    """Marks without filling where the client did not keep up: part of these times is its own."""
    slow = [(level.at, value) for level, value in zip(levels, values, strict=True) if not level.client.kept_up]
    if slow:
        look = _mark(marker) | _empty(colour) | {"linestyle": "none", "zorder": 2.5}
        axes.plot(*zip(*slow, strict=True), **look)


def _empty(colour: str) -> dict[str, Any]:
    return {"markerfacecolor": PAPER, "markeredgecolor": colour, "markeredgewidth": 1.2}


def _figures(
    axes: Any, levels: Sequence[Level], values: Sequence[float], shown: Callable[[float], str], below: bool = False
) -> None:
    """Figures beside the marks, where there are few enough of them; never on the words of the axis."""
    if len(levels) > _LABELS:
        return
    low = 0.1 * axes.get_ylim()[1]
    wanted = below
    for level, value in zip(levels, values, strict=True):
        below = wanted and value > low
        where = {"xytext": (0, -7 if below else 7), "textcoords": "offset points", "ha": "center"}
        paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.4, "alpha": 0.8}
        side = {"va": "top" if below else "bottom", "color": INK, "fontsize": 7, "bbox": paper}
        axes.annotate(shown(value), (level.at, value), **where, **side, zorder=3)


def _words(figure: Any, model: str, levels: Sequence[Level]) -> None:
    """Headline, legend, footer."""
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches()
    top = 1 - 0.2 / height
    figure.text(0.25 / width, top, model, ha="left", va="top", color=INK, fontsize=12, fontweight="bold")
    entries = [Line2D([], [], color=c, linewidth=1.5, label=s, **_shape(m)) for s, c, m in LINES]
    if any(not level.client.kept_up for level in levels):
        look = _shape("o") | _empty(MUTED)
        entries.append(Line2D([], [], linestyle="none", label="client did not keep up", **look))
    figure.legend(
        handles=entries,
        loc="upper right",
        bbox_to_anchor=(1 - 0.25 / width, 1 - 0.16 / height),
        ncols=len(entries),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=1.6,
        borderaxespad=0,
        borderpad=0,
    )
    sizes = sorted({level.ok for level in levels})
    n = f"n = {sizes[0]:,}" if len(sizes) == 1 else f"n = {sizes[0]:,} to {sizes[-1]:,}"
    footer = f"{n} answers a level   sinan {__version__}"
    figure.text(0.25 / width, 0.14 / height, footer, ha="left", va="bottom", color=MUTED, fontsize=7.5)
    figure.subplots_adjust(
        left=0.6 / width, right=1 - 0.3 / width, top=1 - 0.85 / height, bottom=0.8 / height, hspace=0.55, wspace=0.16
    )


def _shape(marker: str) -> dict[str, Any]:
    return {name: value for name, value in _mark(marker).items() if name.startswith("marker")}


def _save(figure: Any, path: Path, kind: str) -> None:
    metadata = {"Date": None} if kind == "svg" else {"Software": f"sinan {__version__}"}
    try:
        figure.savefig(path, format=kind, dpi=200, facecolor=PAPER, metadata=metadata)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}. Choose another place for the plot") from None
