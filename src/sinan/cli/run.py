"""`sinan run`: evaluate."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinan.cli import asking, experiment, running
from sinan.cli.output import document, of_a_part
from sinan.cli.within import Within
from sinan.errors import UsageError
from sinan.types import Run, RunSpec

if TYPE_CHECKING:
    from sinan.stopping import Declared

STOP = "Ask in random order until enough is known: BENCH>0.7, ci<0.02, BENCH:halfwidth<1%; again for more."
PREVIEWED = 50
"""Questions of a preview, where nobody says how many."""
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
@click.option("--stop", "rules", multiple=True, metavar="RULE", help=STOP)
@click.option("--warm", is_flag=True, help="Let --stop learn from finished runs of other models; as sure as without.")
@click.option(
    "--adaptive", is_flag=True, help="A preview from -n questions (50), chosen by finished runs; not guaranteed."
)
@click.option(
    "--alpha",
    type=Within(0, 0.5, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="How often a verdict of --stop may be wrong, at most.",
)
@running.how_it_is_asked()
def command(**options: Any) -> int:
    """Evaluate every model on every TARGET: a benchmark (gsm8k, mmlu/astronomy), a suite (first-light), a dimension
    (dim:math), a file of questions (.jsonl, .csv, .parquet), a benchmark of one's own (./mine.py), a task of
    lm-evaluation-harness (lm-eval:NAME, lm-eval:FILE.yaml), or an experiment (exp.toml)."""
    options = _with_experiment(options)
    stop = _declared(options)
    if options["adaptive"] and options["dry_run"]:  # how many is known; which, nobody knows
        return _estimate(_spec(options | {"limit": options["limit"] or PREVIEWED}), options, None)
    spec = _spec(options | {"limit": None} if options["adaptive"] else options)
    if options["dry_run"]:
        return _estimate(spec, options, stop)
    return running.carry_out(spec, options, partial(_print, options), stop)


def _declared(options: dict[str, Any]) -> "Declared | None":
    if options["adaptive"]:
        if options["rules"]:
            raise UsageError("--adaptive chooses its questions by the answers: no rule of --stop holds of them")
        from sinan.stopping import Declared

        return Declared("adaptive", warm=True, questions=options["limit"] or PREVIEWED)
    if not options["rules"]:
        if options["warm"]:
            raise UsageError("--warm is for --stop: without a rule everything is asked")
        return None
    from sinan.stopping import stop_by

    return stop_by(options["rules"], options["alpha"], options["warm"])


def _estimate(spec: RunSpec, options: dict[str, Any], stop: "Declared | None") -> int:
    """Nothing is asked; how files of one's own were understood is said here too."""
    from sinan.cli.estimate import Limits, print_estimate
    from sinan.cli.foresight import Open
    from sinan.evaluate import foresee

    how = {name: options[name] for name in ("runs", "resume", "timeout")}
    how["concurrency"] = running.number("--concurrency", options)
    limits = Limits(options["max_cost"], options["max_tokens_total"], options["max_time"], not options["no_cache"])
    watch = Open(spec)
    estimate = asyncio.run(foresee(spec, **how, stop=stop, watch=watch))
    asks_all = stop is None and not options["adaptive"]
    print_estimate(estimate, options["as_json"], limits, watch.left_open if asks_all else "")
    return 0


def _spec(options: dict[str, Any]) -> RunSpec:
    if options["resume"]:
        from sinan.evaluate import spec_of

        before = spec_of(options["runs"], options["resume"])
        if not options["targets"] and not options["models"]:
            _refuse_changes(options["resume"])
            return before
    if not options["targets"]:
        raise UsageError("run needs a target, such as first-light or gsm8k. All of them: sinan hub list")
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
    table["rules"] = tuple(table.pop("stop", ()))
    told = click.get_current_context().get_parameter_source
    by_hand = {k: v for k, v in given.items() if told(k) is not click.core.ParameterSource.DEFAULT}
    del by_hand["targets"]
    merged = given | table | by_hand
    merged["parameters"] = table.get("parameters", {}) | given["parameters"]
    return merged | {"targets": tuple(table["targets"]), "models": tuple(merged["models"])}


def _notes(run: Run) -> Iterator[str]:
    """What the table does not tell: that it is of a part, what was not paid for, what had to be tried again."""
    if run.stopping is not None:
        from sinan.stopping.told import lines

        yield from lines(run.stopping)
    elif run.expected is not None and run.asked < run.expected:
        yield of_a_part(run.asked, run.expected)
    if cached := run.requests["cached"]:
        yield f"{cached:,} answer{'s' * (cached != 1)} from the cache (asked anew with --no-cache)"
    if retried := run.requests["retried"]:
        yield f"{retried:,} attempt{'s' * (retried != 1)} beyond the first"


def _print(options: dict[str, Any], run: Run) -> None:
    if options["as_json"]:
        click.echo(document(run.to_json()))
    elif not options["quiet"]:
        from sinan.cli.table import print_results

        print_results(run.results)
        for note in _notes(run):
            click.echo(f"  {note}")
        where = running.runs_option(options)
        which = "--outcome failed" if run.failed else "--wrong"
        click.echo(f"  Saved {run.path}   next: sinan show {run.id.partition('-')[0]} {which}{where}")
