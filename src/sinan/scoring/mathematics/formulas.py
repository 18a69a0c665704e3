r"""Where a text has formulas: `$x$`, `$$x$$`, `\(x\)`, `\[x\]`."""

import re
from typing import NamedTuple

_OPENING = re.compile(r"(?<!\\)\$\$?|\\[(\[]")
_CLOSING = {"$$": "$$", "$": "$", "\\(": "\\)", "\\[": "\\]"}
_LONGEST = 2_000


class Formula(NamedTuple):
    """Where a formula begins and ends, and where what is between its signs does."""

    start: int
    end: int
    first: int
    last: int


def formula_at(text: str, at: int) -> Formula | None:
    """The formula whose opening sign stands here."""
    sign = _OPENING.match(text, at)
    if sign is None:
        return None
    closing = _CLOSING[sign[0]]
    first = sign.end()
    last = text.find(closing, first, first + _LONGEST)
    while last > 0 and closing[0] == "$" and text[last - 1] == "\\":  # a dollar, not a sign
        last = text.find(closing, last + 1, first + _LONGEST)
    if last <= first or (closing == "$" and "\n" in text[first:last]):
        return None
    return Formula(at, last + len(closing), first, last)


def formulas(text: str, start: int = 0, end: int | None = None) -> list[Formula]:
    """All formulas between two places, in order."""
    found = []
    end = len(text) if end is None else end
    at = start
    while sign := _OPENING.search(text, at, end):
        formula = formula_at(text, sign.start())
        if formula and formula.end <= end:
            found.append(formula)
            at = formula.end
        else:
            at = sign.end()
    return found
