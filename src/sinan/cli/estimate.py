"""What `sinan run --dry-run` prints: what a run will take, as a table or as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from sinan.cli.output import document, money

if TYPE_CHECKING:
    from sinan.engine.estimate import CellEstimate, RunEstimate

_BASIS = {
    "this model": "as in earlier runs of this model",
    "other models": "as other models answered",
    "max_tokens": "at most: what max_tokens allows",
    "log-likelihood": "log-likelihoods: nothing is answered",
    "unknown": "not known: no max_tokens, no earlier run",
}
_NAMED = 4
"""Cells that a note names; of more it says how many there are."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the run may take, as the options of `sinan run` say it, and whether it takes answers from the cache."""

    max_cost: float | None = None
    """In US dollars."""
    max_tokens_total: int | None = None
    max_time: float | None = None
    """In seconds."""
    cache: bool = True


def print_estimate(estimate: "RunEstimate", as_json: bool, limits: Limits = Limits(), left_open: str = "") -> None:
    """One line per cell and one for all of them, and in notes what the numbers rest on, and what the run will leave
    open; nothing was asked.

    As JSON it is one document: `estimate`, and the notes as a list.
    """
    notes = [*_notes(estimate, limits), *_exceeded(estimate, limits), *([left_open] if left_open else [])]
    if as_json:
        click.echo(document(estimate.to_json() | {"notes": notes}))
        return
    from rich.table import Table
    from rich.text import Text

    from sinan.cli.table import MUTED, console, safe

    out = console()
    narrow = (0, 1, 0, 0) if out.width < 100 else (0, 1)
    table = Table(box=None, pad_edge=True, padding=narrow, header_style=MUTED)
    for name in ("benchmark", "model"):
        table.add_column(name, overflow="fold")  # where it is narrow names break: numbers are never cut
    for name in ("requests", "tokens in", "tokens out", "cost", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for cell in estimate.cells:
        table.add_row(safe(cell.benchmark), safe(cell.model), *_numbers(cell))
    if len(estimate.cells) > 1:
        table.add_row(Text("all", style="bold"), "", *_numbers(estimate))
    out.print(table)
    for note in notes:
        out.print(Text("  ").append_text(safe(note)), style=MUTED)


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


def _notes(estimate: "RunEstimate", limits: Limits) -> list[str]:
    notes = ["Nothing was asked. Tokens are guessed from characters; see docs/budgets.md.", *_answers(estimate)]
    if estimate.rules:
        notes += ["A rule ends the run sooner: the numbers are the most that it takes.", *map(str, estimate.rules)]
    if limits.cache and estimate.requests:
        notes.append("Answers that lie in the response cache are not taken off: with them it will take less.")
    if batched := sorted({cell.model for cell in estimate.cells if cell.in_batches and cell.questions}):
        notes.append(
            f"{', '.join(batched)} answers in batches: each within 24 hours, often sooner; how soon is not known."
        )
    judged: dict[tuple[str, ...], int] = {}
    for cell in estimate.cells:
        judged[cell.judges] = judged.get(cell.judges, 0) + cell.questions
    notes += [
        f"{count:,} answers are to be judged by {', '.join(judges)}: what that takes is not in the numbers."
        for judges, count in judged.items()
        if judges and count
    ]
    if estimate.pictures:
        notes.append(f"{estimate.pictures:,} pictures are not in the tokens: what they take is the model's own affair.")
    if unpriced := sorted({cell.model for cell in estimate.cells if cell.cost_usd_at_least is None}):
        notes.append(
            f"No price of {', '.join(unpriced)} is known: add price_in and price_out, or [prices] in sinan.toml."
        )
    return notes


def _answers(estimate: "RunEstimate") -> Iterator[str]:
    """On what the length of answers rests; with the cells, where it is not the same for all."""
    cells: dict[str, list[str]] = {}
    for cell in estimate.cells:
        basis = _BASIS[cell.basis] if cell.questions else "nothing is left to ask"
        cells.setdefault(basis, []).append(f"{cell.benchmark} {cell.model}")
    for basis, whose in cells.items():
        named = "; ".join(whose) if len(whose) <= _NAMED else f"{len(whose):,} of them"
        yield f"Length of answers: {basis}" + (f" ({named})." if len(cells) > 1 else ".")


def _exceeded(estimate: "RunEstimate", limits: Limits) -> Iterator[str]:
    """Which limits the run would meet before its end: surely, by the least it can take, or perhaps, by the most."""
    known_out = 0 if estimate.tokens_out is None or estimate.at_most else estimate.tokens_out
    least = (estimate.cost_usd_at_least, estimate.tokens_in + known_out, estimate.seconds)
    tokens = None if estimate.tokens_out is None else estimate.tokens_in + estimate.tokens_out
    most = (estimate.cost_usd, tokens, estimate.seconds)
    given = (limits.max_cost, limits.max_tokens_total, limits.max_time)
    options = ("--max-cost", "--max-tokens-total", "--max-time")
    for option, limit, low, high in zip(options, given, least, most, strict=True):
        if limit is None:
            continue
        if low is not None and low > limit:
            yield f"The estimate exceeds {option} {limit:.12g}: the run would stop before its end."
        elif high is None:
            yield f"Whether {option} {limit:.12g} is enough is not known."
        elif high > limit:
            yield f"The estimate may exceed {option} {limit:.12g}: the run might stop before its end."
