"""For benchmarks that mix forms: a letter where the sample has choices, a number where its target is one, else text."""

from dataclasses import dataclass
from typing import ClassVar

from sinan.scoring.exact import Exact
from sinan.scoring.golds import golds
from sinan.scoring.letter import Letter
from sinan.scoring.number import Number
from sinan.scoring.numerals import is_number
from sinan.types import Completion, Sample, Score

_LETTER, _NUMBER, _EXACT = Letter(), Number(), Exact()


@dataclass(frozen=True)
class ByChoices:
    """Judges each sample by the scorer that suits its target."""

    two_ways: ClassVar[bool] = True
    """Whether its scores hold `strict` beside the value."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict of the scorer that suits."""
        if sample.choices:
            return _LETTER(sample, completion)
        return (_NUMBER if all(map(is_number, golds(sample))) else _EXACT)(sample, completion)
