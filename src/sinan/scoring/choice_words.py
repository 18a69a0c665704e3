"""How a choice is said in words: `I choose B`, `B is correct`, `选B`; and how two are said at once."""

import re
from collections.abc import Iterator

from sinan.scoring.corrections import corrections
from sinan.scoring.denied import called_wrong, denied, supposed

_OPEN = r"[\s*_`\"'“‘(\[{$【《:：]{0,6}"
_ALONE = r"(?![A-Za-z0-9'’+#^_-]|\.\w|\s?°)"
_A_NAME = r"(?:(?i:the\s)?(?i:option|choice|letter|answer|statement)|选项|選項)?"
_CHOSEN = re.compile(
    r"(?:\b(?i:(?:choose|select|pick|chose|selected|picked)|go(?:ing)?\s(?:with|for)|settle\son|opt\sfor"
    r"|(?:it\sis|it['’]s|must\sbe|should\sbe|would\sbe|has\sto\sbe)|lea(?:ve|ves|ving|f)(?:\sus)?(?:\swith)?"
    r"|left\swith|definitely|certainly|probably|most\slikely|answer\sis)\b"
    r"|[应應]?[选選][择擇項项]?|应该?[为是]|應該?[為是]|就是|答案|(?:认为|觉得|認為|覺得)(?:应该?)?是)"
    rf"{_OPEN}{_A_NAME}{_OPEN}(?P<chosen>[A-Z]){_ALONE}"
    r"|(?<![A-Za-z0-9'’])(?P<right>[A-Z])[)*\]\s]{0,4}(?:(?:is|seems|must\sbe|would\sbe|should\sbe)\s(?:the\s)?(?:only\s)?"
    r"(?:correct|right|best|answer|true|most\s)|it\sis\b|[选選]?[项項]?(?:也?是|就是)?(?:正确|对的|正確|對的))"
    r"|\b(?i:therefore|thus|hence|so)\b,?[\s*:(]{1,4}(?P<so>[A-Z])[)*.]{0,4}(?=\n|$)"
    rf"|(?:\b(?i:but(?:\srather)?)\b|而是|(?<=,)\s?是){_OPEN}{_A_NAME}{_OPEN}(?P<instead>[A-Z]){_ALONE}"
    r"|(?:因此|所以|综上(?:所述)?|故)[\s,:]{0,3}[*(]{0,3}(?P<also>[A-Z])[)*.。]{0,4}(?=\n|$)"
)
_MENTIONED = re.compile(rf"(?:\b(?i:option|choice|answer|statement)s?|选项|選項){_OPEN}(?P<letter>[A-Z]){_ALONE}")
_JOIN = r"(?:,|/|&|、|\+|和|或者?|及|以及|与|與|跟|还是|and\b|or\b|and/or\b|as\swell\sas\b)"
_AND_ANOTHER = re.compile(
    rf"[\s)\]*_.\"'”’]{{0,4}}(?:[(]\s?)?{_JOIN}\s?(?:and\s|or\s|maybe\s|possibly\s|choose\s|pick\s|和|或)?"
    r"(?:option\s|选项|选|選)?[(\[*_\"'“‘]{0,3}(?P<other>[A-Z])(?![A-Za-z0-9'’])(?!\s(?!and\b|or\b|are\b)[a-z])"
    r"|\s(?P<next>[A-Z])[\s.)*]{0,3}$"
)
_BESIDES = re.compile(r"(?<![A-Za-z])[A-Z][)\]\s*]{0,3}(?:还是|或者?|\bor\b)\s?$")
_CALLED_WRONG = re.compile(r"\b(?:wrong|incorrect|false|not)\b|n['’]t\b|错|不|有误")
_HEAD = re.compile(
    r"[\s*_`\"'“‘(\[{$【《<#]{0,6}(?:options?|choices?|选项|選項|选|選)?\s?[\s*_`\"'“‘(\[{$]{0,6}"
    r"([A-Za-z])(?![A-Za-z0-9'’+^_])",
    re.IGNORECASE,
)
_BOTH = re.compile(r"[\s*_`]{0,4}(?:both|either|neither|any\sof|all\sof)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"[\s*_`\"'“‘(\[{$]{0,6}([A-Z]{2,6})[\s*_`\"'”’)\]}$.。]{0,6}")
_AS_A_WORD = re.compile(
    r"\s(?!because|since|as\b|and\b|or\b|which|with|for\b|is\b|not\b|rather|instead|over\b|but\b)[a-z0-9]"
)
_CORRECTED = re.compile(r"([A-Z])(?![A-Za-z0-9'’])(?!\s[a-z])")


def chosen(text: str) -> Iterator[tuple[str, int]]:
    """The letters that are chosen in words, with their places, the last first; none that is denied, supposed, asked for
    or one of two."""
    for match in reversed(list(_CHOSEN.finditer(text))):
        group = str(match.lastgroup)
        article = group != "right" and an_article(text, match.start(group))
        # `not A but B`: what stands before `but` denies another.
        start = match.start(group) if group == "instead" else match.start()
        if not article and not _put_off(text, start, match.end(group)):
            yield match[group], match.start(group)


def an_article(text: str, place: int) -> bool:
    """Whether the letter at a place is the article `a` or the word `I`, by the word that follows."""
    return text[place] in "aAI" and _AS_A_WORD.match(text, place + 1) is not None


def mentioned(text: str) -> Iterator[tuple[str, int]]:
    """Every option that is spoken of by its letter and not denied."""
    for match in _MENTIONED.finditer(text):
        if not _put_off(text, match.start(), match.end()):
            yield match["letter"], match.start("letter")


def _put_off(text: str, start: int, end: int) -> bool:
    asked = re.match(r"[)\s*]{0,3}\?", text[end : end + 4])
    besides = _another(text, end) or _BESIDES.search(text[max(0, start - 12) : start])
    return bool(besides or asked) or denied(text, start) or supposed(text, start) or called_wrong(text, end)


def _another(text: str, end: int) -> str | None:
    """The letter that stands beside one that ends at `end`: `A or B`. `B, and A is wrong` has none."""
    match = _AND_ANOTHER.match(text, end)
    return None if match is None or called_wrong(text, match.end()) else match["other"] or match["next"]


def hedged(line: str, letters: str) -> bool:
    """Whether a line begins with two letters at once: `A or B`, `both A and B`."""
    if _BOTH.match(line):
        return True
    match = _HEAD.match(line)
    if match is None or match[1].upper() not in letters:
        return False
    return _another(line, match.end()) not in (None, match[1].upper(), "I")


def joined(line: str, end: int, letters: str) -> bool:
    """Whether another option follows one that ends at `end`, its text and all: `(B) London and (C) New York`."""
    another = _AND_ANOTHER.match(line, end)
    if another is None or (another["other"] or "?") not in letters:
        return False
    return _CALLED_WRONG.search(line[another.end() : another.end() + 60]) is None


def several(line: str, letters: str) -> bool:
    """Whether a line is letters written together: `AB`."""
    match = _SEVERAL.fullmatch(line) if len(line) <= 20 else None
    return match is not None and len(set(match[1])) > 1 and set(match[1]) <= set(letters)


def corrected(text: str, end: int, letters: str) -> tuple[str, int] | None:
    """The letter that takes the place of one that ends at `end`: `A... wait, C`. The last such correction counts."""
    found = None
    for place in corrections(text, end):
        letter = _CORRECTED.match(text, place)
        if letter and letter[1] in letters and not denied(text, place):
            found = letter[1], place
    return found
