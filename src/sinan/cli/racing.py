"""What `sinan duel`, `sinan best` and `sinan place` have in common: asked models or replayed columns of a table, one
document, a few lines."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.table import Table
from rich.text import Text

from sinan.cli import asking, running
from sinan.cli.output import document as printed
from sinan.cli.shares import Share
from sinan.cli.table import AMBER, MUTED, console, safe
from sinan.cli.within import Within
from sinan.datasets.outcomes import head
from sinan.errors import UsageError
from sinan.types import Run, RunSpec

if TYPE_CHECKING:
    from sinan.stopping import Declared

F = TypeVar("F", bound=Callable[..., Any])
ALPHA = click.option(
    "--alpha",
    type=Within(0, 0.5, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="How often any verdict may be wrong, at most, however often one looks.",
)


def epsilon(default: float) -> Callable[[F], F]:
    """The option that says which differences do not matter."""
    return click.option(
        "--epsilon",
        type=Share(high_open=True),
        default=default,
        show_default=True,
        help="Scores that are closer are told as equivalent.",
    )


def options(command: F) -> F:
    """How it is asked: as `sinan run`, but for what makes no sense here."""
    command = running.how_it_is_asked(leave_out=("workers", "dry_run", "resume"))(command)
    return asking.what_is_asked()(command)


def race(declared: "Declared", models: Sequence[str], target: str, given: dict[str, Any]) -> int:
    """Ask the models, or replay the columns of a table; print what came of it."""
    if columns(target, models):
        return _replay(declared, tuple(models), target, given)
    return running.carry_out(spec(models, target, given), given, partial(_show, given), declared)


def board(target: str, models: Sequence[str], given: dict[str, Any], but: str = "") -> dict[str, float]:
    """Model -> its score of all questions, of the finished runs that asked what is asked here, and alike; without
    `but`, who is no rival of its own."""
    from sinan import catalog
    from sinan.asked import looked_up
    from sinan.engine import plan
    from sinan.stopping.board import standings

    wanted, benchmarks, _ = looked_up(spec(models, target, given), given["timeout"])
    if len(benchmarks) != 1:
        raise UsageError(f"{target} is {len(benchmarks)} benchmarks; a race is on one")
    name = plan.protocol_name(benchmarks[0], wanted)
    version = catalog.version(benchmarks[0], name)
    found = [one for one in standings(given["runs"], benchmarks[0], version, name, wanted) if one.model != but]
    if not given["quiet"] and not given["as_json"]:
        for one in found:
            click.echo(f"sinan: known from run {one.run}: {one.model} {100 * one.value:.1f}", err=True)
    return {one.model: one.value for one in found}


def against_known(
    declared: "Declared", pair: tuple[str, str], target: str, given: dict[str, Any]
) -> tuple["Declared", tuple[str, ...]]:
    """The duel with what finished runs know of its two models, and who is still to be asked. Raises UsageError where
    both are known."""
    from sinan.stopping.earlier import FEWEST

    known = {} if columns(target, pair) else board(target, pair, given)
    names = {model: model.partition("?")[0] for model in pair}
    new = tuple(model for model in pair if names[model] not in known)
    if not new:
        raise UsageError(
            f"{' and '.join(names.values())} were asked everything: their order is known. See: sinan compare"
        )
    if len(new) == 2:
        click.echo("sinan: --warm: neither of the two was asked all of it before, so both are asked", err=True)
        return declared, pair
    (stored,) = (name for name in names.values() if name in known)
    guided = len(known.keys() - {names[new[0]]}) >= FEWEST
    return replace(declared, board={stored: known[stored]}, pair=tuple(names.values()), warm=guided), new


def spec(models: Sequence[str], target: str, given: dict[str, Any]) -> RunSpec:
    """What is asked. Raises UsageError for parameters that cannot be read."""
    parameters = asking.parameters_of(given["parameters"])
    return asking.spec_of(given | {"parameters": parameters}, (target,), tuple(models))


def columns(target: str, models: Sequence[str]) -> bool:
    """Whether the target is a table of outcomes that has these models. A file of questions has no such columns."""
    names = head(target) or ()
    return any(model in names for model in models) and all(model in names for model in models if "/" in model)


def all_columns(target: str) -> tuple[str, ...]:
    """The models of a table of outcomes; none where the target is no such table."""
    from sinan.datasets.outcomes import outcomes

    return () if head(target) is None else outcomes(target).models


def _replay(declared: "Declared", models: tuple[str, ...], target: str, given: dict[str, Any]) -> int:
    from sinan.datasets.outcomes import outcomes
    from sinan.stopping.replayed import replayed

    if len(set(models)) < len(models):
        raise UsageError(f"{target}: a model is named twice")
    stopping = replayed(declared, outcomes(target), models, given["seed"], given["limit"])
    _print(given, stopping, None)
    return 0


def _show(given: dict[str, Any], run: Run) -> None:
    if run.stopping is not None:
        _print(given, run.stopping, run)


def _print(given: dict[str, Any], stopping: Mapping[str, Any], run: Run | None) -> None:
    from sinan.stopping.documents import document

    found = document(stopping, run)
    if given["as_json"]:
        click.echo(printed(found))
    elif not given["quiet"]:
        _lines(found)
        if run is not None:
            rest = found["requests"]["total"] < found["requests"]["full"]
            click.echo(f"  Saved {run.path}" + f"   ask the rest: sinan run --resume {run.path}" * rest)


def _lines(found: Mapping[str, Any]) -> None:
    out = console()
    out.print()
    verdict = found["verdict"]
    out.print(Text("  ").append(safe(_said(found))), style=AMBER if verdict == "undecided" else "bold")
    out.print()
    out.print(_standings(found))
    out.print()
    for name, score in found.get("known", {}).items():
        out.print(Text("  ").append(safe(f"{name} was asked all of it before: {100 * score:.1f}")))
    for line in _beside(found["claims"]) if found["kind"] == "place" else ():
        out.print(Text("  ").append(safe(line)))
    asked = found["requests"]
    source = "would have been asked (replayed: no model was called)" if found["source"] == "replayed" else "were asked"
    share = f"{asked['total']:,} of {asked['full']:,} requests {source}: {100 * asked['share']:.3g} %"
    out.print(Text(f"  {share}", style=MUTED))
    out.print(Text(f"  sure at {_sure(found)}, at every look: {found['estimand']}", style=MUTED))
    for note in found["notes"]:
        out.print(Text("  ! ", style=AMBER).append(safe(note)))


def _said(found: Mapping[str, Any]) -> str:
    """The verdict in one line."""
    on = f"on {found['benchmark']}, after {found['used']:,} of {found['questions']:,} questions"
    if found["kind"] == "duel":
        within = f" within {100 * found['epsilon']:.3g} points" if found["verdict"] == "equivalent" else ""
        points = "" if found["difference"] is None else f"   {100 * found['difference']:+.1f} points, "
        apart = points and f"{points}{_sure(found)} sequence {_ci(found['ci'])}"
        return f"{found['claims'][0]['about']}: {found['verdict']}{within} {on}{apart}"
    if found["kind"] == "place":
        low, high = found["rank_interval"]
        rank = f"rank {low}" if low == high else f"rank {low} to {high}"
        return f"{found['models'][0]['model']}: {rank} of {found['of']} {on}"
    names = ", ".join(found["best"] or found["left"])
    said = {"best": "the best is", "tied": "tied for the best:", "equivalent": "equivalent, none known to be better:"}
    return f"{said.get(found['verdict'], 'undecided between')} {names} {on}"


def _sure(found: Mapping[str, Any]) -> str:
    """`95 %`: of verdicts and of the confidence sequences."""
    return f"{100 * (1 - found['alpha']):.4g} %"


def _standings(found: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)
    of_race = {row["model"]: row for row in found.get("standings", ())}
    details = {claim["about"]: claim["detail"] for claim in found["claims"]}
    sequence = f"{_sure(found)} sequence"
    for name in ("model", *(["standing"] if of_race else []), "score so far", sequence, "heard", "asked", "failed"):
        table.add_column(name, justify="left" if name in ("model", "standing") else "right", no_wrap=True)
    for row in of_race.values() or found["models"]:
        name = row["model"]
        standing = [safe(f"{row['standing']} {details.get(name, '')}".strip())] if of_race else []
        value = "" if row["value"] is None else f"{100 * row['value']:.1f}"
        counts = [f"{row[key]:,}" for key in ("used", "asked", "failed")]
        table.add_row(safe(name), *standing, value, Text(_ci(row["ci"])), *counts)
    return table


def _beside(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of a place: how many are known to be better and worse, and who is neither."""
    said = Counter(claim["verdict"] for claim in claims)
    lines = [f"better than {said['better']}, worse than {said['worse']} of {len(claims)} on the board"]
    for word in ("tied", "undecided"):
        names = [claim["about"].partition(" - ")[2] for claim in claims if claim["verdict"] == word]
        lines += [f"{word}: {', '.join(names)}"] * bool(names)
    return lines


def _ci(ci: Sequence[float] | None) -> str:
    return "" if ci is None else f"[{100 * ci[0]:.1f}, {100 * ci[1]:.1f}]"
