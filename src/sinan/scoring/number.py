r"""Is the number right? Reads `$1,234.50`, `-3/4`, `1.5e3`, `\frac{1}{2}`, `５０％`, and compares them exactly.

Numbers are never turned into floats, nor written out: `1e999999` is compared by its digits and its exponent.
A percent sign and a unit are dropped on both sides.
"""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from sinan.scoring.marks import marked, plain
from sinan.scoring.verdict import Reading, said, verdict
from sinan.types import Completion, Sample, Score

_SIGNS = str.maketrans(dict.fromkeys("−–—‐‑‒﹣", "-") | {"⁄": "/", "٫": ".", "٬": ","})
_POWER = (
    r"(?:[eE](?P<e>[-+]?[0-9]{1,6})(?![0-9])|\s?(?:[×x*·]|\\times|\\cdot)\s?10\s?\^\s?[{(]?(?P<p>[-+]?[0-9]{1,6})[})]?)"
)
_NUMBER = re.compile(
    r"(?:(?<![\w)])(?P<sign>[-+]))?[$€£¥₹]?(?<![A-Za-z_0-9])"
    r"(?:(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.(?P<part>[0-9]+))?|\.(?P<bare>[0-9]+))"
    rf"(?:{_POWER}|(?P<mixed>\s[0-9]{{1,9}})?\s?/\s?(?P<under>(?!0+(?![0-9]))[0-9]{{1,50}})(?![0-9]))?"
)
_FRACTION = re.compile(
    r"(?P<minus>-?)\s?\\[dt]?frac\s?(?:\{\s?(-?[0-9]{1,50})\s?\}\s?\{\s?([0-9]{1,50})\s?\}|([0-9])([0-9]))"
)
_CURRENCY = re.compile(r"\b(?:USD|US|CNY|RMB|EUR|GBP|Rs\.?)\s?(?=[-+]?[0-9$])|\\(?=[$%])")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_TEN_RAISED = re.compile(r"(?<![0-9.])10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,6})")
_POWER_OF_TEN = re.compile(r"(?<![0-9.,×x*·])(?<![×x*·]\s)(?<!times)(?<!times\s)10\s?\^\s?[{(]?([-+]?[0-9]{1,6})[)}]?")
_NEGATIVE = re.compile(r"(?:\bnegative\s|负)(?=[$0-9.])", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]")
_VULGAR = re.compile(r"(?<=[0-9])(?=[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")


@dataclass(frozen=True)
class Number:
    """The marked number if there is one, else the last number of the answer; right if it equals the target."""

    def __call__(self, sample: Sample, completion: Completion) -> Score:
        """The verdict."""
        reading = read_number(said(completion), cut=completion.finish_reason == "length")
        return verdict(completion, reading, reading is not None and reading.answer == canonical(sample.target))


def canonical(text: str) -> str | None:
    """The only number of a text in its one canonical writing (`1,234.50` is `1234.5`, `3/6` is `0.5`), or None."""
    found = _numbers(_tidy(text))
    return found[0] if found else None


def is_number(text: str) -> bool:
    """Whether a text is one number and nothing else but a currency or percent sign."""
    match = _NUMBER.search(_tidy(text))
    return match is not None and not (_tidy(text)[: match.start()] + _tidy(text)[match.end() :]).strip(" $€£¥%")


def read_number(text: str, cut: bool = False) -> Reading | None:
    """The number a text gives as its answer. In a text that was cut, only a marked one is an answer."""
    tidy = _tidy(text)
    for mark in marked(tidy):
        number = _of_line(mark.text)
        if number is not None:
            return Reading(number, mark.rule)
    if cut and not is_number(text):
        return None
    found = _numbers(tidy)
    return Reading(found[-1], "the last number") if found else None


def _tidy(text: str) -> str:
    text = _VULGAR.sub(" ", plain(text).translate(_SIGNS))
    text = re.sub(r"[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]", lambda m: unicodedata.normalize("NFKC", m[0]).replace("⁄", "/"), text)
    text = re.sub(r"(?![0-9])\d", lambda m: str(unicodedata.decimal(m[0])), text)
    text = _CURRENCY.sub("", text.replace("{,}", ",").replace("\\,", "").replace("\\!", ""))
    text = _TEN_RAISED.sub(lambda m: "10^" + m[1].translate(_RAISED), text)
    text = _NEGATIVE.sub("-", _POWER_OF_TEN.sub(r"1e\1", text))
    return _FRACTION.sub(lambda m: f"{m['minus']}{m[2] or m[4]}/{m[3] or m[5]}", text)


def _of_line(line: str) -> str | None:
    """The number that a marked line states: after its last `=`, else the first of its sentence, else of the line."""
    line = re.sub(r"^([-+])\s+(?=[$0-9.])", r"\1", line)
    sentence = _SENTENCE_END.split(line, maxsplit=1)[0]
    for text in (sentence.rpartition("=")[2], sentence, line):
        found = _numbers(text, only_first=True)
        if found:
            return found[0]
    return None


def _numbers(text: str, only_first: bool = False) -> list[str]:
    found = []
    for match in _NUMBER.finditer(text):
        found.append(_canonical(match))
        if only_first:
            break
    return found


def _canonical(match: re.Match[str]) -> str:
    whole, part = (match["whole"] or "").replace(",", ""), match["part"] or match["bare"] or ""
    sign = "-" if match["sign"] == "-" else ""
    under = match["under"]
    if under and len(whole) <= 50 and not part:
        return sign + _fraction(whole, match["mixed"], under)
    return sign + _decimal(whole, part, int(match["e"] or match["p"] or 0)) if _is_not_zero(whole + part) else "0"


def _is_not_zero(digits: str) -> bool:
    return bool(digits.strip("0"))


def _fraction(whole: str, mixed: str | None, under: str) -> str:
    value = Fraction(int(whole), int(under))
    if mixed:
        value = int(whole) + Fraction(int(mixed), int(under))
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest > 1:
        return f"{value.numerator}/{value.denominator}"
    places = value.denominator.bit_length()  # enough: a denominator 2^a 5^b needs max(a, b) decimal places
    digits = str(value.numerator * 10**places // value.denominator).rjust(places + 1, "0")
    return _decimal(digits[:-places], digits[-places:], 0) if _is_not_zero(digits) else "0"


def _decimal(whole: str, part: str, exponent: int) -> str:
    """Plain digits where that is short, else `digits e exponent`: one writing for one value."""
    digits, exponent = (whole + part).lstrip("0"), exponent - len(part)
    stripped = digits.rstrip("0")
    exponent += len(digits) - len(stripped)
    if exponent >= 0 and exponent <= 40:
        return stripped + "0" * exponent
    if -40 <= exponent < 0:
        stripped = stripped.rjust(1 - exponent, "0")
        return f"{stripped[:exponent]}.{stripped[exponent:]}"
    return f"{stripped}e{exponent}"
