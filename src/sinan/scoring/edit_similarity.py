"""How few characters must be changed? Levenshtein's distance, by rapidfuzz."""

from dataclasses import dataclass
from typing import Any

from sinan.errors import MissingExtra
from sinan.scoring.answer_text import answer_text
from sinan.scoring.golds import golds
from sinan.scoring.verdict import measured
from sinan.statistics.averages import average
from sinan.types import Completion, Metric, Sample, Score


@dataclass(frozen=True)
class EditSimilarity:
    """1 - distance / length of the longer text, of the gold that is nearest; and the distance itself. Case and signs
    count: nothing is normalised but white space at the ends."""

    whole: bool = False
    """Whether all that was said is the answer, and no mark is looked for."""

    @property
    def reports(self) -> tuple[Metric, ...]:
        """The mean similarity and the mean distance in characters."""
        return average.named("edit_similarity", "edit_similarity"), average.named("edit_distance", "edit_distance")

    def ready(self) -> None:
        """Raises MissingExtra, before anything is asked."""
        levenshtein()

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """A measured number in [0, 1]."""
        of, reading = levenshtein(), answer_text(completion, self.whole)
        text = str(reading.answer) if reading else ""
        pairs = [(of.normalized_similarity(gold, text), -of.distance(gold, text)) for gold in golds(sample)]
        similarity, distance = max(pairs)
        values = {"edit_similarity": float(similarity), "edit_distance": float(-distance)}
        return measured(completion, reading, float(similarity), values)


def levenshtein() -> Any:
    """rapidfuzz's module for Levenshtein's distance. Raises MissingExtra."""
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError:
        raise MissingExtra("edit distance", "rapidfuzz", "text") from None
    return Levenshtein
