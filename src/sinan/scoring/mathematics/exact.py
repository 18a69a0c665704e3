"""Expressions without irrational numbers and variables, computed exactly and never at length."""

import math
from fractions import Fraction

from sinan.scoring.mathematics.forms import Apply, Expression, Number, Undecided, Variable

BITS = 20_000
"""Larger numbers are not computed here."""
Exact = Fraction | float
"""A float is one of the two infinities."""


class Undefined(Exception):
    """A division by zero: no value, and equal to none."""


def exact(found: Expression) -> Exact:
    """The value. Raises Undecided where it is not rational or too large, Undefined where there is none."""
    if isinstance(found, Number):
        return found.value
    if isinstance(found, Variable):
        if found.name == "oo":
            return math.inf
        raise Undecided(found.name)
    values: list[Exact] = [exact(argument) for argument in found.arguments]
    if found.name == "neg":
        return -values[0]
    if any(isinstance(value, float) for value in values):
        raise Undecided("infinity")
    return _small(_applied(found, [value for value in values if isinstance(value, Fraction)]))


def _applied(found: Apply, values: list[Fraction]) -> Fraction:
    first, second = values[0], values[-1]
    match found.name:
        case "+":
            return first + second
        case "*":
            return first * second
        case "/":
            return _divided(first, second)
        case "^":
            return _power(first, second)
        case "sqrt":
            return _root(first, 2)
        case "root" if second.denominator == 1:
            return _root(first, int(second))
        case "abs":
            return abs(first)
        case "floor":
            return Fraction(math.floor(first))
        case "ceil":
            return Fraction(math.ceil(first))
        case "!" if first.denominator == 1 and 0 <= first <= 1_000:
            return Fraction(math.factorial(int(first)))
        case "binom" if first.denominator == second.denominator == 1 and 0 <= second <= first <= 1_000:
            return Fraction(math.comb(int(first), int(second)))
        case "mod":
            return first - second * math.floor(_divided(first, second))
        case "max":
            return max(values)
        case "min":
            return min(values)
    raise Undecided(found.name)


def _small(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > BITS:
        raise Undecided("too large")
    return value


def _divided(above: Fraction, below: Fraction) -> Fraction:
    if not below:
        raise Undefined("division by zero")
    return above / below


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        if exponent.denominator > 64:
            raise Undecided("a root")
        return _power(_root(base, exponent.denominator), Fraction(exponent.numerator))
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent) * (bits - 1) > BITS:
        raise Undecided("too large")
    if not base and exponent < 0:
        raise Undefined("division by zero")
    if base in (0, 1, -1):
        return base ** (int(exponent) % 2 + 2) if exponent else Fraction(1)
    return base ** int(exponent)


def _root(value: Fraction, index: int) -> Fraction:
    """The root, if it is rational. A number without a real root is left to others."""
    negative = value < 0
    if index < 1 or index > 64 or (negative and index % 2 == 0):
        raise Undecided("a root")
    above, below = _whole_root(abs(value.numerator), index), _whole_root(value.denominator, index)
    return Fraction(-above if negative else above, below)


def _whole_root(value: int, index: int) -> int:
    if index == 2:
        root = math.isqrt(value)
    else:
        low, high = 0, 1 << (value.bit_length() // index + 1)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**index <= value else (low, middle - 1)
        root = low
    if root**index != value:
        raise Undecided("an irrational root")
    return root


class ExactValues:
    """Compares what is rational; raises Undecided for everything else."""

    def equal(self, first: Expression, second: Expression) -> bool:
        """Whether both are the same number."""
        if first == second:
            return True
        try:
            return exact(first) == exact(second)
        except Undefined:
            return False

    def near(self, gold: Expression, other: Expression, within: Fraction) -> bool:
        """Whether they are apart by no more than `within`."""
        try:
            left, right = exact(gold), exact(other)
        except Undefined:
            return False
        if isinstance(left, float) or isinstance(right, float):
            return left == right
        return abs(left - right) <= within

    def order(self, first: Expression, second: Expression) -> int:
        """-1, 0 or 1 as the first is smaller, equal or larger."""
        left, right = exact(first), exact(second)
        return 0 if left == right else 1 if left > right else -1

    def factor(self, first: Expression, second: Expression) -> int:
        """The sign of the constant that the first is times the second; 0 where there is none."""
        raise Undecided("an equation")
