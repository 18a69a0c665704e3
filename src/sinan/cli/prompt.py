"""What `sinan show BENCH --prompt` prints: the exact text, and the tokens where the model can tell them."""

import asyncio
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from sinan.cli import asking
from sinan.cli.output import document
from sinan.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from sinan.shown import Shown

SPECIAL = "bold magenta"


def show_prompts(options: dict[str, Any]) -> int:
    """Nothing is asked: models are named, not opened."""
    if options["run"] == "last":
        raise UsageError("show --prompt needs a benchmark: sinan show gsm8k --prompt -m needle/m")
    if not options["models"]:
        raise UsageError("show --prompt needs a model, since each reads a prompt in its own way: -m needle/m")
    from sinan.shown import shown

    options = options | {"parameters": asking.parameters_of(options["parameters"])}
    spec = asking.spec_of(options, (options["run"],), tuple(options["models"]))
    found = asyncio.run(shown(spec, options["sample_id"]))
    if not found:
        remedy = f"Leave --id out to see the first of {options['run']}"
        raise UnknownName(str(options["sample_id"]), f"sample of {options['run']}", (), remedy)
    if options["as_json"]:
        click.echo(document({"prompts": [one.to_json() for one in found]}))
        return 0
    for one in found:
        _print(one)
    return 0


def _print(one: "Shown") -> None:
    from sinan.cli.table import MUTED, console, safe

    out = console()
    sample, prompt = one.question.sample, one.question.prompt
    head = f"{one.cell.benchmark} · {one.protocol} · {sample.id} · {one.cell.model.name} ({one.cell.model.form})"
    out.print(safe(head), style="bold")
    _print_text(one)
    parts = [
        ("continuations", " | ".join(map(repr, prompt.continuations))),
        ("further turns", "\n".join(str(turn.content) for turn in prompt.turns)),
        ("sampling", "" if prompt.continuations else _sampling(one)),
        ("tokens", _tokens(one)),
        ("notes", "\n".join(one.rendered.notes)),
        ("target", sample.target),
    ]
    for name, text in parts:
        if text:
            out.print(Text(f"\n{name}", style=MUTED))
            out.print(safe(text))
    out.print()


def _print_text(one: "Shown") -> None:
    """The text, cut where an example or the question begins; where it is a request, they are listed instead."""
    from sinan.cli.table import MUTED, console, safe

    out, text, places = console(), one.rendered.text, one.places()
    numbers = {example.id: number for number, example in enumerate(one.begins, 1)}
    last = 0
    for place, name in places:
        if text[last:place]:
            out.print(safe(text[last:place].rstrip("\n")))
        what = f"example {numbers[name]}: {name}" if name else "the question"
        out.print(Text(f"--- {what}", style=MUTED))
        last = place
    out.print(safe(text[last:]))
    if one.begins and not places:
        told = [f"{one_.id or 'the question'}: {_where(one_)}" for one_ in one.begins]
        out.print(Text("\nexamples", style=MUTED))
        out.print(safe("\n".join(told)))


def _where(example: Any) -> str:
    if example.message is None:
        return f"from character {example.offset} of the text"
    inside = f", from character {example.offset}" if example.offset else ""
    return f"message {example.message + 1}{inside}"


def _sampling(one: "Shown") -> str:
    set_here = one.cell.sampling.to_json()
    return " · ".join(f"{name} {value!r}" for name, value in set_here.items()) or "all left to the server"


def _tokens(one: "Shown") -> str:
    """`1 <|bos|>`, `417 Question`...; how many, and each with its id."""
    ids, pieces = one.rendered.ids, one.rendered.pieces
    if not ids:
        return ""
    told = [f"{i}:{piece!r}" for i, piece in zip(ids, pieces, strict=True)] if pieces else list(map(str, ids))
    return f"{len(ids):,}: " + " ".join(told)
