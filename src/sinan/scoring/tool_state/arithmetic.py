"""`MathAPI`: arithmetic, statistics and units. It remembers nothing."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

Answer = dict[str, Any]
_METRES = {"km": 1000, "m": 1, "cm": 0.01, "mm": 0.001, "um": 1e-6, "nm": 1e-9}
_FACTORS = {
    ("cm", "in"): 0.393701,
    ("in", "cm"): 2.54,
    ("m", "ft"): 3.28084,
    ("ft", "m"): 0.3048,
    ("m", "yd"): 1.09361,
    ("yd", "m"): 0.9144,
    ("km", "miles"): 0.621371,
    ("miles", "km"): 1.60934,
    ("kg", "lb"): 2.20462,
    ("lb", "kg"): 0.453592,
}
PRECISION = 100
"""Digits at the most."""


class Arithmetic:
    """Numbers in, a number out, or an error in words."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        pass

    @property
    def state(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def logarithm(self, value: float, base: float, precision: int) -> Answer:
        """To a base, with as many digits."""
        if value <= 0 or base <= 0 or base == 1:
            return {"error": "no logarithm"}
        digits = _digits(precision)
        return {"result": float(digits.divide(digits.ln(Decimal(value)), digits.ln(Decimal(base))))}

    def square_root(self, number: float, precision: int) -> Answer:
        """With as many digits."""
        return (
            {"error": "no square root"} if number < 0 else {"result": float(_digits(precision).sqrt(Decimal(number)))}
        )

    def mean(self, numbers: list[float]) -> Answer:
        """The arithmetic mean."""
        return _of(numbers, lambda all_: sum(all_) / len(all_))

    def standard_deviation(self, numbers: list[float]) -> Answer:
        """Of a whole population."""
        return _of(numbers, statistics.pstdev)

    def min_value(self, numbers: list[float]) -> Answer:
        """The least."""
        return _of(numbers, min)

    def max_value(self, numbers: list[float]) -> Answer:
        """The greatest."""
        return _of(numbers, max)

    def sum_values(self, numbers: list[float]) -> Answer:
        """The sum."""
        return _of(numbers, sum)

    def add(self, a: float, b: float) -> Answer:
        """a + b"""
        return {"result": _number(a) + _number(b)}

    def subtract(self, a: float, b: float) -> Answer:
        """a - b"""
        return {"result": _number(a) - _number(b)}

    def multiply(self, a: float, b: float) -> Answer:
        """a times b"""
        return {"result": _number(a) * _number(b)}

    def divide(self, a: float, b: float) -> Answer:
        """a by b"""
        return {"error": "a division by zero"} if b == 0 else {"result": _number(a) / _number(b)}

    def power(self, base: float, exponent: float) -> Answer:
        """As a floating point number, so that no power is too large to be held."""
        return {"result": math.pow(base, exponent)}

    def absolute_value(self, number: float) -> Answer:
        """Without its sign."""
        return {"result": abs(_number(number))}

    def round_number(self, number: float, decimal_places: int = 0) -> Answer:
        """To decimal places."""
        if not -PRECISION <= decimal_places <= PRECISION:
            return {"error": f"no more than {PRECISION} places"}
        return {"result": round(number, decimal_places)}

    def percentage(self, part: float, whole: float) -> Answer:
        """The part in percent of the whole."""
        return {"error": "the whole is zero"} if whole == 0 else {"result": part / whole * 100}

    def si_unit_conversion(self, value: float, unit_in: str, unit_out: str) -> Answer:
        """Between lengths of the metric system."""
        if unit_in not in _METRES or unit_out not in _METRES:
            return {"error": f"no conversion from {unit_in} to {unit_out}"}
        return {"result": _number(value) * _METRES[unit_in] / _METRES[unit_out]}

    def imperial_si_conversion(self, value: float, unit_in: str, unit_out: str) -> Answer:
        """Between imperial and metric units."""
        if unit_in == unit_out:
            return {"result": value}
        if (unit_in, unit_out) == ("celsius", "fahrenheit"):
            return {"result": value * 1.8 + 32}
        if (unit_in, unit_out) == ("fahrenheit", "celsius"):
            return {"result": (value - 32) / 1.8}
        factor = _FACTORS.get((unit_in, unit_out))
        return {"result": value * factor} if factor else {"error": f"no conversion from {unit_in} to {unit_out}"}


def _of(numbers: Sequence[float], how: Callable[[Sequence[float]], float]) -> Answer:
    return {"result": how([_number(one) for one in numbers])} if numbers else {"error": "there are no numbers"}


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value


def _digits(precision: int) -> Context:
    if not 1 <= precision <= PRECISION:
        raise ValueError(f"a precision is from 1 to {PRECISION}")
    return Context(prec=precision)
