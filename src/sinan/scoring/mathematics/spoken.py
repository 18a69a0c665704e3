"""Answers in words: numbers, `no solution`, `all real numbers`, `infinity`; and the one form in which words compare."""

import re
import unicodedata
from fractions import Fraction

from sinan.scoring.mathematics.forms import EMPTY, REALS, Answer, Number, Quantity, Variable

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_NUMBERS = {word: value for value, word in enumerate(_SMALL)}
_TENS = {word: 10 * at for at, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)}
_NUMBERS |= _TENS | {"twenty": 20, "a hundred": 100, "one hundred": 100, "one thousand": 1000, "one million": 10**6}
_NUMBERS |= {
    f"{tens}{joint}{_SMALL[ones]}": value + ones
    for tens, value in (_TENS | {"twenty": 20}).items()
    for joint in ("-", " ")
    for ones in range(1, 10)
}
_FRACTIONS = {"one half": (1, 2), "a half": (1, 2), "half": (1, 2), "one third": (1, 3), "two thirds": (2, 3)}
_FRACTIONS |= {"one quarter": (1, 4), "one fourth": (1, 4), "three quarters": (3, 4), "three fourths": (3, 4)}
_NOTHING = (
    "no solution|no solutions|no real solution|no real solutions|there is no solution|there are no solutions|none|"
    "the empty set|empty set|no such number exists|no real roots|no solution exists"
).split("|")
_ALL = "all real numbers|all reals|the set of all real numbers|real numbers|all real x".split("|")
WORDS = set("yes no odd not red all any and or one two six ten sun mon tue wed fri sat dna man men cat dog box".split())
"""Words of up to three letters that are no product of variables."""


def spoken(tidied: str) -> Answer | None:
    """The answer that a phrase stands for, if it is one that is known."""
    said = re.sub(r"\\text\s?\{([^{}]*)\}", r"\1", tidied) if "\\text" in tidied else tidied
    said = " ".join(said.lower().split()).strip(" .,;:!\"'")
    if said in _NUMBERS:
        return Quantity(Number(Fraction(_NUMBERS[said])))
    if said in _FRACTIONS:
        return Quantity(Number(Fraction(*_FRACTIONS[said])))
    if said in _NOTHING:
        return EMPTY
    if said in _ALL:
        return REALS
    return Quantity(Variable("oo")) if said in ("infinity", "positive infinity") else None


def word_form(tidied: str) -> str:
    """What words compare by: no LaTeX, no case, no white space, no punctuation but between digits."""
    text = re.sub(r"\\(?:text|mathrm)\s?\{([^{}]*)\}", r"\1", tidied)
    text = re.sub(r"\\(?=[$%&#_{}])", "", text)
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<![0-9])[.](?![0-9])|[.](?=\s|$)|(?<=[a-z])[.]", "", text)
    text = re.sub(r"(?<![0-9])\s+|\s+(?![0-9])", "", re.sub(r"^the\s|^an?\s(?=[a-z]{3})", "", text))
    return re.sub(r"[,;!?\"'`*。()\[\]“”‘’]+", "", text)
