"""Thoughts that a model wrote into its text, told apart from its answer.

<think>Let me see. 2 + 2 ...</think>The answer is 4.        (or without the opening mark, where the template has it)
"""

from collections.abc import Sequence
from dataclasses import replace

from sinan.types import Completion, Sampling

OPEN, CLOSE = "<think>", "</think>"


def separated(completion: Completion, sampling: Sampling) -> Completion:
    """The completion with the answer alone as its text and the thoughts before it as its reasoning.

    What ends the thoughts is `sampling.think_end`, or else `</think>`; where it comes more than once, the last one
    counts. Thoughts that never end leave no answer: the text is empty and the completion is one that was cut
    (`length`). With `think_end`, stop strings were not sent: they cut the answer here.
    """
    end, text = sampling.think_end or CLOSE, completion.text
    thoughts, mark, answer = text.rpartition(end)
    if mark:
        answer = answer.lstrip()
    elif _unfinished(completion, sampling):
        return replace(completion, text="", finish_reason="length", reasoning=_joined(completion.reasoning, text))
    else:
        thoughts, answer = "", text
    cut = _cut(answer, sampling.stop) if sampling.think_end else answer
    if not mark and cut == answer:
        return completion
    reason = "stop" if cut != answer else completion.finish_reason
    return replace(completion, text=cut, finish_reason=reason, reasoning=_joined(completion.reasoning, thoughts))


def _unfinished(completion: Completion, sampling: Sampling) -> bool:
    """Whether the text is all thoughts. Where the model's side has taken them out itself, it is all answer; a refusal
    and a call of a tool are answers too."""
    if completion.finish_reason in ("refusal", "tool_calls"):
        return False
    begun = completion.text.lstrip().startswith(OPEN)
    return begun or (sampling.think_end is not None and not completion.reasoning)


def _cut(answer: str, stops: Sequence[str]) -> str:
    places = [place for place in (answer.find(stop) for stop in stops if stop) if place >= 0]
    return answer[: min(places)] if places else answer


def _joined(before: str, thoughts: str) -> str:
    own = thoughts.strip().removeprefix(OPEN).strip()
    return "\n".join(part for part in (before, own) if part)
