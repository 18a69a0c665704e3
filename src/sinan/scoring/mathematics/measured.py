"""An expression with its unit: `5 cm`, `\\$3.50`, `90^\\circ`, `25\\%`, `575\\text{ students}`, `18元`."""

from collections.abc import Sequence

from sinan.scoring.mathematics.forms import Answer, Quantity, Unreadable, Words
from sinan.scoring.mathematics.grammar import FUNCTIONS, expression
from sinan.scoring.mathematics.spoken import WORDS, word_form
from sinan.scoring.mathematics.tokens import Token
from sinan.scoring.mathematics.units import is_unit_word

Parts = Sequence[Token]
_CURRENCIES = {"$", "¥", "€", "£", "₹"}
_CURRENCY_WORDS = {"USD", "RMB", "CNY", "EUR", "GBP", "Rs", "US"}


def quantity(parts: Parts) -> Answer:
    """The quantity, or the words, that the parts are. Raises Unreadable."""
    if all(token.kind in ("text", "cjk") or _is_word(token) for token in parts):
        return Words(word_form(" ".join(token.text for token in parts)))
    negative = len(parts) > 1 and parts[0].text == "-" and parts[1].text in _CURRENCIES
    bare = parts[1:] if negative else parts
    if len(bare) > 1 and (bare[0].text in _CURRENCIES or bare[0].text in _CURRENCY_WORDS):
        inner = quantity([parts[0], *bare[1:]] if negative else bare[1:])
        return Quantity(inner.value, bare[0].text) if isinstance(inner, Quantity) and not inner.unit else inner
    at = _unit_at(parts)
    if at is not None:
        return Quantity(expression(parts[:at]), _written(parts[at:]))
    return Quantity(expression(parts))


def _is_word(token: Token) -> bool:
    return token.kind == "letters" and (
        len(token.text) > 3 or token.text.lower() in WORDS or (len(token.text) > 1 and token.text.isupper())
    )


def _unit_at(parts: Parts) -> int | None:
    """Where the unit at the end begins; None where there is none."""
    for at in range(1, len(parts)):
        token = parts[at]
        if token.kind in ("text", "cjk"):
            break
        if token.text == "%" and at == len(parts) - 1:
            return at
        if token.text == "$" and at == len(parts) - 1:
            return at
        if token.text == "^" and _is_degree(parts[at:]):
            return None if any(part.text in FUNCTIONS for part in parts[:at]) else at
        if token.kind == "letters" and parts[at - 1].text not in _OPERATORS and _may_be_unit(parts, at):
            break
    else:
        return None
    if not all(_fits(token) for token in parts[at:]):
        raise Unreadable("words among signs")
    return at


_OPERATORS = {"+", "-", "*", "/", "^", "_", "=", "(", "{", "times", "cdot", "frac", "sqrt", "[", "|"}


def _may_be_unit(parts: Parts, at: int) -> bool:
    token, before = parts[at], parts[at - 1]
    stands = before.kind == "number" or before.text in (")", "}", "pi") or before.kind == "command"
    known = is_unit_word(token.text)
    close = before.kind == "number" and len(token.text) > 1 and not token.gap
    return stands and known and (token.gap or close) and all(_fits(each) for each in parts[at:])


def _fits(token: Token) -> bool:
    if token.kind in ("text", "letters", "cjk"):
        return True
    return token.text in ("^", "/", "{", "}", "2", "3", ".", "cdot", "-", "(", ")", "circ", "'")


def _is_degree(parts: Parts) -> bool:
    texts = [token.text for token in parts]
    for sign in (["^", "circ"], ["^", "{", "circ", "}"]):
        if texts[: len(sign)] == sign:
            return texts[len(sign) :] in ([], ["C"], ["F"])
    return False


def _written(parts: Parts) -> str:
    text = " ".join(token.text.strip() for token in parts)
    if parts[0].text == "^":
        return {"C": "degC", "F": "degF"}.get(parts[-1].text, "deg")
    return text.replace(" ^ { 2 }", "^2").replace(" ^ { 3 }", "^3").replace(" ^ ", "^").replace(" / ", "/").strip()
