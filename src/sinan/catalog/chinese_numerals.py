"""Chinese numerals and dates, generated, asked in Chinese.

A row of level 2: question `把3005写成汉字数字。`, target `三千零五`. Numerals follow the rules of the written language:
one 零 for any run of zeros inside a number, none at its end, and 十 rather than 一十 at its beginning.
"""

import calendar
import random

from sinan.datasets.generated import Item, generated
from sinan.prompts.template import Template
from sinan.scoring import Exact
from sinan.solving import OneTurn
from sinan.statistics.intervals import accuracy
from sinan.types import Benchmark, Card, Protocol, Sampling

DIGITS = "零一二三四五六七八九"
UNITS = ("", "十", "百", "千")


def numeral(n: int) -> str:
    """The Chinese numeral of 0 <= n < 10^8."""
    if n == 0:
        return DIGITS[0]
    high, low = divmod(n, 10_000)
    text = f"{_four(high)}万" if high else ""
    if low:
        text += ("零" if high and low < 1000 else "") + _four(low)
    return text.removeprefix("一") if text.startswith("一十") else text


def _four(n: int) -> str:
    """The numeral of 1 <= n < 10^4, with 一十 for ten."""
    text = ""
    for place in range(3, -1, -1):
        digit = n // 10**place % 10
        if digit:
            text += DIGITS[digit] + UNITS[place]
        elif text and not text.endswith("零") and n % 10**place:
            text += "零"
    return text


def item(rng: random.Random, level: int) -> Item:
    """1: read up to 999; 2: write up to 9999; 3: read numbers with 万; 4: days later; 5: add, answer in numerals."""
    if level == 1:
        n = rng.randint(11, 999)
        return Item(f"把{numeral(n)}写成阿拉伯数字。", str(n))
    if level == 2:
        n = rng.choice((rng.randint(100, 9999), rng.randint(1, 9) * 1000 + rng.randint(1, 999)))
        return Item(f"把{n}写成汉字数字。", numeral(n))
    if level == 3:
        n = rng.randint(1, 99) * 10_000 + rng.choice((0, rng.randint(1, 9999), rng.randint(1, 99)))
        return Item(f"把{numeral(n)}写成阿拉伯数字。", str(n))
    if level == 4:
        return _days_later(rng)
    a, b = rng.randint(11, 99), rng.randint(11, 99)
    return Item(f"{numeral(a)}加{numeral(b)}等于多少？用汉字数字回答。", numeral(a + b))


def _days_later(rng: random.Random) -> Item:
    """A date of a common year, at most 20 days on."""
    month, days = rng.randint(1, 12), rng.randint(2, 20)
    last = calendar.monthrange(2025, month)[1]
    day = rng.randint(1, last)
    target = day + days
    then = (month, target) if target <= last else (month % 12 + 1, target - last)
    return Item(f"平年{month}月{day}日再过{days}天是几月几日？", f"{then[0]}月{then[1]}日")


def benchmark() -> Benchmark:
    """Answers are generated and compared as they are."""
    prompt = Template(base="问题：{question}\n答案：", chat="{question}\n只回答结果，写在一行里。", answer="{target}")
    return Benchmark(
        id="chinese_numerals",
        card=Card(
            title="Chinese numerals",
            measures="Reading and writing Chinese numerals, adding in them, and counting days.",
            dimension="language",
            languages=("zh",),
            licence="Apache-2.0",
            source="generated",
            note="Levels: 1 read up to 999; 2 write up to 9999; 3 read with 万; 4 days later; 5 add numerals.",
        ),
        dataset=generated("chinese_numerals", item),
        metric=accuracy,
        protocols={"default": Protocol(prompt, OneTurn(), Exact(), Sampling(max_tokens=24, stop=("\n",)))},
    )
