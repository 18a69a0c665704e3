"""Results as a picture: a row per benchmark and metric, a mark per model with its interval, chance as a dotted tick.

A metric that is no share of one, such as a perplexity, has no place on a scale of percent: its numbers are written.

Drawn with matplotlib's figure object alone, so that no global state and no window system is touched.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinan import __version__
from sinan.cli.numbers import interval, plain, shares
from sinan.errors import MissingExtra, StoreError, UsageError
from sinan.types import CellResult, Estimate

PAPER, INK, MUTED, RULE = "#faf8f4", "#1d1c1a", "#6f6a60", "#ddd7cb"
# Neighbours differ in lightness as well as in hue, and every model has its own mark: colour is never the only sign.
STYLES = (
    ("#b07a35", "o"),
    ("#1f6f5f", "s"),
    ("#1d1c1a", "D"),
    ("#4f86c6", "^"),
    ("#8e3b6b", "v"),
    ("#d0a92e", "P"),
    ("#b0382b", "X"),
    ("#7d9d8c", "<"),
    ("#2f4b7c", ">"),
    ("#a08fc4", "p"),
    ("#5a4a2f", "h"),
    ("#e08a6d", "*"),
)
CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Microsoft YaHei",
    "SimHei",
    "Droid Sans Fallback",
    "AR PL UMing CN",
)
LATIN = "DejaVu Sans"  # travels with matplotlib, and its figures are tabular
WIDEST = 40
"""Of a label, in columns."""


def plot(results: Sequence[CellResult], path: Path, title: str, chance: Mapping[str, float | None]) -> None:
    """Draw the results to a .png or .svg file; `title` names the run, `chance` is the level of guessing by benchmark.

    Raises UsageError for another kind of file or for nothing to draw, StoreError where the file cannot be written.
    """
    kind = checked_kind(path)
    if not results:
        raise UsageError("there are no results to plot")
    try:
        import matplotlib.figure
    except ImportError:
        raise MissingExtra("a plot", "matplotlib", "plot") from None
    with fonts_of(kind) as can_show:
        sheet = _Sheet.of(results, chance, title, can_show)
        figure = matplotlib.figure.Figure(figsize=(sheet.width, sheet.height), facecolor=PAPER)
        _draw(figure, sheet)
        save(figure, path, kind, sheet.height)


def checked_kind(path: Path) -> str:
    """`png` or `svg`. Raises UsageError."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise UsageError(f"{path}: a plot is written as .png or .svg")
    return kind


class _CanShow:
    """Which characters have a glyph in the fonts at hand; others become their code points, never empty boxes."""

    def __init__(self, fonts: Sequence[str] | None) -> None:
        self._known: set[int] | None = None
        if fonts is not None:
            from matplotlib import font_manager

            files = [font_manager.findfont(name) for name in fonts]
            self._known = {code for file in files for code in font_manager.get_font(file).get_charmap()}

    def __call__(self, text: str, widest: int = WIDEST) -> str:
        """The text as it can be drawn: printable, in glyphs that exist, cut in the middle where it is too long."""
        shown = "".join(self._glyph(c) for c in text).replace("$", r"\$")
        if _columns(shown) <= widest:
            return shown
        half = (widest - 1) // 2
        return f"{shown[:half]}…{shown[-half:]}"

    def _glyph(self, c: str) -> str:
        if not c.isprintable():
            return "\N{REPLACEMENT CHARACTER}"
        return c if self._known is None or ord(c) in self._known else f"\\u{ord(c):04x}"


@contextmanager
def fonts_of(kind: str) -> Iterator[_CanShow]:
    """Fonts for the time of one drawing. An SVG keeps its text as text, so the reader's own fonts show it."""
    import logging
    import warnings

    import matplotlib
    from matplotlib import font_manager

    here = {font.name for font in font_manager.fontManager.ttflist}
    family = [LATIN, *(name for name in CHINESE if name in here)]
    named = [*family, *(name for name in CHINESE if name not in here)] if kind == "svg" else family
    settings = {"font.family": named, "svg.fonttype": "none", "svg.hashsalt": "sinan"}
    quiet = logging.getLogger("matplotlib.font_manager")
    before = quiet.level
    with warnings.catch_warnings(), matplotlib.rc_context(settings):
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        quiet.setLevel(logging.ERROR)  # in an SVG, fonts are named that only the reader may have
        try:
            yield _CanShow(None if kind == "svg" else family)
        finally:
            quiet.setLevel(before)


@dataclass(frozen=True)
class _Sheet:
    """What is drawn and where, in inches. Every mark has a line of its own, so nothing can overlap."""

    rows: Sequence[str]
    """Benchmarks; further metrics of one as `benchmark metric`."""
    models: Sequence[str]
    cells: Mapping[tuple[str, str], Estimate]
    written: frozenset[str]
    """Rows whose numbers are no shares."""
    chance: Mapping[str, float]
    labels: Mapping[str, str]
    """Rows and models as they can be drawn."""
    headline: str
    footer: str

    @classmethod
    def of(
        cls, results: Sequence[CellResult], chance: Mapping[str, float | None], title: str, can_show: _CanShow
    ) -> "_Sheet":
        """The sheet for these results, in their order."""
        models = list(dict.fromkeys(r.model for r in results))
        scale = shares(results)
        cells = {(r.benchmark, r.model): r.estimate for r in results}
        named = {(r.benchmark, m.metric): f"{r.benchmark} {m.metric}" for r in results for m in r.further}
        cells |= {(named[r.benchmark, m.metric], r.model): m.estimate for r in results for m in r.further}
        rows = [
            row
            for name in dict.fromkeys(r.benchmark for r in results)
            for row in (name, *(further for (of, _), further in named.items() if of == name))
        ]
        written = {named[r.benchmark, m.metric] for r in results for m in r.further if not scale[m.metric]}
        written |= {r.benchmark for r in results if not scale[r.metric]}
        return cls(
            rows,
            models,
            cells,
            frozenset(written),
            {name: level for name in rows if (level := chance.get(name)) is not None},
            {name: can_show(name) for name in (*rows, *models)},
            _headline(scale),
            _footer(results, can_show(title, 60)),
        )

    @property
    def pitch(self) -> float:
        """Height of one model's line."""
        return 0.2 if len(self.models) <= 4 else 0.15

    @property
    def row(self) -> float:
        """Height of one row."""
        return self.pitch * len(self.models) + 0.2

    @property
    def left(self) -> float:
        """Room for the rows' names."""
        return 0.35 + 0.083 * max(_columns(self.labels[name]) for name in self.rows)

    @property
    def legend_columns(self) -> int:
        """As many as fit side by side."""
        entry = 0.45 + 0.083 * max(_columns(self.labels[name]) for name in self.models)
        return max(1, min(len(self.models) + 1, int((self.width - 0.4) / entry)))

    @property
    def top(self) -> float:
        """Room for headline and legend."""
        scale = 0.2 if self.long else 0.0
        return 0.6 + scale + 0.2 * -(-(len(self.models) + bool(self.chance)) // self.legend_columns)

    @property
    def long(self) -> bool:
        """Whether the percent scale is wanted at both ends."""
        return self.row * len(self.rows) > 8

    @property
    def width(self) -> float:
        """Of the whole sheet."""
        return self.left + 6.2

    @property
    def height(self) -> float:
        """Of the whole sheet."""
        return self.top + self.row * len(self.rows) + 0.75

    def y(self, row: int, model: int) -> float:
        """Where a mark's line is, in inches below the top of the axes."""
        return self.row * row + 0.1 + self.pitch * (model + 0.5)


def _headline(scale: Mapping[str, bool]) -> str:
    drawn, written = [sorted(name for name, share in scale.items() if share is wanted) for wanted in (True, False)]
    parts = [f"{', '.join(drawn)} in %"] * bool(drawn) + [f"{', '.join(written)} as written"] * bool(written)
    return ", ".join(parts)


def _footer(results: Sequence[CellResult], title: str) -> str:
    methods = sorted({r.estimate.method for r in results if r.estimate.ci})
    sizes = sorted({r.estimate.n for r in results if r.estimate.n}) or [0]
    n = f"n = {sizes[0]:,}" if len(sizes) == 1 else f"n = {sizes[0]:,} to {sizes[-1]:,}"
    empty = "   – no sample scored" if any(r.estimate.value is None for r in results) else ""
    return f"run {title}   95 % intervals: {', '.join(methods) or 'none'}   {n}{empty}   sinan {__version__}"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _draw(figure: Any, sheet: _Sheet) -> None:
    tall = sheet.row * len(sheet.rows)
    box = (sheet.left / sheet.width, 0.75 / sheet.height, (sheet.width - sheet.left - 0.35) / sheet.width)
    axes = figure.add_axes((*box, tall / sheet.height), facecolor=PAPER)
    _frame(axes, sheet, tall)
    for row, name in enumerate(sheet.rows):
        for line, model in enumerate(sheet.models):
            if (estimate := sheet.cells.get((name, model))) is not None:
                draw = _write if name in sheet.written else _mark
                draw(axes, estimate, sheet.y(row, line), *_style(line))
        if (level := sheet.chance.get(name)) is not None:
            span = (sheet.row * row + 0.05, sheet.row * (row + 1) - 0.05)
            axes.plot([100 * level] * 2, span, color=MUTED, linewidth=1.1, linestyle=(0, (1, 1.6)), zorder=1)
    _words(figure, sheet)


def _frame(axes: Any, sheet: _Sheet, tall: float) -> None:
    """Axes without a box: light horizontal rules between benchmarks, and a percent scale."""
    drawn = [e for (row, _), e in sheet.cells.items() if row not in sheet.written and e.value is not None]
    bounds = [100 * x for e in drawn for x in (e.ci or (e.value,)) if x is not None]
    axes.set_xlim(min(-1.0, *bounds, 0.0), max(100.0, *bounds, 0.0) + 7)  # room for the last label
    axes.set_ylim(tall, 0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row in range(len(sheet.rows) + 1):
        axes.axhline(sheet.row * row, color=RULE, linewidth=0.8, zorder=0, clip_on=False)
    middles = [sheet.row * (row + 0.5) for row in range(len(sheet.rows))]
    axes.set_yticks(middles, [sheet.labels[name] for name in sheet.rows], fontsize=9, color=INK)
    axes.xaxis.set_major_locator(_percent_ticks(max(bounds, default=100)))
    axes.tick_params(axis="both", length=0, labelsize=8.5)
    axes.tick_params(axis="y", labelsize=9.5, pad=8)
    axes.tick_params(axis="x", colors=MUTED, labeltop=sheet.long)


def _percent_ticks(most: float) -> Any:
    from matplotlib.ticker import FixedLocator, MaxNLocator

    return FixedLocator(range(0, 101, 20)) if most <= 100 else MaxNLocator(6)


def _mark(axes: Any, estimate: Estimate, y: float, colour: str, marker: str) -> None:
    """A value with its interval and its figure beside it; a dash where there is no number."""
    if estimate.value is None:
        axes.text(0, y, "–", color=colour, fontsize=12, va="center", ha="left", fontweight="bold")
        return
    value = 100 * estimate.value
    low, high = (100 * end for end in estimate.ci) if estimate.ci else (value, value)
    axes.plot([low, high], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt", zorder=2)
    axes.plot([value], [y], color=colour, zorder=3, **_shape(marker))
    paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}  # a chance tick must not cross the figure
    axes.text(high + 1.1, y, f"{value:.1f}", color=INK, fontsize=7, va="center", ha="left", bbox=paper)


def _write(axes: Any, estimate: Estimate, y: float, colour: str, marker: str) -> None:
    """A number that has no place on the scale, with its interval in words, after the model's mark."""
    axes.plot([1.0], [y], color=colour, zorder=3, **_shape(marker))
    told = f"{plain(estimate.value)}  {interval(estimate, shares=False)}" if estimate.ci else plain(estimate.value)
    axes.text(3.0, y, told, color=INK, fontsize=7, va="center", ha="left")


def _shape(marker: str) -> dict[str, Any]:
    """Marks of about one weight: those with little area are drawn larger."""
    size = {"*": 9, "P": 7, "X": 6.5, "D": 5, "s": 5.2}.get(marker, 6)
    return {"marker": marker, "markersize": size, "markeredgecolor": PAPER, "markeredgewidth": 0.5}


def _words(figure: Any, sheet: _Sheet) -> None:
    """Headline, legend and footer."""
    from matplotlib.lines import Line2D

    head = {"ha": "left", "va": "top", "color": INK, "fontsize": 12, "fontweight": "bold"}
    figure.text(0.2 / sheet.width, 1 - 0.2 / sheet.height, sheet.headline, **head)
    entries = [
        Line2D([], [], color=colour, linewidth=1.6, label=sheet.labels[m], **_shape(marker))
        for m, (colour, marker) in ((m, _style(i)) for i, m in enumerate(sheet.models))
    ]
    if sheet.chance:
        entries.append(Line2D([], [], color=MUTED, linewidth=1.1, linestyle=(0, (1, 1.6)), label="chance"))
    figure.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=(0.2 / sheet.width, 1 - 0.45 / sheet.height),
        ncols=sheet.legend_columns,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=1.6,
        columnspacing=1.4,
        borderaxespad=0,
        borderpad=0,
    )
    figure.text(0.2 / sheet.width, 0.16 / sheet.height, sheet.footer, ha="left", va="bottom", color=MUTED, fontsize=7.5)


def _style(model: int) -> tuple[str, str]:
    """Colour and mark of the n-th model; beyond twelve, colours come again with other marks."""
    colour, _ = STYLES[model % len(STYLES)]
    _, marker = STYLES[(model + model // len(STYLES)) % len(STYLES)]
    return colour, marker


def save(figure: Any, path: Path, kind: str, height: float) -> None:
    """Write the figure, `height` inches high. Raises StoreError."""
    # A sheet of sixty benchmarks and twelve models stays below what viewers of pictures can open.
    dpi = min(200, int(14_000 / height))
    metadata = {"Date": None} if kind == "svg" else {"Software": f"sinan {__version__}"}
    try:
        figure.savefig(path, format=kind, dpi=dpi, facecolor=PAPER, metadata=metadata)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}. Choose another place for the plot") from None
