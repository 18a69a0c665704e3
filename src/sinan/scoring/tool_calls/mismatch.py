"""Why a call is not the expected one: the argument, what was expected, what came."""

from dataclasses import dataclass
from typing import Any

from sinan.scoring.tool_calls.call import plain


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first difference between a call and what is expected of it."""

    kind: str
    """`name`, `missing`, `unexpected`, `unnamed`, `type` or `value`; of a list of calls `count` or `unmatched`."""
    argument: str = ""
    """Empty where it concerns no single argument; a key inside of one follows a dot."""
    expected: Any = None
    got: Any = None

    def to_json(self) -> dict[str, Any]:
        """As the evidence of a score holds it."""
        out = {"kind": self.kind, "argument": self.argument, "expected": plain(self.expected), "got": plain(self.got)}
        return {key: value for key, value in out.items() if key != "argument" or value}
