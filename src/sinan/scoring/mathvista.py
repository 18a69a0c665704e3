"""The convention of MathVista: an extracted answer is made to fit its question, then compared as text.

Of several options the one that is named by its letter, else the one with the least edit distance to what was
extracted, so that something is always chosen; a whole number cut off behind the point; a decimal number rounded to
the digits that were asked for; anything else as it is. Published outputs bring what was extracted (by a model, from
the response) beside the response; a completion is taken as such an extraction.
"""

import re
from dataclasses import dataclass

from sinan.errors import MissingExtra
from sinan.scoring.cascade import Found, reading
from sinan.scoring.letter import Letter
from sinan.scoring.number import Number
from sinan.scoring.verdict import in_two_ways, told, verdict
from sinan.types import Completion, Reading, Sample, Score

_LETTER = re.compile(r"\(([a-zA-Z])\)")


@dataclass(frozen=True)
class MathVista:
    """Right if the fitted answer is the target's text. The sample's metadata have `answer_type` (`integer`, `float` or
    `list`, where there are no choices) and `precision`, the digits behind the point."""

    extracted: bool = True
    """Whether a completion is an extracted answer, as published. False: a whole response, from which the letter or
    number is read first as `Letter` and `Number` read it, and where nothing can be read nothing is chosen."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict. Raises MissingExtra."""
        if self.extracted:
            text = told(completion)
            body = text.text.strip()
            begin = text.text.find(body)
            found = Found(body, "the extracted answer", begin, begin + len(body), True) if body else None
            read = reading(found, text)
        else:
            read = _read(sample, completion)
        if read is None or read.answer is None:
            return in_two_ways(verdict(completion, read, False))
        fitted = _option(read.answer, sample) if sample.choices else _number(read.answer, sample)
        if fitted is None:
            return in_two_ways(verdict(completion, None, False))
        gold = sample.choices[sample.gold] if sample.choices and sample.target in sample.letters else sample.target
        answer = Reading(fitted, f"{read.rule}, fitted to the question", read.span, read.sure)
        return in_two_ways(verdict(completion, answer, fitted == gold))


def _read(sample: Sample, completion: Completion) -> Reading | None:
    score = (Letter() if sample.choices else Number())(sample, completion)
    return score.readings[0] if score.readings else None


def _option(answer: str, sample: Sample) -> str:
    """The text of the option that is named, or is most like the answer; of equals the first."""
    named = _LETTER.search(answer)
    answer = named[1].upper() if named else answer
    if answer in tuple(sample.letters):
        return sample.choices[sample.letters.index(answer)]
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError:
        raise MissingExtra("MathVista's scorer", "rapidfuzz", "text") from None
    return min(sample.choices, key=lambda choice: Levenshtein.distance(answer, choice))


def _number(answer: str, sample: Sample) -> str | None:
    """The answer in the writing that the question's type has; None where it is no such number."""
    kind = sample.metadata.get("answer_type")
    try:
        if kind == "integer":
            return str(int(answer))
        if kind == "float":
            return str(round(float(answer), int(sample.metadata.get("precision") or 0)))
    except (ValueError, OverflowError):
        return None
    return answer
