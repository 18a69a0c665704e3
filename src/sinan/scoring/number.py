r"""Is the number right? Reads `$1,234.50`, `-3/4`, `1.5e3`, `\frac{1}{2}`, `５０％`, `三百二十`, `3万`, and compares
them exactly.

The cascade, in order: `whole`: all that was said is a number, perhaps with a unit; `marked`: the number that follows a
mark (`ANSWER: 18`, a box, `#### 18`), the last that can be read; `line`: the last line is a number, or
the first line is one and nothing else; `bold`: the last
number in bold in the last line; `last`: the last number. The first two are sure, the others inferred. Numbers that are
denied (`not 18`), times and dates are passed over. Two numbers at once (`17 or 18`, `10-15`) are unparsed.
"""

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from sinan.scoring.cascade import TWO_AT_ONCE, Found, first, known, reading
from sinan.scoring.corrections import corrections
from sinan.scoring.denied import denied
from sinan.scoring.folded import Folded
from sinan.scoring.golds import golds
from sinan.scoring.marks import behind_marks, marked
from sinan.scoring.numerals import Numeral, canonical, is_expression, is_number, numerals, tidy
from sinan.scoring.verdict import Reading, in_two_ways, told, verdict
from sinan.types import Completion, Sample, Score

__all__ = ["Number", "canonical", "is_number", "read_number", "stated_number"]

_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]")
_OPEN = re.compile(
    r"[\s*_`\"'“‘(\[$\\{=>]{0,8}(?:(?:about|approximately|roughly|around|nearly|almost|approx\.?|some|大?约是?|大概是?|近)\s?"
    r"|[≈~]\s?|[A-Za-z]\s?=\s?)?[\s*_$\\(]{0,4}",
    re.IGNORECASE,
)
_UNIT = re.compile(r"[^\d\n]{0,40}(?:\^\{?[23]\}?)?[^\d\n]{0,12}")
_WORDS = 4
"""That a unit may have."""
_EITHER = re.compile(
    r"[\s*$°%)]{0,3}[^\W\d]{0,10}[\s*]{0,2}(?:\bor\b|\bto\b|~|至|到|或者?|还是)[\s*$(]{0,3}(?:maybe\s|about\s)?[$€£¥]?"
)
_RANGE = re.compile(r"[\s$]{0,2}-[\s$]{0,2}")
_AND = re.compile(r"[\s*$°%)]{0,3}[^\W\d]{0,10}[\s*]{0,2}(?:,\s?and\b|\band\b|,|;|、|&|和|以及|与)[\s*$(]{0,3}[$€£¥]?")
_BETWEEN = re.compile(r"(?:\bbetween|\bfrom|\beither|\bboth|\bone\sof|介于|在)[\s*$]{0,3}$", re.IGNORECASE)
_OR = re.compile(r"[\s*$°%)]{0,3},?\s?(?:\bor\b|或者?|还是)[\s*$(]{0,3}[$€£¥]?")
_IN_BETWEEN = re.compile(r"(?:\bbetween|介于|在)[\s*$]{0,3}$", re.IGNORECASE)
_UP_TO = re.compile(r"[\s*$°%)]{0,3}(?:\band\b|\bto\b|-|~|至|到|和|与)[\s*$(]{0,3}[$€£¥]?")
_BEYOND = re.compile(
    r"[\s*$\\(]{0,4}(?:<(?![^\n]*>)|>|\\[lg]t\b|(?:more|less|fewer|greater|smaller)\sthan\b|(?:大于|小于|多于|少于|超过)(?!等|或))",
    re.IGNORECASE,
)
"""What stands before the end of a range, as in `less than 60, so 59`. `At least 42` may be the number asked for."""
_REST = re.compile(r"[\s*$%°)]{0,4}[^\W\d]{0,12}[\s*$%).,!。}\]]{0,6}$")
_TWO_EQUATIONS = re.compile(r"(?:\bor\b|\band\b|,|或|和)[\s$]{0,3}[A-Za-z](?:_\{?\d\}?)?\s?=", re.IGNORECASE)
_BEGINS = re.compile(
    r"[*_`$]{0,4}-?[$€£¥]?[0-9][0-9,./]{0,30}%?[*_`$.]{0,4}(?=[ \t]{0,4}\n|,?\s(?:because|since|as)\s)"
)
"""Not with a unit: `16 eggs` on the first line is where a calculation begins."""
_BOLD = re.compile(r"\*\*([^*\n]{1,60})\*\*")
_OPERATOR = re.compile(r"\s?(?:[-+*×·÷]|\\times|\\cdot|\\pm|\\div)\s?(?=[0-9A-Za-z(\\π√])")
_GOES_ON = re.compile(r"\s?(?:[-+*/×·=^÷]|\\times|\\cdot)\s?[0-9(\\a-z]")


@dataclass(frozen=True)
class _Asked:
    """What the rules look at."""

    text: str
    """Tidied."""
    start: int
    end: int
    """Of what is not white space."""
    cut: bool


def _whole(asked: _Asked) -> Found | None:
    start, end = asked.start, asked.end
    aside = asked.text.find("(", start + 1, end) if asked.text[:end].endswith((")", ").")) else -1
    alone = _alone(asked.text, start, end) or (_alone(asked.text, start, aside) if aside > start else None)
    if alone:
        return Found(alone.value, "the whole answer is a number", alone.start, alone.end, True)
    short = 0 < end - start <= 60 and "\n" not in asked.text[start:end]
    if short and is_expression(asked.text, start, end) and next(numerals(asked.text, start, end), None) is None:
        return Found(asked.text[start:end], "the whole answer is an expression", start, end, True)
    return None


def _alone(text: str, start: int, end: int) -> Numeral | None:
    """The number, if a stretch of one line is a number and perhaps a unit."""
    if end - start > 120 or "\n" in text[start:end]:
        return None
    found = list(numerals(text, start, end))
    if len(found) != 1 or denied(text, found[0].start):
        return None
    opens = _OPEN.fullmatch(text, start, found[0].start) or not text[start : found[0].start].strip(" -")
    rest = text[found[0].end : end]
    return found[0] if opens and _UNIT.fullmatch(rest) and len(rest.split()) <= _WORDS else None


def _marked(asked: _Asked) -> Found | None:
    for mark in marked(asked.text):
        found = _stated(asked.text, mark.start, mark.start + len(mark.text), mark.rule)
        if found is not None:
            return found
    return None


def _stated(text: str, start: int, end: int, rule: str) -> Found | None:
    """The number that a marked line states: after its last `=`, else the first of its sentence, else of the line."""
    stop = _SENTENCE_END.search(text, start, end)
    sentence = stop.start() if stop else end
    if _TWO_EQUATIONS.search(text, start, sentence):
        return Found(None, TWO_AT_ONCE, start, sentence)
    sign = re.search(r"(?<=:)\s?>\s?$", text[max(0, start - 4) : start])  # on a line of its own it begins a quotation
    start -= len(sign[0]) if sign and "\n" not in sign[0] else 0
    bound = next(numerals(text, start, sentence), None) if _BEYOND.match(text, start, sentence) else None
    if bound and next(numerals(text, bound.end, sentence), None) is None:
        return Found(text[start:sentence].strip()[:200], f"{rule}, a range", start, sentence, True)
    start = bound.end if bound else start
    for begin, until in ((text.rfind("=", start, sentence) + 1, sentence), (start, sentence), (start, end)):
        if _unevaluated(text, max(begin, start), until, "box" in rule):
            return Found(text[start:sentence].strip()[:200], f"{rule}, an expression", start, sentence, True)
        found = [one for one in numerals(text, max(begin, start), until) if not denied(text, one.start)]
        if found and _hedged(text, found, until):
            return Found(None, TWO_AT_ONCE, found[0].start, found[-1].end)
        if found:
            return Found(_signed(text, start, found[0]), rule, found[0].start, found[0].end, True)
    if is_expression(text, start, sentence):
        return Found(text[start:sentence].strip()[:200], f"{rule}, an expression", start, sentence, True)
    return None


def _signed(text: str, start: int, number: Numeral) -> str:
    """The number, with a minus that stands apart: `- 5`."""
    apart = re.fullmatch(r"[\s*$]{0,3}-\s{1,3}\$?", text[start : number.start])
    return f"-{number.value}" if apart and number.value != "0" and number.value[0] != "-" else number.value


def _unevaluated(text: str, start: int, end: int, boxed: bool) -> bool:
    """Whether a stretch is an expression: `8 - 6\\pi`; in a box any that is not worked out: `9 \\cdot 2`."""
    first_one = next(numerals(text, start, end), None)
    if first_one is None:
        return False
    operator = _OPERATOR.match(text, first_one.end, end)
    if operator is None:
        return is_expression(text, start, first_one.start)
    after = operator.end()
    a_range = operator[0].strip() == "-" and text[after].isdigit()
    return (boxed and not a_range) or is_expression(text, after, min(end, after + 12))


def _hedged(text: str, found: list[Numeral], until: int) -> bool:
    """Whether the first two numbers, or all that there are, stand for one another: `17 or 18`, `10-15`, `1, 2, 3`."""
    if len({one.value for one in found}) == 1:
        return False
    between = [text[one.end : two.start] for one, two in pairwise(found)]
    if _EITHER.fullmatch(between[0]) or _BETWEEN.search(text[max(0, found[0].start - 12) : found[0].start]):
        return found[0].value != found[1].value
    if _RANGE.fullmatch(between[0]):
        return _less(found[0].value, found[1].value)
    return all(_AND.fullmatch(gap) for gap in between) and _REST.match(text[found[-1].end : until]) is not None


def _less(one: str, two: str) -> bool:
    """Of plain digits; of anything else it cannot be told."""
    if not (one + two).replace(".", "").isdigit() or len(one + two) > 30:
        return False
    return float(one) < float(two)


def _line(asked: _Asked) -> Found | None:
    last = asked.text.rfind("\n", asked.start, asked.end) + 1
    alone = _alone(asked.text, last, asked.end) if last > asked.start and not asked.cut else None
    if alone:
        return Found(alone.value, "the last line is a number", alone.start, alone.end)
    begins = None if asked.cut else _BEGINS.match(asked.text, asked.start, asked.end)
    number = next(numerals(asked.text, asked.start, begins.end()), None) if begins else None
    return Found(number.value, "the number that the answer begins with", number.start, number.end) if number else None


def _bold(asked: _Asked) -> Found | None:
    start = asked.text.rfind("\n", asked.start, asked.end) + 1
    for match in () if asked.cut else reversed(list(_BOLD.finditer(asked.text, start, asked.end))):
        alone = _alone(asked.text, *match.span(1))
        if alone and not denied(asked.text, match.start()):
            return Found(alone.value, "the last number in bold", alone.start, alone.end)
    return None


def _last(asked: _Asked) -> Found | None:
    every = () if asked.cut else reversed(list(numerals(asked.text, asked.start, asked.end)))
    said = (one for one in every if not denied(asked.text, one.start))
    last, before = next(said, None), next(said, None)
    if before and last and before.value != last.value and _one_of_two(asked.text, before, last):
        return Found(None, TWO_AT_ONCE, before.start, last.end)
    return Found(last.value, "the last number", last.start, last.end) if last else None


def _one_of_two(text: str, one: Numeral, two: Numeral) -> bool:
    """Whether the last numbers stand for one another: `41, 42, or 43`, `between 40 and 44`."""
    gap = text[one.end : two.start]
    between = _IN_BETWEEN.search(text[max(0, one.start - 12) : one.start])
    return bool(_OR.fullmatch(gap) or (between and _UP_TO.fullmatch(gap)))


def _asked(text: str, cut: bool) -> _Asked:
    return _Asked(text, len(text) - len(text.lstrip()), len(text.rstrip()), cut)


RULES: Mapping[str, Callable[[_Asked], Found | None]] = {
    "whole": _whole,
    "marked": _marked,
    "line": _line,
    "bold": _bold,
    "last": _last,
}
SURE = ("whole", "marked")
"""Rules that read what was given as the answer; they come first."""


@dataclass(frozen=True)
class Number:
    """Right if the number that was read equals the target, or one of several golds. `3 million` is 3000000; it is also
    3 where the question speaks of millions."""

    two_ways: ClassVar[bool] = True
    """Whether its scores hold `strict` beside the value."""
    rules: tuple[str, ...] = ("whole", "marked", "line", "bold", "last")
    """The cascade; `("whole", "marked")` is the strict reading by itself."""

    def __post_init__(self) -> None:
        known(RULES, self.rules)

    def refusal(self, sample: Sample) -> str:
        """Why a sample could not be judged, whatever were answered; empty where it can."""
        if any(canonical(gold) for gold in golds(sample)):
            return ""
        return f"the answer {sample.target[:40]!r} is no number. Remedy: --scorer math, exact or by-choices"

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict; `strict` beside it."""
        read = read_number(told(completion), completion.finish_reason == "length", self.rules)
        wanted = {canonical(gold) for gold in golds(sample)} - {None}
        right = read is not None and read.answer is not None
        if read is not None and right:
            right = read.answer in wanted or _as_asked(read, sample, completion, wanted)
        return in_two_ways(verdict(completion, read, right))


def read_number(
    text: str | Folded, cut: bool = False, rules: tuple[str, ...] = ("whole", "marked", "line", "bold", "last")
) -> Reading | None:
    """The number a text gives as its answer. In a text that was cut, only a marked one is an answer, or the whole."""
    tidied = tidy(text if isinstance(text, Folded) else Folded(text))
    body = tidied.text
    found = first(RULES, tuple(name for name in rules if name in SURE), _asked(body, cut))
    if found is None:
        rest = behind_marks(body) if "marked" in rules else body
        found = first(RULES, tuple(name for name in rules if name not in SURE), _asked(rest, cut))
    if found is not None and found.answer is not None and found.rule != "the last number":
        found = _corrected(body, found)
    return reading(found, tidied)


def stated_number(text: str) -> str | None:
    """The number that a sentence behind a mark states, or else the last in it."""
    tidied = tidy(Folded(text)).text
    found = _stated(tidied, 0, len(tidied), "")
    read = found.answer if found else None
    if read is not None and canonical(read) == read:
        return read
    last = read_number(text) if found is None else None
    return last.answer if last else None


def _corrected(text: str, found: Found) -> Found:
    """What takes the place of a number right after it: `41... wait, 42`; not the beginning of a check."""
    for place in corrections(text, found.end):
        number = next(numerals(text, place, place + 60), None)
        if number and number.start == place and not _GOES_ON.match(text, number.end):
            found = Found(number.value, "a correction of what was read", number.start, number.end)
    return found


def _as_asked(read: Reading, sample: Sample, completion: Completion, wanted: Container[str | None]) -> bool:
    """Whether the answer without its scale is a right one, and the question is in that scale."""
    if read.span is None:
        return False
    raw = completion.text[slice(*read.span)]
    number = next(numerals(tidy(Folded(raw)).text), None)
    scale = re.search(r"thousand|million|billion|trillion|[千万萬亿億]", raw.lower())
    if number is None or scale is None or scale[0] not in sample.question.lower():
        return False
    return number.unscaled in wanted
