"""`sinan judge`: can a judge be trusted?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli.output import document
from sinan.cli.shares import Share
from sinan.errors import UsageError

if TYPE_CHECKING:
    from sinan.types.judgement import JudgeAudit, Measured


COUNT = click.IntRange(1, 10**12)


@click.group("judge")
def command() -> None:
    """Judges: how far they can be trusted."""


@command.command("audit")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="People's labels, where they are not in FILE: rows with `id` and `human`.",
)
@click.option("--own", metavar="MODEL", default="", help="The model that the judge is, as FILE names models.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def audit_command(file: Path, labels: Path | None, own: str, as_json: bool) -> None:
    """Hold a judge's verdicts in FILE against people's labels.

    FILE has one item per row, with `human` and `judge`: agreement, preference for a place, for length and for its own
    answers, each with its interval; and the win rate or mean that people would give, from the few items that they
    labelled and all that the judge saw. Results of LLMBar and AlpacaEval are read as they are published, and
    samples.parquet of a run that judges scored.
    """
    from sinan.datasets.judgements import judgements
    from sinan.statistics.judge_audit import audit, judges, panel, people

    kind, rows = judgements(file, labels)
    names = judges(rows)
    if own and not any(own in row.models for row in rows):
        there = ", ".join(sorted({model for row in rows for model in row.models})) or "none"
        raise UsageError(f"--own {own}: no answer in {file.name} is by that model. Models named there: {there}")
    audits = [audit(kind, rows, judge, own) for judge in names]
    if len(names) > 1:
        audits.append(panel(kind, rows, names))
    among = people(rows)
    labelled = sum(bool(row.human) for row in rows)
    if as_json:
        head: dict[str, Any] = {"file": str(file), "kind": kind, "items": len(rows), "labelled": labelled}
        more = {"people": among.to_json()} if among else {}
        click.echo(document(head | more | {"judges": [one.to_json() for one in audits]}))
        return
    _print(kind, len(rows), labelled, audits, among)


@command.command("correct")
@click.option("--share", type=Share(), required=True, help="Of answers that the judge calls right.")
@click.option("-n", "n", type=COUNT, required=True, help="Answers that it judged.")
@click.option("--sensitivity", type=Share(), required=True, help="Right answers that it calls right.")
@click.option("--right", type=COUNT, required=True, help="Right answers that sensitivity is known from.")
@click.option("--specificity", type=Share(), required=True, help="Wrong answers that it calls wrong.")
@click.option("--wrong", type=COUNT, required=True, help="Wrong answers that specificity is known from.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def correct_command(as_json: bool, **given: Any) -> None:
    """The share of right answers behind a judge's verdicts, by how often it errs on other labelled answers (Rogan and
    Gladen). Where people labelled some of these very answers, `sinan judge audit` is better."""
    from sinan.statistics.rogan_gladen import rogan_gladen
    from sinan.types.judgement import Measured

    told, estimate = "share of right answers, if the judge errs here as it did there", rogan_gladen(**given)
    if not 0 <= (estimate.value or 0) <= 1:
        told += "; no share lies there: chance, or --sensitivity and --specificity are not those of these answers"
    found = Measured("corrected", estimate, told)
    if as_json:
        click.echo(document(found.to_json()))
        return
    value, interval, _ = _cells(found)
    click.echo(f"  {value} {interval}: {found.meaning}")


def _print(kind: str, items: int, labelled: int, audits: "list[JudgeAudit]", among: "Measured | None") -> None:
    from rich.table import Table
    from rich.text import Text

    from sinan.cli.table import MUTED, console, safe

    out = console()
    out.print(Text(f"  {kind}: {items:,} items, {labelled:,} of them labelled by people"))
    for audit in audits:
        out.print(Text("\n  ").append_text(safe(audit.judge)), style="bold")
        table = Table(box=None, pad_edge=True, padding=(0, 1), header_style=MUTED)
        table.add_column("measure", no_wrap=True)
        for name in ("value", "95 % interval", "n"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("", style=MUTED)
        if not audit.measured:
            out.print(Text("  no item has a verdict of each of them", style=MUTED))
            continue
        for one in audit.measured:
            table.add_row(safe(one.measure), *_cells(one), safe(one.meaning))
        out.print(table)
    if among:
        value, interval, n = _cells(among)
        out.print(safe(f"\n  {among.measure} {value} {interval} n {n}: {among.meaning}"))


def _cells(one: "Measured") -> tuple[str, str, str]:
    estimate = one.estimate
    value = "-" if estimate.value is None else f"{estimate.value:.3f}"
    interval = f"[{estimate.ci[0]:.3f}, {estimate.ci[1]:.3f}]" if estimate.ci else "[not estimable]"
    return value, interval, f"{estimate.n:,}"
