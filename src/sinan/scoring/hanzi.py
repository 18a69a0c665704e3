"""Chinese numerals as digits: `三百二十`, `一万二千`, `二分之一`, `百分之五十`, `三点一四`, `二〇二四`.

A lone numeral is read only where it is given as an answer: `一` is part of too many words.
"""

import re

_DIGITS = {sign: i for i, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
FORMAL = re.compile("[壹贰貳叁參肆伍陆陸柒捌玖][拾佰仟万萬亿億][零壹贰貳叁參肆伍陆陸柒捌玖拾佰仟万萬亿億]*")
"""As on cheques: a digit with its place, since 陆 and 伍 alone are words."""
_FORMAL = str.maketrans("壹贰貳叁參肆伍陆陸柒捌玖拾佰仟", "一二二三三四五六六七八九十百千")
_DIGIT, _ANY = "零〇一二两兩三四五六七八九", "零〇一二两兩三四五六七八九十百千万萬亿億"
_LONE = "一二两三四五六七八九十零"
_MEASURED = "个個只条元人名本张次天年月岁米斤"
HANZI = re.compile(
    rf"(?:(?P<percent>百分之)|(?P<under>[{_DIGIT}十][{_ANY}]{{0,9}})分之)(?P<over>[{_DIGIT}十][{_ANY}]{{0,9}})"
    rf"|(?P<whole>[{_DIGIT}十][{_ANY}]{{0,9}})点(?P<part>[{_DIGIT}]{{1,12}})(?![刻分十时])"
    rf"|(?P<number>(?:[{_DIGIT}](?=[^十百千万萬亿億]{{0,1}}[十百千万萬亿億])|十(?=[{_DIGIT}万萬亿億]))[{_ANY}]{{1,24}}"
    rf"|[{_DIGIT}]{{4,24}})"
    rf"|(?:(?<=[:是为=负負])|(?<=零下)|^)\s{{0,2}}(?P<lone>[{_LONE}])"
    rf"(?=[\s。．.,，!！$*；;]{{0,6}}$|[\s。．.,，!！$*；;度]|(?<=:[{_LONE}])[{_MEASURED}])",
    re.MULTILINE,
)


def hanzi(match: re.Match[str]) -> str:
    """What a match of `HANZI` is in digits."""
    if match["over"]:
        over = value(match["over"])
        return f"{over}%" if match["percent"] else f"{over}/{value(match['under'])}"
    if match["part"]:
        return f"{value(match['whole'])}." + "".join(str(_DIGITS[sign]) for sign in match["part"])
    return str(value(match["number"] or match["lone"]))


def plain(match: re.Match[str]) -> str:
    """A match of `FORMAL` in everyday signs."""
    return match[0].translate(_FORMAL)


def value(text: str) -> int:
    """A whole number; of digits alone what they are one by one. Every text of the signs above has a value."""
    if all(sign in _DIGITS for sign in text):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    done = myriads = section = digit = 0
    unit = 1
    for sign in text:
        if sign in _DIGITS:
            digit, unit = _DIGITS[sign], unit if _DIGITS[sign] else 1
        elif sign in _UNITS:
            section += (digit or (sign == "十")) * _UNITS[sign]
            digit, unit = 0, _UNITS[sign]
        else:
            many = _MYRIADS[sign]
            if many == 10**8:
                done, myriads = (done + myriads + section + digit) * many, 0
            else:
                myriads += (section + digit) * many
            section = digit = 0
            unit = many
    # 一万二 and 三百五 leave the last unit out.
    return done + myriads + section + digit * (unit // 10 if unit > 10 and text[-1] in _DIGITS else 1)
