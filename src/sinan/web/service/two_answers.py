"""One draw of one sample as two runs have it: what was asked, what was answered, and how it was judged."""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sinan.store import RunFolder, frames
from sinan.types.message import prompt_text
from sinan.web.failures import Missing

LONGEST, LINES = 200_000, 2_000
"""Characters and lines of prompts that are laid beside each other line by line: of longer ones it would take long."""
DRAWS = 1_000
_PICTURE = re.compile("[0-9a-f]{64}")
SHOWN = 400_000
"""Characters of a text on a page; its twin is cut there too, and says so."""


def row(folder: RunFolder, benchmark: str, model: str, sample: str, draw: int) -> Mapping[str, Any]:
    """The draw whole. Raises Missing, StoreError."""
    where = {"benchmark": [benchmark], "model": [model], "sample_id": [sample]}
    rows, _ = frames.page(folder, where, DRAWS)
    for one in map(frames.opened, rows):
        if one["draw"] == draw:
            return one
    raise Missing(f"run {folder.id} has no draw {draw} of sample {sample}")


def told(one: Mapping[str, Any]) -> dict[str, Any]:
    """What a page shows of one answer."""
    span = next((reading["span"] for reading in one["readings"] or () if reading.get("span")), None)
    completion = one["completion"]
    if one["turns"]:
        completion, span = "\n\n".join(f"[{i}] {text}" for i, text in enumerate(one["turns"], 1)), None
    names = "outcome score answer explanation finish_reason tokens_in tokens_out latency_s cost_usd".split()
    return {name: one[name] for name in names} | {
        "target": one["target"],
        "scores": {name: value for name, value in one["scores"].items() if isinstance(value, int | float)},
        "completion": None if completion is None else completion[:SHOWN],
        "reasoning": (one["reasoning"] or "")[:SHOWN],
        "span": span if _within(span, completion) else None,
        "shots": [str(shot) for shot in one["shots"] or ()],
        "likelihoods": _likelihoods(one),
        "rules": [_rule(reading) for reading in one["readings"] or ()],
        "prompt_ids": one["prompt_ids"] or "",
        "cut": len(completion or "") > SHOWN,
    }


def _within(span: Any, text: str | None) -> bool:
    whole = isinstance(span, list) and len(span) == 2 and all(isinstance(end, int) for end in span)
    return whole and text is not None and 0 <= span[0] < span[1] <= min(len(text), SHOWN)


def _rule(reading: Mapping[str, Any]) -> str:
    name = f"{reading['name']}: " if reading.get("name") else ""
    return f"{name}{reading.get('rule') or ''}"


def _likelihoods(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    prompt = one["prompt"]
    texts = prompt.get("continuations", []) if isinstance(prompt, dict) else []
    texts = [*map(str, texts), *[""] * len(one["loglikelihoods"])]
    return [
        {"text": text, "value": value, "tokens": tokens, "greedy": bool(greedy)}
        for (value, tokens, greedy), text in zip(one["loglikelihoods"], texts, strict=False)
    ]


def prompts(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked: once where it is the same, else line by line what only one of them has; where they are too long
    for that, each whole."""
    one, other = prompt_text(a["prompt"]), prompt_text(b["prompt"])
    if one == other:
        return {"same": True, "a": one[:SHOWN], "b": None, "lines": []}
    short = len(one) + len(other) <= LONGEST and one.count("\n") + other.count("\n") <= LINES
    return {"same": False, "a": one[:SHOWN], "b": other[:SHOWN], "lines": _lines(one, other) if short else []}


def _lines(a: str, b: str) -> list[dict[str, str]]:
    kinds = {"-": "a", "+": "b", "@": "place", " ": "both"}
    found = list(difflib.unified_diff(a.splitlines(), b.splitlines(), "a", "b", lineterm=""))[2:]
    return [{"kind": kinds.get(line[:1], "both"), "text": line} for line in found]


def question(one: Mapping[str, Any]) -> str:
    """The last thing that was said to the model, or the whole text."""
    prompt = one["prompt"]
    if isinstance(prompt, list) and prompt:
        return prompt_text([prompt[-1]]).partition("] ")[2][:SHOWN]
    return prompt_text(prompt)[:SHOWN]


def pictures(one: Mapping[str, Any]) -> list[str]:
    """The sha256 of each picture that the question shows."""
    prompt = one["prompt"]
    content = prompt[-1].get("content") if isinstance(prompt, list) and prompt and isinstance(prompt[-1], dict) else ()
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return [part["sha256"] for part in parts if _PICTURE.fullmatch(str(part.get("sha256")))]


def run_folder(runs: Path, name: str) -> RunFolder:
    """Of a run that may be seen."""
    return RunFolder(runs / name)
