"""Samples that end differently in two runs: a page of them, or one side by side. All of it is text from outside."""

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sinan.cli.samples import MARKS, likelihoods_text, scores_text
from sinan.cli.table import AMBER, MUTED, RED, console, safe
from sinan.types import CAUSES, Comparison, Differing
from sinan.types.message import prompt_text


def print_page(found: Sequence[Comparison], page: int, rows: int) -> None:
    """A line per sample that differs, those of one comparison together."""
    out, lines = console(), [(one, d) for one in found for d in one.differing]
    start = (page - 1) * rows
    shown = lines[start : start + rows]
    for one in found:
        own = [d for of, d in shown if of is one]
        if own:
            head = f"{one.benchmark}   a {one.model_a} ({one.run_a})   b {one.model_b} ({one.run_b})"
            out.print(Text("\n  ") + safe(head), style=MUTED)
            out.print(line_table(one, own, out.width))
    pages = max(1, -(-len(lines) // rows))
    out.print(Text(f"  page {page} of {pages} · {len(lines):,} draws · one whole: --id ID", style=MUTED))


def line_table(one: Comparison, rows: Sequence[Differing], width: int) -> Table:
    """A line per draw: what either run made of it, and why."""
    table = Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)
    room = 24 if width >= 110 else 12
    draws = any(d.draw for d in rows)
    for name in ("id", *(["draw"] if draws else []), "a", "b", "target", "cause"):
        least = {"id": 8, "cause": 10}.get(name)
        table.add_column(name, no_wrap=name != "cause", overflow="ellipsis", min_width=least)
    for d in rows:
        head = [safe(d.sample_id, 28), *([Text(str(d.draw))] if draws else [])]
        verdicts = [_said(d.outcome_a, d.answer_a, d.score_a, room), _said(d.outcome_b, d.answer_b, d.score_b, room)]
        table.add_row(*head, *verdicts, safe(d.target, room), safe(", ".join(d.causes)))
    return table


def _said(outcome: str, answer: str | None, score: float | None, room: int) -> Text:
    """`= 18`, `x 17`, `? unparsed`."""
    mark, style = MARKS.get(outcome, ("?", AMBER))
    if outcome == "measured" and score is not None:
        return Text(f"{mark} {score:.4g}")
    return Text(f"{mark} ", style=style).append_text(safe(outcome if answer is None else answer, room))


def print_one(found: Sequence[Comparison]) -> None:
    """The sample side by side, in every comparison and draw in which it differs."""
    out = console()
    for one in found:
        for d in one.differing:
            a, b = (_row(*of, one.benchmark, d) for of in zip(one.folders, (one.model_a, one.model_b), strict=True))
            _print_pair(out, one, d, a, b)


def _row(folder: str, model: str, benchmark: str, d: Differing) -> dict[str, Any]:
    """The draw with all its texts."""
    from sinan.store import RunFolder, frames

    where = {"benchmark": [benchmark], "model": [model], "sample_id": [d.sample_id]}
    rows, _ = frames.page(RunFolder(Path(folder)), where, 1 << 20)
    return next(row for row in map(frames.opened, rows) if row["draw"] == d.draw)


def _print_pair(out: Console, one: Comparison, d: Differing, a: dict[str, Any], b: dict[str, Any]) -> None:
    draw = f" · draw {d.draw}" if d.draw else ""
    out.print(Text("\n") + safe(f"{one.benchmark} · {d.sample_id}{draw} · target {d.target}"), style="bold")
    for part in re.split(rf"; (?=(?:{'|'.join(CAUSES)})(?:: |$))", d.detail):
        cause, _, shown = part.partition(": ")
        out.print(Text.assemble((f"  {cause}", f"bold {AMBER}"), "   ", safe(shown)))
    out.print()
    out.print(_side_by_side(one, d, a, b))
    for name, text in _further(a, b):
        out.print(Text(f"\n{name}", style=MUTED))
        out.print(text)
    out.print()


def _side_by_side(one: Comparison, d: Differing, a: dict[str, Any], b: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 1, 0, 1), header_style=MUTED)
    table.add_column("", no_wrap=True, style=MUTED)
    for name, run, model in (("a", one.run_a, one.model_a), ("b", one.run_b, one.model_b)):
        table.add_column(Text(f"{name} ") + safe(f"{model} · {run}"), overflow="fold", ratio=1)
    room = 1 << 20
    table.add_row("verdict", *(_said(r["outcome"], r["answer"], r["score"], room) for r in (a, b)))
    table.add_row("outcome", *(safe(r["outcome"]) for r in (a, b)))
    table.add_row("score", *(safe(scores_text(r)) for r in (a, b)))
    for key, name in (("explanation", "rule"), ("finish_reason", "ended by"), ("tokens_out", "tokens"), ("shots", "")):
        told = [r[key] for r in (a, b)]
        if key == "shots":
            name, told = "examples", [", ".join(shots) for shots in told]
        if any(value not in ("", None) for value in told):
            table.add_row(name, *(safe(str(value)) for value in told))
    if a["loglikelihoods"] or b["loglikelihoods"]:
        table.add_row("options", *(safe(likelihoods_text(r) or r["completion"] or "") for r in (a, b)))
    else:
        table.add_row("answer", *(safe(r["completion"] or "") for r in (a, b)))
    return table


def _further(a: dict[str, Any], b: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    prompts = prompt_text(a["prompt"]), prompt_text(b["prompt"])
    if prompts[0] == prompts[1]:
        yield "prompt, the same in both", safe(prompts[0])
    else:
        yield "prompts, as a difference from a (-) to b (+)", _diff(*prompts)
    if a["prompt_ids"] != b["prompt_ids"]:
        yield "hash of the token ids", safe(f"a {a['prompt_ids'] or 'not stored'}\nb {b['prompt_ids'] or 'not stored'}")


def _diff(a: str, b: str) -> Text:
    """A unified difference, three lines around each place."""
    shown = Text()
    for line in list(difflib.unified_diff(a.splitlines(), b.splitlines(), "a", "b", lineterm=""))[2:]:
        style = {"-": RED, "+": "green", "@": MUTED}.get(line[:1], "")
        piece = safe(line)
        piece.stylize(style)
        shown.append_text(piece).append("\n")
    shown.right_crop(1)
    return shown
