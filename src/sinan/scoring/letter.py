"""Which option did the model choose? Reads a letter where it is marked as the choice, never where it merely occurs.

In order: the whole answer is a letter or an option's text; a mark (`ANSWER: B`, `The answer is B`, `答案：B`), the
last that can be read; lines that begin like an option (`B. Paris`), if they agree; a choice in words (`option B`,
`B is correct`, `选B`), the last; letters in brackets, if they agree. Everything else is unparsed: guessing which of
several letters was meant would be an answer of ours.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sinan.scoring.exact import normal
from sinan.scoring.marks import marked, plain
from sinan.scoring.verdict import Reading, said, verdict
from sinan.types import Completion, Sample, Score

_OPEN = r"[\s*_`\"'“‘(\[{$【《<#]{0,6}"
_CLOSE = r"[\s*_`\"'”’)\]}$】》>.。,、:;!]{0,8}"
_LONE = re.compile(rf"{_OPEN}(?:option|choice|选项|選項)?\s?{_OPEN}([A-Za-z]){_CLOSE}", re.IGNORECASE)
_HEAD = re.compile(rf"{_OPEN}(?:option|choice|选项|選項|选|選)?\s?{_OPEN}([A-Za-z])(?![A-Za-z0-9'’+^_])", re.IGNORECASE)
_AND_ANOTHER = re.compile(
    r"[\s)\]*.]{0,4}(?:,|/|&|、|和|或|and\b|or\b)\s?(?:and\s|or\s)?[(\[*]{0,3}[A-Z](?![A-Za-z0-9'])"
)
_AS_A_WORD = re.compile(r"\s(?!because|since|as\b|and\b|or\b|which|with|for\b|is\b)[a-z0-9]")
_OPTION_LINE = re.compile(r"^[\s*_`>-]{0,6}(?:[(\[]([A-Z])[)\]]|([A-Z])[*_]{0,2}(?:[.):、]|\s[-–—]\s))", re.MULTILINE)
_NOT_WRONG = r"(?![*)]{0,3}\s(?:is|was)\s(?:wrong|incorrect|not|false|un)|\s?项?(?:是|也)?(?:错|不|有误))"
_IN_WORDS = re.compile(
    r"(?:\b(?i:(?:option|choice|answer)(?:\sis)?|choose|select|pick|go with|it is|it's|must be)|应?选择?|選擇?|选项)"
    rf"[\s*:(]{{0,4}}([A-Z])(?![A-Za-z0-9'’+-]|\.\w){_NOT_WRONG}"
    r"|(?<![A-Za-z0-9'])([A-Z])[)*\s]{0,4}(?:is (?:the )?(?:correct|right|best|answer|true)|(?:是|项)?正确)"
    r"|\b(?i:therefore|thus|hence|so)\b,?[\s*:(]{1,4}([A-Z])[)*.]{0,4}(?=\n|$)"
)
_BRACKETED = re.compile(r"(?<![A-Za-z0-9_])[(\[]([A-Z])[)\]]")


@dataclass(frozen=True)
class Letter:
    """Right if the letter that was read is the target."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        reading = read_letter(said(completion), sample.choices, completion.finish_reason == "length")
        return verdict(completion, reading, reading is not None and reading.answer == sample.target.strip().upper())


def read_letter(text: str, choices: tuple[str, ...], cut: bool = False) -> Reading | None:
    """The letter of the option that a text chooses, or None. Without choices any of A to J may be it.

    In a text that was cut only a mark or the first line can be an answer: what would have followed is not known.
    """
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(choices) or 10]
    texts = _Texts(choices, letters)
    tidy = plain(text).strip()
    reading = _whole(tidy, letters, texts) or _by_mark(tidy, letters, texts)
    if reading or any(_hedged(mark.text) for mark in marked(tidy)):
        return reading
    if cut:
        return _by_lines(tidy.partition("\n")[0], letters, texts)
    return _by_lines(tidy, letters, texts) or _by_words(tidy, letters, texts) or _by_brackets(tidy, letters, texts)


class _Texts:
    """Which letter an option's text stands for; a text that two options share names neither. Most answers are
    letters, so the options are looked at only when one is not."""

    def __init__(self, choices: tuple[str, ...], letters: str) -> None:
        self._choices, self._letters = choices, letters
        self._known: dict[str, str] | None = None

    def letter(self, text: str) -> str | None:
        if not self._choices:
            return None
        if self._known is None:
            texts = [normal(choice) for choice in self._choices]
            pairs = zip(texts, self._letters, strict=False)
            self._known = {t: letter for t, letter in pairs if t and texts.count(t) == 1}
        return self._known.get(normal(text))


def _whole(text: str, letters: str, texts: _Texts) -> Reading | None:
    lone = _lone(text, letters)
    if lone:
        return Reading(lone, "the whole answer is a letter")
    option = texts.letter(text)
    return Reading(option, "the whole answer is an option's text") if option else None


def _by_mark(text: str, letters: str, texts: _Texts) -> Reading | None:
    # A letter alone is a letter, though an option's text may be `c`, the speed of light.
    for mark in marked(text):
        letter = _lone(mark.text, letters) or texts.letter(mark.text) or _head(mark.text, letters)
        letter = letter or texts.letter(_sentence(mark.text))
        if letter:
            return Reading(letter, mark.rule)
    return None


def _lone(text: str, letters: str) -> str | None:
    """The letter, if the text is one and nothing else."""
    match = _LONE.fullmatch(text) if len(text) <= 80 else None
    return match[1].upper() if match and match[1].upper() in letters else None


def _head(line: str, letters: str) -> str | None:
    """The letter a line begins with; not where it is the article `a`, nor where a second letter follows."""
    match = _HEAD.match(line)
    if not match or match[1].upper() not in letters or _hedged(line):
        return None
    return None if match[1] in "aAI" and _AS_A_WORD.match(line, match.end()) else match[1].upper()


def _hedged(line: str) -> bool:
    """Whether a line names two letters at once: `A or B`."""
    match = _HEAD.match(line)
    return match is not None and _AND_ANOTHER.match(line, match.end()) is not None


def _sentence(line: str) -> str:
    return re.split(r"[.!?](?=\s)|[。！？]", line, maxsplit=1)[0]


def _by_lines(text: str, letters: str, texts: _Texts) -> Reading | None:
    for line, which in ((text.rpartition("\n")[2], "last"), (text.partition("\n")[0], "first")):
        lone = _lone(line, letters)
        if lone:
            return Reading(lone, f"the {which} line is a letter")
    # `b) London` is an option where it is all there is; among other lines it may be the second step of a proof.
    text = text if "\n" in text else text[:3].upper() + text[3:]
    begun = [m for m in _OPTION_LINE.finditer(text) if not _AND_ANOTHER.match(text, m.end())]
    return _agreed((m[1] or m[2] for m in begun), letters, "a line begins like an option")


def _by_words(text: str, letters: str, texts: _Texts) -> Reading | None:
    said_so = [m[1] or m[2] or m[3] for m in _IN_WORDS.finditer(text) if not _AND_ANOTHER.match(text, m.end())]
    said_so = [letter for letter in said_so if letter in letters]
    if said_so:
        return Reading(said_so[-1], "the last choice in words")
    option = texts.letter(text.rpartition("\n")[2])
    return Reading(option, "the last line is an option's text") if option else None


def _by_brackets(text: str, letters: str, texts: _Texts) -> Reading | None:
    return _agreed((m[1] for m in _BRACKETED.finditer(text)), letters, "the only letter in brackets")


def _agreed(found: Iterable[str], letters: str, rule: str) -> Reading | None:
    """The letter, if there is exactly one."""
    distinct = {letter.upper() for letter in found} & set(letters)
    return Reading(distinct.pop(), rule) if len(distinct) == 1 else None
