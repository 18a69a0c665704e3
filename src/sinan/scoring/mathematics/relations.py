"""Answers with a sign of relation: `x = 5`, `x = 2 + 3 = 5`, `1 < x \\le 3`, `x \\in [0, 1]`, `2x + y = 1`."""

from collections.abc import Callable, Sequence

from sinan.scoring.mathematics.forms import (
    REALS,
    Answer,
    Apply,
    Either,
    Expression,
    Named,
    Quantity,
    Region,
    Relation,
    Span,
    Unreadable,
    Variable,
)
from sinan.scoring.mathematics.forms import Number as Exact
from sinan.scoring.mathematics.grammar import expression
from sinan.scoring.mathematics.tokens import Token

Parts = Sequence[Token]
SIGNS = {"=": "=", "==": "=", "<": "<", ">": ">", "le": "<=", "ge": ">=", "<=": "<=", ">=": ">=", "ne": "!=",
         "!=": "!=", "in": "in", "approx": "~", "equiv": "=="}  # fmt: skip
CONSTANTS = {"pi", "e", "i", "oo"}
_LOW, _HIGH = REALS.spans[0].low, REALS.spans[0].high
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def related(sides: Sequence[Parts], signs: Sequence[str], answer: Callable[[Parts], Answer]) -> Answer:
    """The answer that sides with signs between them are. Raises Unreadable."""
    said = [SIGNS[sign] for sign in signs]
    if "~" in said:
        return _approximated(sides, signs, said.index("~"), answer)
    if said == ["in"]:
        return Named(_label(sides[0]), answer(sides[1]))
    if all(sign == "=" for sign in said):
        return _equal(sides, answer)
    found = [expression(side) for side in sides]
    return _region(found, said) or Relation(tuple(found), tuple(said))


def _approximated(sides: Sequence[Parts], signs: Sequence[str], at: int, answer: Callable[[Parts], Answer]) -> Answer:
    """`x = \\sqrt{2} \\approx 1.41`: the exact value, or the approximate one."""
    exact = related(sides[: at + 1], signs[:at], answer) if at else answer(sides[0])
    near = answer(sides[-1])
    near = Quantity(near.value, near.unit, True) if isinstance(near, Quantity) else near
    if not at and is_label(sides[0]):
        return Named(_label(sides[0]), near)
    return Either((exact, near))


def _equal(sides: Sequence[Parts], answer: Callable[[Parts], Answer]) -> Answer:
    first, last = sides[0], sides[-1]
    if is_label(first):
        return Named(_label(first), answer(last))
    if len(sides) == 2 and is_label(last) and not is_label(first):
        return Named(_label(last), answer(first))
    try:
        found = [expression(side) for side in sides]
    except Unreadable:
        return Named("", answer(last))
    if len(sides) == 2 and any(variables(side) for side in found):
        return Relation(tuple(found), ("=",))
    return answer(last)


def is_label(side: Parts) -> bool:
    """Whether a side only names what the other side is the value of: `x`, `f(x)`, `\\text{Area}`, `面积`."""
    kinds = [token.kind for token in side]
    if all(kind in ("text", "cjk") for kind in kinds):
        return True
    if kinds[0] not in ("letters", "command") or side[0].text in CONSTANTS:
        return False
    if len(side) == 1:
        return (side[0].kind == "letters" and (len(side[0].text) == 1 or len(side[0].text) > 3)) or _greek(side)
    if side[1].text == "_":
        return len(side) == 3 or (len(side) > 3 and side[2].text == "{" and side[-1].text == "}")
    inside = [token.text for token in side[2:-1]]
    called = side[1].text == "(" and side[-1].text == ")" and len(side[0].text.rstrip("'")) == 1
    return called and all(text == "," or (len(text) == 1 and text.isalpha()) for text in inside)


def _greek(side: Parts) -> bool:
    try:
        found = expression(side)
    except Unreadable:
        return False
    return isinstance(found, Variable) and found.name not in CONSTANTS


def _label(side: Parts) -> str:
    """The name; empty where it says only what is asked: names are compared where both sides have one."""
    return "".join(token.text for token in side) if len(side) == 1 and side[0].kind in ("letters", "command") else ""


def variables(found: Expression) -> frozenset[str]:
    """The letters of an expression that are no constants."""
    if isinstance(found, Variable):
        return frozenset() if found.name in CONSTANTS else frozenset((found.name,))
    if isinstance(found, Exact):
        return frozenset()
    return frozenset().union(*(variables(argument) for argument in found.arguments))


def _region(sides: Sequence[Expression], signs: Sequence[str]) -> Region | None:
    """The interval that an inequality of one letter is, where the letter stands alone."""
    if len(sides) == 2 and (found := _distance(sides, signs[0])):
        return found
    alone = [isinstance(side, Variable) and side.name not in CONSTANTS for side in sides]
    others = [side for side, bare in zip(sides, alone, strict=True) if not bare]
    if sum(alone) != 1 or any(variables(side) for side in others) or len(sides) > 3:
        return None
    at = alone.index(True)
    name = getattr(sides[at], "name", "")
    if len(sides) == 2:
        sign = signs[0] if at == 0 else _TURNED[signs[0]]
        return _ray(sign, others[0], name)
    if at != 1 or signs[0][0] != signs[1][0] or signs[0][0] not in "<>":
        return None
    ends = list(zip(others, signs, strict=True))
    (low, low_sign), (high, high_sign) = ends if signs[0][0] == "<" else reversed(ends)
    return Region((Span(low, high, low_sign.endswith("="), high_sign.endswith("=")),), variable=name)


def _distance(sides: Sequence[Expression], sign: str) -> Region | None:
    """`|x| < 2`, `|x| \\ge 2`: of one letter and a number above 0."""
    inner, end = sides
    if not isinstance(inner, Apply) or inner.name != "abs" or not isinstance(end, Exact) or end.value <= 0:
        return None
    letter = inner.arguments[0]
    if not isinstance(letter, Variable) or letter.name in CONSTANTS or sign not in ("<", "<=", ">", ">="):
        return None
    low, within = Apply("neg", (end,)), sign.endswith("=")
    if sign[0] == "<":
        return Region((Span(low, end, within, within),), variable=letter.name)
    return Region((Span(_LOW, low, False, within), Span(end, _HIGH, within, False)), variable=letter.name)


def _ray(sign: str, end: Expression, name: str) -> Region | None:
    if sign in ("<", "<="):
        return Region((Span(_LOW, end, False, sign == "<="),), variable=name)
    if sign in (">", ">="):
        return Region((Span(end, _HIGH, sign == ">=", False),), variable=name)
    return Region(REALS.spans, without=(end,), variable=name) if sign == "!=" else None


def difference(found: Relation) -> Expression:
    """Left side minus right side."""
    return Apply("+", (found.sides[0], Apply("neg", (found.sides[1],))))
