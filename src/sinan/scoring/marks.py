r"""Where an answer is marked as such: `ANSWER: 18`, `The answer is B.`, `答案：B`, `#### 18`, `\boxed{18}`.

A model may name several answers on its way; the last one that can be read counts. Every pattern here is bounded
and the stretches after the marks do not overlap, so that time grows with the length of the text and no faster.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEADING = r"(?!\s{0,3}(?:step|part|case|solution|method|步骤|第)|\s{0,3}\d{1,3}\s?[.):、]\s{1,3}[^\s\d])"
_TO_THE_QUESTION = r"(?:\s(?:to|for)\s[^.\n:]{1,60}?)?"
_CLOSING = r"[\s*_`\"”’')\]}】]{0,5}"
_IS = r"(?:is|are|was|(?:would|should|must|will)\sbe|equals|:|=|(?:应该?|就)?(?:是|为|選|选))(?!\s{0,3}not\b)"
_MARK = re.compile(
    rf"(?P<cue>answers?{_TO_THE_QUESTION}(?:\s?\([^()\n]{{0,40}}\))?{_CLOSING}{_IS}(?![a-z])"
    rf"|(?:^|\n)[\s#*_]{{0,8}}(?:final\s)?answer[*_]{{0,3}}\s{{0,2}}\n"
    rf"|(?:答案|正确选项|正確選項){_CLOSING}{_IS}"
    r"|(?:\bans|(?:^|\n)答)\s?:)"
    rf"|(?P<hashes>(?<!#)####(?!#){_HEADING})"
    r"|(?P<box>\\f?boxed\s{0,3}\{)",
    re.IGNORECASE,
)
_NAMES = {"cue": "after the last answer mark", "hashes": "after the last ####", "box": "inside the last \\boxed{}"}
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xFFE5: "¥", 0xA0: " "}
_WRAPPED = re.compile(r"\\(?:text|textbf|textrm|mathrm|mathbf|mbox)\s?\{([^{}]*)\}")
_BEFORE_AN_ANSWER = " \t\r\n*_`:>=~"


class Marked(NamedTuple):
    """The rest of the line after a mark."""

    text: str
    rule: str


def plain(text: str) -> str:
    """The text with full-width signs as ASCII and `\\text{B}` as `B`."""
    text = text if text.isascii() else text.translate(_FULL_WIDTH)
    return _WRAPPED.sub(r"\1", text) if "\\" in text else text


def marked(text: str) -> Iterator[Marked]:
    """What follows each mark of a plain text, the last mark first; nothing that is empty."""
    end = len(text)
    for match in reversed(list(_MARK.finditer(text))):
        after = text[match.end() : end]
        kind = str(match.lastgroup)
        after = _inside(after) if kind == "box" else after
        line = after.lstrip(_BEFORE_AN_ANSWER).partition("\n")[0].strip()
        if line:
            yield Marked(line, _NAMES[kind])
        end = match.start()


def _inside(text: str) -> str:
    """Up to the brace that closes the one before the text; the whole text where none does."""
    depth = 1
    for place in re.finditer(r"[{}]", text):
        depth += 1 if place[0] == "{" else -1
        if depth == 0:
            return text[: place.start()]
    return text
