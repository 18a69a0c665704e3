"""Which option did the model choose? Reads a letter where it is given as the choice, never where it merely occurs.

The cascade, in order: `whole`: all that was said is a letter or an option's text; `marked`: what follows a mark
(`ANSWER: B`, `The answer is B`, `答案：B`, a box), the last that can be read; `line`: the last or first line is a
letter, or lines begin like an option (`B. Paris`), if they agree; `words`: a choice in words (`I choose B`, `B is
correct`, `选B`), the last; `text`: the one option that the last sentence names; `brackets`: letters in brackets, if
they agree. The first two are sure, the others inferred. A correction right behind what was read (`A... wait, C`)
counts. What is denied, supposed, or two letters at once is unparsed: guessing would be an answer of ours.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from sinan.scoring.cascade import TWO_AT_ONCE, Found, first, known, reading
from sinan.scoring.choice_words import an_article, chosen, corrected, hedged, joined, mentioned, several
from sinan.scoring.denied import called_wrong, denied
from sinan.scoring.folded import Folded
from sinan.scoring.marks import behind_marks, fold, marked
from sinan.scoring.option_texts import OptionTexts, last_sentence, sentence
from sinan.scoring.verdict import Reading, in_two_ways, told, verdict
from sinan.types import Completion, Sample, Score

_OPEN = r"[\s*_`\"'“‘(\[{$【《<#>\\-]{0,6}"
_CLOSE = r"[\s*_`\"'”’)\]}$】》>\\.。．,、:;!]{0,8}"
_NAME = r"(?:the\s)?(?:option|choice|letter|选项|選項)?"
_LONE = re.compile(rf"{_OPEN}{_NAME}\s?{_OPEN}([A-Za-z]){_CLOSE}(?:选?项|選?項)?{_CLOSE}", re.IGNORECASE)
_HEAD = re.compile(rf"{_OPEN}{_NAME}(?:选|選)?\s?{_OPEN}([A-Za-z])(?![A-Za-z0-9'’+#^_])", re.IGNORECASE)
_OPTION_LINE = re.compile(
    r"^[\s*_`>#-]{0,6}(?:[(\[]([A-Z])[)\]]|([A-Z])[*_]{0,2}(?:[.):、．]|\s[-–—]\s(?![A-Z]\b)|,?\s(?:because|since|as|not|rather|instead)\b"
    r"|,\snot\b|,\s?(?:因为|由于|而)))",
    re.MULTILINE,
)
_JOINT = re.compile(r"[\s*_.)]{0,4}(?:or\b|and\b|或者?|和|与)\s?[*_\"“‘(]{0,3}")
_LABEL = re.compile(r"(?<![A-Za-z0-9'(])([A-Z])([):])(?=\s|$)")
_BRACKETED = re.compile(r"(?<![A-Za-z0-9_])[(\[]([A-Z])[)\]]")


@dataclass(frozen=True)
class _Asked:
    """What the rules look at."""

    text: str
    """Folded."""
    start: int
    end: int
    """Of what is not white space."""
    letters: str
    texts: OptionTexts
    cut: bool

    def lone(self, start: int, end: int) -> tuple[str, int] | None:
        """The letter, and its place, if a stretch is one and nothing else."""
        match = _LONE.fullmatch(self.text, start, end) if end - start <= 80 else None
        return (match[1].upper(), match.start(1)) if match and match[1].upper() in self.letters else None

    def lines(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The last and the first line."""
        last, end = self.text.rfind("\n", self.start, self.end) + 1, self.text.find("\n", self.start, self.end)
        return (max(last, self.start), self.end), (self.start, self.end if end < 0 else end)


def _whole(asked: _Asked) -> Found | None:
    lone = asked.lone(asked.start, asked.end)
    if lone:
        return Found(lone[0], "the whole answer is a letter", lone[1], lone[1] + 1, True)
    option = asked.texts.letter(asked.text[asked.start : asked.end])
    return Found(option, "the whole answer is an option's text", asked.start, asked.end, True) if option else None


def _marked(asked: _Asked) -> Found | None:
    # A letter alone is a letter, though an option's text may be `c`, the speed of light.
    for mark in marked(asked.text):
        end = mark.start + len(mark.text)
        lone = asked.lone(mark.start, end)
        if lone:
            return Found(lone[0], mark.rule, lone[1], lone[1] + 1, True)
        option = asked.texts.letter(mark.text)
        if option:
            return Found(option, mark.rule, mark.start, end, True)
        if hedged(mark.text, asked.letters) or several(mark.text, asked.letters):
            return Found(None, TWO_AT_ONCE, mark.start, end)
        if _and_another(asked, mark.text):
            return Found(None, TWO_AT_ONCE, mark.start, end)
        found = _head(asked, mark.start, mark.rule) or _text_first(asked, mark.text, mark.start, mark.rule)
        if found:
            return found
    return None


def _and_another(asked: _Asked, line: str) -> bool:
    """Whether a line begins with an option, letter and text, and another is joined to it."""
    head = _HEAD.match(line)
    close = re.compile(_CLOSE + r"\(?").match(line, head.end()) if head else None
    begun = asked.texts.beginning(line[close.end() :]) if close else None
    if close is None or begun is None:
        return False
    end = close.end() + begun[1]
    joint = _JOINT.match(line, end)
    other = asked.texts.beginning(line[joint.end() :]) if joint else None
    if joint and other and other[0] != begun[0]:
        return not called_wrong(line, joint.end() + other[1])
    return joined(line, end, asked.letters)


def _head(asked: _Asked, start: int, rule: str) -> Found | None:
    """The letter a line begins with; not where it is the article `a`."""
    match = _HEAD.match(asked.text, start)
    if not match or match[1].upper() not in asked.letters or called_wrong(asked.text, match.end()):
        return None
    if an_article(asked.text, match.start(1)):
        return None
    return Found(match[1].upper(), rule, match.start(1), match.end(1), True)


def _text_first(asked: _Asked, line: str, start: int, rule: str) -> Found | None:
    said = sentence(line)
    option = asked.texts.letter(said)
    if option:
        return Found(option, rule, start, start + len(said), True)
    begun = asked.texts.beginning(line.lstrip("*_`\"“'‘"))
    if begun is None:
        return None
    at = start + len(line) - len(line.lstrip("*_`\"“'‘"))
    if asked.texts.named(": " + sentence(line), 0) is None:
        return Found(None, TWO_AT_ONCE, start, start + len(line))
    return Found(begun[0], rule, at, at + begun[1], True)


def _line(asked: _Asked) -> Found | None:
    (start, end), first_one = asked.lines()
    places = {"first": first_one} if asked.cut else {"last": (start, end), "first": first_one}
    if not asked.cut and _only_letters(asked):
        return Found(None, TWO_AT_ONCE, asked.start, asked.end)
    for which, (start, end) in places.items():
        lone = asked.lone(start, end)
        if lone:
            return Found(lone[0], f"the {which} line is a letter", lone[1], lone[1] + 1)
    end = first_one[1] if asked.cut else asked.end
    return _agreed(_begun(asked, end), asked.letters, "a line begins like an option")


def _only_letters(asked: _Asked) -> bool:
    """Whether every line is a letter, and they differ."""
    if asked.end - asked.start > 200:
        return False
    lines = [asked.lone(m.start(), m.end()) for m in re.compile(r"\S[^\n]*").finditer(asked.text, 0, asked.end)]
    return all(lines) and len({line[0] for line in lines if line}) > 1


def _begun(asked: _Asked, end: int) -> Iterable[tuple[str, int]]:
    text = asked.text[:end]
    # `b) London` is an option where it is all there is; among other lines it may be the second step of a proof.
    if "\n" not in text[asked.start :]:
        text = text[: asked.start] + text[asked.start : asked.start + 3].upper() + text[asked.start + 3 :]
    for match in _OPTION_LINE.finditer(text, asked.start):
        group = 1 if match[1] else 2
        line = text[match.end() : match.end() + 200].partition("\n")[0]
        if hedged(text[match.start() : match.end() + 40].strip(), asked.letters) or called_wrong(
            text, match.end(group)
        ):
            continue
        yield match[group], match.start(group)
        # `A: no. B: yes.` goes through the options; `C. A: 0.24; B: 0.26` has C.
        sign = text[match.end(group) : match.end(group) + 1]
        yield from ((label[1], match.start(group)) for label in _LABEL.finditer(line) if label[2] == sign)
        others = {label[1] for label in _BRACKETED.finditer(line)} - {match[group]}
        if len(others) > 1:  # `(A) (B) (C) (D)`
            yield from ((other, match.start(group)) for other in others)


def _words(asked: _Asked) -> Found | None:
    if asked.cut:
        return None
    for letter, place in chosen(asked.text):
        if letter in asked.letters:
            return Found(letter, "the last choice in words", place, place + 1)
    return _agreed(mentioned(asked.text), asked.letters, "the only option spoken of")


def _text(asked: _Asked) -> Found | None:
    if asked.cut:
        return None
    (start, end), _ = asked.lines()
    option = asked.texts.letter(asked.text[start:end])
    if option:
        return Found(option, "the last line is an option's text", start, end)
    named = asked.texts.named(asked.text[: asked.end], last_sentence(asked.text[: asked.end]))
    return Found(named[0], "the option that the last sentence names", named[1], named[2]) if named else None


def _brackets(asked: _Asked) -> Found | None:
    if asked.cut:
        return None
    found = ((m[1], m.start(1)) for m in _BRACKETED.finditer(asked.text) if not _not_it(asked.text, m))
    return _agreed(found, asked.letters, "the only letter in brackets")


def _not_it(text: str, match: re.Match[str]) -> bool:
    return denied(text, match.start()) or called_wrong(text, match.end())


def _agreed(found: Iterable[tuple[str, int]], letters: str, rule: str) -> Found | None:
    """The last place of the letter, if there is exactly one letter."""
    places = {letter.upper(): place for letter, place in found if letter.upper() in letters}
    if len(places) != 1:
        return None
    letter, place = places.popitem()
    return Found(letter, rule, place, place + 1)


def _asked(text: str, letters: str, texts: OptionTexts, cut: bool) -> _Asked:
    return _Asked(text, len(text) - len(text.lstrip()), len(text.rstrip()), letters, texts, cut)


RULES: Mapping[str, Callable[[_Asked], Found | None]] = {
    "whole": _whole,
    "marked": _marked,
    "line": _line,
    "words": _words,
    "text": _text,
    "brackets": _brackets,
}
SURE = ("whole", "marked")
"""Rules that read what was given as the answer; they come first."""

ALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
UNNAMED = 10
"""Letters that may be an answer where the options are not known."""


@dataclass(frozen=True)
class Letter:
    """Right if the letter that was read is the target."""

    two_ways: ClassVar[bool] = True
    """Whether its scores hold `strict` beside the value."""
    rules: tuple[str, ...] = ("whole", "marked", "line", "words", "text", "brackets")
    """The cascade; `("whole", "marked")` is the strict reading by itself."""

    def __post_init__(self) -> None:
        known(RULES, self.rules)

    def refusal(self, sample: Sample) -> str:
        """Why a sample could not be judged, whatever were answered; empty where it can."""
        if sample.choices or sample.target.strip().upper() in set(ALL[:UNNAMED]):
            return ""
        return f"there are no options, and the answer {sample.target[:40]!r} is no letter. Remedy: --scorer exact"

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict; `strict` beside it."""
        read = read_letter(told(completion), sample.choices, completion.finish_reason == "length", self.rules)
        right = read is not None and read.answer == sample.target.strip().upper()
        return in_two_ways(verdict(completion, read, right))


def read_letter(
    text: str | Folded, choices: tuple[str, ...], cut: bool = False, rules: tuple[str, ...] = tuple(RULES)
) -> Reading | None:
    """The letter of the option that a text chooses, or None. Without choices any of A to J may be it.

    In a text that was cut only a mark or the first line can be an answer: what would have followed is not known.
    """
    letters = ALL[: len(choices) or UNNAMED]
    folded = fold(text if isinstance(text, Folded) else Folded(text))
    body, texts = folded.text, OptionTexts(choices, letters)
    found = first(RULES, tuple(name for name in rules if name in SURE), _asked(body, letters, texts, cut))
    if found is None:
        rest = behind_marks(body) if "marked" in rules else body
        found = first(RULES, tuple(name for name in rules if name not in SURE), _asked(rest, letters, texts, cut))
    if found is not None and found.answer is not None:
        letter = corrected(body, found.end, letters)
        if letter:
            found = Found(letter[0], "a correction of what was read", letter[1], letter[1] + 1)
    return reading(found, folded)
