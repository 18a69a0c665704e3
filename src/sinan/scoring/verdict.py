"""From what was read to a score: the one place that decides between wrong, unparsed, truncated and refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sinan.scoring.folded import Folded
from sinan.types import Completion, Outcome, Reading, Score

__all__ = ["Reading", "in_two_ways", "measured", "nothing", "said", "told", "verdict"]


def told(completion: Completion) -> Folded:
    """What `said` gives, which knows where it stands in the completion."""
    start = _thoughts(completion.text)
    return Folded(completion.text[start:], start)


def said(completion: Completion) -> str:
    """The completion without a chain of thought that the server left in the text; empty if it never ended."""
    return completion.text[_thoughts(completion.text) :]


def _thoughts(text: str) -> int:
    """How much of a text is a chain of thought."""
    end = text.rfind("</think>")
    if end >= 0:
        return end + len("</think>")
    return len(text) if text.lstrip().startswith("<think>") else 0


def verdict(completion: Completion, reading: Reading | None, right: bool) -> Score:
    """The score of a completion from which `reading` was read, or nothing."""
    if reading is None:
        return nothing(completion)
    if reading.answer is None:
        return nothing(completion, reading.rule)
    if right:
        return Score(1.0, Outcome.CORRECT, reading.answer, reading.rule, readings=(reading,))
    return Score(0.0, Outcome.WRONG, reading.answer, reading.rule, readings=(reading,))


def measured(
    completion: Completion,
    reading: Reading | None,
    value: float,
    values: Mapping[str, Any],
    evidence: Mapping[str, Any] | None = None,
) -> Score:
    """The score of a text that is neither right nor wrong. Without a reading `value` and `values` are those of silence:
    a whole that is made of sums must count it."""
    if reading is None:
        return replace(nothing(completion), value=value, values=values)
    rest: dict[str, Any] = {"readings": (reading,), "evidence": evidence or {}}
    return Score(value, Outcome.MEASURED, reading.answer, reading.rule, values, **rest)


def in_two_ways(score: Score) -> Score:
    """The same score with its strict value beside it, under `strict`: 1 only where the answer is right and was given
    as such. The reading is named `strict` where it is one, and `flexible` where it was inferred."""
    read = score.readings[:1]
    sure = bool(read) and read[0].sure
    named = tuple(replace(one, name="strict" if one.sure else "flexible") for one in score.readings)
    value = float(score.value or 0.0) if sure else 0.0
    return replace(score, readings=named, values={**score.values, "strict": value})


def nothing(completion: Completion, why: str = "no answer could be read") -> Score:
    """The score of a completion without a readable answer: 0, and the reason."""
    if completion.finish_reason == "refusal":
        return Score(0.0, Outcome.REFUSED, None, "the model's side declined to answer")
    if completion.finish_reason == "length":
        return Score(0.0, Outcome.TRUNCATED, None, "cut at the token limit before an answer could be read")
    return Score(0.0, Outcome.UNPARSED, None, why)
