"""The convention of BIG-Bench Hard: what follows `the answer is `, up to the full stop, compared letter by letter.

A completion without the cue is taken whole if it is one line: that is the form of answers without a chain of
thought. On the outputs published with BBH this gives the published accuracies.
"""

import re
from dataclasses import dataclass

from sinan.scoring.cascade import Found, reading
from sinan.scoring.verdict import in_two_ways, told, verdict
from sinan.types import Completion, Sample, Score

_FULL_STOP = re.compile(r"\.(?=\s|[*_`\"]|$)")


@dataclass(frozen=True)
class After:
    """Right if the text after the last cue equals the target exactly."""

    cue: str = "the answer is"

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict; `strict` beside it is the same, since nothing is inferred."""
        text = told(completion)
        read = reading(self._found(text.text), text)
        return in_two_ways(verdict(completion, read, read is not None and read.answer == sample.target))

    def _found(self, text: str) -> Found | None:
        # The cue is looked for without regard to case; lower() could change the length of some letters.
        places = list(re.finditer(re.escape(self.cue) + r"\b", text, re.IGNORECASE))
        place = places[-1] if places else None
        start = place.end() if place else 0
        start = len(text) - len(text[start:].lstrip(" \t:*"))
        line, _, below = text[start:].rstrip(" \t:*").partition("\n")
        if not place and below.strip():
            return None
        line = _FULL_STOP.split(line, maxsplit=1)[0]
        answer = line.strip(' \t*_`"')
        start += len(line) - len(line.lstrip(' \t*_`"'))
        rule = f"after `{self.cue}`" if place else "the whole line"
        return Found(answer, rule, start, start + len(answer), True) if answer else None
