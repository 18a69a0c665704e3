r"""Where an answer is marked as such: `ANSWER: 18`, `The answer is B.`, `答案：B`, `#### 18`, `\boxed{18}`.

A model may name several answers on its way; the last one that can be read counts. Every pattern here is bounded
and the stretches after the marks do not overlap, so that time grows with the length of the text and no faster.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from sinan.scoring.denied import supposed
from sinan.scoring.folded import Folded

_HEADING = r"(?!\s{0,3}(?:step|part|case|solution|method|步骤|第)|\s{0,3}\d{1,3}\s?[.):、]\s{1,3}[^\s\d])"
_TO_THE_QUESTION = r"(?:\s(?:to|for)\s[^.\n:]{1,60}?)?"
_CLOSING = r"[\s*_`\"”’')\]}】]{0,5}"
_LINK = r"(?::|=|\s[-–—]\s|\s?(?:→|⇒|->|=>))"
_SURELY = r"(?:(?:definitely|certainly|clearly|surely|probably|therefore|thus|simply|indeed|also)\s)?"
_NOT_NOT = rf"(?!\s{{0,3}}{_SURELY}not\b)"
_IS = (
    rf"(?:(?:is|are|was|(?:would|should|must|will)\sbe|equals)(?![a-z]){_NOT_NOT}"
    rf"|{_LINK}|(?:应该?|就|可能|大概|也)?(?:是|为|選|选))"
)
LANGUAGES = {
    "en": (
        rf"(?:\banswers?|\b(?:correct|right|best|final|my|closest|appropriate|suitable|likely|chosen|matching)\s"
        rf"(?:choice|option|letter|selection))"
        rf"{_TO_THE_QUESTION}(?:\s?\([^()\n]{{0,40}}\))?{_CLOSING}{_IS}"
        rf"|(?:^|\n)[\s*_]{{0,4}}(?:letter|choice|option|selection)[*_]{{0,2}}\s?:"
        rf"|\bans\s?:|(?:^|\n)[\s#*_]{{0,8}}(?:final\s)?answer[*_]{{0,3}}\s{{0,2}}\n"
    ),
    "zh": (
        rf"(?:答案|正确的?(?:选项|答案)|正確的?(?:選項|答案)){_CLOSING}(?:{_IS})|[【\[](?:最终|参考|正确)?答案[】\]]|(?:^|\n)答\s?:"
    ),
    "es": rf"\brespuesta(?:\s(?:correcta|final))?{_CLOSING}(?:es\b(?!\s{{0,3}}no\b)|{_LINK})",
    "pt": rf"\bresposta(?:\s(?:correta|certa|final))?{_CLOSING}(?:é|{_LINK})",
    "it": rf"\brisposta(?:\s(?:corretta|esatta|giusta|finale))?{_CLOSING}(?:è|{_LINK})",
    "fr": rf"\bréponse(?:\s(?:correcte|exacte|finale))?{_CLOSING}(?:est\b(?!\s{{0,3}}pas\b)|{_LINK})",
    "de": rf"\bantwort{_CLOSING}(?:(?:ist|lautet)\b(?!\s{{0,3}}nicht\b)|{_LINK})",
    "ru": rf"\bответ{_CLOSING}(?:{_LINK})",
    "ja": r"(?:答え|正解|解答|回答)\s?(?:は|:)",
    "ko": r"(?:정답|답)\s?(?:은|는|:)",
}
"""How an answer is announced, by language. All of them are looked for: a model may answer in another language than it
was asked in."""
_MARK = re.compile(
    rf"(?P<cue>{'|'.join(LANGUAGES.values())})"
    rf"|(?P<hashes>(?<!#)####(?!#){_HEADING})"
    r"|(?P<box>\\(?:f?boxed|fbox)\s{0,3}\{)"
    r"|(?P<tag><answer>)",
    re.IGNORECASE,
)
_NAMES = {
    "cue": "after the last answer mark",
    "json": "in the last JSON field `answer`",
    "hashes": "after the last ####",
    "box": "inside the last \\boxed{}",
    "tag": "inside the last <answer>",
}
_FIELD = re.compile(r"\s{0,4}(?:\"((?:[^\"\\\n]|\\.){0,2000})\"|(\[[^\[\]\n]{0,400}\]|[^,}\]\n\"]{1,200}))")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xFFE5: "¥", 0xA0: " "}
_CIRCLED = {code: chr(code - 0x24B6 + 65) for code in range(0x24B6, 0x24D0)} | {
    code: chr(code - 0x24D0 + 97) for code in range(0x24D0, 0x24EA)
}
_STYLED = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)}
_SIGNS: dict[int, str | int] = {**_FULL_WIDTH, **_CIRCLED, **_STYLED}
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff]+")
_WRAPPED = re.compile(r"\\(?:text|textbf|textrm|textit|mathrm|mathbf|mathit|mbox)\s?\{([^{}]*)\}")
_BEFORE_AN_ANSWER = " \t\r\n*_`:>=~"


class Marked(NamedTuple):
    """The rest of the line after a mark."""

    text: str
    rule: str
    start: int = 0
    """Where it begins in the text that was searched."""


def fold(text: Folded) -> Folded:
    """With full-width and circled signs as ASCII, `\\text{B}` as `B`, and nothing invisible."""
    text = text.translated(_SIGNS)
    if not text.text.isascii():
        text = text.sub(_INVISIBLE, "")
    return text.keep(_WRAPPED).keep(_WRAPPED) if "\\" in text.text else text  # `\\text{\\textbf{B}}`


def plain(text: str) -> str:
    """`fold` for a text whose places do not matter."""
    return fold(Folded(text)).text


def marked(text: str) -> Iterator[Marked]:
    """What follows each mark of a plain text, the last mark first; nothing that is empty, nor what is only supposed:
    `if the answer is B`."""
    end = len(text)
    for match in reversed(list(_MARK.finditer(text))):
        kind, start, stop = _stretch(text, match, end)
        line = text[start:stop].lstrip(_BEFORE_AN_ANSWER)
        start = stop - len(line)
        line = line.partition("\n")[0].strip()
        if line and not supposed(text, match.start()):
            yield Marked(line, _NAMES[kind], start)
        end = match.start()


def behind_marks(text: str) -> str:
    """For reading on where no mark could be read: what stands before the last one is blank, since that is what the
    answer was not taken from (`... f(0) ... The answer is undefined.`). Places stay as they are."""
    last = next(marked(text), None)
    return " " * last.start + text[last.start :] if last else text


def _stretch(text: str, match: re.Match[str], end: int) -> tuple[str, int, int]:
    """The kind of a mark, and where the stretch behind it begins and ends."""
    kind, start = str(match.lastgroup), match.end()
    if kind == "box":
        return kind, start, _closed(text, start, end)
    if kind == "tag":
        close = text.find("</", start, end)
        return kind, start, close if close >= 0 else end
    if kind == "cue" and re.search(r"[\"']\s?:$", match[0]):
        field = _FIELD.match(text, start, end)
        if field:
            group = 1 if field[1] is not None else 2
            return "json", *field.span(group)
    return kind, start, end


def _closed(text: str, start: int, end: int) -> int:
    """The place of the brace that closes the one before `start`; `end` where none does."""
    depth = 1
    for place in re.compile(r"[{}]").finditer(text, start, end):
        depth += 1 if place[0] == "{" else -1
        if depth == 0:
            return place.start()
    return end
