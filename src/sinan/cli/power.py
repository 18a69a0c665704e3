"""`sinan power`: how small a difference can be told, and how many questions it takes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli.output import document
from sinan.cli.shares import Share
from sinan.cli.within import Within

if TYPE_CHECKING:
    from sinan.statistics.planned import Plan

ABOVE_0 = Share(low_open=True)
POSITIVE = Within(0, min_open=True)
NOT_NEGATIVE = Within(0)


@click.command("power")
@click.argument("target", metavar="[BENCHMARK|FILE]", required=False)
@click.option("-n", "--limit", "n", type=click.IntRange(1), help="Questions asked (default: all of the benchmark).")
@click.option("--difference", type=Share(1e-9), help="To be told, such as 0.03 or 3% (3 points).")
@click.option("--samples", type=click.IntRange(1), default=1, show_default=True, help="Draws of each question.")
@click.option("--samples-a", type=click.IntRange(1), help="Draws of a alone.")
@click.option("--samples-b", type=click.IntRange(1), help="Draws of b alone.")
@click.option(
    "--discordance",
    type=ABOVE_0,
    help="Share of verdicts that differ (default: earlier runs', else 0.2).",
)
@click.option("--correlation", type=Within(-1, 1), help="Of the verdicts, in place of --discordance.")
@click.option("--accuracy", type=Share(), help="Of both models, with --correlation.")
@click.option("--omega2", type=NOT_NEGATIVE, help="Variance over questions of the expected difference (Miller's form).")
@click.option("--sigma2-a", type=NOT_NEGATIVE, help="Variance over draws of one question, of a.")
@click.option("--sigma2-b", type=NOT_NEGATIVE, help="The same of b.")
@click.option(
    "--noise", type=Share(), help="Share of the variance that draws take away (default: earlier runs', or 0.45)."
)
@click.option(
    "--alpha",
    type=Within(1e-99, 1, False, True),
    default=0.05,
    show_default=True,
    help="How often equal models are told apart.",
)
@click.option(
    "--power",
    "chance",
    type=Within(0.5, 1, False, True),
    default=0.8,
    show_default=True,
    help="How often the difference is told.",
)
@click.option(
    "--comparisons", type=click.IntRange(1, 10**9), default=1, show_default=True, help="Made at once, all to hold."
)
@click.option("--deff", type=POSITIVE, help="Design effect of clusters (default: earlier runs', else 1).")
@click.option("--full", is_flag=True, help="The claim is about this benchmark's full run, not about questions like it.")
@click.option("--population", type=click.IntRange(1), help="As --full, of a benchmark of so many questions.")
@click.option(
    "--cost-item", type=NOT_NEGATIVE, default=0.0, show_default=True, help="Cost of a question, beside its draws."
)
@click.option("--cost-sample", type=POSITIVE, default=1.0, show_default=True, help="Cost of one draw.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(**options: Any) -> None:
    """How small a difference between two models BENCHMARK (or -n questions) can tell, and how many questions
    --difference takes. Both models answer the same questions. Nothing is asked."""
    from sinan.comparison.planning import power

    as_json, samples = options.pop("as_json"), options.pop("samples")
    draws = options.pop("samples_a") or samples, options.pop("samples_b") or samples
    plan = power(samples=draws, costs=(options.pop("cost_item"), options.pop("cost_sample")), **options)
    if as_json:
        click.echo(document(plan.to_json()))
    else:
        _print(plan)


def _print(plan: "Plan") -> None:
    from rich.text import Text

    from sinan.cli.table import AMBER, MUTED, console, safe

    out = console()
    out.print()
    for line in _lines(plan):
        out.print(Text("  ").append_text(safe(line)))
    out.print(Text("  ").append_text(safe(_rests_on(plan))), style=MUTED)
    for note in plan.notes():
        out.print(Text("  ! ", style=AMBER).append_text(safe(note)))
    out.print()


def _lines(plan: "Plan") -> Iterator[str]:
    where = f"{plan.benchmark}: " if plan.benchmark else ""
    draws = "x".join(str(k) for k in dict.fromkeys(plan.samples))
    times = f", {draws} draws each" if draws != "1" else ""
    if plan.n is not None:
        told = " · ".join(f"{_points(plan.detectable(chance))} at {100 * chance:g} % power" for chance in plan.powers)
        yield f"{where}{plan.n:,} questions{times} tell a difference of {told}"
    if plan.needed is not None and plan.difference is not None:
        of_all = plan.needed_of_population
        many = f"{_up(of_all or plan.needed):,} questions"
        about = f" of the {plan.population:,} of the full run" if of_all else ""
        yield f"a difference of {_points(plan.difference)} takes {many}{about} at {100 * plan.level.power:g} % power"
    ever = plan.smallest_ever
    if ever and (plan.n != plan.size or plan.population):
        least = _points(ever["0.8"])
        yield f"all {ever['n']:,} questions of it tell {least} at 80 % power of questions like these, and never less"
    if plan.costs[0]:
        yield f"draws of each question that tell most for their cost: {plan.best_draws:.2g}"


def _up(n: float) -> int:
    from math import ceil

    return ceil(n - 1e-9)


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} points"


def _rests_on(plan: "Plan") -> str:
    """On what the numbers rest, in one line."""
    level = plan.level
    parts = [f"alpha {level.alpha:g}" + (f" over {level.comparisons:,} comparisons" if level.comparisons > 1 else "")]
    if plan.variance is not None:
        one = plan.variance
        parts.append(f"omega2 {one.omega2:.4g}, sigma2 {one.sigma2_a:.4g} and {one.sigma2_b:.4g}")
    else:
        source = plan.discordance_from
        told = f"given as {source}" if source != "given" and source != "assumed" else source
        if isinstance(source, dict):
            pairs = f"{source['pairs']} pair{'s' * (source['pairs'] != 1)} of models"
            near = " within 5 points" if source["within"] else ""
            told = f"measured on {pairs}{near} in {', '.join(source['runs'][:3])}{', ...' * (len(source['runs']) > 3)}"
        parts.append(f"{100 * (plan.discordance or 0):.3g} % of the verdicts differ ({told})")
    if plan.deff != 1:
        parts.append(f"design effect {plan.deff:.3g} ({plan.deff_from})")
    about = "this benchmark's full run" if plan.population else "questions like these"
    return f"paired, two-sided; {'; '.join(parts)}; about {about}"
