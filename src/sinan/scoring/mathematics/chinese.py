"""Chinese words of mathematics as signs: 三分之二, 百分之五, 3万, 根号2, 大于等于, 或."""

import re

from sinan.scoring.hanzi import value

_WORDS = (
    ("大于等于|大于或等于|不小于|不少于", r"\\ge "),
    ("小于等于|小于或等于|不大于|不超过", r"\\le "),
    ("不等于", r"\\ne "),
    ("约等于|约为|大约是?|约(?=[0-9])", r"\\approx "),
    ("等于", " = "),
    ("大于", " > "),
    ("小于", " < "),
    ("属于", r"\\in "),
    ("正负", r"\\pm "),
    ("或者|或", r" \\lor "),
    ("并且|且", r" \\land "),
    ("、|以及|和|与", ", "),
    ("(?:正|\\+)无穷大?|(?<!负)无穷大?", r"\\infty "),
    ("负无穷大?", r"-\\infty "),
    ("实数集R?|全体实数|所有实数|任意实数", r"\\mathbb{R}"),
    ("空集|无解|无实数解|无实根|没有解|不存在实数解", r"\\emptyset "),
    (r"根号\s?\(?([0-9]+)\)?", r"\\sqrt{\1}"),
    (r"百分之([0-9.]+)", r"\1\\%"),
    (r"([0-9]+)分之([0-9]+)", r"\\frac{\2}{\1}"),
    (r"派(?![\u4e00-\u9fff])", r"\\pi "),
    (r"([0-9.]+)的平方", r"\1^2"),
    (r"负(?=[0-9\\.])", "-"),
    (r"度(?![\u4e00-\u9fff0-9])", r"^\\circ "),
)
_PATTERNS = tuple((re.compile(words), sign) for words, sign in _WORDS)
_DIGITS = {
    digit: at
    for at, digits in enumerate("零〇 一壹 二贰两 三叁 四肆 五伍 六陆 七柒 八捌 九玖".split())
    for digit in digits
}
_PLACES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_PLAIN = {digit: "零一二三四五六七八九"[at] for digit, at in _DIGITS.items()} | dict(
    zip("拾佰仟", "十百千", strict=True)
)
_NUMERAL = f"[{''.join(_DIGITS)}{''.join(_PLACES)}{''.join(_MYRIADS)}]+"
_RUN = re.compile(rf"百(?=分之)|{_NUMERAL}")
_WHOLE = re.compile(
    rf"(?:答案?[是为:：]?|第|共有?|负|百分之)*({_NUMERAL})(点{_NUMERAL})?(?:分之{_NUMERAL})?%?[\u4e00-\u9fff]{{0,3}}[。.]?"
)
_MIXED = re.compile(
    r"([0-9][0-9,]*(?:\.[0-9]+)?)\s?(百万|千万|百亿|千亿|万亿|万|亿|百(?!分)|千(?![克米瓦卡赫分]))(?![\u4e00-\u9fff]分之)"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff、]")


def in_signs(text: str) -> str:
    """The text with Chinese numbers and words of mathematics as ASCII and LaTeX; anything else stays."""
    if not _CHINESE.search(text):
        return text
    text = _MIXED.sub(_times, text)
    if _WHOLE.fullmatch(text.strip()):
        text = _RUN.sub(lambda run: _value(run[0]), text).replace("点", ".")
    else:
        text = re.sub(rf"百分之({_NUMERAL})|({_NUMERAL})分之({_NUMERAL})", lambda run: _RUN.sub(_number, run[0]), text)
    for pattern, sign in _PATTERNS:
        text = pattern.sub(sign, text)
    return text


def _times(match: re.Match[str]) -> str:
    """`1.2亿` written out: 120000000."""
    factor = 1
    for sign in match[2]:
        factor *= _PLACES.get(sign) or _MYRIADS[sign]
    whole, _, part = match[1].replace(",", "").partition(".")
    zeros = len(str(factor)) - 1
    part = part.ljust(zeros, "0")
    return str(int(whole + part[:zeros])) + (f".{part[zeros:]}" if part[zeros:] else "")


def _number(run: re.Match[str]) -> str:
    return _value(run[0])


def _value(run: str) -> str:
    """`一百零五` is 105, `二〇二六` is 2026."""
    if run == "百":  # of 百分之
        return run
    if all(sign in _DIGITS for sign in run):
        return "".join(str(_DIGITS[sign]) for sign in run)
    plain = "".join(_PLAIN.get(sign, sign) for sign in run)
    return str(value(plain if plain[0] not in "百千万萬亿億" else f"一{plain}"))
