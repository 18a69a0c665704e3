"""Samples on a terminal: a page of them, or one whole. All of it is text from outside, and shown as such."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from sinan.cli.table import AMBER, MUTED, RED, console, safe

HEADS = ("", "benchmark", "id", "draw", "model", "outcome", "read", "target", "answer's end")
MARKS = {"correct": ("=", "green"), "wrong": ("x", RED), "failed": ("!", RED)}


def print_page(rows: Sequence[dict[str, Any]], total: int, page: int, size: int) -> None:
    """A line per sample."""
    out = console()
    table = Table(box=None, pad_edge=True, header_style=MUTED)
    lines = [_line(row, 60 if out.width >= 110 else 28) for row in rows]
    # What is the same on the whole page is said once, below: a narrow terminal has no room for it.
    same = [name for name in ("benchmark", "model") if len({row[name] for row in rows}) == 1]
    shown = [name for name in HEADS if name not in same and (name != "draw" or any(row["draw"] for row in rows))]
    for name in shown:
        least = {"id": 8, "outcome": 9}.get(name)
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=least)
    for line in lines:
        table.add_row(*(line[name] for name in shown))
    out.print(table)
    pages = max(1, -(-total // size))
    told = "".join(f" · {rows[0][name]}" for name in same)
    out.print(Text("  ") + safe(f"page {page} of {pages} · {total:,} samples{told} · one whole: --id ID"), style=MUTED)


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


def _line(row: dict[str, Any], room: int) -> dict[str, Text]:
    mark, style = MARKS.get(row["outcome"], ("?", AMBER))
    end = row["explanation"] if row["outcome"] == "failed" else " ".join((row["completion"] or "")[-400:].split())[-60:]
    return {
        "": Text(mark, style=style),
        "benchmark": safe(row["benchmark"], 24),
        "id": safe(row["sample_id"], 28),
        "draw": Text(str(row["draw"])),
        "model": safe(row["model"], 24),
        "outcome": Text(row["outcome"], style=style),
        "read": safe("-" if row["answer"] is None else row["answer"], 20),
        "target": safe(row["target"], 20),
        "answer's end": safe(end[-room:], room),
    }


def _parts(row: dict[str, Any]) -> list[tuple[str, str]]:
    parts = [("prompt", prompt_text(json.loads(row["prompt"])))]
    if row["reasoning"]:
        parts.append(("reasoning", row["reasoning"]))
    likelihoods = json.loads(row["loglikelihoods"] or "[]")
    if likelihoods:
        shown = "\n".join(f"{i}: {value:.4f} ({tokens} tokens)" for i, (value, tokens, _) in enumerate(likelihoods))
        parts.append(("log-likelihoods", shown))
    elif turns := json.loads(row["turns"] or "[]"):
        parts += [(f"answer {number}", turn) for number, turn in enumerate(turns, 1)]
    elif row["completion"] is not None:
        parts.append(("answer", row["completion"]))
    shots = json.loads(row["shots"] or "[]")
    if shots:
        parts.insert(1, ("worked examples", ", ".join(shots)))
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
        return "\n".join([prompt_text(prompt["text"]), *_beside(prompt)])
    return "\n".join(f"[{turn['role']}] {_content(turn['content'])}" for turn in prompt)


def _beside(prompt: dict[str, Any]) -> Iterator[str]:
    """What a prompt asks beyond its text."""
    for name in ("contexts", "continuations"):
        if name in prompt:
            yield f"{name}: " + " | ".join(map(repr, prompt[name]))
    yield from (f"[{turn['role']}, after the answer] {_content(turn['content'])}" for turn in prompt.get("turns", ()))
    if "tools" in prompt:
        yield "tools: " + ", ".join(tool["name"] for tool in prompt["tools"])
    if prompt.get("rolling"):
        yield "(asked: how likely this text is)"


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(p["text"] if p["type"] == "text" else f"<picture {p['sha256'][:12]}>" for p in content)
