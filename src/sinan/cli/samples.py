"""Samples on a terminal: a page of them, or one whole. All of it is text from outside, and shown as such."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from sinan.cli.table import AMBER, MUTED, RED, console, safe
from sinan.types.message import prompt_text

HEADS = ("", "benchmark", "id", "draw", "model", "outcome", "read", "target", "scores", "answer's end")
MARKS = {
    "correct": ("=", "green"),
    "wrong": ("x", RED),
    "failed": ("!", RED),
    "measured": ("#", ""),
    "collected": (".", ""),
}


def print_page(rows: Sequence[dict[str, Any]], total: int, page: int, size: int) -> None:
    """A line per sample."""
    out = console()
    table = Table(box=None, pad_edge=True, header_style=MUTED)
    lines = [_line(row, 60 if out.width >= 110 else 28) for row in rows]
    # What is the same on the whole page is said once, below: a narrow terminal has no room for it.
    same = [name for name in ("benchmark", "model") if len({row[name] for row in rows}) == 1]
    empty = {
        "draw": not any(row["draw"] for row in rows),
        "scores": not any(row["scores"] or row["score"] not in (0, 1, None) for row in rows),
    }
    shown = [name for name in HEADS if name not in same and not empty.get(name)]
    for name in shown:
        least = {"": 1, "id": 8, "outcome": 9}.get(name)
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
        out.print(_highlighted(row, text) if name == "answer" else safe(text))
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
        "scores": safe(scores_text(row), 28),
        "answer's end": safe(end[-room:], room),
    }


def _parts(row: dict[str, Any]) -> list[tuple[str, str]]:
    parts = [("prompt", prompt_text(row["prompt"]))]
    if row["shots"]:
        parts.append((f"worked examples ({len(row['shots'])})", ", ".join(row["shots"])))
    if row["prompt_ids"]:
        parts.append(("hash of the token ids", row["prompt_ids"]))
    if row["reasoning"]:
        parts.append(("reasoning", row["reasoning"]))
    if row["loglikelihoods"]:
        parts.append(("log-likelihoods", likelihoods_text(row)))
    elif row["turns"]:
        parts += [(f"answer {number}", text) for number, text in enumerate(row["turns"], 1)]
    elif row["completion"] is not None:
        parts.append(("answer", row["completion"]))
    read = "nothing" if row["answer"] is None else row["answer"]
    verdict = f"read: {read}\ntarget: {_targets(row)}\nscore: {scores_text(row)}\n{row['explanation'] or ''}"
    parts.append(("verdict", verdict))
    if row.get("readings"):
        parts.append(("readings", "\n".join(map(_reading_text, row["readings"]))))
    if row.get("evidence"):
        parts.append(("evidence", "\n".join(_evidence(row["evidence"]))))
    if row.get("judging"):
        cost = ", ".join(f"{value} {name}" for name, value in row["judging"].items() if value)
        parts.append(("judging", cost or "nothing"))
    return parts


def _targets(row: dict[str, Any]) -> str:
    """The right answer, and the others that would do."""
    golds = (row.get("metadata") or {}).get("golds")
    others = [str(gold) for gold in golds if gold != row["target"]] if isinstance(golds, list) else []
    return f"{row['target']} (or: {' · '.join(others)})" if others else str(row["target"])


def _evidence(value: Any, depth: int = 0) -> Iterator[str]:
    """A line for each finding. A text that would be hard to read as JSON stands below its name, line by line."""
    pad = "  " * depth
    for name, one in value.items() if isinstance(value, dict) else enumerate(value, 1):
        if isinstance(one, dict | list) and one:
            yield f"{pad}{name}:"
            yield from _evidence(one, depth + 1)
        elif isinstance(one, str) and ("\n" in one or '"' in one):
            yield f"{pad}{name}:"
            yield from (f"{pad}  {line}" for line in one.strip("\n").splitlines())
        else:
            yield f"{pad}{name}: {json.dumps(one, ensure_ascii=False)}"


def _reading_text(reading: dict[str, Any]) -> str:
    """`strict: nothing (no answer mark)`, `18 (after the last answer mark), characters 12 to 14`."""
    name = f"{reading['name']}: " if reading.get("name") else ""
    answer = "nothing" if reading["answer"] is None else reading["answer"]
    span = reading.get("span")
    where = f", characters {span[0]:,} to {span[1]:,}" if span else ""
    return f"{name}{answer} ({reading['rule']}{where}{'' if reading.get('sure', True) else ', inferred'})"


def _highlighted(row: dict[str, Any], text: str) -> Text:
    """The answer with the stretch that was read underlined. What is not shown as it is moves no mark to a wrong place:
    each piece is made harmless by itself."""
    span = next((one["span"] for one in row.get("readings") or [] if one.get("span")), None)
    if not span or not 0 <= span[0] < span[1] <= len(text):
        return safe(text)
    before, read, after = text[: span[0]], text[span[0] : span[1]], text[span[1] :]
    return Text.assemble(safe(before), Text(safe(read).plain, style="bold reverse"), safe(after))


def likelihoods_text(row: dict[str, Any]) -> str:
    """A line per continuation: its log-likelihood, its tokens, whether it is what the model would have written, and
    its text."""
    prompt = row["prompt"]
    texts = prompt.get("continuations", []) if isinstance(prompt, dict) else []
    texts = [*map(repr, texts), *[""] * len(row["loglikelihoods"])]
    return "\n".join(
        f"{number}: {value:10.4f}  {tokens:,} token{'s' * (tokens != 1)}{'  greedy' * bool(greedy)}  {text}".rstrip()
        for number, ((value, tokens, greedy), text) in enumerate(zip(row["loglikelihoods"], texts, strict=False))
    )


def scores_text(row: dict[str, Any]) -> str:
    """`1` and what else the answer was given: `1 · acc_norm 0 · brier 0.213`."""
    further = [f"{name} {_number(value)}" for name, value in row["scores"].items()]
    return " · ".join(["-" if row["score"] is None else f"{row['score']:g}", *further])


def _number(value: Any) -> str:
    return " ".join(map(_number, value)) if isinstance(value, list) else f"{value:.4g}" if value is not None else "-"
