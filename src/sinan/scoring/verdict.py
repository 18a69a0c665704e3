"""From what was read to a score: the one place that decides between wrong, unparsed, truncated and refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sinan.types import Completion, Outcome, Reading, Score

__all__ = ["Reading", "measured", "nothing", "said", "verdict"]


def said(completion: Completion) -> str:
    """The completion without a chain of thought that the server left in the text; empty if it never ended."""
    text = completion.text
    if "</think>" in text:
        return text.rpartition("</think>")[2]
    return "" if text.lstrip().startswith("<think>") else text


def verdict(completion: Completion, reading: Reading | None, right: bool) -> Score:
    """The score of a completion from which `reading` was read, or nothing."""
    if reading is None:
        return nothing(completion)
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


def nothing(completion: Completion, why: str = "no answer could be read") -> Score:
    """The score of a completion without a readable answer: 0, and the reason."""
    if completion.finish_reason == "refusal":
        return Score(0.0, Outcome.REFUSED, None, "the model's side declined to answer")
    if completion.finish_reason == "length":
        return Score(0.0, Outcome.TRUNCATED, None, "cut at the token limit before an answer could be read")
    return Score(0.0, Outcome.UNPARSED, None, why)
