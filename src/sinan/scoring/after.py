"""The convention of BIG-Bench Hard: what follows `the answer is `, up to the full stop, compared letter by letter.

A completion without the cue is taken whole if it is one line: that is the form of answers without a chain of
thought. On the outputs published with BBH this gives the published accuracies.
"""

import re
from dataclasses import dataclass

from sinan.scoring.verdict import Reading, said, verdict
from sinan.types import Completion, Sample, Score

_FULL_STOP = re.compile(r"\.(?=\s|[*_`\"]|$)")


@dataclass(frozen=True)
class After:
    """Right if the text after the last cue equals the target exactly."""

    cue: str = "the answer is"

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        reading = self._read(said(completion))
        return verdict(completion, reading, reading is not None and reading.answer == sample.target)

    def _read(self, text: str) -> Reading | None:
        # The cue is looked for without regard to case; lower() could change the length of some letters.
        places = list(re.finditer(re.escape(self.cue) + r"\b", text, re.IGNORECASE))
        rest, rule = (text[places[-1].end() :], f"after `{self.cue}`") if places else (text, "the whole line")
        line, _, below = rest.strip(" \t:*").partition("\n")
        if not places and below.strip():
            return None
        answer = _FULL_STOP.split(line, maxsplit=1)[0].strip(' \t*_`"')
        return Reading(answer, rule) if answer else None
