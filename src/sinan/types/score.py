"""What a completion is worth."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sinan.types.completion import Completion, Model
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
class Reading:
    """What one way of reading found in a completion, and where."""

    answer: str | None
    """As it is compared; None where this way found nothing."""
    rule: str
    """How it was found, or why nothing was, for the reader of a result."""
    span: tuple[int, int] | None = None
    """First character and the one after the last, in the completion's text; None where no stretch can be named."""
    sure: bool = True
    """Whether the answer was given as such: marked, boxed, or all that was said. Not sure is what was inferred, as the
    last number of a text. A strict reading takes only what is sure."""
    name: str = ""
    """Which way of reading it is, where a score has several: `strict`, `flexible`, `model`."""


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
    readings: tuple[Reading, ...] = ()
    """What was read, the reading that decided first."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What else the verdict rests on, as JSON: a program's output, the checks that failed, what a judge wrote."""


class Scorer(typing.Protocol):
    """Judges a completion without knowing the model. Frozen dataclasses, so that a version can be hashed."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. Raises nothing for what a model may write."""
        ...


@typing.runtime_checkable
class Blocking(typing.Protocol):
    """A scorer whose verdict may take its time, since programs run or workers are waited for. It is called in a thread,
    several at once."""

    @property
    def blocking(self) -> bool:
        """Whether this one is."""
        ...


@typing.runtime_checkable
class Judging(typing.Protocol):
    """A scorer that asks models. It is a Scorer too; called as one, without judges, it raises Unsupported."""

    async def judge(self, sample: Sample, completion: Completion, judges: Sequence[Model]) -> Score:
        """The verdict; `judges` are one or more, in the user's order. Raises ModelError where a judge does not answer,
        or answers with no verdict: that is a failure, never a wrong answer, and judged again when the run goes on."""
        ...


def waits(scorer: object) -> bool:
    """Whether a scorer's verdict takes its time: its answer is made durable before the verdict is there."""
    return isinstance(scorer, Judging) or (isinstance(scorer, Blocking) and scorer.blocking)
