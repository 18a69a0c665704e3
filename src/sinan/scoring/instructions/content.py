"""What must be found somewhere in a response: placeholders, a postscript."""

import re

from sinan.scoring.instructions.arguments import Arguments

POSTSCRIPTS = {"P.S.": r"p\.\s?s\.", "P.P.S": r"p\.\s?p\.\s?s"}
"""Markers that may be written with a blank after a full stop."""


def number_placeholders(response: str, arguments: Arguments) -> bool:
    """At least so many `[placeholders]`, each on one line. `[]` is one."""
    return placeholders(response) >= arguments.number("num_placeholders")


def placeholders(response: str) -> int:
    """How many stretches from a `[` to the next `]` of its line."""
    count = 0
    for line in response.split("\n"):
        start = line.find("[")
        while start >= 0 and (end := line.find("]", start)) >= 0:
            count += 1
            start = line.find("[", end)
    return count


def postscript(response: str, arguments: Arguments) -> bool:
    """The marker of the postscript occurs, anywhere and in any case."""
    marker = arguments.text("postscript_marker")
    return re.search(POSTSCRIPTS.get(marker, re.escape(marker.lower())), response.lower()) is not None
