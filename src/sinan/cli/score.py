"""`sinan score`: the stored answers of a run, or answers recorded elsewhere, scored again."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli.output import document, one_line
from sinan.errors import UsageError

if TYPE_CHECKING:
    from sinan.score_again import ScoredAgain
    from sinan.score_recorded import Recorded

OF_FILES = ("benchmark", "protocol", "answer", "identity", "model", "limit", "known_only")
EXAMPLES = """
\b
Examples:
  sinan score last --scorer math
  sinan score samples.jsonl --benchmark humaneval
  sinan score output_chatgpt.json --benchmark mmlu_pro --answer generated_text --id question_id
  sinan score mine.jsonl --answer response --scorer letter
"""


@click.command("score", epilog=EXAMPLES)
@click.argument("what", metavar="RUN|FILE")
@click.option("--scorer", metavar="NAME", help="number, letter, exact, ... (default: the benchmark's present scorer).")
@click.option("--judge", "judges", multiple=True, metavar="MODEL", help="Who judges, where a model must.")
@click.option("--benchmark", metavar="ID", help="Of a FILE: whose questions it answers (default: its own).")
@click.option("--protocol", metavar="NAME", help="Of a FILE: how the benchmark judges.")
@click.option(
    "--answer", metavar="FIELD", help="Of a FILE: the field of the model's answer, such as response or a.0.b."
)
@click.option("--id", "identity", metavar="FIELD", help="Of a FILE: the field of the sample's id.")
@click.option("-m", "--model", metavar="NAME", help="Of a FILE: the name of the model that answered.")
@click.option("-n", "--limit", type=click.IntRange(1), help="Of a FILE: of the benchmark's samples, as run has it.")
@click.option("--known-only", is_flag=True, help="Of a FILE: pass over answers that belong to no question.")
@click.option("--no-cache", is_flag=True, help="Take no judge's answer of an earlier run, and keep none.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--name", help="Part of the new run's id (default: the old name and the scorer's).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(what: str, as_json: bool, **options: Any) -> int:
    """Score the stored answers of RUN again, with the benchmark's present scorer or another one; or the answers of a
    FILE that was recorded elsewhere (.jsonl, .json, .csv, .parquet, .zip, .gz, or a folder of such).

    No model is called but judges. The result is a new run; what was scored is left as it is.
    """
    with _progress(quiet=as_json) as heard:
        scored = _scored(what, options, heard)
    if as_json:
        click.echo(document(scored.to_json()))
    else:
        from sinan.cli.table import print_results

        runs: Path = options["runs"]
        print_results(scored.run.results)
        new, where = scored.run.id.partition("-")[0], "" if runs == Path("runs") else f" --runs {runs}"
        click.echo(f"  Saved {scored.run.path}   next: sinan show {new} --wrong{where}")
    for line in _told(scored):
        click.echo(f"sinan: {one_line(line)}", err=True)
    return 1 if scored.run.failed else 0


def _scored(what: str, options: dict[str, Any], heard: Callable[[int, int], None]) -> "ScoredAgain | Recorded":
    how = {name: options[name] for name in ("runs", "scorer", "name")}
    how |= {"cache": not options["no_cache"], "heard": heard}
    if _is_file(what, options["runs"]):
        from sinan.datasets.outputs import Fields
        from sinan.score_recorded import score_recorded

        fields = Fields(options["answer"], options["identity"])
        own: dict[str, Any] = {
            "known_only": options["known_only"],
            "limit": options["limit"],
            "model": options["model"],
        }
        own |= {"protocol": options["protocol"] or "default"}
        return score_recorded(Path(what), options["benchmark"], fields=fields, judges=options["judges"], **own, **how)
    from sinan.score_again import score_again

    if given := [name for name in OF_FILES if options[name] not in (None, False)]:
        option = {"identity": "id"}.get(given[0], given[0]).replace("_", "-")
        raise UsageError(f"--{option} is for a file of answers; {what} is taken for a run, and there is no such file")
    return score_again(what, judges=options["judges"] or None, **how)


def _is_file(what: str, runs: Path) -> bool:
    """Whether a path of recorded answers is meant, and no run: a run's folder has a run.json."""
    path = Path(what)
    return path.exists() and not (path / "run.json").exists() and not (runs / what / "run.json").exists()


def _told(scored: "ScoredAgain | Recorded") -> Iterator[str]:
    """What a reader of the numbers should know."""
    of = scored.scored_from
    if changed := of.get("targets_changed"):
        yield f"{changed:,} samples have another right answer than when run {of['run']} was scored"
    if "matched_by" in of:
        if over := of.get("passed_over"):
            more = f" and {len(over) - 3:,} more" if len(over) > 3 else ""
            yield f"no answers are in {', '.join(over[:3])}{more}: passed over"
        how = ", ".join(f"{count:,} by {way}" for way, count in of["matched_by"].items())
        passed = f"; {of['unmatched']:,} belong to none of these and are passed over" if of["unmatched"] else ""
        yield f"{of['answers']:,} recorded answers, matched with questions: {how or 'none'}{passed}"
        if of["reworded"]:
            yield f"{of['reworded']:,} of them were asked in other words than ours: are they answers to these?"
        if scored.run.expected is not None and scored.run.expected > scored.run.asked:
            yield f"{scored.run.asked:,} of {scored.run.expected:,} are answered: the numbers are of these alone"


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
