"""Results as a table: the value and its interval belong together, and what was not answered is said below."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sinan.cli.output import money, visible
from sinan.types import CellResult, Estimate

WIDE = 118
"""Columns of a terminal that outcomes and tokens of one model need beside the score; the lines below tell them too."""
AMBER, RED, MUTED = "yellow", "red", "dim"


def console() -> Console:
    """Standard output; plain and unwrapped where it is no terminal."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 160)


def print_results(results: Sequence[CellResult]) -> None:
    """One line per benchmark with a column per model where that fits; otherwise one line per cell."""
    out = console()
    models = list(dict.fromkeys(r.model for r in results))
    fits = 20 + 24 * len(models) + 8 <= out.width
    out.print()
    wide = out.width >= WIDE + 20 * (len(models) > 1)
    out.print(_matrix(results, models) if len(models) > 1 and fits else _long(results, len(models) > 1, wide))
    out.print()
    for line in _notes(results):
        out.print(line)


def percent(value: float | None) -> str:
    """`71.0`; a dash where there is no number."""
    return "-" if value is None else f"{100 * value:.1f}"


def interval(estimate: Estimate) -> str:
    """`[64.4, 76.8]`, in percent."""
    return f"[{percent(estimate.ci[0])}, {percent(estimate.ci[1])}]" if estimate.ci else "[not estimable]"


def safe(text: str, width: int | None = None) -> Text:
    """Text from outside, harmless on a terminal: control characters become visible, and it is never markup."""
    shown = visible(text, kept="\n\t")
    if width is not None:
        shown = " ".join(shown.split())
        shown = shown if len(shown) <= width else shown[: width - 1] + "…"
    return Text(shown)


def _matrix(results: Sequence[CellResult], models: Sequence[str]) -> Table:
    table = _table("benchmark", *models, "n")
    for benchmark in dict.fromkeys(r.benchmark for r in results):
        cells = {r.model: r for r in results if r.benchmark == benchmark}
        sizes = sorted({r.estimate.n for r in cells.values()})
        n = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,}-{sizes[-1]:,}"
        table.add_row(safe(benchmark), *(_cell(cells.get(model)) for model in models), n)
    return table


def _long(results: Sequence[CellResult], with_model: bool, wide: bool) -> Table:
    heads = ["benchmark", *(["model"] if with_model else []), "accuracy", "95 % interval", "n"]
    more = ["correct", "wrong", "unparsed", "truncated", "refused", "failed", "tokens in", "out"] if wide else []
    table = _table(*heads, *more)
    for r in results:
        outcomes = [_count(name, r.outcomes[name]) for name in r.outcomes]
        head = [safe(r.benchmark), *([safe(r.model)] if with_model else [])]
        value = Text(percent(r.estimate.value), style="bold")
        tokens = [f"{r.tokens_in:,}", f"{r.tokens_out:,}"]
        rest: list[Text | str] = [*outcomes, *tokens] if wide else []
        table.add_row(*head, value, interval(r.estimate), f"{r.estimate.n:,}", *rest)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(Text(name), justify="left" if name == "model" else "right", no_wrap=True)
    return table


def _cell(result: CellResult | None) -> Text:
    if result is None:
        return Text("")
    return Text.assemble((percent(result.estimate.value), "bold"), f"  {interval(result.estimate):>13}")


def _count(name: str, count: int) -> Text:
    style = "" if not count or name in ("correct", "wrong") else RED if name == "failed" else AMBER
    return Text(f"{count:,}", style=style)


def _notes(results: Sequence[CellResult]) -> list[Text]:
    """The interval's method, the outcomes that are neither correct nor wrong, and the tokens."""
    methods = sorted({r.estimate.method for r in results if r.estimate.ci})
    metric = ", ".join(sorted({r.metric for r in results}))
    lines = [Text(f"  {metric} in %, with 95 % intervals ({', '.join(methods) or 'none'})", style=MUTED)]
    if (draws := max((r.k for r in results), default=1)) > 1:
        lines.append(Text(f"  {draws} draws of each sample: n counts samples, outcomes count draws", style=MUTED))
    told = []
    for name in ("unparsed", "truncated", "refused", "failed"):
        by_model: dict[str, int] = {}
        for r in results:
            by_model[r.model] = by_model.get(r.model, 0) + r.outcomes[name]
        whose = ", ".join(f"{model} {n:,}" for model, n in by_model.items() if n)
        told.append(f"{name} {sum(by_model.values()):,}" + (f" ({whose})" if whose and len(by_model) > 1 else ""))
    lines.append(Text("  " + " · ".join(told), style=RED if not told[-1].startswith("failed 0") else ""))
    tokens = [
        f"{sum(getattr(r, key) for r in results):,} {word}"
        for key, word in (("tokens_in", "in"), ("tokens_out", "out"))
    ]
    costs = [r.cost_usd for r in results if r.cost_usd]
    cost = f" · {money(sum(costs))}" if costs else ""
    lines.append(Text(f"  tokens {', '.join(tokens)}{cost}", style=MUTED))
    return lines


def print_groups(results: Sequence[CellResult]) -> None:
    """One line per group of each cell that has groups."""
    table = _table("benchmark", "model", "group", "accuracy", "95 % interval", "n")
    for r in results:
        for name, e in r.groups:
            row = (safe(r.benchmark), safe(r.model), safe(name), Text(percent(e.value), style="bold"))
            table.add_row(*row, interval(e), f"{e.n:,}")
    out = console()
    out.print(table if table.row_count else Text("  nothing is grouped here", style=MUTED))
    out.print()


def print_runs(rows: Sequence[Mapping[str, Any]]) -> None:
    """One line per run, the newest first."""
    table = _table("run", "begun (UTC)", "status", "targets", "models")
    for column in table.columns[1:]:
        column.justify = "left"
    for row in rows:
        what = row.get("error") or ", ".join(Path(target).name for target in row["targets"])
        begun = safe(row["created"][:16].replace("T", " "))
        table.add_row(safe(row["run"]), begun, safe(row["status"]), safe(what, 60), safe(", ".join(row["models"]), 60))
    console().print(table)
