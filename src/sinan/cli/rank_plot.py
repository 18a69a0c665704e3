"""Leaderboards as a picture: a row per model with its interval, chance as a dotted line. Who may be first is shaded;
a bar at the right joins models that are tied."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sinan.cli.numbers import plain, value
from sinan.cli.plot import INK, MUTED, PAPER, RULE, checked_kind, fonts_of, save
from sinan.cli.rank_table import ranks
from sinan.errors import MissingExtra
from sinan.types.leaderboard import Leaderboard, Standing

BRONZE, SHADE = "#8a5a1f", "#ece5d8"
LINE, HEAD, FOOT, LEFT, WIDE = 0.2, 0.85, 0.6, 3.2, 5.4
"""Inches: a model's line, the words above a board, its axis below, room for names, the axes."""
LANES = 12
"""Bars of ties beside each other; those of further groups are left out."""


def plot(boards: Sequence[Leaderboard], path: Path) -> None:
    """Draw all boards, one below the other, to a .png or .svg file. Raises UsageError for another kind of file,
    StoreError where it cannot be written."""
    kind = checked_kind(path)
    try:
        import matplotlib.figure
    except ImportError:
        raise MissingExtra("a plot", "matplotlib", "plot") from None
    tall = [HEAD + LINE * len(board.standings) + FOOT for board in boards]
    width, height = LEFT + WIDE + 0.9, sum(tall)
    with fonts_of(kind) as can_show:
        figure = matplotlib.figure.Figure(figsize=(width, height), facecolor=PAPER)
        top = height
        for board, own in zip(boards, tall, strict=True):
            rows = LINE * len(board.standings)
            box = (LEFT / width, (top - HEAD - rows) / height, WIDE / width, rows / height)
            axes = figure.add_axes(box, facecolor=PAPER)
            _draw(axes, board, can_show)
            where = (0.2 / width, (top - 0.2) / height)
            figure.text(*where, can_show(board.name, 60), fontsize=12, fontweight="bold", color=INK, va="top")
            figure.text(where[0], (top - 0.44) / height, _words(board), fontsize=8, color=MUTED, va="top")
            top -= own
        save(figure, path, kind, height)


def _words(board: Leaderboard) -> str:
    unit = " in %" if board.in_percent else ""
    level = f"{100 * (1 - board.alpha):g} %"
    ties = (
        f"left: ranks that a model may have, simultaneous {level}; shaded: may be first; bars: tied"
        if board.method != "none"
        else ""
    )
    return "   ".join(filter(None, [f"{board.metric}{unit}, 95 % intervals   n = {board.n:,}", ties]))


def _draw(axes: Any, board: Leaderboard, can_show: Any) -> None:
    """Axes without a box; a light rule between models."""
    count = len(board.standings)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _frame(axes, board)
    axes.set_ylim(count, 0)
    for at, one in enumerate(board.standings):
        if one.rank_interval and one.rank_interval[0] == 1 and count > 1:
            axes.axhspan(at, at + 1, color=SHADE, zorder=0, linewidth=0)
    for lane, first, last in _bars(board):
        x = [1.02 + 0.013 * lane] * 2
        ends = [first + 0.2, last + 0.8]
        axes.plot(x, ends, color=MUTED, linewidth=1.6, transform=axes.get_yaxis_transform(), clip_on=False)
    if board.chance is not None:
        axes.axvline(100 * board.chance, color=MUTED, linewidth=1.1, linestyle=(0, (1, 1.6)), zorder=1)
        axes.text(100 * board.chance, -0.12, "chance", color=MUTED, fontsize=7, ha="center", va="bottom")
    for at, one in enumerate(board.standings):
        _mark(axes, board, one, at + 0.5)
    axes.set_yticks([at + 0.5 for at in range(count)], [can_show(one.model, 34) for one in board.standings])
    axes.tick_params(axis="y", length=0, labelsize=8.5, colors=INK, pad=46)
    axes.tick_params(axis="x", length=0, labelsize=8, colors=MUTED)
    axes.set_axisbelow(True)
    axes.grid(axis="x", color=RULE, linewidth=0.5)


def _frame(axes: Any, board: Leaderboard) -> None:
    factor = 100 if board.in_percent else 1
    ends = [factor * x for one in board.standings for x in (one.estimate.ci or (one.estimate.value,)) if x is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if board.in_percent:  # zero-based: a bar cut off below makes small differences large
        axes.set_xlim(min(0.0, low), max(100.0, high) + 6)
        axes.set_xticks([tick for tick in range(-100, 101, 20) if tick >= low - 20 or tick >= 0])
        axes.set_xlim(min(0.0, low), max(100.0, high) + 6)
    else:
        room = 0.12 * (high - low or 1.0)
        axes.set_xlim(low - room / 2, high + room)


def _bars(board: Leaderboard) -> Iterator[tuple[int, int, int]]:
    """Lane, first and last row of every group of ties of more than one model; bars of one lane do not touch."""
    members: dict[str, list[int]] = {}
    for at, one in enumerate(board.standings):
        for letter in one.tie_group.split():
            members.setdefault(letter, []).append(at)
    reached: list[int] = []
    for rows in sorted(rows for rows in members.values() if len(rows) > 1):
        lane = next((at for at, last in enumerate(reached) if last < rows[0]), len(reached))
        reached[lane : lane + 1] = [rows[-1]]
        if lane < LANES:
            yield lane, rows[0], rows[-1]


def _mark(axes: Any, board: Leaderboard, one: Standing, y: float) -> None:
    """The ranks before the axes; the value with its interval and its figure beside it."""
    before = {"ha": "right", "va": "center", "transform": axes.get_yaxis_transform()}
    axes.text(-0.015, y, ranks(one), color=BRONZE, fontsize=8.5, **before)
    if one.estimate.value is None:
        axes.text(0, y, "–", color=MUTED, fontsize=10, ha="left", va="center")
        return
    factor = 100 if board.in_percent else 1
    centre = factor * one.estimate.value
    low, high = (factor * end for end in one.estimate.ci) if one.estimate.ci else (centre, centre)
    axes.plot([low, high], [y, y], color=BRONZE, linewidth=1.6, solid_capstyle="butt", zorder=2)
    axes.plot(
        [centre], [y], color=BRONZE, marker="o", markersize=5, markeredgecolor=PAPER, markeredgewidth=0.6, zorder=3
    )
    shown = value(one.estimate, True) if board.in_percent else plain(one.estimate.value)
    axes.annotate(shown, (high, y), (4, 0), textcoords="offset points", color=INK, fontsize=7.5, va="center")
