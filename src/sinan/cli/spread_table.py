"""What variants of the questions do to results, on a terminal: by source, then what they do to differences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sinan.cli.table import AMBER, MUTED, fitting, safe
from sinan.statistics.scales import in_percent
from sinan.types import CellResult

PAIRS = 6
"""Differences that are shown; results.json has all."""
COLUMNS = ("variants", "worst", "best", "spread", "one variant", "variant", "question", "rest", "n")
NARROWER = (
    ((0, 1, 0, 1), COLUMNS),
    ((0, 1, 0, 0), COLUMNS),
    ((0, 1, 0, 0), tuple(name for name in COLUMNS if name not in ("variants", "rest"))),
)
"""Padding and columns on ever narrower terminals."""
READ = (
    "shares in % · one variant: standard deviation of a score by the choice of the variant · variant, question, rest: "
    "parts of the variance of a single score, in %"
)


def print_spread(results: Sequence[CellResult], out: Console) -> None:
    """Nothing where nothing was varied."""
    varied = [one for one in results if one.spread]
    if not varied:
        return
    out.print()
    out.print(fitting(out, (_table(varied, *narrower) for narrower in NARROWER)))
    out.print(Text("  " + READ, style=MUTED))
    lines = [line for one in varied for line in _differences(one, varied)]
    for line, held in lines[:PAIRS]:
        out.print(Text("  ").append_text(safe(line)), style="" if held else AMBER)
    if len(lines) > PAIRS:
        out.print(Text(f"  and {len(lines) - PAIRS} more: --json", style=MUTED))
    for one in varied:
        for note in (one.spread or {})["notes"]:
            out.print(Text("  ! ", style=AMBER).append_text(safe(f"{one.benchmark} {one.model} {note}")))


def _table(varied: Sequence[CellResult], padding: tuple[int, int, int, int], shown: Sequence[str]) -> Table:
    """Names break where there is no room: numbers are never cut."""
    table = Table(box=None, pad_edge=True, padding=padding, header_style=MUTED)
    for name in ("benchmark", "model", "varied"):
        table.add_column(name, no_wrap=name == "varied", overflow="fold")
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    for one in varied:
        for source, found in (one.spread or {})["sources"].items():
            cells = dict(zip(COLUMNS, _cells(found, one), strict=True))
            table.add_row(safe(one.benchmark), safe(one.model), source, *(cells[name] for name in shown))
    return table


def _shown(number: float, one: CellResult) -> str:
    """Points with a decimal, or a number as it is."""
    return f"{100 * number:.1f}" if _in_points(one) else f"{number:.3g}"


def _in_points(one: CellResult) -> bool:
    return in_percent(one.kind or one.metric, [one.estimate])


def _cells(found: Mapping[str, Any], one: CellResult) -> list[str]:
    means, shares = list(found["means"].values()), found["shares"] or {}
    parts = [f"{100 * shares[name]:.0f}" if shares else "-" for name in ("variant", "item", "resid")]
    numbers = [_shown(value, one) for value in (min(means), max(means), found["spread"])]
    return [str(found["variants"]), *numbers, f"± {_shown(found['sd_of_one_variant'], one)}", *parts, f"{found['n']:,}"]


def _differences(one: CellResult, varied: Sequence[CellResult]) -> Iterator[tuple[str, bool]]:
    """A line for each source and each model that comes later, and whether the sign holds on every variant."""
    later = [other.model for other in varied[varied.index(one) + 1 :] if other.benchmark == one.benchmark]
    for other in (one.spread or {})["against"]:
        if other["model"] not in later:
            continue
        for source, found in other["sources"].items():
            yield _told(one, other["model"], source, found), found["sign_holds"] == found["of"]


def _told(one: CellResult, other: str, source: str, found: Mapping[str, Any]) -> str:
    share, points = found["could_explain"], " points" * _in_points(one)
    sign = "+" if found["difference"] > 0 else ""
    moved = f"the choice of one moves it by ± {_shown(found['sd_of_one_variant'], one)}{points}"
    explains = "" if share is None else f", and could explain {'all' if share == 1 else f'{100 * share:.0f} %'} of it"
    apart = f"{sign}{_shown(found['difference'], one)}{points}"
    held = f"its sign holds on {found['sign_holds']} of {found['of']}"
    return f"{one.benchmark}: {one.model} - {other} over {source} variants {apart}; {held}; {moved}{explains}"
