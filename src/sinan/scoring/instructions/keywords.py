"""Words and letters that must or must not be there. What is looked for is looked for as it is written: the published
checker takes it for a regular expression, which no word of its data makes use of."""

import re

from sinan.scoring.instructions.arguments import Arguments, BadArgument


def existence(response: str, arguments: Arguments) -> bool:
    """Every keyword occurs, in any case, also within a word."""
    return all(_found(keyword, response) for keyword in arguments.texts("keywords"))


def frequency(response: str, arguments: Arguments) -> bool:
    """A keyword occurs so many times, in any case, also within words."""
    pattern = re.escape(arguments.text("keyword"))
    return arguments.holds(len(re.findall(pattern, response, re.IGNORECASE)), "frequency")


def forbidden_words(response: str, arguments: Arguments) -> bool:
    r"""No forbidden word occurs as a word of its own, between two `\b`, in any case."""
    return not any(_found(word, response, r"\b") for word in arguments.texts("forbidden_words"))


def letter_frequency(response: str, arguments: Arguments) -> bool:
    """A letter occurs so many times, in lower or upper case.

    Of anything but a Latin letter, as the `#` and `!` of two published prompts, the published checker counts a letter
    drawn at random instead. Here the sign itself is counted.
    """
    letter = arguments.text("letter").lower()
    if len(letter) != 1:
        raise BadArgument(f"letter must be one letter, not {letter!r}"[:200])
    return arguments.holds(response.lower().count(letter), "let_frequency", "let_relation")


def _found(word: str, response: str, edge: str = "") -> bool:
    return re.search(edge + re.escape(word) + edge, response, re.IGNORECASE) is not None
