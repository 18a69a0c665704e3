"""`sinan power`: how small a difference can be told, and how many questions it takes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sinan.cli.output import document
from sinan.errors import SinanError, UsageError

if TYPE_CHECKING:
    from sinan.comparison.earlier_pairs import Discordance
    from sinan.statistics.planned import Plan
    from sinan.types import Benchmark
    from sinan.types.table import ScoreTable

WANTED = 0.03
"""The difference that is planned for where none is named."""
SHARE = click.FloatRange(0, 1)
POSITIVE = click.FloatRange(0, min_open=True)
NOT_NEGATIVE = click.FloatRange(0)


@click.command("power")
@click.argument("target", metavar="[BENCHMARK|FILE]", required=False)
@click.option("-n", "--limit", "n", type=click.IntRange(1), help="Questions asked (default: all of the benchmark).")
@click.option("--difference", type=click.FloatRange(0, 1, min_open=True), help="To be told, such as 0.03 (3 points).")
@click.option("--samples", type=click.IntRange(1), default=1, show_default=True, help="Draws of each question.")
@click.option("--samples-a", type=click.IntRange(1), help="Draws of a alone.")
@click.option("--samples-b", type=click.IntRange(1), help="Draws of b alone.")
@click.option(
    "--discordance",
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of verdicts that differ (default: earlier runs', else 0.2).",
)
@click.option("--correlation", type=click.FloatRange(-1, 1), help="Of the verdicts, in place of --discordance.")
@click.option("--accuracy", type=SHARE, help="Of both models, with --correlation.")
@click.option("--omega2", type=NOT_NEGATIVE, help="Variance over questions of the expected difference (Miller's form).")
@click.option("--sigma2-a", type=NOT_NEGATIVE, help="Variance over draws of one question, of a.")
@click.option("--sigma2-b", type=NOT_NEGATIVE, help="The same of b.")
@click.option(
    "--noise", type=SHARE, help="Share of the variance that draws take away (default: earlier runs', or 0.45)."
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, True, True),
    default=0.05,
    show_default=True,
    help="How often equal models are told apart.",
)
@click.option(
    "--power",
    "chance",
    type=click.FloatRange(0.5, 1, False, True),
    default=0.8,
    show_default=True,
    help="How often the difference is told.",
)
@click.option("--comparisons", type=click.IntRange(1), default=1, show_default=True, help="Made at once, all to hold.")
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
    plan = _plan(options)
    if options["as_json"]:
        click.echo(document(plan.to_json()))
    else:
        _print(plan)


def _plan(options: dict[str, Any]) -> "Plan":
    from sinan.statistics.planned import Plan
    from sinan.statistics.power import Level

    of = _target(options["target"])
    size = of.size if of else None
    n = size if options["n"] is None else options["n"]
    if n is None and options["difference"] is None:
        what = "its number of questions is known only once its data are here" if of else "nothing says of what"
        raise UsageError(f"power: {what}. Remedy: a benchmark, -n QUESTIONS or --difference D")
    population = _population(options, size)
    if n and (most := population or size) and n > most:
        raise UsageError(f"-n {n}: there are {most:,} questions")
    samples = options["samples_a"] or options["samples"], options["samples_b"] or options["samples"]
    plan = Plan(
        n,
        WANTED if options["difference"] is None else options["difference"],
        samples=samples,
        level=Level(options["alpha"], options["chance"], options["comparisons"]),
        population=population,
        benchmark=of.name if of else None,
        size=size,
        costs=(options["cost_item"], options["cost_sample"]),
        **_assumed(options, of),
    )
    return _without_what_cannot_be(plan, options)


def _without_what_cannot_be(plan: "Plan", options: dict[str, Any]) -> "Plan":
    """A difference that the user did not name is left out where it cannot be; one that was named is refused."""
    from dataclasses import replace

    if options["difference"] is None and plan.discordance is not None and plan.discordance < WANTED:
        return replace(plan, difference=None)
    assert plan.needed is not None  # raises UsageError
    return plan


def _assumed(options: dict[str, Any], of: "_Target | None") -> dict[str, Any]:
    """What verdicts or variances are planned with, and where that is from. Raises UsageError for two that exclude each
    other."""
    from sinan.statistics import power

    variances = [options[name] for name in ("omega2", "sigma2_a", "sigma2_b")]
    ways = [options["discordance"] is not None, options["correlation"] is not None, variances != [None] * 3]
    if sum(ways) > 1:
        raise UsageError("--discordance, --correlation and --omega2 are three ways to say one thing: give one of them")
    if (options["correlation"] is None) != (options["accuracy"] is None):
        raise UsageError("--correlation and --accuracy go together: the one tells nothing without the other")
    measured = _measured(of, options["runs"])
    besides = _besides(options, measured)
    if ways[2]:
        if not any(variances):
            raise UsageError("--omega2 0: where nothing varies one question tells every difference")
        return besides | {"discordance": None, "variance": power.Variance(*(value or 0.0 for value in variances))}
    if ways[0]:
        return besides | {"discordance": options["discordance"], "discordance_from": "given"}
    if ways[1]:
        value = power.discordance_of(options["accuracy"], options["correlation"])
        if value <= 0:
            raise UsageError("--correlation and --accuracy: by these no verdict differs, and there is nothing to tell")
        return besides | {"discordance": value, "discordance_from": "correlation and accuracy"}
    if measured:
        return besides | {"discordance": measured.value, "discordance_from": measured.to_json()}
    return besides | {"discordance": power.DISCORDANCE, "discordance_from": "assumed"}


def _besides(options: dict[str, Any], measured: "Discordance | None") -> dict[str, Any]:
    """What draws take away, and what clusters add: as given, else as measured, else as usual."""
    found: dict[str, Any] = {}
    if options["noise"] is not None:
        found |= {"noise": options["noise"], "noise_from": "given"}
    elif measured and measured.noise is not None:
        found |= {"noise": measured.noise, "noise_from": "earlier runs"}
    if options["deff"] is not None:
        return found | {"deff": options["deff"], "deff_from": "given"}
    if measured:
        return found | {"deff": measured.deff, "deff_from": "earlier runs"}
    return found | {"deff": 1.0, "deff_from": "assumed"}


def _measured(of: "_Target | None", runs: Path) -> "Discordance | None":
    """What is known of the questions' verdicts."""
    if of is None:
        return None
    from sinan.comparison.earlier_pairs import discordance, of_table

    return of_table(of.table) if of.table else discordance(runs, of.name)


class _Target(NamedTuple):
    """What is planned for."""

    name: str
    size: int | None
    table: "ScoreTable | None" = None
    """Outcomes of models on its questions, where these are what was named."""


def _target(target: str | None) -> _Target | None:
    from sinan import catalog

    if target is None:
        return None
    if table := _outcomes(target):
        return _Target(table.benchmark, len(table.items), table)
    found = catalog.resolve([target])
    if len(found) > 1:
        names = ", ".join(one.id for one in found[:4])
        raise UsageError(f"{target} is {len(found)} benchmarks ({names}, ...): plan for one of them at a time")
    return _Target(found[0].id, _size(found[0]))


def _outcomes(target: str) -> "ScoreTable | None":
    """A table of outcomes, one column per model; None for anything else, such as a file of questions."""
    if not target.lower().endswith((".csv", ".tsv")) or not Path(target).is_file():
        return None
    from sinan.datasets.outcomes import outcomes
    from sinan.datasets.questions import QUESTION

    with Path(target).open(encoding="utf-8-sig", errors="replace") as lines:
        head = lines.readline().lower().strip().replace("\t", ",").split(",")
    return None if set(head) & set(QUESTION) else outcomes(target)


def _size(benchmark: "Benchmark") -> int | None:
    """None where the data would have to be fetched to count them."""
    from sinan.engine import plan
    from sinan.hub.cards import data_state
    from sinan.types import RunSpec

    if benchmark.dataset.size is not None:
        return benchmark.dataset.size
    if data_state(benchmark) not in ("here", "mirror"):
        return None
    try:
        return sum(1 for _ in plan.samples(benchmark, RunSpec((benchmark.id,), ())))
    except SinanError:
        return None


def _population(options: dict[str, Any], size: int | None) -> int | None:
    if options["population"] is not None or not options["full"]:
        given: int | None = options["population"]
        return given
    if size is None:
        raise UsageError("--full needs to know how many questions there are: name a benchmark, or --population N")
    return size


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
