"""`sinan place`: where a new model stands among those that were asked everything, asked no longer than it takes."""

from typing import Any

import click

from sinan.cli import racing


@click.command("place")
@click.argument("model", metavar="MODEL")
@click.option("--on", "target", required=True, metavar="BENCHMARK", help="A benchmark, a file, or a table of outcomes.")
@click.option("--within", type=click.IntRange(0), default=0, show_default=True, help="So many ranks may stay open.")
@racing.ALPHA
@racing.options
def command(model: str, target: str, **options: Any) -> int:
    """Which rank has MODEL among the models of finished runs of BENCHMARK (--runs)? Where BENCHMARK is a table of
    outcomes (.csv, .tsv) and MODEL a column of it, the other columns are the board and no model is called."""
    from sinan.stopping import Declared

    board = {} if racing.columns(target, (model,)) else _board(model, target, options)
    declared = Declared("place", alpha=options["alpha"], board=board, within=options["within"])
    return racing.race(declared, (model,), target, options)


def _board(model: str, target: str, options: dict[str, Any]) -> dict[str, float]:
    from sinan import catalog
    from sinan.asked import looked_up
    from sinan.engine import plan
    from sinan.errors import UsageError
    from sinan.stopping.board import standings

    spec, benchmarks, (opened,) = looked_up(racing.spec((model,), target, options), options["timeout"])
    if len(benchmarks) != 1:
        raise UsageError(f"a place is on one benchmark; {target} is {len(benchmarks)}")
    (benchmark,) = benchmarks
    protocol = plan.protocol_name(benchmark, spec)
    found = standings(
        options["runs"], benchmark, catalog.version(benchmark, protocol), protocol, spec, leave_out=opened.name
    )
    if not options["quiet"] and not options["as_json"]:
        for one in found:
            click.echo(f"sinan: on the board: {one.model} {100 * one.value:.1f} (run {one.run})", err=True)
    return {one.model: one.value for one in found}
