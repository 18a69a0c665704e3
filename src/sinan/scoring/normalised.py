"""Is the text the same, but for case, punctuation, articles and space? As SQuAD judges, and CMRC for Chinese."""

from dataclasses import dataclass

from sinan.scoring.answer_text import answer_text
from sinan.scoring.golds import golds
from sinan.scoring.normal_text import chinese, english, is_chinese
from sinan.scoring.verdict import verdict
from sinan.types import Completion, Sample, Score


@dataclass(frozen=True)
class Normalised:
    """Right if the answer is one of the golds once both are normalised; Chinese where a gold is."""

    whole: bool = False
    """Whether all that was said is the answer, and no mark is looked for: as SQuAD's own script does."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        reading, wanted = answer_text(completion, self.whole), golds(sample)
        plain = chinese if is_chinese(*wanted) else english
        right = reading is not None and plain(str(reading.answer)) in {plain(gold) for gold in wanted}
        return verdict(completion, reading, right)
