"""`sinan show`: results of a run, its samples, one sample whole, a plot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from sinan.cli import asking
from sinan.cli.output import document, of_a_part
from sinan.cli.within import Within
from sinan.errors import StoreError, UnknownName, UsageError

NOT_CORRECT = ("wrong", "unparsed", "truncated", "refused")
OTHERS = ("correct", "measured", "collected", "failed")


@click.command("show")
@click.argument("run", default="last")
@click.option("--samples", "as_samples", is_flag=True, help="Its samples, a page at a time.")
@click.option("--wrong", is_flag=True, help="Samples that are not correct: wrong, unparsed, truncated, refused.")
@click.option("--outcome", "outcomes", multiple=True, type=click.Choice([*NOT_CORRECT, *OTHERS]))
@click.option("--id", "sample_id", help="One sample whole: prompt, answer, verdict.")
@click.option("--benchmark", help="Only this benchmark.")
@click.option("-m", "--model", "models", multiple=True, metavar="MODEL", help="Only this model; again for more.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--rows", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Samples on a page.")
@click.option("--prompt", "as_prompt", is_flag=True, help="The first prompts of a benchmark, as MODEL reads them.")
@asking.what_is_asked(leave_out=("draws",))
@click.option("--groups", is_flag=True, help="Results by group: subject, level.")
@click.option(
    "--interval",
    "how",
    type=click.Choice(["wilson", "jeffreys", "clopper-pearson"]),
    help="Of shares of verdicts that stand alone (default: wilson).",
)
@click.option(
    "--level", type=Within(0, 1, min_open=True, max_open=True), help="Of intervals of shares (default: 0.95)."
)
@click.option("--metric", "kinds", multiple=True, metavar="KIND", help="Also pass@k, majority@k, G-Pass@k_0.5...")
@click.option(
    "--population",
    type=click.IntRange(1),
    metavar="N",
    help="Questions of the whole benchmark: errors are of its full run.",
)
@click.option("--follow", is_flag=True, help="Go on showing a run that is being written, until it ends.")
@click.option("--list", "as_list", is_flag=True, help="The runs of the folder, newest first.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw the results to FILE.png or FILE.svg."
)
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def command(**options: Any) -> int:
    """Show a RUN: its id, the beginning of its id, or `last`. With --prompt, in place of RUN a benchmark and what
    `sinan run` takes to ask it (-m, -n, --protocol, --shots and so on): nothing is asked, the prompt is shown."""
    if options["as_prompt"]:
        from sinan.cli.prompt import show_prompts

        return show_prompts(options)
    _refuse_without_prompt()
    if options["as_list"]:
        _list(options)
        return 0
    from sinan.store import find

    folder = find(options["runs"], options["run"])
    of_samples = options["as_samples"] or options["wrong"] or options["outcomes"] or options["sample_id"] is not None
    if options["follow"]:
        if of_samples or options["plot"] or options["groups"]:
            raise UsageError("--follow shows the results of a run as it goes on; it goes with --json alone")
        from sinan.cli.follow import follow

        return follow(folder, options["as_json"])
    (_samples if of_samples else _results)(folder, options)
    return 0


def _refuse_without_prompt() -> None:
    """What says how to ask says nothing of a run, which was asked already."""
    told = click.get_current_context().get_parameter_source
    for name in asking.FIELDS:
        if told(name) not in (None, click.core.ParameterSource.DEFAULT):
            raise UsageError(f"--{name.replace('_', '-')} is for --prompt: a run that is shown was asked already")


def _list(options: dict[str, Any]) -> None:
    from sinan.store import listed

    rows = [_summary(folder) for folder in reversed(listed(options["runs"]))]
    if options["as_json"]:
        return click.echo(document({"runs": rows}))
    if not rows:
        return click.echo(f"No run is in {options['runs']}. Begin one: sinan run first-light -m needle/s")
    from sinan.cli.table import print_runs

    return print_runs(rows)


def _summary(folder: Any) -> dict[str, Any]:
    row = {"run": folder.id, "path": str(folder.path)}
    try:
        about = folder.about()
    except StoreError as error:  # one run that cannot be read hides no other
        return row | {"created": "", "status": "unreadable", "targets": [], "models": [], "error": str(error)}
    facts = {"created": about["created"], "status": _status(folder, about), "targets": about["spec"]["targets"]}
    return row | facts | {"models": [model["name"] for model in about["models"]]}


def _results(folder: Any, options: dict[str, Any]) -> None:
    about, results = folder.about(), _numbers(folder, options)
    wanted = options["benchmark"], options["models"]
    results = [r for r in results if not wanted[0] or r.benchmark == wanted[0]]
    results = [r for r in results if not wanted[1] or r.model in wanted[1]]
    if options["plot"]:
        from sinan import catalog
        from sinan.cli.plot import plot

        # Nobody guesses all rotations of a question as easily as one of them: a card's chance level is not theirs.
        known = () if about["spec"].get("rotate") else results
        catalogued = [r.benchmark for r in known if r.benchmark not in about.get("files", {})]
        plot(results, options["plot"], folder.id, {name: catalog.chance(name) for name in catalogued})
        click.echo(f"  Saved {options['plot']}", err=options["as_json"])
        if not options["as_json"]:
            return None
    if options["as_json"]:
        head = {"run": folder.id, "path": str(folder.path), "status": _status(folder, about)}
        return click.echo(document(head | {"results": [row for r in results for row in r.to_json()], "about": about}))
    from sinan.cli.table import print_groups, print_results

    status = _status(folder, about)
    unfinished = "" if status == "complete" else f"   {status}"
    click.echo(
        f"  run {folder.id}   {about['created'][:19].replace('T', ' ')} UTC   sinan {about['sinan']}{unfinished}"
    )
    print_results(results)
    asked, expected = sum(sum(r.outcomes.values()) for r in results), about.get("expected")
    for line in _stopping(about):
        click.echo(f"  {line}")
    if (
        "rule" not in about
        and isinstance(expected, int)
        and asked < expected
        and not (options["benchmark"] or options["models"])
    ):
        click.echo(f"  {of_a_part(asked, expected)}")
    if status in ("stopped", "killed") and "scored_from" not in about:
        click.echo(f"  go on with: sinan run --resume {folder.path}")
    if options["groups"]:
        print_groups(results)
    return None


def _numbers(folder: Any, options: dict[str, Any]) -> list[Any]:
    """The run's numbers, as they are stored or as these options want them."""
    from sinan.evaluate import results_as, stored_results

    how, level, kinds, population = (options[name] for name in ("how", "level", "kinds", "population"))
    if how is None and level is None and not kinds and population is None:
        return stored_results(folder)
    from sinan.statistics.chosen import chosen, of_population, refuse_empty

    results = stored_results(folder)
    if how or level or kinds:
        results = results_as(folder, lambda found: chosen(found, how or "wilson", level or 0.95, kinds))
        refuse_empty(results, kinds)
    return [of_population(result, population) for result in results] if population else results


def _stopping(about: dict[str, Any]) -> Iterator[str]:
    """What the rule of a run says; none where it had none."""
    from sinan.stopping.told import lines

    if "stopping" in about:
        try:
            yield from tuple(lines(about["stopping"]))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise StoreError(f"what run.json says of where the run was stopped is damaged ({error!r:.80})") from None
    elif "rule" in about:
        when = (
            "was asked of the run that is scored again"
            if "scored_from" in about
            else "is asked, and it was not met yet"
        )
        yield f"a rule decides how much {when}: the numbers are of a part"


def _status(folder: Any, about: dict[str, Any]) -> str:
    """As in run.json; but `killed` where it says that the run is being written, and nobody does."""
    from sinan.store.living import being_written

    status = str(about["status"])
    return "killed" if status == "running" and not being_written(folder) else status


def _samples(folder: Any, options: dict[str, Any]) -> None:
    from sinan.store import frames

    where = _where(options)
    offset = (options["page"] - 1) * options["rows"]
    rows, total = frames.page(folder, where, options["rows"], offset)
    if options["sample_id"] is not None and not total:
        known = frames.sample_ids(folder, 10_000)
        remedy = f"Its samples: sinan show {folder.id} --samples"
        raise UnknownName(options["sample_id"], f"sample of run {folder.id}", known, remedy)
    samples = list(map(frames.opened, rows))
    if options["sample_id"] is not None:  # as drawn, and not as answered
        samples.sort(key=lambda row: (row["benchmark"], row["model"], row["draw"]))
    if options["as_json"]:
        return click.echo(document({"run": folder.id, "total": total, "page": options["page"], "samples": samples}))
    from sinan.cli.samples import print_page, print_sample

    if options["sample_id"] is not None:
        for row in samples:
            print_sample(row)
        return None
    return print_page(samples, total, options["page"], options["rows"])


def _where(options: dict[str, Any]) -> dict[str, Sequence[str]]:
    """Column -> the values that a row may have there."""
    if options["page"] > 1 and options["sample_id"] is not None:
        raise UsageError("--id shows one sample whole; it has no pages")
    wanted = {
        "outcome": [*options["outcomes"], *(NOT_CORRECT if options["wrong"] else ())],
        "sample_id": [options["sample_id"]],
        "benchmark": [options["benchmark"]],
        "model": options["models"],
    }
    return {column: values for column, values in wanted.items() if values and values[0] is not None}
