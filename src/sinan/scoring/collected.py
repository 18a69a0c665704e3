"""Answers that nobody can judge here: they are collected, and no score is made up for them."""

from dataclasses import dataclass

from sinan.types import Completion, Outcome, Sample, Score


@dataclass(frozen=True)
class Collected:
    """No score; the answer is kept for a judge to come."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The same for every completion."""
        return Score(None, Outcome.COLLECTED, None, "collected: there is nothing to judge it by")
