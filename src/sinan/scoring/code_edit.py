"""How near is a completion of code to the code that stood there? As CrossCodeEval and RepoBench compare.

Edit similarity is rapidfuzz's `ratio` (1 - insertions and deletions by the length of both texts), in [0, 1]; exact
match compares the texts split at white space. CrossCodeEval: Ding et al., arXiv:2310.11248; RepoBench: Liu et al.,
arXiv:2306.03091, where the answer is its first line that is no comment.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sinan.errors import MissingExtra
from sinan.scoring.answer_text import answer_text
from sinan.scoring.golds import golds
from sinan.scoring.verdict import Reading, measured
from sinan.statistics.averages import average
from sinan.types import Completion, Metric, Sample, Score

_FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
_COMMENT = ("#", "//", "/*", "*", "--", '"""', "'''")


@dataclass(frozen=True)
class CodeEdit:
    """The code is the first fenced block, or else all that was said."""

    line: bool = False
    """Whether the first line that is neither empty nor a comment is the answer."""
    whole: ClassVar[bool] = True
    """All that was said is looked at: nothing marks the answer."""
    reports: ClassVar[tuple[Metric, ...]] = (
        average.named("edit_similarity", "edit_similarity"),
        average.named("exact_match", "exact_match"),
    )

    def ready(self) -> None:
        """Raises MissingExtra, before anything is asked."""
        _ratio()

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """A measured number: the best over the golds."""
        reading = self._read(answer_text(completion, whole=True))
        text, wanted = str(reading.answer) if reading else "", [gold.strip() for gold in golds(sample)]
        similarity = max(float(_ratio()(gold, text)) / 100 for gold in wanted)
        same = float(any(gold.split() == text.split() for gold in wanted))
        return measured(completion, reading, similarity, {"edit_similarity": similarity, "exact_match": same})

    def _read(self, said: Reading | None) -> Reading | None:
        if said is None:
            return None
        text, at = str(said.answer), said.span[0] if said.span else 0
        fence = _FENCE.search(text)
        if fence:
            text, at, said = fence[1], at + fence.start(1), replace(said, rule="the first fenced block")
        if self.line:
            for found in re.finditer(r"[^\n]+", text):
                bare = found[0].strip()
                if bare and not bare.startswith(_COMMENT):
                    start = at + found.start() + found[0].index(bare[0])
                    return Reading(bare, f"the first line of code in {said.rule}", (start, start + len(bare)))
            return None
        start = at + len(text) - len(text.lstrip())
        return replace(said, answer=text.strip(), span=(start, start + len(text.strip()))) if text.strip() else None


def _ratio() -> Any:
    try:
        from rapidfuzz import fuzz
    except ImportError:
        raise MissingExtra("edit similarity", "rapidfuzz", "text") from None
    return fuzz.ratio
