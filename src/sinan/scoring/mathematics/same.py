"""Whether two answers are the same one. What the numbers are worth is asked of `Values`, so that one set of rules holds
for the quick comparison and for the thorough one."""

import functools
import re
import typing
from collections.abc import Sequence
from fractions import Fraction

from sinan.scoring.mathematics.answers import as_region, read
from sinan.scoring.mathematics.forms import (
    Answer,
    Apply,
    Either,
    Expression,
    Grid,
    Group,
    InBase,
    Listing,
    Named,
    Number,
    Quantity,
    Ratio,
    Region,
    Relation,
    SetOf,
    Span,
    Undecided,
    Unread,
    Unreadable,
    Variable,
    Words,
)
from sinan.scoring.mathematics.relations import difference, variables
from sinan.scoring.mathematics.spoken import word_form
from sinan.scoring.mathematics.units import Unit, unit
from sinan.scoring.mathematics.writing import squeezed, tidy


class Values(typing.Protocol):
    """How numbers and expressions are compared. Each raises Undecided for what it cannot tell."""

    def equal(self, first: Expression, second: Expression) -> bool:
        """Whether both are the same number or function."""
        ...

    def near(self, gold: Expression, other: Expression, within: Fraction) -> bool:
        """Whether two numbers are apart by no more than `within`."""
        ...

    def order(self, first: Expression, second: Expression) -> int:
        """-1, 0 or 1."""
        ...

    def factor(self, first: Expression, second: Expression) -> int:
        """The sign of the constant that the first is times the second; 0 where there is none."""
        ...


_LETTER = re.compile(r"\(?([A-Z])\)?")
_CHOSEN = re.compile(r"(?:option |choice |选项? ?)?\(?([A-Z])(?:\)[.:]?|[.:、])\s*\S.*", re.IGNORECASE)
_OPTION = re.compile(r"(?:option|choice|选项)\s?\(?([A-Z])\)?", re.IGNORECASE)
_CLOCK = re.compile(r"([0-9]{1,2})\s?:\s?([0-9]{2})")
"""A time or a ratio: compared as it is written, since 6:10 is not 3:05."""
_WRAPPER = re.compile(r"\\(?:text|mathrm)\s?\{([^{}]*)\}")


def same_writing(gold: str, answer: str) -> bool | None:
    """True or False where the writing alone decides; None where values must be compared."""
    first, second = tidy(gold), tidy(answer)
    if squeezed(first) == squeezed(second):
        return True
    bare = [" ".join(_WRAPPER.sub(r"\1", text).split()).strip(" .") for text in (first, second)]
    clocks = [_CLOCK.fullmatch(text) for text in bare]
    if clocks[0] and clocks[1]:
        return [int(part) for part in clocks[0].groups()] == [int(part) for part in clocks[1].groups()]
    letter = _LETTER.fullmatch(bare[0])
    if letter and (
        chosen := _LETTER.fullmatch(bare[1].upper()) or _CHOSEN.fullmatch(bare[1]) or _OPTION.fullmatch(bare[1])
    ):
        return chosen[1].upper() == letter[1]
    forms = read(gold), read(answer)
    bases = [isinstance(form, InBase) for form in forms]
    if bases.count(True) == 1:
        form, other = (forms[0], bare[1]) if bases[0] else (forms[1], bare[0])
        return isinstance(form, InBase) and form.digits == re.sub(r"[\s{}]", "", other)
    if any(isinstance(form, Words) for form in forms):
        return word_form(first) == word_form(second)
    return None


def in_words(gold: str) -> bool:
    """Whether the answer asked for is no formula but words or the letter of an option."""
    form = read(gold)
    if isinstance(form, InBase):
        return not form.digits.lstrip("-").replace(".", "").isdigit()
    return isinstance(form, Words) or _LETTER.fullmatch(_WRAPPER.sub(r"\1", tidy(gold)).strip()) is not None


def same(gold: Answer, answer: Answer, values: Values, within: float = 0.0) -> bool:
    """Whether the answer is the gold one. Raises Undecided where the values cannot tell."""
    if isinstance(gold, Unread) or isinstance(answer, Unread):
        raise Undecided("a formula that is not known")
    return _Comparison(values, within).same(gold, answer)


class _Comparison:
    def __init__(self, values: Values, within: float) -> None:
        self.values, self.within = values, within

    def same(self, gold: Answer, answer: Answer) -> bool:
        if isinstance(gold, Either):
            return any(self.same(item, answer) for item in gold.items)
        if isinstance(answer, Either):
            return any(self.same(gold, item) for item in answer.items)
        if isinstance(gold, Named) or isinstance(answer, Named):
            return self.named(gold, answer)
        if isinstance(gold, Listing) or isinstance(answer, Listing):
            return self.listed(gold, answer)
        if isinstance(gold, Region) or isinstance(answer, Region):
            return self.regions(gold, answer)
        if isinstance(gold, Ratio) or isinstance(answer, Ratio):
            return self.ratios(gold, answer)
        return self.alike(gold, answer)

    def alike(self, gold: Answer, answer: Answer) -> bool:
        match gold, answer:
            case Quantity(), Quantity():
                return self.quantities(gold, answer)
            case SetOf(), SetOf():
                return self.sets(gold.items, answer.items)
            case SetOf(items=(item,)), Quantity():
                return self.same(item, answer)
            case Quantity(), SetOf(items=(item,)):
                return self.same(gold, item)
            case Group(), Group():
                brackets = (gold.open, gold.close) == (answer.open, answer.close)
                return (brackets or len(gold.items) > 2) and self.in_order(gold.items, answer.items)
            case Grid(), Grid():
                shapes = [len(row) for row in gold.rows] == [len(row) for row in answer.rows]
                return shapes and self.expressions(_entries(gold), _entries(answer))
            case Grid(), Group():
                return self.vectors(gold, answer)
            case Group(), Grid():
                return self.vectors(answer, gold)
            case Relation(), Relation():
                return self.relations(gold, answer)
            case Quantity(), Relation(sides=(name, side), signs=("=",)) if not variables(side) and _names(name):
                return self.values.equal(gold.value, side)
            case InBase(), InBase():
                return _in_ten(gold) == _in_ten(answer)
        return gold == answer

    def named(self, gold: Answer, answer: Answer) -> bool:
        if isinstance(gold, Named) and isinstance(answer, Named):
            if len({gold.name, answer.name} - {""}) < 2:
                return self.same(gold.value, answer.value)
            gold, answer = _as_relation(gold) or gold, _as_relation(answer) or answer  # y = 2x and x = y/2
        if isinstance(gold, Relation) or isinstance(answer, Relation):
            sides = [_as_relation(gold), _as_relation(answer)]
            return sides[0] is not None and sides[1] is not None and self.relations(sides[0], sides[1])
        first = gold.value if isinstance(gold, Named) else gold
        return self.same(first, answer.value if isinstance(answer, Named) else answer)

    def listed(self, gold: Answer, answer: Answer) -> bool:
        if isinstance(gold, SetOf) or isinstance(answer, SetOf):
            return self.sets(_items(gold), _items(answer))
        first, second = _items(gold), _items(answer)
        if len(first) == 1 or len(second) == 1:  # one answer, perhaps written in two ways
            return not isinstance(answer, Group) and all(self.same(a, b) for a in first for b in second)
        groups = isinstance(gold, Group) or isinstance(answer, Group)
        fixed = any(isinstance(each, Listing) and each.ordered for each in (gold, answer))
        if groups or fixed or _distinct(gold) != _distinct(answer):
            return self.in_order(first, second)
        return len(first) == len(second) and self.matched(first, second)

    def in_order(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> bool:
        return len(gold) == len(answer) and all(map(self.same, gold, answer))

    def matched(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> bool:
        """Whether the items can be paired; equality is transitive, so that the first partner will do."""
        left = list(answer)
        for item in gold:
            partner = next((at for at, other in enumerate(left) if self.same(item, other)), None)
            if partner is None:
                return False
            del left[partner]
        return not left

    def sets(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> bool:
        return all(any(self.same(item, other) for other in answer) for item in gold) and all(
            any(self.same(item, other) for item in gold) for other in answer
        )

    def quantities(self, gold: Quantity, answer: Quantity) -> bool:
        first, second = unit(gold.unit), unit(answer.unit)
        if {first.kind, second.kind} == {"degrees", "radians"}:
            return self.numbers(gold, _radians(gold), _radians(answer))
        if first.kind and second.kind:
            if first.kind != second.kind:
                return False
            if first.size != second.size:
                return self.numbers(gold, _scaled(gold, first), _scaled(answer, second))
        elif first.kind in _TWO_FOLD or second.kind in _TWO_FOLD:
            return any(self.numbers(gold, left, right) for left in _worths(gold) for right in _worths(answer))
        return self.numbers(gold, gold.value, answer.value)

    def numbers(self, gold: Quantity, first: Expression, second: Expression) -> bool:
        """Rounding is allowed only where the gold is a decimal that says that it was rounded, or `within` does."""
        if isinstance(gold.value, Number) and gold.value.decimals is not None and (gold.near or self.within):
            half = Fraction(1, 2 * 10**gold.value.decimals) if gold.near else Fraction(0)
            return self.values.near(first, second, max(half, Fraction(self.within)))
        return self.values.equal(first, second)

    def expressions(self, gold: Sequence[Expression], answer: Sequence[Expression]) -> bool:
        return len(gold) == len(answer) and all(map(self.values.equal, gold, answer))

    def vectors(self, grid: Grid, group: Group) -> bool:
        if len(grid.rows) > 1 and len(grid.rows[0]) > 1:
            return False
        return self.in_order([Quantity(entry) for entry in _entries(grid)], group.items)

    def ratios(self, gold: Answer, answer: Answer) -> bool:
        first, second = _parts(gold), _parts(answer)
        if not first or len(first) != len(second):
            return False
        return all(
            self.values.equal(Apply("*", (a, second[0])), Apply("*", (b, first[0])))
            for a, b in zip(first[1:], second[1:], strict=True)
        )

    def relations(self, gold: Relation, answer: Relation) -> bool:
        first, second = _ascending(gold), _ascending(answer)
        if first.signs != second.signs:
            return False
        if len(first.sides) > 2:
            return self.expressions(first.sides, second.sides)
        factor = self.values.factor(difference(first), difference(second))
        return factor != 0 if first.signs[0] in ("=", "!=", "==") else factor > 0

    def regions(self, gold: Answer, answer: Answer) -> bool:
        try:
            first, second = as_region(gold), as_region(answer)
        except Unreadable:
            return False
        if len({first.variable, second.variable} - {""}) > 1:
            return False
        if Region(()) in (gold, answer) and isinstance(gold if answer == Region(()) else answer, Group):
            return False  # (1, 1) is a point, though as an interval it would be empty
        try:
            return _slots(first, second, self.values)
        except _Unordered:
            if len(first.spans) != len(second.spans) or len(first.points) != len(second.points):
                return False
            ends = (_ends(first.spans), _ends(second.spans))
            closed = [[(span.low_in, span.high_in) for span in region.spans] for region in (first, second)]
            return closed[0] == closed[1] and self.expressions(*ends)


_TWO_FOLD = {"percent", "degrees"}


class _Unordered(Exception):
    pass


def _entries(grid: Grid) -> list[Expression]:
    return [entry for row in grid.rows for entry in row]


def _items(answer: Answer) -> Sequence[Answer]:
    return answer.items if isinstance(answer, Listing | SetOf | Group) else (answer,)


def _distinct(answer: Answer) -> bool:
    """Whether a list gives values to different names, so that their order counts once the names are left out."""
    names = [item.name for item in _items(answer) if isinstance(item, Named)]
    return len(names) == len(_items(answer)) and len(set(names)) == len(names) > 1


def _worths(found: Quantity) -> list[Expression]:
    kind = unit(found.unit).kind
    if kind == "percent":
        return [found.value, Apply("/", (found.value, Number(Fraction(100))))]
    return [found.value, _radians(found)] if kind == "degrees" else [found.value]


def _radians(found: Quantity) -> Expression:
    if unit(found.unit).kind != "degrees":
        return found.value
    return Apply("*", (found.value, Apply("/", (Variable("pi"), Number(Fraction(180))))))


def _scaled(found: Quantity, by: Unit) -> Expression:
    return Apply("*", (found.value, Number(by.size)))


def _parts(answer: Answer) -> tuple[Expression, ...]:
    if isinstance(answer, Ratio):
        return answer.parts
    return (answer.value, Number(Fraction(1))) if isinstance(answer, Quantity) and not answer.unit else ()


def _in_ten(found: InBase) -> Fraction:
    whole, _, part = found.digits.partition(".")
    return Fraction(int(whole + part, found.base), found.base ** len(part))


def _as_relation(answer: Answer) -> Relation | None:
    if isinstance(answer, Named) and len(answer.name) == 1 and isinstance(answer.value, Quantity):
        return Relation((Variable(answer.name), answer.value.value), ("=",))
    return answer if isinstance(answer, Relation) else None


def _ascending(found: Relation) -> Relation:
    """`y > x` as `x < y`."""
    if found.signs[0][0] != ">":
        return found
    turned = {">": "<", ">=": "<="}
    return Relation(tuple(reversed(found.sides)), tuple(turned.get(sign, sign) for sign in reversed(found.signs)))


def _names(side: Expression) -> bool:
    """Whether the left side of an equation can name what was asked for: `f(2)`, `AB`, `m+n`, but not `2x` or `x^2`."""
    if not isinstance(side, Apply):
        return True
    if side.name in ("*", "+") and isinstance(side.arguments[0], Number):
        return False
    if side.name == "+" and (isinstance(side.arguments[1], Number) or _has_power(side)):
        return False
    return all(map(_names, side.arguments))


def _has_power(found: Expression) -> bool:
    return isinstance(found, Apply) and (found.name == "^" or any(map(_has_power, found.arguments)))


def _ends(spans: Sequence[Span]) -> list[Expression]:
    return [end for span in spans for end in (span.low, span.high)]


def _slots(first: Region, second: Region, values: Values) -> bool:
    """Whether both are the same points: all ends in a row, and of each end and each gap between two, who holds it."""
    every = [end for region in (first, second) for end in (*_ends(region.spans), *region.points, *region.without)]
    try:
        row = sorted(every, key=functools.cmp_to_key(values.order))
        ranks: dict[Expression, int] = {}
        for at, end in enumerate(row):
            ranks[end] = ranks[row[at - 1]] + (values.order(row[at - 1], end) != 0) if at else 0
    except Undecided as why:
        if "real" in str(why):
            raise _Unordered from why
        raise
    return _held(first, ranks) == _held(second, ranks)


def _held(region: Region, ranks: dict[Expression, int]) -> set[int]:
    """Twice the rank for an end itself, one more for the gap behind it."""
    found: set[int] = {2 * ranks[point] for point in region.points}
    for span in region.spans:
        low, high = 2 * ranks[span.low], 2 * ranks[span.high]
        if low > high or (low == high and not (span.low_in and span.high_in)):
            continue
        found |= set(range(low + (not span.low_in), high + span.high_in))
    return found - {2 * ranks[point] for point in region.without}
