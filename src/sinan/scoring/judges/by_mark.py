"""A verdict as a published mark, such as `[[A]]`, `[[7]]` or `Output (a)`, at the place that its prompt demands.

The mark is the last sentence of the last line, alone or behind words like `Final verdict:`; or it is the whole text.
A letter in the text, a mark elsewhere or in quotation marks, a mark behind other words (`the answer ends with [[A]]`),
two marks that differ, and an ending that stands in the judged text in the same words are no verdict.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sinan.scoring.judges.ruling import NoRuling, Ruling

_LEAD = re.compile(
    r"(?:^|(?<=\s))(?:(?:so|thus|therefore|hence|overall),? )?(?:(?:my|the|our) )?(?:(?:final|overall) )?"
    r"(?:verdict|rating|score|decision|judge?ment)(?: is)? ?[:：]?$",
    re.IGNORECASE,
)
_DECORATION = "*_`# \t"
_ENDS = re.compile(r"[.!?。！？][)\]\"'”’]*$")
_BEFORE = 200
"""Characters before the mark that are looked at: a lead is shorter, and a sentence that is longer is none."""


@dataclass(frozen=True)
class ByMark:
    """A mark by its pattern."""

    mark: str
    """Regular expression of the whole mark, with a group `label`, without a full stop behind it."""
    place: Literal["end", "whole"] = "end"
    """`end`: the last sentence. `whole`: there is nothing else."""
    claim: str = ""
    """What else states a verdict, with a group `label`: where it states another one, there is none. Empty: the mark."""
    scale: tuple[float, float] | None = None
    """Where labels are numbers: the least and the greatest."""
    name: str = "rating"
    """Of the number, where labels are numbers."""
    checked: bool = False
    """Whether the check code stands behind the mark, as in our own prompts. Published prompts know none."""

    def schema(self) -> Mapping[str, Any] | None:
        """None: a mark is no JSON."""
        return None

    def asked(self, check: str) -> str:
        """Nothing: published prompts say themselves how to answer."""
        return ""

    def read(self, text: str, check: str = "", judged: Sequence[str] = ()) -> Ruling:
        """The ruling. Raises NoRuling."""
        if not text.strip():
            raise NoRuling("it is empty")
        start, end, label = self._found(text, check if self.checked else "")
        if {found["label"] for found in re.finditer(self.claim or self.mark, text)} - {label}:
            raise NoRuling("it states two different verdicts")
        if _copied(text[:end], judged):
            raise NoRuling("its ending stands in the judged text in the same words")
        if self.place == "end" and _quoted(text[:start], text[start:end], judged):
            raise NoRuling("its mark stands in the judged text too, and is led to as a quotation")
        return Ruling(label, self._numbers(label), {"reason": text[:start].strip()}, (start, end))

    def _found(self, text: str, check: str) -> tuple[int, int, str]:
        """Where the mark stands, and its label."""
        body = text.rstrip().rstrip(_DECORATION + ".。")
        if check and not body.endswith(check):
            raise NoRuling("it does not end with the check code")
        body = body.removesuffix(check).rstrip(_DECORATION + ".。")
        line = max(body.rfind("\n"), body.rfind("\r")) + 1
        for found in re.finditer(self.mark, body[line:]):
            start, end = line + found.start(), line + found.end()
            if end == len(body) and self._in_place(body[:start], body[line:start]):
                return start, end, found["label"]
        if self.place == "whole":
            raise NoRuling("it is not the verdict that was asked for and nothing else")
        raise NoRuling("its last sentence is no verdict in the form that was asked for")

    def _in_place(self, before: str, on_line: str) -> bool:
        if self.place == "whole":
            return not before.strip(_DECORATION + "\r\n")
        words = " ".join(re.sub(r"[*_`#]", "", on_line).split())[-_BEFORE:]
        found = _LEAD.search(words)
        words = words[: found.start()].rstrip() if found else words
        return not words or _ENDS.search(words) is not None

    def _numbers(self, label: str) -> Mapping[str, float]:
        if self.scale is None:
            return {}
        value = float(label) if label.isascii() else math.nan
        if not self.scale[0] <= value <= self.scale[1]:
            raise NoRuling(f"{label} is not on the scale from {self.scale[0]:g} to {self.scale[1]:g}")
        return {self.name: value}


def _quoted(before: str, mark: str, judged: Sequence[str]) -> bool:
    """Whether a mark that a judged text holds too follows on words that end no sentence: `It ends with this line:`."""
    lead = re.sub(r"[*_`#]", "", " ".join(before[-_BEFORE:].split()))
    found = _LEAD.search(lead)
    lead = lead[: found.start()].rstrip() if found else lead
    return bool(lead) and not _ENDS.search(lead) and any(mark in one for one in judged)


def _copied(text: str, judged: Sequence[str]) -> bool:
    """Whether the verdict with what leads to it (two lines at the most) was copied from the judged texts: then nobody
    can tell who ruled. A mark that a judged text holds too counts against the judge where it is all that it wrote."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    ending = " ".join(lines[-3:])
    return any(ending in " ".join(one.split()) for one in judged)
