"""The convention of MMMU and MMMU-Pro, without their guess: where nothing can be read, nothing is chosen.

Options: the last letter in brackets, else the last that stands between blanks, else, in more than five words, the
last option whose text is in the response. MMMU-Pro first looks behind the last `Answer:`, and takes letters before a
blank or a full stop even at the end of a word: of several the last between blanks, else the first of the alphabet. Open
questions: right if a gold number is among the numbers of the telling parts (behind `is`, `so`, `answer` and the like),
to two decimals, or a gold text is part of one of them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sinan.scoring.cascade import Found, reading
from sinan.scoring.verdict import in_two_ways, nothing, told, verdict
from sinan.types import Completion, Reading, Sample, Score

_AROUND = ",.!?;:'"
_CUES = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)
_TRIVIAL = tuple(_AROUND)
_TOO_LONG = re.compile(r"\d{60,}")
"""Digits that are no answer; the published patterns take the square of their number to look through them."""


@dataclass(frozen=True)
class Mmmu:
    """Right as the published judge says. The golds of an open question are its metadata's `gold`, or the target."""

    pro: bool = False
    """Whether the rules are those of MMMU-Pro."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        text = told(completion)
        if not sample.choices:
            return in_two_ways(_open(sample, completion, text.text))
        read = reading(_chosen(text.text, sample, self.pro), text)
        return in_two_ways(verdict(completion, read, read is not None and read.answer == sample.target))


def _chosen(text: str, sample: Sample, pro: bool) -> Found | None:
    marked = text.rfind("Answer:") if pro else -1
    if marked >= 0:
        behind = [letter for letter in sample.letters if text.find(letter, marked + 7) >= 0]
        if len(behind) == 1:
            place = text.find(behind[0], marked + 7)
            return Found(behind[0], "the only letter behind the last `Answer:`", place, place + 1, True)
    bare, start = _bare(text)
    for form, rule in _forms(pro):
        found = [letter for letter in sample.letters if form.format(letter) in bare]
        if found:
            letter = _last(bare, found, "({})" if form == "({})" else " {} ")
            at = start + bare.rfind(form.format(letter)) + form.index("{")
            return Found(letter, rule, at, at + 1)
    return _by_text(bare, start, sample)


def _last(bare: str, letters: Sequence[str], form: str) -> str:
    """The letter that stands last in a form; the first one of the alphabet where none stands so, as published."""
    return max(letters, key=lambda letter: bare.rfind(form.format(letter)))


def _forms(pro: bool) -> tuple[tuple[str, str], ...]:
    loose = (("{} ", "a letter before a blank"), ("{}.", "a letter before a full stop"))
    alone = ((" {} ", "the last letter between blanks"),)
    return (("({})", "the last letter in brackets"), *(loose if pro else alone))


def _bare(text: str) -> tuple[str, int]:
    """Without punctuation around it, between blanks; and what must be added to its places."""
    start, end = 0, len(text)
    for sign in _AROUND:  # one sign after the other, as published: `.,` leaves a full stop
        while start < end and text[start] == sign:
            start += 1
        while start < end and text[end - 1] == sign:
            end -= 1
    return f" {text[start:end]} ", start - 1


def _by_text(bare: str, start: int, sample: Sample) -> Found | None:
    if len(bare.split()) <= 5:
        return None
    lowered = _lowered(bare)
    places = [
        (lowered.rfind(_lowered(choice)), letter) for choice, letter in zip(sample.choices, sample.letters, strict=True)
    ]
    place, letter = max(places, key=lambda one: one[0])
    length = len(sample.choices[sample.letters.index(letter)])
    begin = start + max(place, 1)
    return Found(letter, "the last option whose text is there", begin, begin + length) if place >= 0 else None


def _lowered(text: str) -> str:
    """In small letters, one for one: places stay what they are, also behind a letter that becomes two (`İ`)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c if len(c.lower()) > 1 else c.lower() for c in text)


def _open(sample: Sample, completion: Completion, text: str) -> Score:
    said = [_forms_of(part)[0] for part in _told(text)]
    gold = sample.metadata.get("gold", sample.target)
    golds = {form for one in (gold if isinstance(gold, list | tuple) else [gold]) for form in _forms_of(str(one))}
    texts = [form for form in golds if isinstance(form, str)]
    if not text.strip():
        return nothing(completion)
    for part in said:
        met = part in golds if isinstance(part, float) else any(form in part for form in texts)
        if met:
            return verdict(completion, Reading(str(part), "a telling part of the response", sure=False), True)
    return verdict(completion, Reading(str(said[0]), "the first telling part of the response", sure=False), False)


def _told(text: str) -> list[str]:
    """The telling parts of a response, and the numbers in them."""
    lowered = text.strip().strip(".").lower()
    lines = lowered.split("\n")
    told = [_tail(line, (*_CUES, "=") if line is lines[-1] else _CUES) for line in lines]
    told = [tail for tail in told if tail and tail not in _TRIVIAL] or [lowered]
    return told + [number for part in told for number in _numbers(part)]


def _tail(line: str, cues: Sequence[str]) -> str:
    """The shortest of what follows a cue. An empty one takes the place of a longer one before it, as published."""
    tail = ""
    for cue in cues:
        behind = line.rpartition(cue)[2].strip()
        if cue in line and (not tail or len(behind) < len(tail)):
            tail = behind
    return tail


def _numbers(text: str) -> Iterable[str]:
    text = _TOO_LONG.sub(" ", text)
    for pattern in _NUMBERS:
        yield from (match[0] for match in pattern.finditer(text))


def _forms_of(text: str) -> Sequence[float | str]:
    """A number to two decimals, else the text in small letters; a lone letter with a blank, so that it is a word."""
    text = text.strip()
    try:
        return (round(float(text.replace(",", "")), 2),)
    except (ValueError, OverflowError):
        lowered = text.lower()
        return (f" {lowered}", f"{lowered} ") if len(lowered) == 1 else (lowered,)
