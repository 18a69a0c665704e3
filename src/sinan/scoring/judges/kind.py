"""What a kind of judgement is: what a judge is asked, and what its rulings are worth."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sinan.scoring.judges.asking import Case, Heard
from sinan.types import Completion, Metric, Outcome, Sample, Score

Value = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge, asked once, holds of an answer: from one ruling, or from those on both orders of a pair."""

    label: str
    value: float
    values: Mapping[str, Value] = field(default_factory=dict)


class Graded:
    """What kinds have in common whose opinions are grades: the mean of several, each of them kept."""

    def of_grades(self, grades: Mapping[str, float]) -> Opinion:
        """The mean grade, and every one."""
        value = sum(grades.values()) / len(grades)
        return Opinion(f"{value:g}", value, dict(grades))

    def worth(self, label: str) -> float:
        """A grade is its own worth."""
        return float(label)

    def score(self, label: str, value: float, explanation: str) -> Score:
        """A measured number."""
        return Score(value, Outcome.MEASURED, f"{value:g}", explanation)


class Kind(typing.Protocol):
    """A kind of judgement. Frozen dataclasses whose repr holds the prompt: it is part of the benchmark's version."""

    @property
    def numeric(self) -> bool:
        """Whether opinions are numbers, of which the mean is taken, and not labels, of which the majority is."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is reported, the first before all."""
        ...

    def cases(self, sample: Sample, completion: Completion, draw: int) -> tuple[Case, ...]:
        """What a judge is asked for one opinion."""
        ...

    def opinion(self, rulings: Sequence[Heard], sample: Sample, completion: Completion) -> Opinion:
        """What the rulings on all cases come to."""
        ...

    def unanswered(self, sample: Sample) -> Opinion:
        """What an answer without a word is worth: no judge is asked about it."""
        ...

    def worth(self, label: str) -> float:
        """The value of a label; of no majority too, whose label is empty."""
        ...

    def score(self, label: str, value: float, explanation: str) -> Score:
        """The score of what the judges hold."""
        ...
