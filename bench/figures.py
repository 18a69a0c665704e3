"""The figures of the documents, drawn from RESULTS.md, so that they say what is written there.

    python bench/figures.py

`make bench` draws them anew after a section that has one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import results
from sections import coverage, stopping

DOCS = Path(__file__).parents[1] / "docs"
PAPER, INK, MUTED, RULE = "#faf8f4", "#1d1c1a", "#6f6a60", "#ddd7cb"
OURS, WALD, BRONZE = "#1f6f5f", "#b0382b", "#8a5a1f"


@dataclass(frozen=True)
class Replayed:
    """One table of known scores in the part about stopping early, in per cent."""

    title: str
    jobs: Mapping[str, float]
    gaps: Mapping[str, float]


def main() -> None:
    """Draws every figure whose part is there."""
    parts = results.parts(results.PATH.read_text())
    for title, draw in ((coverage.TITLE, _coverage), (stopping.TITLE, _stopping)):
        if title in parts:
            draw(parts[title])


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a part, the first row of each its heads."""
    found: list[list[list[str]]] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("|"):
            found += [] if inside else [[]]
            if not re.fullmatch(r"[|:-]+", line):
                found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        inside = line.startswith("|")
    return found


def replayed(part: str) -> list[Replayed]:
    """What was measured on each table of known scores."""
    heads = list(re.finditer(r"^(\w+: [\d,]+ models, [\d,]+ questions), \d+ orders$", part, re.MULTILINE))
    ends = [head.start() for head in heads[1:]] + [len(part)]
    found = []
    for head, end in zip(heads, ends, strict=True):
        jobs, gaps = tables(part[head.end() : end])[:2]
        found.append(
            Replayed(
                head[1],
                {row[0]: _number(row[1]) for row in jobs[1:]},
                {row[0].replace(" to ", "-"): _number(row[2]) for row in gaps[1:]},
            )
        )
    return found


def covered(part: str) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """By kind of design and true share: how often our interval held it, and Wald's."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for kind, table in zip(coverage.KINDS, tables(part), strict=True):
        shares = [head.removeprefix("p = ") for head in table[0][3:]]
        pairs = [[tuple(map(float, re.findall(r"[\d.]+", cell))) for cell in row[3:]] for row in table[1:]]
        found[kind] = {p: [row[at] for row in pairs] for at, p in enumerate(shares)}  # type: ignore[misc]
    return found


def _number(cell: str) -> float:
    return float(cell.removesuffix("%"))


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "figures"
    from matplotlib import pyplot

    return pyplot


def _coverage(part: str) -> None:
    """Each design a mark: how often 95 % intervals hold the truth, ours beside Wald's."""
    titles = {"alone": "verdicts alone", "clusters": "in clusters", "draws": "four draws each"}
    found = covered(part)
    width = [len(found[kind]) for kind in titles]
    figure, axes = _pyplot().subplots(1, 3, figsize=(10, 3.8), sharey=True, facecolor=PAPER, width_ratios=width)
    for axis, (kind, title) in zip(axes, titles.items(), strict=True):
        _panel(axis, found[kind], title)
    axes[0].set_ylabel("intervals that hold the true share, %", color=INK)
    axes[0].legend(frameon=False, labelcolor=INK, loc="lower left", bbox_to_anchor=(0.12, 0))
    figure.supxlabel("true share of right answers · band: 94 to 96 % · dotted: 90 %", color=INK, fontsize=10)
    figure.tight_layout()
    figure.savefig(DOCS / "figures" / "coverage.svg", facecolor=PAPER, metadata={"Date": None})


def _panel(axis: Any, found: Mapping[str, Sequence[tuple[float, float]]], title: str) -> None:
    for which, shift, colour, mark, name in ((0, -0.15, OURS, "o", "sinan"), (1, 0.15, WALD, "x", "Wald")):
        x = [place + shift for place, pairs in enumerate(found.values()) for _ in pairs]
        y = [pair[which] for pairs in found.values() for pair in pairs]
        axis.scatter(x, y, s=18, color=colour, marker=mark, label=name, linewidths=1)
    axis.axhspan(94, 96, color=RULE, zorder=0)
    axis.axhline(90, color=MUTED, linewidth=0.8, linestyle=":")
    axis.set_xticks(range(len(found)), list(found), fontsize=9)
    axis.set_title(title, color=INK, fontsize=10)
    axis.set_ylim(0, 102)
    axis.set_facecolor(PAPER)
    axis.tick_params(colors=MUTED)
    for side in axis.spines.values():
        side.set_color(RULE)


def _stopping(part: str) -> None:
    """Left: questions used by gap, near-ties too. Right: requests of every job, the complete ranking too."""
    found = replayed(part)
    look = [{"color": c, "marker": m} for c, m in zip((BRONZE, OURS, WALD, MUTED, INK), "os^Dv", strict=True)]
    figure, (left, right) = _pyplot().subplots(1, 2, figsize=(11, 4.8), facecolor=PAPER, width_ratios=(1, 1.25))
    for one, how in zip(found, look, strict=False):
        left.plot(list(one.gaps), list(one.gaps.values()), label=one.title, **how)
    jobs = list(dict.fromkeys(job for one in found for job in one.jobs))[::-1]
    for place, (one, how) in enumerate(zip(found, look, strict=False)):
        y = [jobs.index(job) + 0.18 * ((len(found) - 1) / 2 - place) for job in one.jobs]
        right.scatter(list(one.jobs.values()), y, s=26, **how)
    left.set_xlabel("points between the two full scores (left: near-ties)")
    left.set_ylabel("% of the questions, on average")
    left.set_ylim(0, 102)
    left.set_title("Which of two models is better", loc="left", color=INK)
    right.set_yticks(range(len(jobs)), jobs, fontsize=8)
    right.set_xlabel("% of the requests of asking everything")
    right.set_xlim(0, 102)
    right.set_title("Every job", loc="left", color=INK)
    for axes, lines in ((left, "y"), (right, "both")):
        axes.set_facecolor(PAPER)
        axes.grid(axis=lines, color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=MUTED)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.legend(*left.get_legend_handles_labels(), frameon=False, fontsize=8, loc="lower left", ncols=len(found))
    figure.savefig(DOCS / "stopping-early.png", dpi=140)


if __name__ == "__main__":
    main()
