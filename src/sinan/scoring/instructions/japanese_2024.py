"""Japanese as the paper of M-IFEval checked it, before its repository changed these rules: keywords are looked for
among the words that janome cuts out of the text, and only `・` makes a bullet. Published verdicts of 2024 rest on this.
"""

import re
from collections import Counter

from sinan.scoring.instructions.arguments import Arguments, Check
from sinan.scoring.instructions.content import POSTSCRIPTS, marked
from sinan.scoring.instructions.japanese import tokens
from sinan.scoring.instructions.length import nth_paragraph

BULLET = re.compile(r"^[^\S\n]*・[^・].*$", re.MULTILINE)


def checks() -> dict[str, Check]:
    """By id, without the language: those that differ from today's."""
    return {
        "detectable_content:postscript": postscript,
        "detectable_format:number_bullet_lists": number_bullet_lists,
        "keywords:existence": existence,
        "keywords:forbidden_words": forbidden_words,
        "keywords:frequency": frequency,
        "length_constraints:nth_paragraph_first_word": nth_paragraph_first_word,
        "startend:end_checker": end_checker,
    }


def existence(response: str, arguments: Arguments) -> bool:
    """Every keyword is a word of the text. Raises MissingExtra."""
    return set(arguments.texts("keywords")) <= set(_words(response))


def forbidden_words(response: str, arguments: Arguments) -> bool:
    """No forbidden word is a word of the text. Raises MissingExtra."""
    return not set(arguments.texts("forbidden_words")) & set(_words(response))


def frequency(response: str, arguments: Arguments) -> bool:
    """A keyword is so many words of the text. Raises MissingExtra."""
    return arguments.holds(Counter(_words(response))[arguments.text("keyword")], "frequency")


def number_bullet_lists(response: str, arguments: Arguments) -> bool:
    """Exactly so many lines that begin with `・`, not `・・`."""
    return len(BULLET.findall(response)) == arguments.number("num_bullets")


def postscript(response: str, arguments: Arguments) -> bool:
    """The marker of the postscript occurs, anywhere and in any case."""
    return marked(response, arguments, POSTSCRIPTS)


def nth_paragraph_first_word(response: str, arguments: Arguments) -> bool:
    """So many paragraphs between empty lines, the nth of which begins with a word; opening quotation marks before it
    are passed over."""
    word = arguments.text("first_word").lower()
    paragraph = nth_paragraph(response, arguments)
    return paragraph is not None and paragraph.lstrip("「").lstrip("『").startswith(word)


def end_checker(response: str, arguments: Arguments) -> bool:
    """It ends in the phrase; closing quotation marks after either are passed over."""
    return response.strip().strip("」』").endswith(arguments.text("end_phrase").strip("」』"))


def _words(text: str) -> list[str]:
    return [token.surface for token in tokens(text)]
