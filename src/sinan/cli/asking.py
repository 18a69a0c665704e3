"""The options that say what is asked: the same for `sinan run`, for `sinan show --prompt` and in experiment files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sinan.errors import BadFile, UsageError
from sinan.types import RunSpec

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS: dict[str, Callable[[Any], Any]] = {
    "limit": click.option(
        "-n", "--limit", type=click.IntRange(1), help="Samples per benchmark, spread over its subsets."
    ),
    "shots": click.option(
        "--shots", type=click.IntRange(0), help="Worked examples in each prompt (default: the protocol's)."
    ),
    "few_shot": click.option(
        "--few-shot",
        metavar="RULE",
        help="Which examples: first, random, balanced, bm25, fixed:ID,ID or embedding:MODEL.",
    ),
    "shots_as": click.option(
        "--shots-as", type=click.Choice(["turns", "text"]), help="A chat shows examples as turns, or in one text."
    ),
    "system": click.option("--system", metavar="TEXT|@FILE", help="A system prompt, before the protocol's own."),
    "prefill": click.option("--prefill", metavar="TEXT", help="The beginning of every answer, given to the model."),
    "rotate": click.option(
        "--rotate", is_flag=True, help="Ask each question in all rotations of its options; right if all are."
    ),
    "perturb": click.option(
        "--perturb",
        metavar="KIND,KIND",
        help="Ask each question in other forms too: typos, case, contractions, dialect, spaces, options, paraphrase, "
        "language.",
    ),
    "vary": click.option(
        "--vary",
        metavar="SOURCE,SOURCE",
        help="Ask each question in variants, for what that does to the score: prompt, order (of options), seed.",
    ),
    "variants": click.option(
        "--variants", type=click.IntRange(2), default=3, show_default=True, help="Of each source of --vary."
    ),
    "draws": click.option(
        "--samples", "draws", type=click.IntRange(1), default=1, show_default=True, help="Draws per question."
    ),
    "seed": click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Of generated items, few-shot choice and the random order that rules ask in.",
    ),
    "protocol": click.option(
        "--protocol", default="default", show_default=True, help="How to ask and judge; see: sinan hub show ID."
    ),
    "parameters": click.option(
        "-p",
        "--parameter",
        "parameters",
        multiple=True,
        metavar="KEY=VALUE",
        help="Generation parameter, such as temperature=0.7.",
    ),
    "scorer": click.option("--scorer", help="For a file of questions: number, letter, exact, ..."),
    "cluster": click.option(
        "--cluster",
        metavar="COLUMN|group|none",
        help="What questions share, for error bars (default: as the benchmark says; of a file, as it looks).",
    ),
    "judges": click.option(
        "--judge",
        "judges",
        multiple=True,
        metavar="MODEL",
        help="Who judges, where a model must; again for a panel.",
    ),
    "trust": click.option("--trust", is_flag=True, help="Run the code that a task file (lm-eval:...) names."),
}
"""By the field of a RunSpec that each of them sets."""

FIELDS = tuple(OPTIONS)


def what_is_asked(leave_out: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Gives a command these options, in this order, but for those of the fields that are left out."""

    def given(command: F) -> F:
        for field, option in reversed(OPTIONS.items()):
            if field not in leave_out:
                command = option(command)
        return command

    return given


def spec_of(options: dict[str, Any], targets: tuple[str, ...], models: tuple[str, ...]) -> RunSpec:
    """The RunSpec of these options; parameters have been read already."""
    asked = {name: options[name] for name in FIELDS if name in options}
    asked["system"] = system_of(asked["system"])
    asked |= {name: names_of(asked[name]) for name in ("perturb", "vary")}
    return RunSpec(targets=targets, models=models, **asked)


def names_of(given: str | list[str] | None) -> tuple[str, ...]:
    """Names behind commas, or a list of names."""
    names = given.split(",") if isinstance(given, str) else given or ()
    return tuple(name.strip() for name in names if name.strip())


def system_of(given: str | None) -> str | None:
    """The text, or that of the file behind the `@`: the run keeps the text, not the name of a file."""
    if given is None or not given.startswith("@"):
        return given
    path = Path(given[1:])
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"--system {given}: {path} cannot be read ({error})") from None
    if not text:
        raise BadFile(f"--system {given}: {path} is empty")
    return text


def parameters_of(pairs: tuple[str, ...]) -> dict[str, Any]:
    """`KEY=VALUE`, where VALUE is JSON if it can be read as such and text if not."""
    parameters: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not key or not equals:
            raise UsageError(f"-p {pair}: a parameter is written KEY=VALUE, such as -p temperature=0")
        try:
            parameters[key] = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            parameters[key] = text
    return parameters


def _no_constant(name: str) -> None:
    raise ValueError(name)
