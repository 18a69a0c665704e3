"""The convention of MMLU-Pro: `answer is (X)`, the first one; in later scripts else `Answer: X`, else the last letter
that stands alone.

The readings that were published with the first outputs are those of the first rule alone; what it does not read counts
as wrong. Some later outputs have a guessed letter there, which is never done here; others are read by all three rules.
"""

import re
from dataclasses import dataclass

from sinan.scoring.cascade import Found, reading
from sinan.scoring.verdict import in_two_ways, told, verdict
from sinan.types import Completion, Sample, Score

_FIRST = re.compile(r"answer is \(?([A-J])\)?")
_AGAIN = re.compile(r"[aA]nswer:\s*([A-J])")
_ALONE = re.compile(r"\b[A-J]\b")


@dataclass(frozen=True)
class MmluPro:
    """Right if the letter that the published rules read is the target."""

    levels: int = 1
    """How many of the three rules: 1 for the outputs published first, 3 for those of later scripts."""

    def __post_init__(self) -> None:
        if self.levels not in (1, 2, 3):
            raise ValueError(f"levels is 1, 2 or 3, not {self.levels!r}")

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        text = told(completion)
        read = reading(self._found(text.text), text)
        return in_two_ways(verdict(completion, read, read is not None and read.answer == sample.target))

    def _found(self, text: str) -> Found | None:
        match = _FIRST.search(text)
        if match:
            return Found(match[1], "the first `answer is (X)`", *match.span(1), True)
        match = _last_of_first_line(text) if self.levels > 1 else None
        if match:
            return Found(match[1], "`Answer: X`", *match.span(1), True)
        alone = list(_ALONE.finditer(text)) if self.levels > 2 else []
        return Found(alone[-1][0], "the last letter that stands alone", *alone[-1].span()) if alone else None


def _last_of_first_line(text: str) -> re.Match[str] | None:
    """The last `Answer: X` of the first line that has one: what `.*[aA]nswer:` finds, without its square of time."""
    found: re.Match[str] | None = None
    for match in _AGAIN.finditer(text):
        if found and "\n" in text[found.start() : match.start()]:
            break
        found = match
    return found
