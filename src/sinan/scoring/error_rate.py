"""Transcripts: the word and the character error rate of a whole corpus, by jiwer.

(substitutions + deletions + insertions) / words of the references, both summed over all samples. Before they are
compared both texts are in lower case, without punctuation and in NFKC, unless `normalise` is off; of characters white
space does not count, as is usual for Chinese. Of several references the one with the fewest errors counts.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from sinan.errors import MissingExtra
from sinan.scoring.answer_text import answer_text
from sinan.scoring.golds import golds
from sinan.scoring.verdict import measured
from sinan.statistics.ratio import error_rate
from sinan.types import Completion, Metric, Sample, Score


@dataclass(frozen=True)
class ErrorRate:
    """Counts of one sample: (errors, words of the reference); its own rate is the value, 0 is best."""

    of: str = "words"
    """`words` (WER) or `characters` (CER)."""
    normalise: bool = True
    whole: bool = True
    """Whether all that was said is the transcript, and no mark is looked for."""

    def __post_init__(self) -> None:
        if self.of not in ("words", "characters"):
            raise ValueError(f"of is words or characters, not {self.of!r}")

    @property
    def name(self) -> str:
        """`wer` or `cer`."""
        return "wer" if self.of == "words" else "cer"

    @property
    def reports(self) -> tuple[Metric, ...]:
        """The rate of the corpus."""
        return (error_rate.named(self.name, self.name),)

    def ready(self) -> None:
        """Raises MissingExtra, before anything is asked."""
        _jiwer()

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """A measured number."""
        reading = answer_text(completion, self.whole)
        said = self._plain(str(reading.answer) if reading else "")
        errors, size, told = min(self._errors(self._plain(gold), said) for gold in golds(sample))
        rate = errors / size if size else float(errors > 0)
        return measured(completion, reading, rate, {self.name: (float(errors), float(size))}, dict(told))

    def _errors(self, gold: str, said: str) -> tuple[int, int, tuple[tuple[str, int], ...]]:
        """Errors, units of the reference, and what the errors are. jiwer takes no empty reference: all is inserted."""
        jiwer = _jiwer()
        size, spoken = (len(gold.split()), len(said.split())) if self.of == "words" else (len(gold), len(said))
        if not size or not spoken:
            errors = {"substitutions": 0, "deletions": size, "insertions": spoken}
        else:
            counted = (jiwer.process_words if self.of == "words" else jiwer.process_characters)(gold, said)
            errors = {name: getattr(counted, name) for name in ("substitutions", "deletions", "insertions")}
        return sum(errors.values()), size, tuple(errors.items())

    def _plain(self, text: str) -> str:
        if self.normalise:
            text = unicodedata.normalize("NFKC", text).casefold()
            text = "".join("" if unicodedata.category(c).startswith("P") and c not in "'’" else c for c in text)
        return "".join(text.split()) if self.of == "characters" else " ".join(text.split())


def _jiwer() -> Any:
    try:
        import jiwer
    except ImportError:
        raise MissingExtra("word error rate", "jiwer", "text") from None
    return jiwer
