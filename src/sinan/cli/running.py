"""How a run is asked, and what happens around it: the same for every command that asks models and stores a run."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sinan.cli.output import one_line
from sinan.cli.within import Within
from sinan.errors import BudgetReached, ModelError, SinanError, Unsupported, UsageError
from sinan.types import Run, RunSpec

if TYPE_CHECKING:
    from sinan.cli.watch import Plain
    from sinan.stopping import Declared

F = TypeVar("F", bound=Callable[..., Any])
BUDGETS = ("max-cost", "max-tokens-total", "max-time")

OPTIONS: dict[str, Callable[[Any], Any]] = {
    "concurrency": click.option(
        "--concurrency", default="auto", show_default=True, metavar="N|auto", help="Calls in flight per endpoint."
    ),
    "workers": click.option(
        "--workers",
        default="auto",
        show_default=True,
        metavar="N|auto",
        help="Processes that ask, where one core is few.",
    ),
    "timeout": click.option(
        "--timeout",
        type=Within(0, min_open=True),
        default=600.0,
        show_default=True,
        help="Seconds for one attempt.",
    ),
    "max_cost": click.option(
        "--max-cost", type=Within(0, min_open=True), metavar="USD", help="Stop before it costs more."
    ),
    "max_tokens_total": click.option(
        "--max-tokens-total",
        type=click.IntRange(1),
        metavar="N",
        help="Stop before more tokens are used, in and out.",
    ),
    "max_time": click.option(
        "--max-time", type=Within(0, min_open=True), metavar="SECONDS", help="Begin no call after so long."
    ),
    "no_cache": click.option(
        "--no-cache", is_flag=True, help="Take no answer of an earlier run, and keep none for a later one."
    ),
    "dry_run": click.option(
        "--dry-run", is_flag=True, help="Say how many requests, tokens, USD and seconds it would take."
    ),
    "max_failed": click.option(
        "--max-failed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Failed calls that still end in exit code 0.",
    ),
    "runs": click.option(
        "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
    ),
    "name": click.option("--name", help="Part of the run's id (default: the first target)."),
    "resume": click.option("--resume", metavar="RUN|last", help="Go on with a run; what it asks is read from it."),
    "as_json": click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output."),
    "quiet": click.option("--quiet", is_flag=True, help="No progress and no table."),
}
"""By the name of the parameter that each of them sets."""


def how_it_is_asked(leave_out: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Gives a command these options, in this order, but for those that are left out."""

    def given(command: F) -> F:
        for name, option in reversed(OPTIONS.items()):
            if name not in leave_out:
                command = option(command)
        return command

    return given


def carry_out(
    spec: RunSpec, options: dict[str, Any], show: Callable[[Run], None], stop: "Declared | None" = None
) -> int:
    """Evaluate, show what came of it (also where it was interrupted or an error ended it), and give the exit code."""
    from sinan.asked import in_loop
    from sinan.cli.foresight import left_open
    from sinan.evaluate import evaluate

    watch = _watch(options)
    if stop is None:  # a rule asks as much as it takes
        watch.foresight = left_open(spec)
    how = {name: options[name] for name in ("runs", "name", "timeout", "max_cost", "max_time")}
    how |= {"max_tokens": options["max_tokens_total"], "cache": not options["no_cache"], "stop": stop}
    how |= {name: number(f"--{name}", options) for name in ("concurrency", "workers")}
    how["resume"] = options.get("resume")
    try:
        with watch, contextlib.redirect_stdout(sys.stderr):  # what anybody's own code prints is not our document
            run = in_loop(_interruptible(evaluate(spec, **how, watch=watch), watch))
    except (KeyboardInterrupt, asyncio.CancelledError):
        if watch.run is None:
            raise KeyboardInterrupt from None
        show(watch.run)
        goes_on = f"; {watch.left_behind}" if watch.left_behind else ""
        click.echo(f"sinan: interrupted{goes_on}; go on with: {_resume(watch.run, options)}", err=True)
        return 130
    except SinanError as error:
        if watch.run is None:
            raise
        show(watch.run)
        raise _with_remedy(error, _resume(watch.run, options)) from None
    show(run)
    if watch.first_failure:
        click.echo(f"sinan: {run.failed} failed; the first: {one_line(watch.first_failure)}", err=True)
    return 1 if run.failed > options["max_failed"] else 0


def number(name: str, options: dict[str, Any]) -> int | None:
    """None for `auto`."""
    text = options.get(name.removeprefix("--"), "auto")
    if text == "auto":
        return None
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    raise UsageError(f"{name} {text}: give a whole number from 1, or auto")


def runs_option(options: dict[str, Any]) -> str:
    """` --runs DIR` where it is not the usual folder: a command that is shown must find the run."""
    return "" if options["runs"] == Path("runs") else f" --runs {options['runs']}"


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
