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
@racing.epsilon(0.01)
@racing.ALPHA
@racing.options
def command(a: str, b: str, target: str, **options: Any) -> int:
    """Is model A better than model B on BENCHMARK, worse, or equivalent? Both are asked the same questions, in one
    random order, until it is sure what a full run would say. Where BENCHMARK is a table of outcomes (.csv, .tsv)
    and A and B are columns of it, these are replayed and no model is called."""
    from sinan.stopping import Declared

    return racing.race(Declared("duel", alpha=options["alpha"], epsilon=options["epsilon"]), (a, b), target, options)
