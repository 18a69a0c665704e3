"""What a completion is worth."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sinan.types.completion import Completion
from sinan.types.sample import Sample


class Outcome(StrEnum):
    """How one sample ended. They are counted apart and shown beside every score."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNPARSED = "unparsed"
    """An answer came, but none could be read from it. Counts as not correct."""
    TRUNCATED = "truncated"
    """The answer was cut at the token limit before one could be read. Counts as not correct."""
    REFUSED = "refused"
    """The model's side declined to answer. Counts as not correct."""
    MEASURED = "measured"
    """A number that is neither right nor wrong: a perplexity, a likelihood, an overlap of texts."""
    COLLECTED = "collected"
    """An answer that nobody has judged: it is kept, and there is no score. Outside n."""
    FAILED = "failed"
    """No answer came. Outside n: a failed call is never an answer."""


@dataclass(frozen=True, slots=True)
class Score:
    """The verdict on one completion."""

    value: float | None
    """In [0, 1] for accuracy; None where there is no number, which is never the same as 0."""
    outcome: Outcome
    answer: str | None = None
    """What was read from the completion; None where nothing was."""
    explanation: str = ""
    """Which rule read the answer, or why there is none."""
    values: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)
    """Further numbers of the same answer, by the name that a metric reads them under (`Metric.of`): `acc_norm`, or the
    sums that a corpus metric is made of."""


class Scorer(typing.Protocol):
    """Judges a completion without knowing the model. Frozen dataclasses, so that a version can be hashed."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. Raises nothing for what a model may write."""
        ...
