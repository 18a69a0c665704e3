"""The rules of `--stop`.

gsm8k>0.7, gsm8k<70%    until it is sure on which side of 0.7 a full run would lie; `acc` where there is one benchmark
ci<0.02, ci<2%          until the interval is narrower than 0.02, end to end, of every benchmark
gsm8k:halfwidth<1%      of one benchmark; the half width is half of the way from end to end
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sinan.errors import UnknownName, UsageError

WRITTEN = (
    "a rule is BENCHMARK>0.7, ci<0.02 (end to end), halfwidth<0.01 or BENCHMARK:ci<0.02; percent may be written 70%"
)
_FORM = re.compile(r"\s*(?P<of>[^<>=\s]+)\s*(?P<sign>[<>])\s*(?P<number>\d+\.?\d*|\.\d+)\s*(?P<percent>%?)\s*")
WIDTHS = {"ci": 1.0, "halfwidth": 2.0}
"""Word -> how many of it make the width from end to end."""
ONLY = "acc"
"""Stands for the only benchmark."""


@dataclass(frozen=True)
class Rule:
    """One rule, read."""

    kind: Literal["threshold", "precision"]
    benchmark: str
    """Empty: every one; `acc`: the only one."""
    number: float
    """The threshold, or the width from end to end."""


def rule(text: str) -> Rule:
    """Raises UsageError where it is none."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise UsageError(f"--stop {text!r}: {WRITTEN}")
    number = float(match["number"]) / (100 if match["percent"] else 1)
    name, colon, word = match["of"].rpartition(":")
    if match["of"] in WIDTHS or (colon and word in WIDTHS):
        return _precision(text, match["sign"], "" if match["of"] in WIDTHS else name, word, number)
    if not 0 < number < 1:
        raise UsageError(f"--stop {text!r}: a score lies between 0 and 1; seventy percent is 0.7 or 70%")
    return Rule("threshold", match["of"], number)


def _precision(text: str, sign: str, benchmark: str, word: str, number: float) -> Rule:
    width = number * WIDTHS[word]
    if sign == ">":
        raise UsageError(f"--stop {text!r}: an interval becomes narrower, never wider: {word}<{number:g}")
    if not 0 < width < 1:
        raise UsageError(f"--stop {text!r}: an interval of scores is narrower than 1, and wider than 0")
    return Rule("precision", benchmark, width)


def benchmarks_of(one: Rule, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Which benchmarks of a run a rule is about. Raises UnknownName, or UsageError where it does not say."""
    if not one.benchmark:
        return known
    for name in (one.benchmark, Path(one.benchmark).stem):  # a file may be named as it was as a target
        if name in known:
            return (name,)
    if one.benchmark == ONLY:
        if len(known) > 1:
            raise UsageError(f"--stop {text!r}: this run has several benchmarks, so name one: {', '.join(known)}")
        return known
    raise UnknownName(one.benchmark, "benchmark of this run", known, f"--stop {text!r}: it has {', '.join(known)}.")
