"""`sinan best`: which of many models is the best on a benchmark; who cannot be is dropped on the way."""

from typing import Any

import click

from sinan.cli import racing
from sinan.errors import UsageError


@click.command("best")
@click.argument("models", nargs=-1, metavar="MODEL...")
@click.option("--on", "target", required=True, metavar="BENCHMARK", help="A benchmark, a file, or a table of outcomes.")
@click.option("--warm", is_flag=True, help="Models of finished runs (--runs) race too, with the scores that they have.")
@racing.epsilon(0.0)
@racing.ALPHA
@racing.options
def command(models: tuple[str, ...], target: str, **options: Any) -> int:
    """Which MODEL is the best on BENCHMARK? All are asked the same questions in one random order; one that is known to
    be beaten is asked no more. Where BENCHMARK is a table of outcomes (.csv, .tsv), its columns are replayed and no
    model is called; without any MODEL, all of them."""
    from sinan.stopping import Declared

    names, board = models or racing.all_columns(target), {}
    of_table = options["warm"] and racing.columns(target, names)
    if options["warm"] and not of_table:
        board = racing.board(target, models, options)
        names = tuple(name for name in models if name.partition("?")[0] not in board)
    if not names:
        raise UsageError(f"all of {', '.join(models)} were asked everything: their order is known. See: sinan rank")
    if len(names) + len(board) < 2 and not of_table:
        raise UsageError(f"a race is between two models or more; {len(names)} is named: sinan best A B C --on {target}")
    declared = Declared("best", (), options["alpha"], options["epsilon"], board, warm=of_table)
    return racing.race(declared, names, target, options)
