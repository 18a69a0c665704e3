"""`sinan duel`: which of two models is better on a benchmark, asked no longer than it takes to be sure."""

from typing import Any

import click

from sinan.cli import racing

EXAMPLES = """
\b
Examples:
  sinan duel needle/m needle/s arithmetic
  sinan duel openai/NEW openai/OLD gsm8k --epsilon 0.02 --max-cost 5
  sinan duel model-a model-b outcomes.csv
"""


@click.command("duel", epilog=EXAMPLES)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.argument("target", metavar="BENCHMARK")
@click.option("--warm", is_flag=True, help="Of A or B, if a finished run (--runs) has its score, that is taken.")
@racing.epsilon(0.01)
@racing.ALPHA
@racing.options
def command(a: str, b: str, target: str, **options: Any) -> int:
    """Is model A better than model B on BENCHMARK, worse, or equivalent? Both are asked the same questions, in one
    random order, until it is sure what a full run would say. Where BENCHMARK is a table of outcomes (.csv, .tsv)
    and A and B are columns of it, these are replayed and no model is called."""
    from sinan.stopping import Declared

    declared = Declared("duel", alpha=options["alpha"], epsilon=options["epsilon"])
    if not options["warm"]:
        return racing.race(declared, (a, b), target, options)
    return racing.race(*racing.against_known(declared, (a, b), target, options), target, options)
