"""Answers to problems of MATH: sinan's comparison, in its workers, against math-verify called one by one."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from evaluated import scratch
from processes import PYTHON, Violation, in_turn, measured

from sections import Size

TITLE = "Mathematics"
PROGRAM = str(Path(__file__).parents[1] / "math_pairs.py")
BAR = 3.0
LONGEST = 60.0
"""Seconds: what a comparison may take by the clock, four deadlines and half a minute, after it waited for a worker."""


def lines(size: Size) -> Iterator[str]:
    count, times = (60, 1) if size == "small" else (2_000, 3)
    hanging = (0, 1) if size == "small" else (0, 4)
    yield (
        f"{count:,} answers to problems of MATH: published solutions, the same with the box written otherwise, other "
        f"problems' solutions, short sentences; then with {hanging[1]} that hang among them. math-verify one by one "
        f"with its own limits of 5 s; sinan in 8 threads, 2 s of processor time each. Whole processes, medians of "
        f"{times} in turn (with those that hang: one). The bar is {BAR:g} times.\n"
    )
    yield "| answers | hang | math-verify s | sinan s | times faster | sinan: answers/s | longest s | differ |"
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|"
    for stuck in hanging:
        yield _row(count, stuck, 1 if stuck else times, size)


def _row(count: int, stuck: int, times: int, size: Size) -> str:
    with scratch() as folder:
        file = folder / "pairs.jsonl"
        measured(PYTHON, PROGRAM, "make", str(file), str(count), str(stuck))
        calls = [partial(measured, PYTHON, PROGRAM, who, str(file)) for who in ("library", "sinan")]
        theirs, ours = in_turn(times, *calls)
    walls = [sorted(took.wall for took in column)[times // 2] for column in (theirs, ours)]
    first, second = json.loads(theirs[0].out), json.loads(ours[0].out)
    _check(second, count, stuck, walls, size)
    differ = sum(a != b for a, b in zip(first["verdicts"], second["verdicts"], strict=True)) - stuck
    return (
        f"| {count:,} | {stuck} | {walls[0]:.1f} | {walls[1]:.1f} | {walls[0] / walls[1]:.1f} "
        f"| {count / second['seconds']:.0f} | {second['longest']:.1f} | {differ} |"
    )


def _check(ours: dict[str, Any], count: int, stuck: int, walls: list[float], size: Size) -> None:
    """No verdict is lost, and each that hangs is unparsed and nothing else is."""
    found = Counter(ours["verdicts"])
    if found["unparsed"] != stuck or found["correct"] + found["wrong"] != count or ours["longest"] > LONGEST:
        raise Violation(f"mathematics: {dict(found)}, where {stuck} hang; the longest took {ours['longest']:.1f} s")
    if size != "small" and walls[0] / walls[1] < BAR:
        raise Violation(f"mathematics: {walls[0] / walls[1]:.1f} times faster than one by one; the bar is {BAR:g}")
