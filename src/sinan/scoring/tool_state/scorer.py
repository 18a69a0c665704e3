"""Conversations with tools in several turns, judged by what the calls did to simulated APIs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sinan.scoring.tool_calls.call import Call, Unreadable
from sinan.scoring.tool_calls.json_calls import json_calls
from sinan.scoring.tool_calls.python_calls import python_calls
from sinan.scoring.tool_state.simulated import APIS
from sinan.scoring.tool_state.turns import difference
from sinan.scoring.verdict import Reading, nothing, verdict
from sinan.types import Completion, Outcome, Sample, Score


@dataclass(frozen=True)
class ToolState:
    """Right if the calls of every turn leave the APIs as the right ones do, and bring the same answers.

    The sample's metadata hold `apis` (names), `scenarios` (the state to begin with, by API) and `calls` (for each turn
    the right calls, as Python). The completion is the record of a conversation: the JSON list of its turns, each the
    list of its steps, a step being a text or a list of `{name: arguments}`, as BFCL's result files have it; or an
    answer of several turns, where each is one step. A step that is no list of calls is talk, and passed over.
    """

    def refusal(self, sample: Sample) -> str:
        """Why a sample could not be judged, whatever were answered; empty where it can."""
        return _lacking(sample.metadata)

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. APIs that are not simulated here are a failure, never a wrong answer."""
        lacking = _lacking(sample.metadata)
        if lacking:
            return Score(None, Outcome.FAILED, explanation=lacking)
        record = _record(completion, len(sample.metadata["calls"]))
        if record is None:
            return nothing(completion, "no record of turns could be read")
        made = [[call for step in turn for call in _step(step)] for turn in record]
        wanted = [[call for text in turn for call in python_calls(text)] for turn in sample.metadata["calls"]]
        wrong = difference(sample.metadata["apis"], sample.metadata["scenarios"], wanted, made)
        shown = " | ".join("; ".join(map(str, calls)) for calls in made)
        score = verdict(completion, Reading(shown, "the calls of every turn"), wrong is None)
        evidence: dict[str, Any] = {"calls": [[call.to_json() for call in calls] for calls in made]}
        return replace(score, evidence=evidence | ({"wrong": wrong.to_json()} if wrong else {}))


def _lacking(metadata: Mapping[str, Any]) -> str:
    missing = [name for name in ("apis", "scenarios", "calls") if name not in metadata]
    if missing:
        return f"the sample's metadata lack {', '.join(missing)}: it is no conversation with simulated APIs"
    unknown = [name for name in metadata["apis"] if name not in APIS]
    if unknown:
        return f"not simulated here: {', '.join(unknown)}. Simulated are {', '.join(APIS)}"
    return ""


def _record(completion: Completion, wanted: int) -> Sequence[Sequence[Any]] | None:
    """The steps of every turn. Of a conversation of one turn the list around its steps may be missing."""
    if completion.turns:
        return [[text] for text in completion.turns]
    try:
        turns = json.loads(completion.text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(turns, list):
        return None
    whole = all(isinstance(turn, list) for turn in turns)
    if wanted == 1 and not (whole and len(turns) == 1):
        return [turns]
    return turns if whole else None


def _step(step: Any) -> list[Call]:
    try:
        if not isinstance(step, str):
            return json_calls(json.dumps(step))
        return python_calls(step.strip("`\n ").strip("'"))
    except (Unreadable, RecursionError):
        return []
