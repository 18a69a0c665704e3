"""`sinan rank`: who is ahead, who is tied."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli.output import document, one_line
from sinan.cli.within import Within
from sinan.errors import UsageError

if TYPE_CHECKING:
    from sinan.types.leaderboard import Leaderboard

OF_VOTES = ("model_a", "model_b", "winner", "clusters", "style", "position", "evenly", "bootstrap")
OF_SCORES = ("benchmarks", "weights", "chances", "missing")


@click.command("rank")
@click.argument("sources", metavar="[RUN|MATRIX.csv]...", nargs=-1)
@click.option("--benchmark", "benchmarks", multiple=True, metavar="ID", help="Only this benchmark; again for more.")
@click.option("--weight", "weights", multiple=True, metavar="ID=W", help="Weight of a benchmark in the overall.")
@click.option("--chance", "chances", multiple=True, metavar="ID=P", help="Level of guessing, where the card has none.")
@click.option(
    "--missing",
    type=click.Choice(["refuse", "additive"]),
    default="refuse",
    show_default=True,
    help="A model that lacks a benchmark has no overall, or is given what an additive model expects, and marked.",
)
@click.option("--votes", type=click.Path(path_type=Path), help="A file of votes between two models: ratings.")
@click.option("--model-a", metavar="FIELD", default="", help="Of votes: the field of the first model.")
@click.option("--model-b", metavar="FIELD", default="", help="Of votes: the field of the second model.")
@click.option("--winner", metavar="FIELD", default="", help="Of votes: the field that says which was better.")
@click.option(
    "--cluster",
    "clusters",
    multiple=True,
    metavar="FIELD",
    help="Of votes: votes alike in it are not independent; `none`: all are; twice for two crossed ones.",
)
@click.option(
    "--style", multiple=True, metavar="FIELD", help="Of votes: tell the effect of this apart; again for more."
)
@click.option("--position", is_flag=True, help="Of votes: tell the advantage of the first place apart.")
@click.option("--evenly", is_flag=True, help="Of votes: pairs count alike, by 1 / max(votes of the pair, 50).")
@click.option("--bootstrap", type=click.IntRange(0), default=0, metavar="N", help="Of votes: resamples, as a check.")
@click.option(
    "--rank-method",
    "method",
    type=click.Choice(["max-t", "bonferroni"]),
    default="max-t",
    show_default=True,
    help="How intervals of ranks are found.",
)
@click.option(
    "--alpha",
    type=Within(0, 0.5, min_open=True),
    default=0.05,
    show_default=True,
    help="How often any pair may be put in the wrong order.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the draws behind rank intervals and resamples.",
)
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw the boards to a .png or .svg.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(**options: Any) -> int:
    """Leaderboards of stored runs, with the ranks that each model may have.

    Without a RUN, all finished runs of the folder; the newest run of a model counts. MATRIX.csv has one row per
    question and one column per model. With --votes, Bradley-Terry ratings.
    """
    boards = _of_votes(options) if options["votes"] else _of_scores(options)
    if options["plot"]:
        from sinan.cli.rank_plot import plot

        plot(boards, options["plot"])
        click.echo(f"  Saved {options['plot']}", err=options["as_json"])
    if options["as_json"]:
        click.echo(document({"leaderboards": [one.to_json() for one in boards]}))
        return 0
    from sinan.cli.rank_table import print_board

    for one in boards:
        print_board(one)
    return 0


def _of_votes(options: dict[str, Any]) -> "tuple[Leaderboard, ...]":
    from sinan.datasets.votes import Fields
    from sinan.ranked import rank_votes
    from sinan.ranking.arena import Arena
    from sinan.ranking.standings import Ways

    _refuse(options, OF_SCORES, "--votes has no benchmarks")
    if options["sources"]:
        raise UsageError("--votes ranks a file of votes, and no run beside it")
    clusters = _clusters(options["clusters"])
    fields = Fields(options["model_a"], options["model_b"], options["winner"], clusters, options["style"])
    arena = Arena(options["evenly"], options["position"], options["bootstrap"])
    ways = Ways(options["alpha"], options["method"], options["seed"])
    return (rank_votes(options["votes"], fields, arena, ways),)


def _of_scores(options: dict[str, Any]) -> "tuple[Leaderboard, ...]":
    from sinan.ranked import rank

    _refuse(options, OF_VOTES, "it is for --votes FILE")
    return rank(
        options["sources"],
        runs=options["runs"],
        benchmarks=options["benchmarks"],
        alpha=options["alpha"],
        method=options["method"],
        seed=options["seed"],
        weights=_numbers("--weight", options["weights"]),
        missing=options["missing"],
        chances=_numbers("--chance", options["chances"]),
        notice=lambda line: click.echo(f"sinan: {one_line(line)}", err=True),
    )


def _clusters(named: tuple[str, ...]) -> tuple[str, ...] | None:
    if len(named) > 2:
        raise UsageError(f"--cluster is given {len(named)} times: errors are over one clustering, or two crossed ones")
    if "none" in named and len(named) > 1:
        raise UsageError("--cluster none stands alone: it says that all votes are independent")
    return None if not named else () if named == ("none",) else named


def _numbers(option: str, given: tuple[str, ...]) -> dict[str, float]:
    """`ID=NUMBER`, each. Raises UsageError."""
    found: dict[str, float] = {}
    for one in given:
        name, equals, text = one.rpartition("=")
        if name in found:
            raise UsageError(f"{option} {name} is given twice")
        try:
            found[name] = float(text)
        except ValueError:
            equals = ""
        if not equals or not name:
            raise UsageError(f"{option} {one}: it is written ID=NUMBER, such as {option} gsm8k=0.5")
    return found


def _refuse(options: dict[str, Any], names: tuple[str, ...], why: str) -> None:
    """An option that would change nothing is a mistake."""
    source = click.get_current_context().get_parameter_source
    for name in names:
        if source(name) not in (None, click.core.ParameterSource.DEFAULT):
            flag = next(p.opts[0] for p in click.get_current_context().command.params if p.name == name)
            raise UsageError(f"{flag}: {why}")
