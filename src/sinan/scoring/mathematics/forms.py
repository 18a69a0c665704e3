"""What a mathematical answer can be. Expressions are made of three kinds of nodes; answers are made of expressions."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias


class Unreadable(Exception):
    """The grammar does not know this."""


class Undecided(Exception):
    """This way of comparing cannot tell; another one may."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number. `decimals` is how many places were written after a point, None for an integer or fraction."""

    value: Fraction
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A letter, with its index; `pi`, `e` and `i` are what they always are."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or an operation of a fixed list, on its arguments."""

    name: str
    arguments: "tuple[Expression, ...]"


Expression: TypeAlias = Number | Variable | Apply


@dataclass(frozen=True, slots=True)
class Quantity:
    """An expression, perhaps with a unit: `%`, `deg`, `cm`, a word; `near` if it was given as approximate."""

    value: Expression
    unit: str = ""
    near: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A text that is no formula, in its normal writing."""

    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Several answers between brackets: a point or an interval; `(` and `]` say which ends belong to it."""

    items: "tuple[Answer, ...]"
    open: str
    close: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Several answers without brackets; `ordered` where their order counts."""

    items: "tuple[Answer, ...]"
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class SetOf:
    """Answers between braces: neither order nor repetition counts."""

    items: "tuple[Answer, ...]"


@dataclass(frozen=True, slots=True)
class Span:
    """An interval of the real line."""

    low: Expression
    high: Expression
    low_in: bool
    high_in: bool


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the real line: its intervals and single points. `without` holds points that are taken out."""

    spans: tuple[Span, ...]
    points: tuple[Expression, ...] = ()
    without: tuple[Expression, ...] = ()
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix, by rows."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """`x = 5`, `f(x) = 2x`: an answer and what it is the value of."""

    name: str
    value: "Answer"


@dataclass(frozen=True, slots=True)
class Relation:
    """Two or more expressions with signs between them: an equation, an inequality that is no interval, a chain."""

    sides: tuple[Expression, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    """`3:2`"""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class InBase:
    """Digits with the base that they are in."""

    digits: str
    base: int


@dataclass(frozen=True, slots=True)
class Either:
    """One answer in several writings, as `\\sqrt{2} \\approx 1.41`: any of them counts."""

    items: "tuple[Answer, ...]"


@dataclass(frozen=True, slots=True)
class Unread:
    """A formula that the grammar does not know, in its normal writing."""

    text: str


Answer: TypeAlias = (
    Quantity | Words | Group | Listing | SetOf | Region | Grid | Named | Relation | Ratio | InBase | Either | Unread
)
REALS = Region((Span(Apply("neg", (Variable("oo"),)), Variable("oo"), False, False),))
EMPTY = Region(())
