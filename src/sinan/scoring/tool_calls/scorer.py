"""Are the calls of functions the right ones? Judged by their syntax: nothing is run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sinan.scoring.tool_calls.call import Call
from sinan.scoring.tool_calls.declared import TYPES, NotDeclared
from sinan.scoring.tool_calls.matching import unmatched
from sinan.scoring.tool_calls.reading import Read, read
from sinan.scoring.verdict import Reading, nothing, verdict
from sinan.types import Completion, Outcome, Sample, Score


@dataclass(frozen=True)
class ToolCalls:
    """Right if the calls are the expected ones, in whatever order; or, where none is right, if there is none.

    The sample's metadata hold `functions` (descriptions), `language` (`python`, `java`, `javascript`), and `calls`: a
    list of what is expected, one `{name: {parameter: [allowed values]}}` for each call; `"none"` where no call is
    right; `"some"` where any call is. `Score.values` has `strict`, the verdict with only those calls counted that came
    as they were asked for, and the verdict once more under the name in `section`, if the metadata have one.
    """

    def refusal(self, sample: Sample) -> str:
        """Why a sample could not be judged, whatever were answered; empty where it can."""
        return _lacking(sample.metadata)

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. What the data lack is a failure, never a wrong answer. Raises MissingExtra."""
        lacking = _lacking(sample.metadata)
        if lacking:
            return Score(None, Outcome.FAILED, explanation=lacking)
        names = [function["name"] for function in sample.metadata["functions"]]
        found = read(completion, names, sample.metadata["language"])
        try:
            score = _judged(sample.metadata, completion, found)
            as_asked = score if not found or found.as_asked else _judged(sample.metadata, completion, None)
        except NotDeclared as error:
            return Score(None, Outcome.FAILED, explanation=f"the description of the functions: {error}")
        values = {"strict": as_asked.value or 0.0}
        section = sample.metadata.get("section")
        if isinstance(section, str) and section:
            values[section] = score.value or 0.0
        return replace(score, values=values)


def _lacking(metadata: Mapping[str, Any]) -> str:
    """Why a sample cannot be judged, in words; empty where it can."""
    functions, calls = metadata.get("functions"), metadata.get("calls")
    if not isinstance(functions, Sequence) or not all(map(_is_description, functions)):
        return "the sample's metadata lack `functions`, each with a name and parameters"
    if calls not in ("none", "some") and not (isinstance(calls, Sequence) and calls and all(map(_is_expected, calls))):
        return "the sample's metadata lack `calls`: `none`, `some`, or a list of {name: {parameter: [allowed values]}}"
    if metadata.get("language") not in TYPES:
        return f"the sample's `language` is {metadata.get('language')!r}; known are {', '.join(TYPES)}"
    return ""


def _is_description(function: object) -> bool:
    return (
        isinstance(function, Mapping)
        and isinstance(function.get("name"), str)
        and isinstance(function.get("parameters"), Mapping)
    )


def _is_expected(call: object) -> bool:
    if not isinstance(call, Mapping) or len(call) != 1:
        return False
    [allowed] = call.values()
    return isinstance(allowed, Mapping) and all(isinstance(values, list) for values in allowed.values())


def _judged(metadata: Mapping[str, Any], completion: Completion, found: Read | None) -> Score:
    expected = metadata["calls"]
    calls = found.calls if found else ()
    if expected == "none":
        return _without(completion, found, calls)
    if found is None or (not calls and expected == "some"):
        return nothing(completion, "no calls could be read")
    if expected == "some":
        return replace(verdict(completion, found.reading, True), evidence=_evidence(calls))
    wrong = unmatched(calls, expected, metadata["functions"], metadata["language"], found.plain_names)
    score = verdict(completion, found.reading, not wrong)
    return replace(score, evidence=_evidence(calls) | ({"wrong": [one.to_json() for one in wrong]} if wrong else {}))


def _without(completion: Completion, found: Read | None, calls: Sequence[Call]) -> Score:
    """Where no call is right: any call is wrong. What was cut off or declined tells nothing."""
    if calls and found:
        return replace(verdict(completion, found.reading, False), evidence=_evidence(calls))
    if completion.finish_reason in ("length", "refusal"):
        return nothing(completion)
    return verdict(completion, Reading("[]", "no call was made"), True)


def _evidence(calls: Sequence[Call]) -> dict[str, Any]:
    return {"calls": [call.to_json() for call in calls]}
