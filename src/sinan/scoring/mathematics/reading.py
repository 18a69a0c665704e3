r"""Where a completion states its mathematical answer: boxed, marked, all that is said, last formula, last number.

The later of box and mark counts, but a mark is passed over when no mathematics follows it. Several boxes on one line
are several answers. What was read after no mark is not sure. Time grows with the length of the text and no faster.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from sinan.scoring.marks import marked
from sinan.scoring.mathematics.answers import read
from sinan.scoring.mathematics.forms import Quantity, Unread, Words
from sinan.scoring.mathematics.formulas import Formula, formula_at, formulas
from sinan.scoring.mathematics.units import unit
from sinan.scoring.number import read_number, stated_number
from sinan.scoring.verdict import Reading

_WIDE = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " "}
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\s{0,3}(?:\{|([^\s{}$\\]{1,40}))")
_JOINT = r"(?:and|or|And|Or|和|或者?|及|与|且|、|,|;|&|\\text\s?\{\s?,?\s?(?:and|or|和|或)\s?\})"
_BETWEEN = re.compile(
    rf"[\s$\\()\[\]]{{0,6}}{_JOINT}(?:[\s$,()\[\]]|\\[()\[\], ]|\\quad|{_JOINT}){{0,8}}"
    r"(?:\w{1,4}(?:_\{?\w\}?)?\s?=\s?)?"
)
_JOINED = re.compile(rf"\s{{0,3}}{_JOINT}\s{{0,3}}(?:{_JOINT}\s{{0,3}})?")
_NO_END = r"(?<!\\)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bMrs)(?<!\ba\.m)(?<!\bp\.m)"
_SENTENCE = re.compile(
    rf"{_NO_END}[.!?](?=\s|$|[*_\"'”’)])|。|\n|,\s(?=which|where|as\b|so\b)|,?\s(?=because\b|since\b)"
    r"|,\s?(?=因为|其中|所以)"
)
_LEAD = re.compile(
    r"(?:\s|[*_#>:]|(?:so|thus|hence|therefore|finally|then|we (?:get|have|find|obtain)|this gives|that is|it is|it's|"
    r"i\.e\.|namely|exactly|equal to|given by|simply|just|either|the value of)(?![a-z])|"
    r"(?:综上所述?|综上|因此|所以|故|即|则|得到?|解得|可得|由此得|于是|答|应?选择?)[,:，：]?|,)+",
    re.IGNORECASE,
)
_TAIL = 20_000
"""Characters at the end of a text in which a formula that nothing marks is looked for."""
_SENTENCE_LENGTH = 1_000
_MARKS = 20
_MARK_END = re.compile(
    r"(?:\b(?:is|are|was|be|equals|answers?|ans)[\s\W]{0,5}|是|为|選|选|答|案|[】)\]]|####|boxed\s{0,3}\{)$",
    re.IGNORECASE,
)
_DENIED = re.compile(r"(?:not|neither|nor)\s|并非|(?<!\w)不是", re.IGNORECASE)
"""What begins with it is no answer."""
_BEYOND = re.compile(r"[<>]|(?:more|less|fewer|greater|smaller)\sthan\b|[大小多少]于(?!等|或)|超过", re.IGNORECASE)
"""A range without its letter; not `at least 42`, which may be the number asked for."""
_WORDY = 4
"""A stretch of more words than this, that is no formula, is a sentence around an answer."""


class _Stretch(NamedTuple):
    text: str
    start: int
    end: int


def read_answer(text: str, offset: int = 0, words: bool = False, cut: bool = False) -> Reading | None:
    """What a text gives as its answer. `offset` is where the text begins in the completion; `words` says that the
    answer asked for is no formula: a name, an option's letter. Of a text that was cut only what is marked counts."""
    text = text.translate(_WIDE) if not text.isascii() else text
    found = _given(_boxed(text, cut), _marked(text, words), words)
    sure = found is not None
    if found is None:
        found = _whole(text, words, cut)
        sure = found is not None
    if found is None and not cut:
        found = _last_words(text) if words else _last_formula(text) or _last_line(text) or _last_number(text)
    if found is None:
        return None
    stretch, rule = found
    return Reading(stretch.text, rule, (stretch.start + offset, stretch.end + offset), sure)


def _given(
    box: tuple[_Stretch, str] | None, mark: tuple[_Stretch, str] | None, words: bool
) -> tuple[_Stretch, str] | None:
    """The box, unless a mark behind it has a formula: `our answer is correct` takes nothing back."""
    if box is None or mark is None:
        return box or mark
    later = mark[0].start > box[0].end
    return mark if later and not words and not isinstance(read(mark[0].text), Words | Unread) else box


def boxed(text: str) -> str | None:
    """What the last box of a worked solution holds, and nothing that stands around it."""
    found = _boxes(text, cut=False)
    return found[-1].text if found else None


def _boxes(text: str, cut: bool) -> list[_Stretch]:
    """What is inside each box that is closed and not empty; of nested ones the innermost."""
    found: list[_Stretch] = []
    for match in list(_BOX.finditer(text))[-20:]:
        if match[1]:
            found.append(_bare(text, *match.span(1)))
            continue
        end = _closing(text, match.end())
        if end is None:
            if cut:
                continue
            end = _line_end(text, match.end())
        if found and found[-1].start < match.start() and end < found[-1].end + 3:
            found.pop()
        found.append(_bare(text, match.end(), end))
    return [each for each in found if each.text.strip("? .")]


def _closing(text: str, start: int) -> int | None:
    depth = 1
    for brace in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, start, start + 4_000):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if depth == 0:
            return brace.start()
    return None


def _line_end(text: str, start: int) -> int:
    """Where a box that is never closed must have ended at the latest."""
    end = re.compile(r"\n|\$|\\[\])]").search(text, start, start + 4_000)
    return end.start() if end else min(len(text), start + 4_000)


def _bare(text: str, start: int, end: int) -> _Stretch:
    """Without white space and emphasis at the ends."""
    while start < end and (text[start].isspace() or text[start] in "*`"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in "*`"):
        end -= 1
    return _Stretch(text[start:end], start, end)


def _boxed(text: str, cut: bool) -> tuple[_Stretch, str] | None:
    boxes = _boxes(text, cut)
    if not boxes:
        return None
    last = boxes.pop()
    several = [last]
    while boxes and _BETWEEN.fullmatch(_BOX.sub("", text[boxes[-1].end : several[0].start].lstrip("}"))):
        several.insert(0, boxes.pop())
    if len(several) > 1:
        joined = _Stretch(", ".join(each.text for each in several), several[0].start, last.end)
        return joined, "inside the last boxes, joined"
    return _with_unit(text, last, last.end + 1), "inside the last \\boxed{}"


def _marked(text: str, words: bool) -> tuple[_Stretch, str] | None:
    """What follows the last mark that mathematics follows; where none does, the last mark."""
    spare = None
    end = len(text)
    for mark in islice(marked(text), _MARKS):
        at = _place(text, mark.text, end)
        end = at if at >= 0 else end
        if at < 0 or "boxed" in mark.rule:
            continue
        stretch = _stated(text, at, words)
        if stretch is None:
            continue
        if words or not isinstance(read(stretch.text), Words | Unread) or "\\" in stretch.text:
            return stretch, mark.rule
        spare = spare or (stretch, mark.rule)
    return spare


def _place(text: str, stretch: str, end: int) -> int:
    """Where the stretch behind a mark begins: its last occurrence that has a mark before it; -1 where there is none."""
    at = text.rfind(stretch, 0, end)
    for _ in range(_MARKS):
        if at < 0 or _MARK_END.search(text[max(0, at - 80) : at].rstrip(" \t\r\n*_`:>=~\"'")):
            return at
        at = text.rfind(stretch, 0, at + len(stretch) - 1)
    return -1


def _stated(text: str, at: int, words: bool = False) -> _Stretch | None:
    """The answer that begins here: its formulas, or its sentence."""
    formula = _formulas_from(text, at)
    if formula:
        return formula
    most = min(len(text), at + _SENTENCE_LENGTH)
    stop = _SENTENCE.search(text, at, most)
    stretch = _trimmed(text, at, stop.start() if stop else most)
    if not stretch.text or (not words and _DENIED.match(stretch.text)):
        return None
    return stretch if words else _reduced(text, stretch)


def _trimmed(text: str, start: int, end: int) -> _Stretch:
    lead = _LEAD.match(text, start, end)
    start = lead.end() if lead and lead.end() < end else start
    stretch = _bare(text, start, end)
    body = stretch.text
    while body and (
        body[-1] in ",:;\"”'" or (body[-1] in ")}]" and body.count(body[-1]) > sum(map(body.count, "([{")))
    ):
        body = body[:-1].rstrip("*_ ")
    return _Stretch(body, stretch.start, stretch.start + len(body))


def _reduced(text: str, stretch: _Stretch) -> _Stretch:
    """Of a sentence around an answer: its last formula, what follows its last `=`, or its number."""
    if not isinstance(read(stretch.text), Words | Unread) or _BEYOND.match(stretch.text):
        return stretch
    if found := formulas(text, stretch.start, stretch.end):
        return _inside(text, found[0])
    if len(stretch.text.split()) <= _WORDY and not re.search(r"[0-9]", stretch.text):
        return stretch
    before, sign, after = stretch.text.rpartition("=")
    if sign and after.strip() and not isinstance(read(after), Words | Unread):
        return _bare(text, stretch.start + len(before) + 1, stretch.end)
    if re.match(r"[A-Za-z]+\s[0-9]{1,2}(?:st|nd|rd|th)?$|[0-9]{1,2}:[0-9]{2}", stretch.text) or "\\" in stretch.text:
        return stretch
    number = stated_number(stretch.text)
    return stretch if number is None else _Stretch(number, stretch.start, stretch.end)


def _formulas_from(text: str, at: int) -> _Stretch | None:
    """The formula that begins here, with those that are joined to it and the unit behind them."""
    first = formula_at(text, at)
    if first is None:
        return None
    found = [_inside(text, first)]
    end = first.end
    while (joint := _JOINED.match(text, end)) and (following := formula_at(text, joint.end())):
        found.append(_inside(text, following))
        end = following.end
    if len(found) == 1:
        return _with_unit(text, found[0], end)
    return _Stretch(", ".join(each.text for each in found), found[0].start, found[-1].end)


def _inside(text: str, formula: Formula) -> _Stretch:
    return _bare(text, formula.first, formula.last)


def _with_unit(text: str, stretch: _Stretch, end: int) -> _Stretch:
    """With the unit that stands behind a formula, where it is a known one: `$500$ cm`, `\\boxed{20}\\%`."""
    behind = re.compile(
        r"\$?\s?(\\?%|[A-Za-z]{1,12}(?:\^[23]|²|³|/[a-z]{1,2})?(?![A-Za-z])|[\u4e00-\u9fff]{1,3})"
    ).match(text, end)
    form = read(stretch.text)
    if not behind or not isinstance(form, Quantity) or form.unit or not unit(behind[1].lstrip("\\")).kind:
        return stretch
    if behind[1] == "in" and re.compile(r"\s[A-Za-z]").match(text, behind.end(1)):
        return stretch
    return _Stretch(
        f"{stretch.text} \\text{{{behind[1]}}}" if behind[1][-1] != "%" else f"{stretch.text}\\%",
        stretch.start,
        behind.end(1),
    )


def _whole(text: str, words: bool, cut: bool) -> tuple[_Stretch, str] | None:
    """A text that is one formula, or a few words on one line."""
    bare = _bare(text, 0, len(text))
    if not bare.text or len(bare.text) > _TAIL // 10:
        return None
    formula = formula_at(text, bare.start)
    alone = formula is not None and not text[formula.end :].strip(" .\n*")
    if not alone and "\n" in bare.text:
        return None
    bare = bare if alone else _trimmed(text, bare.start, bare.end)
    if words and re.search(r"\s(?:is|are|was|were)\s|.[是为].", bare.text):
        return None
    form = read(bare.text)
    known = alone or not isinstance(form, Words | Unread)
    if cut:
        return (bare, "the whole answer") if known and re.fullmatch(r"[-+0-9.,/$%\s]+", bare.text) else None
    if known or (words and len(bare.text.split()) <= _WORDY):
        return bare, "the whole answer"
    return None


def _last_formula(text: str) -> tuple[_Stretch, str] | None:
    """The last formula, with those joined to it, unless a number stands in the text behind it."""
    found = formulas(text, max(0, len(text) - _TAIL))[-12:]
    if not found or re.search(r"(?<![A-Za-z])[0-9]", text[found[-1].end :]):
        return None
    start = len(found) - 1
    while start and _JOINED.fullmatch(text, found[start - 1].end, found[start].start):
        start -= 1
    stretch = _formulas_from(text, found[start].start)
    return (stretch, "the last formula") if stretch and stretch.text else None


def _last_line(text: str) -> tuple[_Stretch, str] | None:
    """The last line, where it is a formula but for words that lead to it."""
    end = len(text.rstrip())
    start = text.rfind("\n", 0, end) + 1
    for begin in _beginnings(text, start, end):
        stretch = _trimmed(text, begin, end)
        bare = stretch.text.rstrip(".。 ")
        if (
            bare
            and len(bare) <= 400
            and not _DENIED.match(bare)
            and not isinstance(read(bare), Words | Unread)
            and re.search(r"[0-9\\=一二三四五六七八九十]", bare)
        ):
            return _Stretch(bare, stretch.start, stretch.start + len(bare)), "the last line"
    return None


def _beginnings(text: str, start: int, end: int) -> Iterator[int]:
    """Where the last line begins, and where its last clause does."""
    yield start
    clauses = [
        match.end()
        for match in re.compile(r"[,:，：;；。]\s?|\.\s|\b(?:is|are|be|equals)\s|[是为]").finditer(text, start, end)
    ]
    yield from clauses[-6:]


def _last_words(text: str) -> tuple[_Stretch, str] | None:
    """The few words that the last line ends with, behind `is` or alone."""
    end = len(text.rstrip())
    start = text.rfind("\n", 0, end) + 1
    for match in re.compile(r"\b(?:is|are|was|were)\s|[是为](?=.)").finditer(
        text, max(start, end - _SENTENCE_LENGTH), end
    ):
        start = match.end()
    stretch = _trimmed(text, start, end)
    return (stretch, "the last words") if 0 < len(stretch.text.split()) <= _WORDY else None


def _last_number(text: str) -> tuple[_Stretch, str] | None:
    number = read_number(text)
    if number is None or number.answer is None:
        return None
    start, end = number.span or (0, len(text))
    return _Stretch(number.answer, start, end), number.rule
