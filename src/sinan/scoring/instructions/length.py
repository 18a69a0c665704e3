"""How long a response is: words, sentences, paragraphs."""

import re

from sinan.scoring.instructions.arguments import Arguments
from sinan.scoring.instructions.punkt import sentences

DIVIDER = re.compile(r"\s?\*\*\*\s?")
ENDS_A_WORD = frozenset(".,?!'\"")


def number_words(response: str, arguments: Arguments) -> bool:
    r"""Words are runs of letters, digits and underscores (`\w+`): `it's` is two."""
    return arguments.holds(len(re.findall(r"\w+", response)), "num_words")


def number_sentences(response: str, arguments: Arguments) -> bool:
    """Sentences of English, by Punkt. Raises MissingExtra."""
    return arguments.holds(len(sentences(response)), "num_sentences")


def number_paragraphs(response: str, arguments: Arguments) -> bool:
    """So many paragraphs between dividers `***`. A divider may stand before the first and after the last one, but two
    with nothing between them are a fault."""
    parts = [part.strip() for part in DIVIDER.split(response)]
    wanted = arguments.number("num_paragraphs")
    if not all(parts[1:-1]):
        return False
    return sum(map(bool, parts)) == wanted


def nth_paragraph_first_word(response: str, arguments: Arguments) -> bool:
    """So many paragraphs between empty lines, the nth of which begins with a word.

    As published, the paragraphs are counted without those that are blank, but numbered with them; quotation marks
    before the word are passed over, apostrophes first, and a mark ends it.
    """
    word = arguments.text("first_word").lower()
    paragraph = nth_paragraph(response, arguments)
    return paragraph is not None and _first_word(paragraph) == word


def nth_paragraph(response: str, arguments: Arguments) -> str | None:
    """The paragraph that is asked for, where there are as many paragraphs as asked for and it is not blank."""
    wanted, nth = arguments.number("num_paragraphs"), arguments.number("nth_paragraph")
    paragraphs = [paragraph.strip() for paragraph in response.split("\n\n")]
    if sum(map(bool, paragraphs)) != wanted or not 1 <= nth <= wanted:
        return None
    return paragraphs[nth - 1] or None


def _first_word(paragraph: str) -> str:
    word = paragraph.split()[0].lstrip("'").lstrip('"')
    end = next((at for at, letter in enumerate(word) if letter in ENDS_A_WORD), len(word))
    return word[:end].lower()
