"""A tidy text as tokens."""

import re
from fractions import Fraction
from typing import NamedTuple

from sinan.scoring.mathematics.forms import Unreadable

MOST = 1_500
"""Tokens of one answer."""
_DIGITS = 1_000
_PATTERN = re.compile(
    r"(?P<gap>\s+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4}(?![0-9A-Za-z]))?)"
    r"|\\text\s*\{(?P<text>[^{}]*)\}"
    r"|\\mathrm\s*\{(?P<roman>[^{}]*)\}"
    r"|\\mathbb\s*\{?\s*(?P<bold>[A-Z])\s*\}?"
    r"|\\begin\{(?P<begin>[a-z]+)\*?\}(?:\{[^{}]*\})?"
    r"|\\end\{(?P<end>[a-z]+)\*?\}"
    r"|\\(?P<command>[a-zA-Z]+|[{}%$|#&\\])"
    r"|(?P<letters>[A-Za-z]+'*)"
    r"|(?P<cjk>[\u3400-\u9fff]+)"
    r"|(?P<operator><=|>=|!=|==|\*\*|\.\.\.|[-+*/^_!=<>(),;:|{}\[\]&%\"'.?~$€£¥₹\ue000])"
)
_REPEATING = re.compile(
    r"(?P<whole>[0-9]*)\.(?P<part>[0-9]*)"
    r"(?:\\(?:overline|bar|dot)\s*\{?(?P<bar>[0-9]+)\}?(?P<between>[0-9]*)(?:\\dot\s*\{?(?P<second>[0-9])\}?)?"
    r"|\((?P<bracket>[0-9]+)\)|(?P<tail>(?P<digit>[0-9])(?P=digit){2,})(?:\.\.\.|\u2026))"
)


class Token(NamedTuple):
    """`gap` says whether white space stood before it."""

    kind: str
    text: str
    gap: bool = False
    value: Fraction | None = None
    decimals: int | None = None


def tokens(tidied: str) -> list[Token]:
    """Raises Unreadable for a sign that is no mathematics, and for what is too long."""
    found: list[Token] = []
    at, gap = 0, False
    while at < len(tidied):
        repeating = _REPEATING.match(tidied, at) if tidied[at] in "0123456789." else None
        match = repeating or _PATTERN.match(tidied, at)
        if match is None or len(found) > MOST:
            raise Unreadable(tidied[at : at + 20])
        at = match.end()
        if match.lastgroup == "gap":
            gap = True
            continue
        found.append(_repeating(match, gap) if repeating else _token(match, gap))
        gap = False
    return found


def _token(match: re.Match[str], gap: bool) -> Token:
    kind = str(match.lastgroup)
    text = match[kind]
    if kind == "number":
        return number(text, gap)
    if kind == "roman":
        kind = "letters" if text.strip().isalpha() and text.isascii() else "text"
        return Token(kind, text.strip(), gap)
    if kind == "bold":
        return Token("command", f"bold{text}", gap)
    if kind == "command" and not text[0].isalpha():
        return Token("operator", {"{": "\\{", "}": "\\}", "|": "||", "\\": "\\\\"}.get(text, text), gap)
    return Token(kind, text, gap)


def number(text: str, gap: bool = False) -> Token:
    """A number as a token. Raises Unreadable for one of more digits than are ever compared exactly."""
    if len(text) > _DIGITS:
        raise Unreadable("a number too long")
    mantissa = re.split("[eE]", text)[0]
    decimals = len(mantissa.partition(".")[2]) if "." in mantissa else None
    return Token("number", text, gap, Fraction(text), decimals)


def _repeating(match: re.Match[str], gap: bool) -> Token:
    """`0.1\\overline{6}`, `0.1(6)`, `0.1666...` are 1/6."""
    cycle = match["bar"] or match["bracket"] or match["digit"]
    part = match["part"]
    if match["bar"] and match["second"]:
        cycle = match["bar"] + match["between"] + match["second"]
    elif match["bar"] and match["between"]:
        raise Unreadable("digits after a period")
    if len(match[0]) > _DIGITS:
        raise Unreadable("a number too long")
    head = Fraction(int((match["whole"] or "0") + part or "0"), 10 ** len(part))
    value = head + Fraction(int(cycle), (10 ** len(cycle) - 1) * 10 ** len(part))
    return Token("number", match[0], gap, value)
