"""Did the model's calls do what the right ones do? Both are made on simulated APIs, and compared after every turn.

As BFCL has it: after a turn that wants calls the states must be equal, and whatever the right calls of that turn
answered must be among all that the model's calls have answered so far, in whatever order. More calls than needed do no
harm. In a turn that wants none, nothing is compared, but the model's calls are made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sinan.scoring.tool_calls.call import Call
from sinan.scoring.tool_state.simulated import World


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the model's calls first did not do what was wanted."""

    turn: int
    """From 0."""
    kind: str
    """`turns`, `silent`, `state` or `answers`."""
    expected: Any = None
    got: Any = None

    def to_json(self) -> dict[str, Any]:
        """As the evidence of a score holds it."""
        return {"turn": self.turn, "kind": self.kind, "expected": self.expected, "got": self.got}


def difference(
    apis: Sequence[str],
    scenarios: Mapping[str, Any],
    expected: Sequence[Sequence[Call]],
    made: Sequence[Sequence[Call]],
) -> Difference | None:
    """The first difference; None where there is none. `expected` and `made` hold the calls of each turn, in order; all
    `apis` are simulated here."""
    if len(made) != len(expected):
        return Difference(min(len(made), len(expected)), "turns", len(expected), len(made))
    right, own = World(apis, scenarios), World(apis, scenarios)
    answered: list[str] = []
    for turn, (wanted, calls) in enumerate(zip(expected, made, strict=True)):
        answered += [own.run(call) for call in calls]
        answers = [right.run(call) for call in wanted]
        if not wanted:
            continue
        if not calls:
            return Difference(turn, "silent", [str(call) for call in wanted], [])
        found = _state(turn, right.states, own.states) or _answers(turn, answers, answered)
        if found:
            return found
    return None


def _state(turn: int, right: Mapping[str, Any], own: Mapping[str, Any]) -> Difference | None:
    fields = [(name, field) for name, state in right.items() for field in state if state[field] != own[name][field]]
    if not fields:
        return None
    return Difference(
        turn,
        "state",
        {f"{name}.{field}": right[name][field] for name, field in fields},
        {f"{name}.{field}": own[name][field] for name, field in fields},
    )


def _answers(turn: int, wanted: Sequence[str], answered: Sequence[str]) -> Difference | None:
    left, missing = list(answered), []
    for answer in wanted:
        if answer in left:
            left.remove(answer)
        else:
            missing.append(answer)
    return Difference(turn, "answers", missing, list(answered)) if missing else None
