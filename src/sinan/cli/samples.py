"""Samples on a terminal: a page of them, or one whole. All of it is text from outside, and shown as such."""

import json
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from sinan.cli.table import AMBER, MUTED, RED, console, safe

MARKS = {"correct": ("=", "green"), "wrong": ("x", RED), "failed": ("!", RED)}


def print_page(rows: Sequence[dict[str, Any]], total: int, page: int, size: int) -> None:
    """A line per sample."""
    out = console()
    table = Table(box=None, pad_edge=True, header_style=MUTED)
    for name in ("", "benchmark", "id", "model", "outcome", "read", "target", "answer's end"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*_line(row))
    out.print(table)
    pages = max(1, -(-total // size))
    out.print(Text(f"  page {page} of {pages} · {total:,} samples · one whole: --id ID", style=MUTED))


def print_sample(row: dict[str, Any]) -> None:
    """Everything about one draw of one sample."""
    out = console()
    mark, style = MARKS.get(row["outcome"], ("?", AMBER))
    head = f"{row['benchmark']} · {row['sample_id']} · {row['model']}" + (
        f" · draw {row['draw']}" if row["draw"] else ""
    )
    out.print(Text.assemble((f"{mark} {row['outcome']}", f"bold {style}"), "   ", safe(head)))
    for name, text in _parts(row):
        out.print(Text(f"\n{name}", style=MUTED))
        out.print(safe(text))
    facts = {k: row[k] for k in ("finish_reason", "tokens_in", "tokens_out", "latency_s", "attempts", "group")}
    told = " · ".join(f"{k} {v}" for k, v in facts.items() if v not in (None, ""))
    out.print(Text("\n") + safe(told), style=MUTED)
    out.print()


def _line(row: dict[str, Any]) -> tuple[Text, ...]:
    mark, style = MARKS.get(row["outcome"], ("?", AMBER))
    end = row["explanation"] if row["outcome"] == "failed" else " ".join((row["completion"] or "")[-400:].split())[-60:]
    return (
        Text(mark, style=style),
        safe(row["benchmark"], 24),
        safe(row["sample_id"], 28),
        safe(row["model"], 24),
        Text(row["outcome"], style=style),
        safe("-" if row["answer"] is None else row["answer"], 20),
        safe(row["target"], 20),
        safe(end, 60),
    )


def _parts(row: dict[str, Any]) -> list[tuple[str, str]]:
    parts = [("prompt", prompt_text(json.loads(row["prompt"])))]
    if row["reasoning"]:
        parts.append(("reasoning", row["reasoning"]))
    likelihoods = json.loads(row["loglikelihoods"] or "[]")
    if likelihoods:
        shown = "\n".join(f"{i}: {value:.4f} ({tokens} tokens)" for i, (value, tokens, _) in enumerate(likelihoods))
        parts.append(("log-likelihoods", shown))
    elif row["completion"] is not None:
        parts.append(("answer", row["completion"]))
    read = "nothing" if row["answer"] is None else row["answer"]
    parts.append(
        ("verdict", f"read: {read}\ntarget: {row['target']}\nscore: {row['score']}\n{row['explanation'] or ''}")
    )
    return parts


def prompt_text(prompt: Any) -> str:
    """A prompt as a person reads it: roles in brackets, pictures by their hash."""
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, dict):
        return prompt_text(prompt["text"]) + "\ncontinuations: " + " | ".join(repr(c) for c in prompt["continuations"])
    return "\n".join(f"[{turn['role']}] {_content(turn['content'])}" for turn in prompt)


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(p["text"] if p["type"] == "text" else f"<picture {p['sha256'][:12]}>" for p in content)
