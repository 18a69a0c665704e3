"""Units: which words are one, what kind of thing they measure, and how large each is beside the others of its kind."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

_SIZES = {
    "length": "m 1 metre 1 meter 1 cm 1/100 centimeter 1/100 centimetre 1/100 mm 1/1000 millimeter 1/1000 "
    "millimetre 1/1000 km 1000 kilometer 1000 kilometre 1000 dm 1/10 in 127/5000 inch 127/5000 inche 127/5000 "
    "ft 381/1250 foot 381/1250 feet 381/1250 yd 1143/1250 yard 1143/1250 mi 201168/125 mile 201168/125 nm 1/1000000000 "
    "米 1 厘米 1/100 毫米 1/1000 千米 1000 公里 1000 分米 1/10 里 500",
    "mass": "g 1 gram 1 gm 1 kg 1000 kilogram 1000 mg 1/1000 milligram 1/1000 t 1000000 ton 1000000 tonne 1000000 "
    "克 1 千克 1000 公斤 1000 毫克 1/1000 吨 1000000 斤 500",
    "pounds": "lb 16 pound 16 oz 1 ounce 1",
    "time": "s 1 sec 1 second 1 min 60 minute 60 h 3600 hr 3600 hour 3600 day 86400 week 604800 ms 1/1000 "
    "秒 1 分钟 60 小时 3600 天 86400 日 86400 周 604800 星期 604800",
    "months": "month 1 year 12 yr 12 decade 120 个月 1 年 12",
    "length^3": "l 1/1000 liter 1/1000 litre 1/1000 ml 1/1000000 milliliter 1/1000000 millilitre 1/1000000 升 1/1000 "
    "毫升 1/1000000 cc 1/1000000",
    "length^2": "hectare 10000 公顷 10000 平方米 1 平方厘米 1/10000 平方千米 1000000 平方公里 1000000",
    "gallons": "gallon 8 gal 8 quart 4 qt 4 pint 2 pt 2 cup 1",
    "dollars": "$ 100 usd 100 dollar 100 buck 100 cent 1 美元 100",
    "yuan": "元 100 yuan 100 rmb 100 cny 100 ¥ 100 角 10 块 100 人民币 100",
    "euros": "€ 1 eur 1 euro 1 欧元 1",
    "sterling": "£ 1 gbp 1",
    "rupees": "₹ 1 rs 1 rupee 1 inr 1",
    "length/time": "mph 1397/3125 kmh 5/18 kph 5/18",
    "degrees": "deg 1 degree 1",
    "radians": "rad 1 radian 1",
    "celsius": "degC 1 celsiu 1 摄氏 1",
    "fahrenheit": "degF 1 fahrenheit 1",
    "percent": "% 1 percent 1 pct 1",
    "morning": "am 1",
    "evening": "pm 1",
    "force": "N 1 newton 1 kN 1000",
    "energy": "J 1 joule 1 kJ 1000 kilojoule 1000",
    "power": "W 1 watt 1 kW 1000",
    "volts": "V 1 volt 1",
    "frequency": "Hz 1 hertz 1 kHz 1000 MHz 1000000",
}
_ONE_LETTER = set("mgshltNJWVLA")


class Unit(NamedTuple):
    """`kind` is empty for a word that is not known: such a unit is dropped."""

    kind: str
    size: Fraction = Fraction(1)


def _table() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for kind, words in _SIZES.items():
        parts = words.split()
        found |= {name: Unit(kind, Fraction(size)) for name, size in zip(parts[::2], parts[1::2], strict=True)}
    return found


_KNOWN = _table()
_POWER = re.compile(r"(.*?)\s*\^\s*\{?\s*([23])\s*\}?")
_WORDY = re.compile(r"(sq(?:uare)?|cu(?:bic)?|平方|立方)\.?\s*(.+)")
_NUMBERED = {"sq": 2, "square": 2, "平方": 2, "cu": 3, "cubic": 3, "立方": 3}


@lru_cache(4_096)
def unit(text: str) -> Unit:
    """What a unit's writing measures: `cm^2`, `square inches`, `km/h`, `metres per second`, `students`."""
    text = " ".join(text.split()).strip(" .")
    if found := _simple(text):
        return found
    over = re.split(r"\s*/\s*|\s+per\s+|每", text)
    if len(over) == 2 and all(over):
        above, below = unit(over[0]), unit(over[1])
        return Unit(f"{above.kind}/{below.kind}", above.size / below.size) if above.kind and below.kind else Unit("")
    if raised := _POWER.fullmatch(text):
        return _raised(raised[1], int(raised[2]))
    if wordy := _WORDY.fullmatch(text):
        return _raised(wordy[2], _NUMBERED[wordy[1]])
    return Unit("")


def _simple(text: str) -> Unit | None:
    if text in _KNOWN:
        return _KNOWN[text]
    lower = text.lower().replace(".", "")
    return _KNOWN.get(lower) or (_KNOWN.get(lower.removesuffix("s")) if len(lower) > 2 else None)


def _raised(name: str, power: int) -> Unit:
    base = unit(name)
    return Unit(f"{base.kind}^{power}", base.size**power) if base.kind else Unit("")


def is_unit_word(text: str) -> bool:
    """Whether a run of letters after a number and a space can be a unit: a known one, or a word of four letters."""
    if len(text) == 1:
        return text in _ONE_LETTER
    return _simple(text) is not None or len(text) > 3 or text in ("per", "sq", "cu", "ways", "men")
