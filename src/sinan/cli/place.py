"""`sinan place`: where a new model stands among those that were asked everything, asked no longer than it takes."""

from typing import Any

import click

from sinan.cli import racing
from sinan.errors import UsageError


@click.command("place")
@click.argument("model", metavar="MODEL")
@click.option("--on", "target", required=True, metavar="BENCHMARK", help="A benchmark, a file, or a table of outcomes.")
@click.option("--within", type=click.IntRange(0), default=0, show_default=True, help="So many ranks may stay open.")
@click.option("--warm", is_flag=True, help="Let bets follow what those runs tell of the questions; as sure as without.")
@racing.ALPHA
@racing.options
def command(model: str, target: str, **options: Any) -> int:
    """Which rank has MODEL among the models of finished runs of BENCHMARK (--runs)? Where BENCHMARK is a table of
    outcomes (.csv, .tsv) and MODEL a column of it, the other columns are the board and no model is called."""
    from sinan.stopping import Declared

    replayed = racing.columns(target, (model,))
    board = {} if replayed else racing.board(target, (model,), options, but=model.partition("?")[0])
    if not board and not replayed:
        raise UsageError(
            f"no run in {options['runs']} has asked another model all of {target} alike: same version, protocol, "
            f"parameters, judges and number of questions. Begin one: sinan run {target} -m OTHER"
        )
    declared = Declared("place", alpha=options["alpha"], board=board, within=options["within"], warm=options["warm"])
    return racing.race(declared, (model,), target, options)
