"""A comparison on a terminal: the difference first, then what was not done alike, the causes, and the first flips."""

from collections.abc import Container, Sequence

from rich.table import Table
from rich.text import Text

from sinan.causes import apart
from sinan.cli.compare_samples import line_table
from sinan.cli.numbers import percent, plain
from sinan.cli.table import AMBER, MUTED, RED, console, fitting, safe
from sinan.comparison import words
from sinan.types import Comparison

FIRST = 5
"""Flips that are shown below the numbers."""
MARKS = {
    "better": ("▲", "green"),
    "worse": ("▼", RED),
    "equivalent": ("=", "green"),
    "undecided": ("?", AMBER),
    "not comparable": ("!", AMBER),
}
NARROWER = ((), ("cause",), ("cause", "flips"), ("cause", "flips", "p"), ("cause", "flips", "p", "value"))
"""What a line per comparison goes without on ever narrower terminals."""
WAYS = {"holm": "Holm", "benjamini-hochberg": "Benjamini-Hochberg, false discovery rate"}


def print_comparison(one: Comparison) -> None:
    """One comparison whole."""
    out = console()
    out.print()
    out.print(Text("  ").append_text(_bold(one.benchmark)).append("   ").append_text(safe(_metric(one))))
    out.print(_runs(one))
    out.print()
    out.print(_numbers(one))
    out.print()
    for line in _verdict(one):
        out.print(line)
    if one.protocol_differences:
        out.print()
        out.print(_protocols(one))
        if any(d.unfair for d in one.protocol_differences):
            out.print(Text("  ! two that were not asked and judged alike: not a fair comparison", style=RED))
    if one.causes:
        out.print()
        out.print(_causes(one))
    flips = [d for d in one.differing if d.flip]
    if flips:
        out.print()
        out.print(line_table(one, flips[:FIRST], out.width))
        out.print(Text("  ") + safe(f"more: --samples · --flips · --id {flips[0].sample_id}"), style=MUTED)
    for note in one.notes:
        out.print(Text("  ! ", style=AMBER).append_text(safe(note)))
    out.print()


def print_summary(found: Sequence[Comparison]) -> None:
    """A line per comparison."""
    out = console()
    out.print()
    table = fitting(out, (_summary(found, left_out) for left_out in NARROWER))
    out.print(table)
    flips = any(column.header == "flips" for column in table.columns)
    told = "flips: right in a only : right in b only" if flips else "a wider terminal shows more columns"
    out.print(Text(f"  {told} · one whole: --benchmark ID", style=MUTED))
    print_family(found)
    out.print()


def _summary(found: Sequence[Comparison], left_out: Container[str]) -> Table:
    """A line per comparison, without these columns. Names break where there is no room: numbers are never cut."""
    table, of = _table(), {one.benchmark: one.metric for one in reversed(found)}
    several = len({(one.model_a, one.model_b) for one in found}) > 1
    p = "p adjusted" if found[0].family.size > 1 else "p"
    values = ("value", "") if several else ("a", "b")
    names = ("benchmark", *(("a", "b") if several else ()))
    heads = (*names, *values, "a - b", "95 % interval", p, "", "flips", "first cause")
    kinds = (*("name" for _ in names), "value", "value", "number", "number", "p", "verdict", "flips", "cause")
    for head, kind in zip(heads, kinds, strict=True):
        if kind not in left_out:
            right = kind in ("value", "number", "p")
            table.add_column(head, justify="right" if right else "left", no_wrap=kind != "name", overflow="fold")
    for one in found:
        told = one.benchmark if one.metric == of[one.benchmark] else f"{one.benchmark} {one.metric}"
        models = [safe(one.model_a, 24), safe(one.model_b, 24)] if several else []
        mark, style = MARKS[one.verdict]
        cause = max(one.causes, key=lambda name: one.causes[name], default="")
        rest = [Text(f"{mark} {one.verdict}", style), Text(f"{one.flips[0]:,} : {one.flips[1]:,}"), Text(cause)]
        cells = zip(kinds, [safe(told, 28), *models, *_cells(one), *rest], strict=True)
        table.add_row(*(cell for kind, cell in cells if kind not in left_out))
    return table


def print_family(found: Sequence[Comparison]) -> None:
    """How p-values of several comparisons were adjusted; nothing of one."""
    family = found[0].family
    if family.size > 1:
        told = f"  verdicts by p-values adjusted for {family.size:,} comparisons ({WAYS[family.method]})"
        console().print(Text(told, style=MUTED))


def _bold(text: str) -> Text:
    shown = safe(text)
    shown.stylize("bold")
    return shown


def _metric(one: Comparison) -> str:
    return one.metric + (" in %" if one.in_percent else "") + (", less is better" if one.less_is_better else "")


def _runs(one: Comparison) -> Table:
    table = Table(box=None, show_header=False, pad_edge=True, padding=(0, 1, 0, 1))
    for _ in range(3):
        table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_row("a", _bold(one.model_a), safe(one.run_a))
    table.add_row("b", _bold(one.model_b), safe(one.run_b))
    return table


def _table() -> Table:
    return Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)


def _numbers(one: Comparison) -> Table:
    table = _table()
    for name in ("a", "b", "a - b", "95 % interval", "p adjusted" if one.family.size > 1 else "p", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(*_cells(one), f"{one.paired.n:,}")
    return table


def _cells(one: Comparison) -> list[Text]:
    paired, shown = one.paired, percent if one.in_percent else plain
    ends = f"[{shown(paired.ci[0])}, {shown(paired.ci[1])}]" if paired.ci else "[not estimable]"
    head = [Text(shown(paired.value_a)), Text(shown(paired.value_b)), Text(words.difference(one), style="bold")]
    return [*head, Text(ends), Text(_p(one))]


def _p(one: Comparison) -> str:
    value = one.adjusted_p if one.adjusted_p is not None else one.paired.p_value
    if value is None:
        return "-"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def _verdict(one: Comparison) -> list[Text]:
    """In words; then how many samples changed sides, and how many are no pair."""
    mark, style = MARKS[one.verdict]
    lines = [Text(f"  {mark} {words.verdict(one)}", style=f"bold {style}")]
    if one.verdict == "not comparable":
        lines.append(
            Text(
                f"    {words.why_not(one)} · a verdict all the same: --anyway",
                style=AMBER if one.compares == "protocols" else RED,
            )
        )
    told = f"right in a only {one.flips[0]:,} · in b only {one.flips[1]:,} · {one.differ:,} draws end differently"
    lines.append(Text(f"  {told}"))
    names = {"only_a": "only in a", "only_b": "only in b", "failed": "failed in one of them", "collected": "not judged"}
    left = [f"{names[name]} {count:,}" for name, count in one.left_out.items() if count]
    if one.paired.method != "none":
        clusters = f" · {one.paired.clusters:,} clusters" if one.paired.clusters else ""
        deff = f", DEFF {one.paired.deff:.1f}" if one.paired.deff else ""
        p, comma, interval = one.paired.method.partition(", ")
        how = f"p by {p} · {interval}" if comma else f"p and interval by {p}"
        lines.append(Text(f"  {how}{clusters}{deff}", style=MUTED))
    if left:
        lines.append(Text(f"  no pair: {' · '.join(left)}", style=AMBER))
    return lines


def _protocols(one: Comparison) -> Table:
    table = _table()
    table.add_column("not alike", no_wrap=True, overflow="ellipsis")
    for name in ("a", "b"):
        table.add_column(name, overflow="fold", ratio=1)
    for d in one.protocol_differences:
        style = RED if d.unfair else ""
        table.add_row(*(safe(text) for text in (d.what, *apart(d.a, d.b, 44))), style=style)
    return table


def _causes(one: Comparison) -> Table:
    table = _table()
    table.add_column("cause", no_wrap=True)
    table.add_column("flips", justify="right")
    table.add_column("all that differ", justify="right")
    for cause, (flips, differing) in one.causes.items():
        table.add_row(cause, f"{flips:,}", f"{differing:,}", style=AMBER if cause == "unknown" else "")
    return table
