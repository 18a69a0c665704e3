r"""Numbers as they are written, and the one canonical writing of each: `1,234.50`, `-3/4`, `1.5e3`, `\frac{1}{2}`.

Numbers are never turned into floats, nor written out: `1e999999` is compared by its digits and its exponent.
A percent sign and a unit are dropped; `3 million`, `3万` and `5k` are multiplied out.
"""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from sinan.scoring.folded import Folded
from sinan.scoring.hanzi import FORMAL, HANZI, hanzi, plain
from sinan.scoring.marks import fold

_SIGNS: dict[int, str | int] = {
    ord(sign): ascii_sign
    for sign, ascii_sign in {
        **dict.fromkeys("−–—‐‑‒﹣", "-"),
        "⁄": "/",
        "٫": ".",
        "٬": ",",
        "～": "~",
        "〜": "~",
    }.items()
}
_POWER = (
    r"(?:[eE](?P<e>[-+]?[0-9]{1,6})(?![0-9])"
    r"|\s?(?:[×x*·]|\\times|\\cdot)\s?10\s?(?:\^|\*\*)\s?[{(]?(?P<p>[-+]?[0-9]{1,6})[})]?)"
)
_SCALES = {
    "thousand": 3,
    "million": 6,
    "billion": 9,
    "trillion": 12,
    "k": 3,
    "千": 3,
    "万": 4,
    "萬": 4,
    "亿": 8,
    "億": 8,
}
_SCALES |= {"百万": 6, "千万": 7, "万亿": 12}
_SCALE = (
    r"\s?(?P<scale>(?:thousand|million|billion|trillion)s?\b|(?<=[0-9])k(?![A-Za-z])"
    r"|百万|千万|万亿|[万萬亿億]|千(?![克米瓦卡帕焦字赫伏]))"
)
_NUMBER = re.compile(
    r"(?:(?<![A-Za-z0-9_)])(?P<sign>[-+]))?[$€£¥₹]?(?<![A-Za-z_0-9])"
    r"(?:(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.(?P<part>[0-9]+))?|\.(?P<bare>[0-9]+))"
    rf"(?:{_POWER}|(?P<mixed>\s[0-9]{{1,9}})?\s?/\s?(?P<under>(?!0+(?![0-9]))[0-9]{{1,50}})(?![0-9/])"
    rf"|{_SCALE}(?:(?P<more>[0-9])(?P<less>[千百十]))?)?"
)
_FRACTION = re.compile(
    r"(?:(?P<minus>-)\s?)?\\[dtc]?frac\s?"
    r"(?:\{\s?(-?[0-9]{1,50})\s?\}\s?\{\s?([0-9]{1,50})\s?\}|([0-9])([0-9])|([0-9])\s?\{\s?([0-9]{1,50})\s?\})"
)
_CURRENCY = re.compile(r"\b(?:USD|US|CNY|RMB|EUR|GBP|HK|Rs\.?)\s?(?=[-+]?[0-9$])|\\(?=[$%])|人民币(?=[0-9])")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_TEN_RAISED = re.compile(r"(?<![0-9.])10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,6})")
_POWER_OF_TEN = re.compile(r"(?<![0-9.,×x*·])(?<![×x*·]\s)(?<!times)(?<!times\s)10\s?\^\s?[{(]?([-+]?[0-9]{1,6})[)}]?")
_NEGATIVE = re.compile(
    r"(?:\bnegative\s|(?:^|(?<=is\s)|(?<=[:=]\s))minus\s|负|負|零下)(?=[$0-9.])", re.IGNORECASE | re.MULTILINE
)
_VULGAR = re.compile(r"(?:(?<=[0-9])(?P<after>))?(?P<sign>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")
_VULGARS = {sign: unicodedata.normalize("NFKC", sign).replace("⁄", "/") for sign in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
_OTHER_DIGITS = re.compile(r"(?![0-9])\d")
_GROUPED = re.compile(r"(?<=[0-9])(?:\{,\}|\\,|[\u2009\u202f\xa0](?=[0-9]{3}(?![0-9])))(?=[0-9])|\\[,!]")
_APOSTROPHES = re.compile(r"(?<![0-9'’_])[0-9]{1,3}(?:(?:['’][0-9]{3})+|(?:_[0-9]{3})+)(?![0-9'’_])")
_MINUS = re.compile(r"(?:^|(?<=[:=(]))\s{0,3}[−－]\s{1,2}(?=[$0-9.])", re.MULTILINE)
_SPACED = re.compile(r"(?<![0-9.,])(?<![0-9.,]\s)[0-9]{1,3}(?: [0-9]{3}){2,}(?![0-9.,]| [0-9])")
_LAKHS = re.compile(r"(?<![0-9.,])[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?![0-9,])")
_EUROPEAN = re.compile(
    r"(?<![0-9.,])(?:[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,9}(?![0-9]|[,.][0-9])"
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,}(?![0-9]|\.[0-9]))"
)
_DECIMAL_COMMA = re.compile(
    r"(?<![0-9.,(\[{])(?:[0-9]{1,9},(?:[0-9]{1,2}|[0-9]{4,9})|0,[0-9]{3})(?![0-9,)\]}]|\.[0-9]|,\s?[0-9])"
)
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9_])_{1,2}(?=[$0-9-])")
_HALF = re.compile(r"(?<=[0-9])\sand\s(?:a|one)\shalf\b", re.IGNORECASE)
_BEFORE_A_FRACTION = re.compile(r"(?<=[0-9])(?=\\[dtc]?frac)")
_NO_NUMBER = re.compile(
    r"(?<![0-9])[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![0-9])"
    r"|(?<![0-9])[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?![0-9])|(?<![0-9])[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}(?![0-9])"
)
"""Times and dates."""
_MORE_THAN_A_NUMBER = re.compile(r"\s?(?:\\sqrt|√|\\pi|π|\^(?!\s?\{?\s?\\?(?:circ|°))|[²³⁴⁵⁶⁷⁸⁹](?![A-Za-z]))")
_ROOT = re.compile(r"(?:\\sqrt(?:\[[0-9]\])?\s?\{?|√|\\log|\\ln|\\sin|\\cos|\\tan|\^\{?|_\{?)\s?[({]?$")


class Numeral(NamedTuple):
    """One number of a tidied text."""

    match: re.Match[str]

    @property
    def value(self) -> str:
        """In its canonical writing."""
        return _canonical(self.match)

    @property
    def unscaled(self) -> str:
        """The same without its `million` or `万`."""
        return _canonical(self.match, scaled=False)

    @property
    def start(self) -> int:
        """Its first character."""
        return self.match.start()

    @property
    def end(self) -> int:
        """The character after it."""
        return self.match.end()


def tidy(text: Folded) -> Folded:
    """With one writing for the many of signs, fractions, powers and groups of digits."""
    text = text.sub(_GROUPED, "") if not text.text.isascii() or "\\" in text.text or "{,}" in text.text else text
    text = fold(text if text.text.isascii() else text.sub(_MINUS, "-")).translated(_SIGNS)
    if not text.text.isascii():
        text = text.sub(_VULGAR, lambda m: " " * (m["after"] is not None) + _VULGARS[m["sign"]])
        text = text.sub(_OTHER_DIGITS, lambda m: str(unicodedata.decimal(m[0])))
        text = text.sub(_TEN_RAISED, lambda m: "10^" + m[1].translate(_RAISED)).sub(FORMAL, plain).sub(HANZI, hanzi)
    text = text.sub(_CURRENCY, "").sub(_APOSTROPHES, lambda m: re.sub(r"\D", "", m[0]))
    text = text.sub(_SPACED, lambda m: m[0].replace(" ", "")).sub(_LAKHS, lambda m: m[0].replace(",", ""))
    text = text.sub(_EUROPEAN, lambda m: m[0].replace(".", "").replace(",", "."))
    text = text.sub(_DECIMAL_COMMA, lambda m: m[0].replace(",", "."))
    text = text.sub(_NO_NUMBER, lambda m: re.sub(r"[0-9]", "□", m[0])).sub(_POWER_OF_TEN, r"1e\1")
    text = text.sub(_EMPHASIS, "") if "_" in text.text else text
    text = text.sub(_NEGATIVE, "-").sub(_HALF, " 1/2").sub(_BEFORE_A_FRACTION, " ")
    return text.sub(_FRACTION, lambda m: f"{m['minus'] or ''}{m[2] or m[4] or m[6]}/{m[3] or m[5] or m[7]}")


def numerals(text: str, start: int = 0, end: int | None = None) -> Iterator[Numeral]:
    """The numbers of a tidied text; nothing that is part of an expression, as `2` of `2π` and `3` of `√3`."""
    for match in _NUMBER.finditer(text, start, len(text) if end is None else end):
        if not _is_part(text, match):
            yield Numeral(match)


def is_expression(text: str, start: int, end: int) -> bool:
    """Whether a stretch has numbers only as parts of expressions."""
    match = _NUMBER.search(text, start, end)
    return match is not None and _is_part(text, match)


def _is_part(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 10) : match.start()]
    return bool(_MORE_THAN_A_NUMBER.match(text, match.end()) or _ROOT.search(before))


def canonical(text: str) -> str | None:
    """The first number of a text in its one canonical writing (`1,234.50` is `1234.5`, `3/6` is `0.5`), or None."""
    found = next(numerals(tidy(Folded(text)).text), None)
    return found.value if found else None


def is_number(text: str) -> bool:
    """Whether a text is one number and nothing else but a currency or percent sign."""
    tidied = tidy(Folded(text)).text
    found = next(numerals(tidied), None)
    return found is not None and not (tidied[: found.start] + tidied[found.end :]).strip(" $€£¥%")


def _canonical(match: re.Match[str], scaled: bool = True) -> str:
    whole, part = (match["whole"] or "").replace(",", ""), match["part"] or match["bare"] or ""
    sign = "-" if match["sign"] == "-" else ""
    under = match["under"]
    if under and len(whole) <= 50 and not part:
        return sign + _fraction(whole, match["mixed"], under)
    exponent = int(match["e"] or match["p"] or 0)
    if match["scale"] and scaled:
        exponent = _SCALES[match["scale"].lower().removesuffix("s")]
        if match["more"] and not part and len(whole) <= 50:  # 1万2千
            rest = int(match["more"]) * 10 ** ("十百千".index(match["less"]) + 1)
            whole, exponent = str(int(whole) * 10**exponent + rest), 0
    return sign + _decimal(whole, part, exponent) if _is_not_zero(whole + part) else "0"


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
