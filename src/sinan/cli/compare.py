"""`sinan compare`: two runs side by side, sample by sample, and why they differ."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli.output import document, one_line
from sinan.cli.shares import share
from sinan.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from sinan.types import Comparison

MANY = 3
"""Comparisons that are shown whole; of more there is one line each."""


@click.command("compare")
@click.argument("run_a", metavar="RUN_A")
@click.argument("run_b", metavar="[RUN_B]", required=False)
@click.option("--benchmark", "benchmarks", multiple=True, metavar="ID", help="Only this benchmark; again for more.")
@click.option("-m", "--model", "models", multiple=True, metavar="MODEL", help="Only this model; again for more.")
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME|all", help="These metrics (default: each cell's first)."
)
@click.option(
    "--epsilon", metavar="MARGIN", help="A difference below it does not matter: 0.01 or 1% of a share (the default)."
)
@click.option("--fdr", is_flag=True, help="Of many: bound the share of wrong verdicts (Benjamini-Hochberg), not Holm.")
@click.option("--anyway", is_flag=True, help="Give a verdict also where the two were not asked and judged alike.")
@click.option("--samples", "as_samples", is_flag=True, help="Every sample that differs, a page at a time.")
@click.option("--flips", is_flag=True, help="Only samples that one run has right and the other has not.")
@click.option("--id", "sample_id", metavar="ID", help="One sample side by side.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--rows", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Samples on a page.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(**options: Any) -> int:
    """Compare RUN_A with RUN_B on the samples they share; of one run alone, its models with each other.

    A run is its id, the beginning of its id, its path, or `last`.
    """
    from sinan.comparison import compare

    asked = partial(
        compare,
        options["run_a"],
        options["run_b"],
        runs=options["runs"],
        benchmarks=options["benchmarks"],
        models=options["models"],
        metrics=options["metrics"],
        epsilon=_margin(options["epsilon"]),
        fdr=options["fdr"],
        anyway=options["anyway"],
    )
    found = asked(notice=lambda line: click.echo(f"sinan: {one_line(line)}", err=True))
    if options["sample_id"] is not None:
        if options["page"] > 1:
            raise UsageError("--id shows one sample whole; it has no pages")
        if any(one.differ > len(one.differing) for one in found):  # it may be none of those that were explained
            found = asked(sample=options["sample_id"])
        found = _with_sample(found, options["sample_id"])
    if options["flips"]:
        found = tuple(replace(one, differing=tuple(d for d in one.differing if d.flip)) for one in found)
    if options["as_json"]:
        click.echo(document({"comparisons": [one.to_json() for one in found]}))
    else:
        _print(found, options)
    return 0


def _margin(written: str | None) -> float | None:
    """In the metrics' own numbers, which may lie above 1. Raises UsageError."""
    if written is None:
        return None
    try:
        return share(written)
    except ValueError:
        raise UsageError(f"--epsilon {written} is no number. Remedy: 0.01 or 1% for one point of a share") from None


def _print(found: "tuple[Comparison, ...]", options: dict[str, Any]) -> None:
    from sinan.cli import compare_samples, compare_table

    if options["sample_id"] is not None:
        return compare_samples.print_one(found)
    if options["as_samples"] or options["flips"]:
        return compare_samples.print_page(found, options["page"], options["rows"])
    if len(found) > MANY:
        return compare_table.print_summary(found)
    for one in found:
        compare_table.print_comparison(one)
    compare_table.print_family(found)
    return None


def _with_sample(found: "tuple[Comparison, ...]", sample_id: str) -> "tuple[Comparison, ...]":
    """The comparisons in which this sample differs, with it alone. Raises UnknownName."""
    kept = [replace(one, differing=tuple(d for d in one.differing if d.sample_id == sample_id)) for one in found]
    if not any(one.differing for one in kept):
        known = [d.sample_id for one in found for d in one.differing]
        raise UnknownName(sample_id, "sample that differs", known, "All of them: sinan compare ... --samples")
    return tuple(one for one in kept if one.differing)
