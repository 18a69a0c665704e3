"""All charts of the site: plain numbers in, a specification of Vega-Lite (or of Vega, for the radar) out.

    charts.bars([charts.Bar("needle/m", 0.71, 0.64, 0.77, rank="1", ties="a")], "arithmetic", chance=0.0, lang="zh")

They know no board, run or page. Every mark that is an estimate has its interval; every chart has a `description`, which
screen readers say.
"""

from sinan.web.service.chart_boards import Bar, Moment, Priced, bars, edge, history, pareto
from sinan.web.service.chart_comparisons import (
    Bin,
    Confidence,
    Difference,
    difficulty,
    forest,
    latency,
    reliability,
)
from sinan.web.service.chart_look import PALETTE, Language, Spec, Theme, sized
from sinan.web.service.chart_radar import Corner, radar

__all__ = [
    "PALETTE",
    "Bar",
    "Bin",
    "Confidence",
    "Corner",
    "Difference",
    "Language",
    "Moment",
    "Priced",
    "Spec",
    "Theme",
    "bars",
    "difficulty",
    "edge",
    "forest",
    "history",
    "latency",
    "pareto",
    "radar",
    "reliability",
    "sized",
]
