"""Marks of form: bullets, highlights, sections, a title, JSON, given answers.

Regular expressions here look at every character a bounded number of times, whatever a model writes.
"""

import json
import re

from sinan.scoring.instructions.arguments import Arguments

STAR = re.compile(r"^[^\S\n]*\*[^*].*$", re.MULTILINE)
DASH = re.compile(r"^[^\S\n]*-.*$", re.MULTILINE)
ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
FENCES = ("```json", "```Json", "```JSON", "```")


def number_bullet_lists(response: str, arguments: Arguments) -> bool:
    """Exactly so many lines that begin with `*` (not `**`) or with `-`; a rule `---` is one as well."""
    return len(STAR.findall(response)) + len(DASH.findall(response)) == arguments.number("num_bullets")


def number_highlighted_sections(response: str, arguments: Arguments) -> bool:
    """At least so many stretches `*like this*` or `**like this**` within a line that are not blank."""
    single = re.findall(r"\*[^\n*]*\*", response)
    double = re.findall(r"\*\*[^\n*]*\*\*", response)
    inside = [text.strip("*") for text in single] + [text[2:-2] for text in double]
    return sum(bool(text.strip()) for text in inside) >= arguments.number("num_highlights")


def multiple_sections(response: str, arguments: Arguments) -> bool:
    """At least so many marks such as `Section 1`: the word, then a number, with at most one blank between them."""
    mark = re.escape(arguments.text("section_spliter"))
    return len(re.findall(rf"{mark}\s?\d+", response)) >= arguments.number("num_sections")


def title(response: str, arguments: Arguments) -> bool:
    """A `<<title>>` on one line."""
    return titled(response, "<<", ">>")


def titled(response: str, left: str, right: str) -> bool:
    """Whether a line has something between the first mark `left` and the last `right`, besides more of such marks."""
    return any(_between(line, left, right).lstrip(left).rstrip(right).strip() for line in response.split("\n"))


def _between(line: str, left: str, right: str) -> str:
    """From the first mark to the last, with them; empty where they have nothing between them."""
    start, end = line.find(left), line.rfind(right)
    return line[start : end + len(right)] if 0 <= start < end - len(left) else ""


def json_format(response: str, arguments: Arguments) -> bool:
    """All of it is JSON; it may stand in a fence ``` of Markdown."""
    text = response.strip()
    for fence in FENCES:
        text = text.removeprefix(fence)
    try:
        json.loads(text.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def constrained_response(response: str, arguments: Arguments) -> bool:
    """One of the three given answers occurs."""
    return any(answer in response for answer in ANSWERS)
