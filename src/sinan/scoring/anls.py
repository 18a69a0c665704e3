"""Average normalised Levenshtein similarity, for answers that were read off a picture or a document.

Biten et al., Scene Text Visual Question Answering, arXiv:1905.13648: of each question the best over its golds of
1 - NL, and 0 where NL is not below the threshold; NL is Levenshtein's distance by the length of the longer text. Case
does not count, nor how wide white space is.
"""

from dataclasses import dataclass
from typing import ClassVar

from sinan.scoring.answer_text import answer_text
from sinan.scoring.edit_similarity import levenshtein
from sinan.scoring.golds import golds
from sinan.scoring.verdict import measured
from sinan.statistics.averages import average
from sinan.types import Completion, Metric, Sample, Score


@dataclass(frozen=True)
class Anls:
    """A number in [0, 1]."""

    threshold: float = 0.5
    whole: bool = False
    """Whether all that was said is the answer, and no mark is looked for."""
    reports: ClassVar[tuple[Metric, ...]] = (average.named("anls", "anls"),)

    def ready(self) -> None:
        """Raises MissingExtra, before anything is asked."""
        levenshtein()

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The best over the golds."""
        reading = answer_text(completion, self.whole)
        text = str(reading.answer) if reading else ""
        value = max(self._similarity(gold, text) for gold in golds(sample))
        return measured(completion, reading, value, {"anls": value})

    def _similarity(self, gold: str, text: str) -> float:
        far = levenshtein().normalized_distance(_plain(gold), _plain(text))
        return 1.0 - float(far) if far < self.threshold else 0.0


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
