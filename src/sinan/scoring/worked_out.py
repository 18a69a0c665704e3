r"""The value of a formula of numbers alone: `3 \cdot 2^{5}`, `\frac{1}{2}`, `5\sqrt{3}`, `1:2`. Anything else has none.

Written out by hand rather than with a parser of LaTeX: what a model wrote is never evaluated as code, takes no more
time than its length, and cannot grow without bound.
"""

import math
import re

_TOKEN = re.compile(
    r"\s*(?:(\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})|(\\frac|\\sqrt|\\pi|\\cdot|\\times|\\div|[-+*/:^(){}])|(\S))"
)
_LONGEST = 200
_TIMES, _OVER = ("*", "\\cdot", "\\times"), ("/", ":", "\\div")


class _NoValue(Exception):
    """The formula has something besides numbers, or is none."""


def worked_out(text: str) -> float | None:
    """The value, or None. Degrees, dollar signs and layout are to be dropped before."""
    if not 0 < len(text) <= _LONGEST:
        return None
    try:
        tokens = [_token(match) for match in _TOKEN.finditer(text.strip())]
        value, rest = _sum([*tokens, ""], 0, 0)
        return value if rest == len(tokens) and math.isfinite(value) else None
    except (_NoValue, ArithmeticError, ValueError):
        return None


def _token(match: re.Match[str]) -> str:
    if match[3]:
        raise _NoValue
    return match[1] or match[2]


def _sum(tokens: list[str], at: int, depth: int) -> tuple[float, int]:
    if depth > 20:
        raise _NoValue
    value, at = _product(tokens, at, depth)
    while tokens[at] in ("+", "-"):
        more, end = _product(tokens, at + 1, depth)
        value, at = (value + more if tokens[at] == "+" else value - more), end
    return value, at


def _product(tokens: list[str], at: int, depth: int) -> tuple[float, int]:
    value, at = _power(tokens, at, depth)
    while tokens[at] in (*_TIMES, *_OVER) or tokens[at] in ("\\frac", "\\sqrt", "\\pi", "("):
        over, written = tokens[at] in _OVER, tokens[at] in (*_TIMES, *_OVER)
        more, at = _power(tokens, at + written, depth)
        value = value / more if over else value * more
    return value, at


def _power(tokens: list[str], at: int, depth: int) -> tuple[float, int]:
    if tokens[at] in ("-", "+"):
        value, end = _power(tokens, at + 1, depth + 1)
        return (-value if tokens[at] == "-" else value), end
    value, at = _atom(tokens, at, depth + 1)
    if tokens[at] == "^":
        exponent, at = _atom(tokens, at + 1, depth + 1)
        value = math.pow(value, exponent)
    return value, at


def _atom(tokens: list[str], at: int, depth: int) -> tuple[float, int]:
    token = tokens[at]
    if token == "\\pi":
        return math.pi, at + 1
    if token == "\\sqrt":
        value, at = _atom(tokens, at + 1, depth)
        return math.sqrt(value), at
    if token == "\\frac":
        over, at = _atom(tokens, at + 1, depth)
        under, at = _atom(tokens, at, depth)
        return over / under, at
    if token in ("(", "{"):
        value, at = _sum(tokens, at + 1, depth + 1)
        if tokens[at] != (")" if token == "(" else "}"):
            raise _NoValue
        return value, at + 1
    return float(token), at + 1
