"""`sinan replay`: what stopping early would have saved on known scores, and how often it would have been wrong."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli.output import document, one_line
from sinan.cli.within import Within
from sinan.datasets.outcomes import TABLES
from sinan.errors import UsageError

if TYPE_CHECKING:
    from sinan.statistics.sequential.study import Study
    from sinan.types.table import ScoreTable


@click.command("replay")
@click.argument("sources", metavar="MATRIX.csv|RUN...", nargs=-1, required=True)
@click.option("--orders", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Random orders tried.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the random orders.")
@click.option(
    "--alpha",
    type=Within(0, 0.5, min_open=True),
    default=0.05,
    show_default=True,
    help="How often a verdict may be wrong, at most.",
)
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(**options: Any) -> int:
    """Known scores are asked for again in random orders, and stopped early.

    MATRIX.csv has one row per question and one column per model. Of RUNs, the models of each benchmark that were asked
    the same questions. No model is called.
    """
    from sinan.statistics.sequential.study import study

    told = []
    for table in _tables(options["sources"], options["runs"]):
        kept, notes = _shared(table)
        found = study(kept.values, options["orders"], options["seed"], options["alpha"])
        told.append({"benchmark": kept.benchmark, **found.to_json(), "notes": notes})
        if not options["as_json"]:
            _print(kept.benchmark, found, notes)
    if options["as_json"]:
        click.echo(document({"replays": told}))
    return 0


def _tables(sources: Sequence[str], runs: Path) -> "Iterator[ScoreTable]":
    """Raises UsageError where no benchmark of the runs has two models."""
    from sinan.datasets.outcomes import outcomes

    named = [source for source in sources if Path(source).suffix.lower() not in TABLES]
    yield from (outcomes(source) for source in sources if source not in named)
    if named:
        from sinan.ranked import tables_of

        yield from tables_of(named, runs, lambda line: click.echo(f"sinan: {line}", err=True))


def _shared(table: "ScoreTable") -> "tuple[ScoreTable, list[str]]":
    """The questions that every model has a score of. Raises UsageError where there are too few."""
    from dataclasses import replace

    import numpy as np

    there = ~np.isnan(table.values).any(0)
    kept = replace(table, items=tuple(np.array(table.items, dtype=object)[there]), values=table.values[:, there])
    notes = list(table.notes)
    if not there.all():
        notes.append(f"{int((~there).sum()):,} questions that not every model has a score of are left out")
    if len(kept.models) < 2 or len(kept.items) < 2 or not ((kept.values >= 0) & (kept.values <= 1)).all():
        raise UsageError(
            f"{table.benchmark}: {len(kept.models)} models share {len(kept.items)} questions; two of each are needed, "
            "with scores from 0 to 1"
        )
    return kept, notes


def _print(name: str, found: "Study", notes: Sequence[str]) -> None:
    """A table for reading."""
    click.echo(
        f"\n  {one_line(name)}   {found.models} models x {found.questions:,} questions   "
        f"alpha {found.alpha:g}   seed {found.seed}\n"
    )
    width = max(len(job.job) for job in found.jobs)
    click.echo(f"  {'job':<{width}}  requests  saving  contradicted    fewer")
    for job in found.jobs:
        fewer = f"  x{job.fewer:.2f}" if job.fewer else ""
        share = f"{job.contradicted:,} of {job.verdicts:,}"
        click.echo(f"  {job.job:<{width}}  {100 * job.used:6.1f} %  {f'x{job.saving:.1f}':>6}  {share:<14}{fewer}")
    click.echo("  fewer: times fewer requests than the same job with nothing stored")
    click.echo("\n  gap of the full scores  pairs  questions used  contradicted")
    for gap in found.gaps:
        bounds = f"{100 * gap.least:g} to {100 * gap.most:g} points"
        click.echo(f"  {bounds:<22}  {gap.pairs:5,}  {100 * gap.used:12.1f} %  {gap.contradicted:,}")
    for note in notes:
        click.echo(f"  {one_line(note)}")
