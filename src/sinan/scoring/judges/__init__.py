"""Judges: models that say what an answer is worth. A verdict is read strictly, or there is none and the call failed."""

from sinan.scoring.judges.asking import Case, Form, Heard
from sinan.scoring.judges.by_mark import ByMark
from sinan.scoring.judges.by_object import ByObject, Choice, Grade, Words
from sinan.scoring.judges.cascade import Cascade
from sinan.scoring.judges.extracted import Extracted
from sinan.scoring.judges.harm import Harm
from sinan.scoring.judges.judged import Judged
from sinan.scoring.judges.kind import Graded, Kind, Opinion
from sinan.scoring.judges.pairwise import FIVE, Pairwise
from sinan.scoring.judges.reference import Reference
from sinan.scoring.judges.rubric import Rubric
from sinan.scoring.judges.ruling import NoRuling, Ruling

__all__ = [
    "FIVE",
    "ByMark",
    "ByObject",
    "Cascade",
    "Case",
    "Choice",
    "Extracted",
    "Form",
    "Grade",
    "Graded",
    "Harm",
    "Heard",
    "Judged",
    "Kind",
    "NoRuling",
    "Opinion",
    "Pairwise",
    "Reference",
    "Rubric",
    "Ruling",
    "Words",
    "judged_by_rubric",
    "judged_for_harm",
    "judged_in_pairs",
]


def judged_in_pairs() -> Judged:
    """Against a baseline's answer, in both orders."""
    return Judged(Pairwise())


def judged_by_rubric() -> Judged:
    """By grades on a scale."""
    return Judged(Rubric())


def judged_for_harm() -> Judged:
    """Whether requests for harm were complied with."""
    return Judged(Harm())
