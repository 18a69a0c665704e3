"""What must be found somewhere in a response: placeholders, a postscript."""

import re
from collections.abc import Iterator, Mapping

from sinan.scoring.instructions.arguments import Arguments

POSTSCRIPTS = {"P.S.": r"p\.\s?s\.", "P.P.S": r"p\.\s?p\.\s?s"}
"""Markers that may be written with a blank after a full stop."""


def number_placeholders(response: str, arguments: Arguments) -> bool:
    """At least so many `[placeholders]`, each on one line. `[]` is one."""
    return placeholders(response) >= arguments.number("num_placeholders")


def placeholders(response: str) -> int:
    """How many stretches from a `[` to the next `]` of its line."""
    return sum(1 for line in response.split("\n") for _ in between(line, "[", "]"))


def between(text: str, left: str, right: str) -> Iterator[str]:
    """What stands between a mark `left` and the next mark `right`, one stretch after the other."""
    start = text.find(left)
    while start >= 0 and (end := text.find(right, start + len(left))) >= 0:
        yield text[start + len(left) : end]
        start = text.find(left, end + len(right))


def outside(text: str, left: str, right: str) -> str:
    """The text without what stands between a mark `left` and the next mark `right` of its line, and without these."""
    return "\n".join("".join(_outside(line, left, right)) for line in text.split("\n"))


def _outside(line: str, left: str, right: str) -> Iterator[str]:
    done, start = 0, line.find(left)
    while start >= 0 and (end := line.find(right, start + len(left))) >= 0:
        yield line[done:start]
        done = end + len(right)
        start = line.find(left, done)
    yield line[done:]


def postscript(response: str, arguments: Arguments) -> bool:
    """The marker of the postscript occurs, anywhere and in any case."""
    return marked(response, arguments, POSTSCRIPTS)


def marked(response: str, arguments: Arguments, patterns: Mapping[str, str]) -> bool:
    """Whether the marker of the postscript occurs: as a pattern where it has one, else as it is written."""
    marker = arguments.text("postscript_marker")
    return re.search(patterns.get(marker, re.escape(marker.lower())), response.lower()) is not None
