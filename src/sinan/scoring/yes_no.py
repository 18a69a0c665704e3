"""Yes or no? In the words of several languages, or by the rule of POPE.

Of each answer a score has the parts that precision, recall, F1 and the share of yes are made from: `precision` is there
where yes was answered, `recall` where yes is right, `yes_ratio` always, `f1` as the pair (right, answered).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sinan.scoring.cascade import Found, known, reading
from sinan.scoring.folded import Folded
from sinan.scoring.marks import fold, marked
from sinan.scoring.verdict import in_two_ways, told, verdict
from sinan.types import Completion, Sample, Score

WORDS = {
    "yes": (
        "yes",
        "yeah",
        "yep",
        "true",
        "correct",
        "sí",
        "oui",
        "ja",
        "sim",
        "да",
        "はい",
        "네",
        "예",
        "是",
        "是的",
        "对",
        "對",
        "有",
        "存在",
    ),
    "no": (
        "no",
        "nope",
        "false",
        "incorrect",
        "non",
        "nein",
        "não",
        "нет",
        "いいえ",
        "아니요",
        "否",
        "不是",
        "不",
        "不对",
        "不對",
        "没有",
        "沒有",
        "不存在",
    ),
}
_MEANING = {word: meaning for meaning, words in WORDS.items() for word in words}
_WORD = re.compile(
    r"[\s*_`\"'“‘(\[{$<>#-]{0,6}("
    + "|".join(sorted((re.escape(word) for word in _MEANING), key=len, reverse=True))
    + r")(?![a-zA-Zà-ÿа-я0-9'’])(?!\s?(?:or|/|或)\s?(?:yes|no|是|否))",
    re.IGNORECASE,
)
_LAST = re.compile(r"\s*(?:[\s*_`\"'”’)\]}>.。,，!！]|的){0,6}")
RULES = ("whole", "marked", "begins", "last")
_FIRST_SENTENCE = re.compile(r"[^.]*")


@dataclass(frozen=True)
class YesNo:
    """Right if the answer is what the target means: `yes`, `no`, or a word for one of them."""

    rules: tuple[str, ...] = RULES
    """The cascade: all that was said, what follows the last answer mark, the word that the answer begins with, a last
    line that is such a word."""

    def __post_init__(self) -> None:
        known(dict.fromkeys(RULES), self.rules)

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict, and the parts of precision, recall and the share of yes."""
        text = fold(told(completion))
        return _score(sample, completion, self._found(text.text, completion.finish_reason == "length"), text)

    def _found(self, text: str, cut: bool) -> Found | None:
        start = len(text) - len(text.lstrip())
        found = _word(text, start, "the whole answer", True)
        if "whole" in self.rules and found and _LAST.fullmatch(text, found.end):
            return found
        for mark in marked(text) if "marked" in self.rules else ():
            if found := _word(text, mark.start, mark.rule, True):
                return found
        if "begins" in self.rules and (found := _word(text, start, "the word that the answer begins with", False)):
            return found
        last = text.rstrip().rfind("\n") + 1
        if "last" in self.rules and last and not cut and (found := _word(text, last, "the last line", False)):
            return found if _LAST.fullmatch(text, found.end) else None
        return None


@dataclass(frozen=True)
class Pope:
    """The published rule of POPE: in the first sentence a word `no`, `No` or `not` is no, and anything else is yes, an
    empty answer too."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict, and the parts of precision, recall and the share of yes."""
        text = told(completion)
        sentence = _FIRST_SENTENCE.match(text.text)
        end = sentence.end() if sentence else 0
        no = _no(text.text[:end])
        if no:
            return _score(sample, completion, Found("no", "a word that denies in the first sentence", *no, True), text)
        return _score(sample, completion, Found("yes", "no word that denies in the first sentence", 0, end, True), text)


def _no(sentence: str) -> tuple[int, int] | None:
    """Words are what stands between blanks, without commas."""
    at = 0
    for word in sentence.split(" "):
        if word.replace(",", "") in ("No", "no", "not"):
            return at, at + len(word)
        at += len(word) + 1
    return None


def _word(text: str, start: int, rule: str, sure: bool) -> Found | None:
    match = _WORD.match(text, start)
    return Found(_MEANING[match[1].lower()], rule, *match.span(1), sure) if match else None


def _score(sample: Sample, completion: Completion, found: Found | None, text: Folded) -> Score:
    gold = _MEANING.get(sample.target.strip().lower(), sample.target.strip().lower())
    read = reading(found, text)
    score = in_two_ways(verdict(completion, read, read is not None and read.answer == gold))
    return replace(score, values={**score.values, **_parts(gold == "yes", read.answer if read else None)})


def _parts(gold: bool, answer: str | None) -> Mapping[str, float | tuple[float, ...]]:
    said = answer == "yes"
    parts: dict[str, float | tuple[float, ...]] = {"yes_ratio": float(said), "f1": (float(gold), float(said))}
    if said:
        parts["precision"] = float(gold)
    if gold:
        parts["recall"] = float(said)
    return parts
