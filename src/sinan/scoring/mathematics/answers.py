"""A text as an answer: what stands on its outermost level decides what kind of answer it is."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from sinan.scoring.mathematics.forms import (
    EMPTY,
    REALS,
    Answer,
    Grid,
    Group,
    InBase,
    Listing,
    Quantity,
    Ratio,
    Region,
    SetOf,
    Span,
    Unread,
    Unreadable,
    Words,
)
from sinan.scoring.mathematics.grammar import expression
from sinan.scoring.mathematics.measured import quantity
from sinan.scoring.mathematics.relations import SIGNS, related
from sinan.scoring.mathematics.spoken import spoken, word_form
from sinan.scoring.mathematics.tokens import Token, number, tokens
from sinan.scoring.mathematics.writing import LONGEST, ROW, tidy

Parts = Sequence[Token]
_NUMBER_OF_BASE = r"[0-9]{1,2}|[a-z]+"
_BASE = re.compile(
    r"(?P<digits>-?\s?[0-9A-Z][0-9A-Z.]*)\s?"
    rf"(?:_\s?\{{?\s?(?:\\text\s?\{{)?\s?\(?(?P<sub>{_NUMBER_OF_BASE})\)?\s?\}}?\s?\}}?"
    rf"|\(?\s?(?:in )?base[ -](?P<said>{_NUMBER_OF_BASE})\)?)"
)
_BASES = dict(zip("two three four five six seven eight nine ten eleven twelve sixteen".split(),
                  [*range(2, 13), 16], strict=True))  # fmt: skip
_LETTERS_IN_TEXT = re.compile(
    r"\\text\s?\{\s*(\(?[A-Z]\)?(?:\s*,\s*\(?[A-Z]\)?)*|-?[0-9][0-9.,]*(?:\s[A-Za-z ]+)?)\s*\}"
)
_TIME = re.compile(r"(?:\\text\s?\{)?[0-9]{1,2}:[0-9]{2}\s?(?:\\text\s?\{)?\s?[ap]m\b", re.IGNORECASE)
_OPENERS, _CLOSERS = {"(", "[", "{", "\\{", "lfloor", "lceil"}, {")", "]", "}", "\\}", "rfloor", "rceil"}
_OR, _AND = {"or", "\\lor", "lor"}, {"and", "\\land", "land", "&"}
_GRIDS = {"pmatrix", "bmatrix", "matrix", "array", "smallmatrix", "Bmatrix"}
_NEAR = {"approx", "about", "approximately", "roughly", "around", "\\approx", "~", "sim"}


@lru_cache(8_192)
def read(text: str) -> Answer:
    """The answer that a text is. Anything is one: what is no formula is words."""
    tidied = tidy(text)
    if known := spoken(tidied):
        return known
    if (base := _BASE.fullmatch(tidied)) and (found := _in_base(base)):
        return found
    if _TIME.match(tidied):
        return Words(word_form(tidied))
    tidied = _LETTERS_IN_TEXT.sub(r" \1 ", tidied)
    try:
        if len(tidied) > LONGEST:
            raise Unreadable("too long")
        return _answer(_trimmed(tokens(tidied)))
    except (Unreadable, RecursionError):
        return _unread(tidied)


def _unread(tidied: str) -> Answer:
    letters = re.sub(r"\\text\s?\{([^{}]*)\}", r"\1", tidied)
    return Unread(tidied) if len(tidied) <= LONGEST and re.search(r"[\\^=<>]", letters) else Words(word_form(tidied))


def _in_base(match: re.Match[str]) -> InBase | None:
    name = match["sub"] or match["said"]
    base = int(name) if name.isdigit() else _BASES.get(name, 0)
    digits = match["digits"].replace(" ", "")
    try:
        int(digits.replace(".", ""), base)
    except ValueError:
        return None
    return InBase(digits, base)


def _trimmed(parts: list[Token]) -> Parts:
    while parts and parts[-1].text in (".", ",", ";", ":", '"', "。", "?") and parts[-1].kind == "operator":
        parts.pop()
    while parts and parts[0].text in ("=", ":", ",", '"') and parts[0].kind == "operator":
        parts.pop(0)
    return _thousands(parts)


def _thousands(parts: Parts) -> Parts:
    """`12,345` outside of brackets is one number; `12, 345` is two."""
    found: list[Token] = []
    at = depth = 0
    while at < len(parts):
        token = parts[at]
        depth += (token.text in _OPENERS) - (token.text in _CLOSERS)
        end = at + 1
        if depth <= 0 and token.kind == "number" and re.fullmatch("[0-9]{1,3}", token.text):
            while end + 1 < len(parts) and _three_more(parts[end], parts[end + 1]):
                end += 2
        digits = "".join(part.text for part in parts[at:end] if part.kind == "number")
        found.append(number(digits, token.gap) if end > at + 1 else token)
        at = end
    return found


def _three_more(comma: Token, digits: Token) -> bool:
    close = comma.text == "," and not comma.gap and not digits.gap
    return close and digits.kind == "number" and re.fullmatch(r"[0-9]{3}(?:\.[0-9]+)?", digits.text) is not None


def _answer(parts: Parts) -> Answer:
    if not parts:
        raise Unreadable("nothing")
    if parts[0].text in _NEAR:
        return _nearly(_answer(parts[1:]))
    several = split(parts, lambda token: token.text == ";" and token.kind == "operator")
    if len(several) > 1:
        return Listing(tuple(map(_answer, several)), ordered=True)
    led = split(parts, lambda token: token.text in ("implies", "iff", "to") and token.kind == "command")
    if len(led) > 1:
        return _answer(led[-1])
    return _several(parts) or _single(parts)


def _nearly(found: Answer) -> Answer:
    return Quantity(found.value, found.unit, True) if isinstance(found, Quantity) else found


def _outside(parts: Parts) -> Iterator[Token]:
    """The tokens outside of all brackets; an opening one is inside."""
    depth = 0
    for token in parts:
        depth += (token.text in _OPENERS or token.kind == "begin") - (token.text in _CLOSERS or token.kind == "end")
        if depth <= 0:
            yield token


def split(parts: Parts, divides: Callable[[Token], bool]) -> list[Parts]:
    """The stretches between the dividing tokens outside of all brackets; empty ones are left out."""
    dividing = {id(token) for token in _outside(parts) if divides(token)}
    found: list[list[Token]] = [[]]
    for token in parts:
        if id(token) in dividing:
            found.append([])
        else:
            found[-1].append(token)
    return [stretch for stretch in found if stretch]


def _joins(token: Token, words: set[str]) -> bool:
    return token.kind in ("letters", "text", "command", "operator") and token.text.strip().lower() in words


def _several(parts: Parts) -> Answer | None:
    either = split(parts, lambda token: _joins(token, _OR))
    if len(either) == 1 and any(map(_is_sign, parts)) and not any(token.text == "in" for token in parts):
        either = split(parts, lambda token: token.text == "cup" and token.kind == "command")
    if len(either) > 1:
        return _listed([_answer(each) for each in either], _union)
    comma = split(parts, lambda token: (token.text == "," and token.kind == "operator") or _joins(token, _AND))
    if len(comma) > 1:
        words = any(_joins(token, _AND) for token in parts)
        return _listed([_answer(each) for each in comma], _meet if words else lambda regions: None)
    return None


def _listed(items: list[Answer], joined: Callable[[list[Region]], Region | None]) -> Answer:
    regions = [item for item in items if isinstance(item, Region)]
    if len(regions) == len(items):
        whole = joined(regions)
        if whole is not None:
            return whole
    return Listing(tuple(_flat(items)))


def _flat(items: Sequence[Answer]) -> Iterator[Answer]:
    for item in items:
        if isinstance(item, Listing):
            yield from _flat(item.items)
        else:
            yield item


def _union(regions: list[Region]) -> Region:
    spans = tuple(span for region in regions for span in region.spans)
    points = tuple(point for region in regions for point in region.points)
    without = tuple(point for region in regions for point in region.without)
    return Region(spans, points, without, next((region.variable for region in regions if region.variable), ""))


def _meet(regions: list[Region]) -> Region | None:
    """`x > 1 and x < 3`: one end each. What else `and` may mean is left as a list."""
    if len(regions) != 2 or any(len(region.spans) != 1 for region in regions):
        return None
    first, second = (region.spans[0] for region in regions)
    infinite = REALS.spans[0]
    if first.low == infinite.low:
        first, second = second, first
    if regions[0].variable != regions[1].variable or first.high != infinite.high or second.low != infinite.low:
        return None
    without = regions[0].without + regions[1].without
    span = Span(first.low, second.high, first.low_in, second.high_in)
    return Region((span,), (), without, regions[0].variable)


def _single(parts: Parts) -> Answer:
    signs = [token.text for token in _outside(parts) if _is_sign(token)]
    sides = split(parts, _is_sign) if signs else []
    if signs and len(sides) == len(signs) + 1:
        return related(sides, signs, _answer)
    for way in (_regions, _grid, _bracketed, _both_signs, _ratio):
        found = way(parts)
        if found is not None:
            return found
    return quantity(parts)


def _is_sign(token: Token) -> bool:
    return token.text in SIGNS and token.kind in ("operator", "command")


def as_region(answer: Answer) -> Region:
    """The part of the real line that an answer is. Raises Unreadable where it is none."""
    if isinstance(answer, Region):
        return answer
    if isinstance(answer, SetOf) and all(isinstance(item, Quantity) for item in answer.items):
        return Region((), tuple(item.value for item in answer.items if isinstance(item, Quantity)))
    if isinstance(answer, Group) and len(answer.items) == 2:
        low, high = answer.items
        if isinstance(low, Quantity) and isinstance(high, Quantity):
            return Region((Span(low.value, high.value, answer.open == "[", answer.close == "]"),))
    raise Unreadable("no part of the real line")


def _regions(parts: Parts) -> Answer | None:
    parted = split(parts, lambda token: token.text == "setminus" and token.kind == "command")
    if len(parted) == 1:
        parted = split(parts, lambda token: token.text == "-" and token.kind == "operator")
        parted = parted if len(parted) == 2 and parted[0][0].text == "boldR" and parted[1][0].text == "\\{" else [parts]
    if len(parted) == 2:
        whole, out = as_region(_answer(parted[0])), as_region(_answer(parted[1]))
        if out.spans:
            raise Unreadable("an interval taken out")
        return Region(whole.spans, whole.points, out.points)
    joined = split(parts, lambda token: token.text in ("cup", "U") and token.kind in ("command", "letters"))
    if len(joined) > 1:
        return _union([as_region(_answer(each)) for each in joined])
    if len(parts) == 1 and parts[0].kind == "command":
        return {"boldR": REALS, "emptyset": EMPTY}.get(parts[0].text)
    return None


def _grid(parts: Parts) -> Grid | None:
    if len(parts) > 2 and parts[0].text in "([" and parts[1].kind == "begin":
        parts = parts[1:-1]
    if parts[0].kind != "begin" or parts[-1].kind != "end":
        return None
    if parts[0].text not in _GRIDS:
        raise Unreadable(parts[0].text)
    rows = split(parts[1:-1], lambda token: token.text == ROW)
    cells = [split(row, lambda token: token.text == "&") for row in rows]
    return Grid(tuple(tuple(expression(cell) for cell in row) for row in cells))


def _closing(parts: Parts) -> int:
    """Where the bracket that the parts begin with is closed."""
    depth = 0
    for at, token in enumerate(parts):
        depth += (token.text in _OPENERS) - (token.text in _CLOSERS)
        if depth == 0:
            return at
    return -1


def _bracketed(parts: Parts) -> Answer | None:
    if parts[0].text not in ("(", "[", "\\{", "{") or _closing(parts) != len(parts) - 1:
        return None
    opened, inside, closed = parts[0].text, parts[1:-1], parts[-1].text
    if opened == "\\{":
        return _set(inside)
    if opened == "{":
        items = split(inside, lambda token: token.text == ",")
        return _set(inside) if len(items) > 1 else _answer(inside)
    items = split(inside, lambda token: token.text == "," and token.kind == "operator")
    if len(items) < 2:
        return _vector(inside) if opened == "[" and closed == "]" else _lone(inside)
    if any(token.text in ("pm", "mp") for token in inside):
        return None
    return Group(tuple(map(_answer, items)), opened, closed)


def _lone(inside: Parts) -> Answer | None:
    """What brackets around a single answer hold, where that is more than an expression."""
    try:
        expression(inside)
    except Unreadable:
        return _answer(inside)
    return None


def _vector(inside: Parts) -> Answer | None:
    return None if not inside else _lone(inside)


def _set(inside: Parts) -> Answer:
    if not inside:
        return EMPTY
    told = split(inside, lambda token: token.text in ("|", ":") and token.kind == "operator")
    if len(told) == 2:
        return _answer(told[1])
    items = split(inside, lambda token: token.text == "," and token.kind == "operator")
    return SetOf(tuple(_flat([_answer(item) for item in items])))


def _both_signs(parts: Parts) -> Answer | None:
    if not any(token.text in ("pm", "mp") and token.kind == "command" for token in parts):
        return None
    variants = []
    for plus, minus in (("+", "-"), ("-", "+")):
        signs = {"pm": plus, "mp": minus}
        made = [Token("operator", signs[t.text]) if t.kind == "command" and t.text in signs else t for t in parts]
        variants.append(_answer(made))
    return Listing(tuple(_flat(variants)))


def _ratio(parts: Parts) -> Ratio | None:
    sides = split(parts, lambda t: (t.text == ":" and t.kind == "operator") or (t.text == "to" and t.kind == "letters"))
    if len(sides) < 2:
        return None
    return Ratio(tuple(expression(side) for side in sides))
