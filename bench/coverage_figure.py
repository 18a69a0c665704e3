"""Draws docs/figures/coverage.svg: how often 95 % intervals hold the truth, each design a mark, ours beside Wald's.

python bench/coverage_figure.py
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import coverage
from coverage import Cell

FILE = Path(__file__).parents[1] / "docs" / "figures" / "coverage.svg"
PAPER, INK, MUTED, RULE, OURS, WALD = "#faf8f4", "#1d1c1a", "#6f6a60", "#ddd7cb", "#1f6f5f", "#b0382b"
TITLES = {"alone": "verdicts alone", "clusters": "in clusters", "draws": "four draws each"}


def main() -> None:
    """Measures and draws."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "coverage"
    import matplotlib.pyplot as plt

    found = list(coverage.cells(False))
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharey=True, facecolor=PAPER)
    for axis, (kind, title) in zip(axes, TITLES.items(), strict=True):
        _panel(axis, [cell for cell in found if cell.kind == kind], title)
    axes[0].set_ylabel("intervals that hold p, %", color=INK)
    axes[2].legend(frameon=False, labelcolor=INK, loc="lower right")
    figure.tight_layout()
    FILE.parent.mkdir(exist_ok=True)
    figure.savefig(FILE, facecolor=PAPER, metadata={"Date": None})


def _panel(axis: Any, cells: Sequence[Cell], title: str) -> None:
    places = {p: place for place, p in enumerate(sorted({cell.p for cell in cells}))}
    of = {p: [cell for cell in cells if cell.p == p] for p in places}
    for shift, colour, mark, name in ((-0.15, OURS, "o", "sinan"), (0.15, WALD, "x", "Wald")):
        x = [places[p] + shift for p, own in of.items() for _ in own]
        y = [100 * (cell.held if name == "sinan" else cell.wald) for own in of.values() for cell in own]
        axis.scatter(x, y, s=18, color=colour, marker=mark, label=name, linewidths=1)
    axis.axhspan(94, 96, color=RULE, zorder=0)
    axis.axhline(90, color=MUTED, linewidth=0.8, linestyle=":")
    axis.set_xticks(list(places.values()), [f"{p:g}" for p in places])
    axis.set_title(title, color=INK, fontsize=10)
    axis.set_xlabel("p", color=INK)
    axis.set_ylim(0, 102)
    axis.set_facecolor(PAPER)
    axis.tick_params(colors=MUTED)
    for side in axis.spines.values():
        side.set_color(RULE)


if __name__ == "__main__":
    main()
