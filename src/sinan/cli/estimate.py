"""What `sinan run --dry-run` prints: what a run will take, as a table or as JSON."""

from typing import TYPE_CHECKING

import click

from sinan.cli.output import document

if TYPE_CHECKING:
    from sinan.engine.estimate import CellEstimate, RunEstimate

_BASIS = {
    "this model": "as in earlier runs of this model",
    "other models": "as other models answered",
    "max_tokens": "at most: what max_tokens allows",
    "log-likelihood": "log-likelihoods: nothing is answered",
    "unknown": "not known: no max_tokens, no earlier run",
}


def print_estimate(estimate: "RunEstimate", as_json: bool) -> None:
    """One line per cell and one for all of them; nothing was asked."""
    if as_json:
        click.echo(document(estimate.to_json()))
        return
    from rich.table import Table
    from rich.text import Text

    from sinan.cli.table import MUTED, console, safe

    table = Table(box=None, pad_edge=True, padding=(0, 1), header_style=MUTED)
    for name in ("benchmark", "model"):
        table.add_column(name, no_wrap=True)
    for name in ("requests", "tokens in", "tokens out", "cost", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("answers", no_wrap=True, style=MUTED)
    for cell in estimate.cells:
        basis = _BASIS[cell.basis] if cell.questions else "nothing is left to ask"
        table.add_row(safe(cell.benchmark), safe(cell.model), *_numbers(cell), basis)
    if len(estimate.cells) > 1:
        table.add_row(Text("all", style="bold"), "", *_numbers(estimate), "")
    out = console()
    out.print(table)
    for note in _notes(estimate):
        out.print(Text(f"  {note}", style=MUTED))


def money(usd: float) -> str:
    """`$12.30`; more digits below a dollar: `$0.0041`."""
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _numbers(of: "CellEstimate | RunEstimate") -> list[str]:
    bound = "≤ " if of.at_most else ""
    out = "?" if of.tokens_out is None else f"{bound}{of.tokens_out:,}"
    time = "?" if of.seconds is None else duration(of.seconds)
    return [f"{of.requests:,}", f"{of.tokens_in:,}", out, _cost(of), time]


def _cost(of: "CellEstimate | RunEstimate") -> str:
    least, most = of.cost_usd_at_least, of.cost_usd
    if least is None:
        return "?"
    if most is None:
        return f"≥ {money(least)}"
    return money(most) if most - least < 5e-5 else f"{money(least)} - {money(most)}"


def _notes(estimate: "RunEstimate") -> list[str]:
    notes = ["Nothing was asked. Tokens are guessed from characters; see docs/budgets.md."]
    if estimate.pictures:
        notes.append(f"{estimate.pictures:,} pictures are not in the tokens: what they take is the model's own affair.")
    if unpriced := sorted({cell.model for cell in estimate.cells if cell.cost_usd_at_least is None}):
        notes.append(
            f"No price of {', '.join(unpriced)} is known: add price_in and price_out, or [prices] in sinan.toml."
        )
    return notes
