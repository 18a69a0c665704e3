"""`sinan score`: the stored answers of a run, scored again."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sinan.cli.output import document, one_line


@click.command("score")
@click.argument("run")
@click.option("--scorer", metavar="NAME", help="number, letter, exact, ... (default: the benchmark's present scorer).")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--name", help="Part of the new run's id (default: the old name and the scorer's).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(run: str, scorer: str | None, runs: Path, name: str | None, as_json: bool) -> int:
    """Score the stored answers of RUN again, with the benchmark's present scorer or another one.

    No model is called. The result is a new run beside the old one, which is left as it is.
    """
    from sinan.score_again import score_again

    with _progress(quiet=as_json) as heard:
        again = score_again(run, runs=runs, scorer=scorer, name=name, heard=heard)
    if as_json:
        click.echo(document(again.to_json()))
    else:
        from sinan.cli.table import print_results

        print_results(again.run.results)
        new, where = again.run.id.partition("-")[0], "" if runs == Path("runs") else f" --runs {runs}"
        click.echo(f"  Saved {again.run.path}   next: sinan show {new} --wrong{where}")
    if changed := again.scored_from["targets_changed"]:
        told = f"{changed:,} samples have another right answer than when run {again.scored_from['run']} was scored"
        click.echo(f"sinan: {one_line(told)}", err=True)
    return 1 if again.run.failed else 0


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal's standard error; elsewhere nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scoring")

        def heard(done: int, of: int) -> None:
            if done % 100 == 0 or done == of:
                bar.update(task, completed=done, total=of)

        yield heard
