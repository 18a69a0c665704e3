"""Expressions with irrational numbers and variables, compared by their values to 60 digits.

Two expressions with variables are equal if they agree at every one of a fixed set of points where both can be computed
in real numbers (or, where there is no such point, in complex ones). Two different elementary expressions that agree at
all of them to 30 digits would be a coincidence that no answer brings about.
"""

import hashlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from sinan.scoring.mathematics.forms import Expression, Number, Undecided, Variable
from sinan.scoring.mathematics.relations import variables

_DIGITS, _AGREE, _NOTHING = 60, 30, 45
_POINTS = 12
_LARGEST = 10**9
"""Bits of the exponent of the largest number that is computed."""


def evaluate(found: Expression, at: Mapping[str, Any], real: bool = False) -> Any:
    """The value as a number of mpmath; with `real`, only where every step on the way is a real number. Raises
    Undecided for what it does not know, ArithmeticError and ValueError."""
    import mpmath

    if isinstance(found, Number):
        return mpmath.mpf(found.value.numerator) / found.value.denominator
    if isinstance(found, Variable):
        value = _letter(found.name, at)
    else:
        known = _functions().get(found.name)
        if known is None:
            raise Undecided(found.name)
        value = known(*[evaluate(argument, at, real) for argument in found.arguments])
    if real and isinstance(value, mpmath.mpc):
        raise ValueError("not real")
    return value


def _letter(name: str, at: Mapping[str, Any]) -> Any:
    import mpmath

    constants = {"pi": mpmath.pi, "e": mpmath.e, "i": mpmath.mpc(0, 1), "oo": mpmath.inf}
    return +constants[name] if name in constants else at[name]


_KNOWN: dict[str, Callable[..., Any]] = {}


def _functions() -> dict[str, Callable[..., Any]]:
    if not _KNOWN:
        import mpmath

        mpmath.mp.dps = _DIGITS
        same = "sin cos tan cot sec csc sinh cosh tanh coth sech csch ln exp floor ceil sqrt cbrt"
        _KNOWN.update({name: getattr(mpmath, name) for name in same.split()})
        inverse = {f"arc{name}": getattr(mpmath, f"a{name}") for name in "sin cos tan cot sec csc".split()}
        _KNOWN.update(inverse | {"arsinh": mpmath.asinh, "arcosh": mpmath.acosh, "artanh": mpmath.atanh})
        _KNOWN.update(
            {
                "+": lambda a, b: a + b,
                "*": lambda a, b: a * b,
                "/": lambda a, b: a / b,
                "neg": lambda a: -a,
                "^": _power,
                "abs": abs,
                "root": _root,
                "log": lambda a, b=None: mpmath.log10(a) if b is None else mpmath.log(a) / mpmath.log(b),
                "log10": mpmath.log10,
                "!": _factorial,
                "binom": mpmath.binomial,
                "mod": lambda a, b: a - b * mpmath.floor(a / b),
                "max": max,
                "min": min,
                "Re": mpmath.re,
                "Im": mpmath.im,
            }
        )
    return _KNOWN


def _power(base: Any, exponent: Any) -> Any:
    import mpmath

    if base and abs(exponent) * abs(mpmath.log(abs(base))) > _LARGEST:
        raise Undecided("too large")
    return mpmath.power(base, exponent)


def _factorial(value: Any) -> Any:
    import mpmath

    if abs(value) > 10**6:
        raise Undecided("too large")
    return mpmath.factorial(value)


def _root(value: Any, index: Any) -> Any:
    """The real root of a negative number where the index is odd."""
    import mpmath

    real = not isinstance(value, mpmath.mpc)
    if real and value < 0 and index == int(index) and int(index) % 2:
        return -mpmath.power(-value, 1 / index)
    return mpmath.power(value, 1 / index)


def _points(names: frozenset[str]) -> list[dict[str, Any]]:
    """Fixed points, positive and negative, that depend on the names alone."""
    import mpmath

    found = []
    for at in range(_POINTS if names else 1):
        point = {}
        for name in names:
            digest = hashlib.sha256(f"{name} {at}".encode()).digest()
            size = mpmath.mpf(int.from_bytes(digest[:16], "big")) / 2**128 * 3 + mpmath.mpf(1) / 7
            point[name] = -size if at % 3 == 2 or (at % 3 == 1 and digest[20] % 2) else size
        found.append(point)
    return found


class NumericValues:
    """Compares by values, to 30 digits."""

    def equal(self, first: Expression, second: Expression) -> bool:
        """Whether they agree wherever both have a value."""
        if first == second:
            return True
        enough = 2 if variables(first) | variables(second) else 1
        for real in (True, False):
            pairs = _pairs(first, second, real)
            if len(pairs) >= enough:
                return all(_close(a, b) for a, b in pairs)
        return False

    def near(self, gold: Expression, other: Expression, within: Fraction) -> bool:
        """Whether two numbers are apart by no more than `within`."""
        import mpmath

        values = _pairs(gold, other)
        if not values:
            return False
        return bool(abs(values[0][0] - values[0][1]) <= mpmath.mpf(within.numerator) / within.denominator)

    def order(self, first: Expression, second: Expression) -> int:
        """-1, 0 or 1. Raises Undecided for what is no real number."""
        if first == second:
            return 0
        pairs = _pairs(first, second)
        if variables(first) | variables(second) or not pairs or any(map(_complex, pairs[0])):
            raise Undecided("no real numbers")
        left, right = pairs[0]
        return 0 if _close(left, right) else 1 if left > right else -1

    def factor(self, first: Expression, second: Expression) -> int:
        """The sign of the constant that the first is times the second; 0 where there is none."""
        pairs = [(a, b) for a, b in _pairs(first, second) if not _zero(a) and not _zero(b)]
        if len(pairs) < 2 or variables(first) != variables(second):
            return 0
        ratio = pairs[0][0] / pairs[0][1]
        if any(not _close(a, ratio * b) for a, b in pairs) or _complex(ratio):
            return 0
        return 1 if ratio > 0 else -1


def _pairs(first: Expression, second: Expression, real: bool = False) -> list[tuple[Any, Any]]:
    """Both values at each of the points where both have one."""
    import mpmath

    mpmath.mp.dps = _DIGITS
    found = []
    for point in _points(variables(first) | variables(second)):
        try:
            pair = (evaluate(first, point, real), evaluate(second, point, real))
        except (ArithmeticError, ValueError, TypeError, mpmath.mp.NoConvergence):
            continue
        if not any(mpmath.isnan(value) or mpmath.isinf(value) for value in pair) or pair[0] == pair[1]:
            found.append(pair)
    return found


def _complex(value: Any) -> bool:
    import mpmath

    return isinstance(value, mpmath.mpc) and abs(value.imag) > mpmath.mpf(10) ** -_AGREE * max(1, abs(value.real))


def _zero(value: Any) -> bool:
    import mpmath

    return bool(abs(value) < mpmath.mpf(10) ** -_NOTHING)


def _close(first: Any, second: Any) -> bool:
    import mpmath

    size = max(abs(first), abs(second))
    if mpmath.isinf(size):
        return bool(first == second)
    return bool(size < mpmath.mpf(10) ** -_NOTHING or abs(first - second) <= size * mpmath.mpf(10) ** -_AGREE)
