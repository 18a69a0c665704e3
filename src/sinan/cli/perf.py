"""`sinan perf`: a load test of a model's server."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli.output import document
from sinan.cli.within import Within
from sinan.errors import StoreError, UsageError

if TYPE_CHECKING:
    from sinan.load_test import Watch
    from sinan.types.load import LoadSpec, LoadTest

EXAMPLES = """
\b
Examples:
  sinan perf 'openai/NAME?base_url=http://127.0.0.1:8000/v1' --concurrency 1,8,32
  sinan perf 'openai/NAME?base_url=...' --rate 2,5,10 --duration 60 --prompt-tokens 100-2000
  sinan perf 'openai/NAME?base_url=...' --search concurrency --target 'ttft_p95<0.5' --target 'tpot_p99<0.05'
"""


@click.command("perf", epilog=EXAMPLES)
@click.argument("model", metavar="MODEL")
@click.option(
    "--concurrency",
    metavar="N,N,...",
    help="Levels of requests in flight: each answer lets the next request go (default: 1,8,32).",
)
@click.option(
    "--rate", "rates", metavar="X,X,...", help="Levels of arrivals per second instead, at random, whatever is answered."
)
@click.option(
    "--requests",
    type=click.IntRange(1),
    help="Per level (default: 4 per place in flight or 20 seconds' worth, at least 20; in a search 4 x the level).",
)
@click.option("--duration", type=Within(0, min_open=True), help="Seconds after which a level sends nothing more.")
@click.option(
    "--prompt-tokens", default="128", show_default=True, metavar="N|A-B", help="Length of made-up prompts, about."
)
@click.option(
    "--prefix-tokens", type=click.IntRange(0), default=0, help="So many more, about, that all prompts begin with."
)
@click.option("--prompts", type=click.Path(path_type=Path), help="Prompts from a .txt (lines) or .jsonl file instead.")
@click.option("--max-tokens", type=click.IntRange(1), default=128, show_default=True, help="Of an answer.")
@click.option("--warmup", type=click.IntRange(0), default=0, help="Requests before the first level, not counted.")
@click.option("--no-stream", is_flag=True, help="Ask for whole answers: end-to-end times alone.")
@click.option(
    "--timeout",
    type=Within(0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds for one request.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of prompts and arrivals.")
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="'NAME<X'",
    help="A bound, such as ttft_p95<0.5 (seconds) or failed<0.01; again for more.",
)
@click.option("--search", type=click.Choice(["concurrency", "rate"]), help="Find the highest that keeps the targets.")
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="KEY=VALUE",
    help="Generation parameter, such as ignore_eos=true.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the levels to a .png or .svg file.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the JSON document to a file as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(plot: Path | None, out: Path | None, as_json: bool, **options: Any) -> int:
    """Load-test MODEL at several levels: time to the first token, per token and of whole answers, and throughput.

    Every request is sent once; one that is refused has failed. MODEL is written as for `sinan run`. With targets, the
    exit code is 1 where no level keeps them all.
    """
    from sinan.cli.perf_watch import Drawn
    from sinan.load_test import run

    spec = _spec(options)
    _check_places(plot, out)
    _allow_many_connections()
    with Drawn(quiet=as_json) as watch:
        try:
            asyncio.run(_ended_by_signals(spec, run, watch))
        except (KeyboardInterrupt, asyncio.CancelledError):
            if watch.test is None:
                raise KeyboardInterrupt from None
    test = watch.test
    assert test is not None
    _print(test, as_json)
    _write(test, plot, out)
    if test.status == "stopped":
        click.echo("sinan: interrupted; the numbers are those of what was measured until then", err=True)
        return 130
    if not test.ok:
        first = next((one.example for level in test.levels for one in level.failures), "nothing was sent")
        click.echo(f"sinan: no request succeeded; the first: {first}", err=True)
        return 1
    if missed := _missed(test):
        click.echo(f"sinan: {missed}", err=True)
        return 1
    return 0


def _missed(test: "LoadTest") -> str:
    """That no level keeps the targets, for scripts that ask whether a server does; else empty."""
    targets = ", ".join(target.text for target in test.spec.targets)
    if test.spec.search:
        return "" if test.best is not None else f"no {test.spec.search} was found that keeps {targets}"
    return f"no level keeps {targets}" if test.spec.targets and not any(level.kept for level in test.levels) else ""


async def _ended_by_signals(spec: "LoadSpec", run: Any, watch: "Watch") -> None:
    """Ctrl-C ends a test cleanly (asyncio does that much itself), and so does SIGTERM."""
    task = asyncio.current_task()
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel if task else lambda: None)
    await run(spec, watch)


def _spec(options: dict[str, Any]) -> "LoadSpec":
    from sinan.cli.asking import parameters_of
    from sinan.load_test import checked, target
    from sinan.types.load import LoadSpec

    spec = LoadSpec(
        model=options["model"],
        concurrency=tuple(_numbers("--concurrency", options["concurrency"], int)),
        rates=tuple(_numbers("--rate", options["rates"], float)),
        prompt_tokens=_range(options["prompt_tokens"]),
        prompts=str(options["prompts"]) if options["prompts"] else None,
        parameters=parameters_of(options["parameters"]),
        stream=not options["no_stream"],
        targets=tuple(map(target, options["targets"])),
        **{name: options[name] for name in _AS_THEY_ARE},
    )
    given = click.get_current_context().get_parameter_source("prompt_tokens")
    if spec.prompts and given is not click.core.ParameterSource.DEFAULT:
        raise UsageError("--prompt-tokens is for prompts that are made up; --prompts gives them whole")
    return checked(spec)


_AS_THEY_ARE = ("requests", "duration", "prefix_tokens", "max_tokens", "warmup", "timeout", "seed", "search")


def _numbers(option: str, text: str | None, kind: Any) -> list[Any]:
    """`1,8,32`: numbers above 0, none of them twice."""
    words = [] if text is None else [word.strip() for word in text.split(",")]
    try:
        numbers = [kind(word) for word in words]
    except ValueError:
        numbers = [-1]
    if not all(0 < number <= 1e6 for number in numbers) or len(set(numbers)) < len(numbers):
        what = "whole numbers from 1" if kind is int else "numbers above 0"
        raise UsageError(f"{option} {text}: give {what}, separated by commas, each once, such as {option} 1,8,32")
    return numbers


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    low, high = (first, last) if dash else (first, first)
    if low.isdecimal() and high.isdecimal() and 1 <= int(low) <= int(high) <= 10_000_000:
        return int(low), int(high)
    raise UsageError(f"--prompt-tokens {text}: give a number of tokens from 1, or a range such as 100-2000")


def _check_places(plot: Path | None, out: Path | None) -> None:
    """A test of an hour must not end at a file that cannot be written."""
    for path in (plot, out):
        if path is not None and (not path.absolute().parent.is_dir() or path.is_dir()):
            raise UsageError(f"{path} cannot be written: {'it is' if path.is_dir() else 'there is no such'} folder")
    if plot is not None:
        from sinan.cli.perf_plot import check

        check(plot)


def _allow_many_connections() -> None:
    """Each request in flight is a connection; many systems begin with 1,024 open files and allow more."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _print(test: "LoadTest", as_json: bool) -> None:
    if as_json:
        click.echo(document(test.to_json()))
    else:
        from sinan.cli.perf_table import print_test

        print_test(test)


def _write(test: "LoadTest", plot: Path | None, out: Path | None) -> None:
    if out is not None:
        try:
            out.write_text(document(test.to_json()) + "\n", "utf-8")
        except OSError as error:
            raise StoreError(f"cannot write {out}: {error.strerror or error}") from None
    if plot is not None and test.ok:
        from sinan.cli.perf_plot import draw

        draw(test, plot)
