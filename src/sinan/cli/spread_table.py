"""What variants of the questions do to results, on a terminal: by source, then what they do to differences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sinan.cli.table import AMBER, MUTED, safe
from sinan.statistics.scales import in_percent
from sinan.types import CellResult

PAIRS = 6
"""Differences that are shown; results.json has all."""
COLUMNS = ("variants", "worst", "best", "spread", "one variant", "variant", "question", "rest", "n")
READ = (
    "one variant: standard deviation of a score by the choice of the variant · variant, question, rest: shares of the "
    "variance of a single score in %"
)


def print_spread(results: Sequence[CellResult], out: Console) -> None:
    """Nothing where nothing was varied."""
    varied = [one for one in results if one.spread]
    if not varied:
        return
    table = Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)
    for name in ("benchmark", "model", "varied"):
        table.add_column(name, no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for one in varied:
        for source, found in (one.spread or {})["sources"].items():
            table.add_row(safe(one.benchmark), safe(one.model), source, *_cells(found, _scale(one)))
    out.print()
    out.print(table)
    out.print(Text("  " + READ, style=MUTED))
    lines = [line for one in varied for line in _differences(one, varied)]
    for line, held in lines[:PAIRS]:
        out.print(Text("  ").append_text(safe(line)), style="" if held else AMBER)
    if len(lines) > PAIRS:
        out.print(Text(f"  and {len(lines) - PAIRS} more: --json", style=MUTED))
    for one in varied:
        for note in (one.spread or {})["notes"]:
            out.print(Text("  ! ", style=AMBER).append_text(safe(f"{one.benchmark} {one.model} {note}")))


def _scale(one: CellResult) -> float:
    return 100.0 if in_percent(one.kind or one.metric, [one.estimate]) else 1.0


def _cells(found: Mapping[str, Any], scale: float) -> list[str]:
    means = [scale * value for value in found["means"].values()]
    shares = found["shares"] or {}
    parts = [f"{100 * shares[name]:.0f}" if shares else "-" for name in ("variant", "item", "resid")]
    numbers = [*(f"{value:.3g}" for value in (min(means), max(means), scale * found["spread"]))]
    return [str(found["variants"]), *numbers, f"± {scale * found['sd_of_one_variant']:.2g}", *parts, f"{found['n']:,}"]


def _differences(one: CellResult, varied: Sequence[CellResult]) -> Iterator[tuple[str, bool]]:
    """A line for each source and each model that comes later, and whether the sign holds on every variant."""
    later = [other.model for other in varied[varied.index(one) + 1 :] if other.benchmark == one.benchmark]
    for other in (one.spread or {})["against"]:
        if other["model"] not in later:
            continue
        for source, found in other["sources"].items():
            yield _told(one, other["model"], source, found), found["sign_holds"] == found["of"]


def _told(one: CellResult, other: str, source: str, found: Mapping[str, Any]) -> str:
    scale, share = _scale(one), found["could_explain"]
    moved = f"the choice of one moves it by ± {scale * found['sd_of_one_variant']:.2g}"
    explains = "" if share is None else f", and could explain {'all' if share == 1 else f'{100 * share:.0f} %'} of it"
    return (
        f"{one.benchmark}: {one.model} - {other} over {source} variants {scale * found['difference']:+.3g}; its sign "
        f"holds on {found['sign_holds']} of {found['of']}; {moved}{explains}"
    )
