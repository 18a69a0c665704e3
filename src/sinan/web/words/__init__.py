"""What people read, in their language. English is the key; `zh/*.json` hold 中文, a file for each subject."""

import re
from functools import cache
from pathlib import Path

import orjson

LONGEST = 1_000
"""Characters of a sentence that is looked at."""

LANGUAGES = {"en": "English", "zh": "中文"}


@cache
def _words(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / language).glob("*.json")):
        found |= orjson.loads(path.read_bytes())
    return found


def say(language: str, text: str, /, **values: object) -> str:
    """The text in a language, with `{name}` replaced. What has no translation stays English."""
    said = text if language == "en" else _words(language).get(text, text)
    return said.format_map(values) if values else said


def recognised(text: str, language: str, /) -> str:
    """A sentence that comes whole from below the site, such as a note of a comparison, in a language: `zh/told.json`
    has its forms, and what stands in their places is kept. One that is not known stays English."""
    if language == "en" or len(text) > LONGEST:
        return text
    for form, said in _forms(language):
        if found := form.fullmatch(text):
            parts = {name: recognised(part, language) for name, part in found.groupdict().items()}
            return said.format_map(parts)
    return text


@cache
def _forms(language: str) -> list[tuple[re.Pattern[str], str]]:
    path = Path(__file__).parent / language / "told.json"
    return [
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(text)), re.DOTALL), said)
        for text, said in orjson.loads(path.read_bytes()).items()
    ]


def count(language: str, number: int, one: str, many: str, /, **values: object) -> str:
    """`one` or `many`, which hold `{n}`: `count("en", 2, "{n} pair", "{n} pairs")`."""
    return say(language, one if number == 1 else many, n=f"{number:,}", **values)


def chosen(wanted: str | None, cookie: str | None, header: str | None) -> str:
    """The reader's language: what the address says, else what they chose before, else what their browser asks for."""
    for name in (wanted, cookie):
        if name in LANGUAGES:
            return name
    for part in (header or "").split(","):
        name = part.split(";")[0].strip().lower().split("-")[0]
        if name in LANGUAGES:
            return name
    return "en"
