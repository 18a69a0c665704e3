"""`sinan run`: evaluate."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli import asking, experiment
from sinan.cli.output import document, of_a_part, one_line
from sinan.errors import BudgetReached, ModelError, SinanError, Unsupported, UsageError
from sinan.types import Run, RunSpec

if TYPE_CHECKING:
    from sinan.cli.watch import Plain

BUDGETS = ("max-cost", "max-tokens-total", "max-time")
EXAMPLES = """
\b
Examples:
  sinan run first-light -m needle/xs -m needle/s -m needle/m
  sinan run gsm8k mmlu -m needle/m -n 200
  sinan run questions.jsonl -m 'openai/NAME?base_url=http://127.0.0.1:8000/v1'
  sinan run --resume last
"""


@click.command("run", epilog=EXAMPLES)
@click.argument("targets", nargs=-1, metavar="TARGET...")
@click.option(
    "-m", "--model", "models", multiple=True, metavar="MODEL", help="PROVIDER/NAME[?KEY=VALUE&...]; again for more."
)
@asking.what_is_asked()
@click.option(
    "--concurrency", default="auto", show_default=True, metavar="N|auto", help="Calls in flight per endpoint."
)
@click.option(
    "--workers", default="auto", show_default=True, metavar="N|auto", help="Processes that ask, where one core is few."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds for one attempt.",
)
@click.option("--max-cost", type=click.FloatRange(0, min_open=True), metavar="USD", help="Stop before it costs more.")
@click.option(
    "--max-tokens-total", type=click.IntRange(1), metavar="N", help="Stop before more tokens are used, in and out."
)
@click.option(
    "--max-time", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Begin no call after so long."
)
@click.option("--no-cache", is_flag=True, help="Take no answer of an earlier run, and keep none for a later one.")
@click.option("--dry-run", is_flag=True, help="Say how many requests, tokens, USD and seconds it would take.")
@click.option(
    "--max-failed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Failed calls that still end in exit code 0.",
)
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--name", help="Part of the run's id (default: the first target).")
@click.option("--resume", metavar="RUN|last", help="Go on with a run; what it asks is read from it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--quiet", is_flag=True, help="No progress and no table.")
def command(**options: Any) -> int:
    """Evaluate every model on every TARGET: a benchmark (gsm8k, mmlu/astronomy), a suite (first-light), a dimension
    (dim:math), a file of questions (.jsonl, .csv, .parquet), a benchmark of one's own (./mine.py), a task of
    lm-evaluation-harness (lm-eval:NAME, lm-eval:FILE.yaml), or an experiment (exp.toml)."""
    from sinan.asked import in_loop
    from sinan.cli.foresight import left_open
    from sinan.evaluate import evaluate

    spec = _spec(options)
    if options["dry_run"]:
        return _estimate(spec, options)
    watch = _watch(options)
    watch.foresight = left_open(spec)
    how = {name: options[name] for name in ("runs", "name", "resume", "timeout", "max_cost", "max_time")}
    how |= {"max_tokens": options["max_tokens_total"], "cache": not options["no_cache"]}
    how |= {name: _number(f"--{name}", options) for name in ("concurrency", "workers")}
    try:
        with watch, contextlib.redirect_stdout(sys.stderr):  # what anybody's own code prints is not our document
            run = in_loop(_interruptible(evaluate(spec, **how, watch=watch), watch))
    except (KeyboardInterrupt, asyncio.CancelledError):
        if watch.run is None:
            raise KeyboardInterrupt from None
        _print(watch.run, options)
        goes_on = f"; {watch.left_behind}" if watch.left_behind else ""
        click.echo(f"sinan: interrupted{goes_on}; go on with: {_resume(watch.run, options)}", err=True)
        return 130
    except SinanError as error:
        if watch.run is None:
            raise
        _print(watch.run, options)
        raise _with_remedy(error, _resume(watch.run, options)) from None
    _print(run, options)
    if watch.first_failure:
        click.echo(f"sinan: {run.failed} failed; the first: {one_line(watch.first_failure)}", err=True)
    return 1 if run.failed > options["max_failed"] else 0


def _estimate(spec: RunSpec, options: dict[str, Any]) -> int:
    """Nothing is asked; how files of one's own were understood is said here too."""
    from sinan.cli.estimate import Limits, print_estimate
    from sinan.cli.foresight import Open
    from sinan.evaluate import foresee

    how = {name: options[name] for name in ("runs", "resume", "timeout")}
    how["concurrency"] = _number("--concurrency", options)
    limits = Limits(options["max_cost"], options["max_tokens_total"], options["max_time"], not options["no_cache"])
    watch = Open(spec)
    estimate = asyncio.run(foresee(spec, **how, watch=watch))
    print_estimate(estimate, options["as_json"], limits, watch.left_open)
    return 0


def _watch(options: dict[str, Any]) -> "Plain":
    """A bar where somebody looks; plain lines, and none of the library that draws, elsewhere."""
    quiet = options["quiet"] or options["as_json"]
    if quiet or not sys.stderr.isatty():
        from sinan.cli.watch import Plain

        return Plain(quiet, silent=options["quiet"])
    from sinan.cli.progress import Progress

    return Progress(quiet)


def _with_remedy(error: SinanError, resume: str) -> SinanError:
    """The error with the command that goes on, where going on can help."""
    kind = BudgetReached if isinstance(error, BudgetReached) else SinanError
    helps = isinstance(error, ModelError | BudgetReached) and not isinstance(error, Unsupported)
    return kind(f"{str(error).rstrip('.')}." + (f" Go on with: {resume}" if helps else ""))


def _resume(run: Run, options: dict[str, Any]) -> str:
    """The command that goes on: with the same limits, which count anew."""
    limits = [f"--{n} {options[n.replace('-', '_')]:.15g}" for n in BUDGETS if options[n.replace("-", "_")] is not None]
    return " ".join(["sinan run --resume", run.path, *limits])


async def _interruptible(work: Coroutine[Any, Any, Run], watch: "Plain") -> Run:
    """Ctrl-C and SIGTERM end a run cleanly once it has begun; before that, and the second time, at once."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    heard: list[int] = []  # by the handler itself: a loop that is busy hears nothing of the first

    def on_signal(number: int, frame: object) -> None:
        heard.append(number)
        if task is None or not watch.running or len(heard) > 1:
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(task.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return await work


def _spec(options: dict[str, Any]) -> RunSpec:
    if options["resume"]:
        from sinan.evaluate import spec_of

        before = spec_of(options["runs"], options["resume"])
        if not options["targets"] and not options["models"]:
            _refuse_changes(options["resume"])
            return before
    if not options["targets"]:
        raise UsageError("run needs a target, such as first-light or gsm8k. All of them: sinan hub list")
    options = _with_experiment(options)
    if not options["models"]:
        if options["resume"]:
            raise UsageError(f"--resume {options['resume']} reads its targets from the run: leave them out, or add -m")
        raise UsageError(
            "run needs a model: -m needle/s, or -m 'openai/NAME?base_url=...'. All providers: sinan models"
        )
    return asking.spec_of(options, options["targets"], options["models"])


def _refuse_changes(run: str) -> None:
    told = click.get_current_context().get_parameter_source
    changed = [name for name in (*asking.FIELDS, "name") if told(name) is not click.core.ParameterSource.DEFAULT]
    if changed:
        raise UsageError(f"--resume {run} goes on with what that run asks; {changed[0]} cannot be changed")


def _with_experiment(options: dict[str, Any]) -> dict[str, Any]:
    """The options, completed by an experiment file where one is the target."""
    given = options | {"parameters": asking.parameters_of(options["parameters"])}
    files = [target for target in options["targets"] if target.lower().endswith(".toml")]
    if not files:
        return given
    if len(options["targets"]) > 1:
        raise UsageError(f"{files[0]} is an experiment and names its targets itself; give it alone")
    table = experiment.read(Path(files[0]))
    table["draws"] = table.pop("samples", 1)
    table["judges"] = tuple(table.pop("judge", ()))
    told = click.get_current_context().get_parameter_source
    by_hand = {k: v for k, v in given.items() if told(k) is not click.core.ParameterSource.DEFAULT}
    del by_hand["targets"]
    merged = given | table | by_hand
    merged["parameters"] = table.get("parameters", {}) | given["parameters"]
    return merged | {"targets": tuple(table["targets"]), "models": tuple(merged["models"])}


def _number(name: str, options: dict[str, Any]) -> int | None:
    """None for `auto`."""
    text = options[name.removeprefix("--")]
    if text == "auto":
        return None
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    raise UsageError(f"{name} {text}: give a whole number from 1, or auto")


def _notes(run: Run) -> Iterator[str]:
    """What the table does not tell: that it is of a part, what was not paid for, what had to be tried again."""
    if run.expected is not None and run.asked < run.expected:
        yield of_a_part(run.asked, run.expected)
    if cached := run.requests["cached"]:
        yield f"{cached:,} answer{'s' * (cached != 1)} from the cache (asked anew with --no-cache)"
    if retried := run.requests["retried"]:
        yield f"{retried:,} attempt{'s' * (retried != 1)} beyond the first"


def _runs(options: dict[str, Any]) -> str:
    return "" if options["runs"] == Path("runs") else f" --runs {options['runs']}"


def _print(run: Run, options: dict[str, Any]) -> None:
    if options["as_json"]:
        click.echo(document(run.to_json()))
    elif not options["quiet"]:
        from sinan.cli.table import print_results

        print_results(run.results)
        for note in _notes(run):
            click.echo(f"  {note}")
        where = _runs(options)
        which = "--outcome failed" if run.failed else "--wrong"
        click.echo(f"  Saved {run.path}   next: sinan show {run.id.partition('-')[0]} {which}{where}")
