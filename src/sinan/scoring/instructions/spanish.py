"""Spanish, as M-IFEval checks it (Dussolle et al., arXiv:2502.04688), but for two things: it counts words and sentences
with a model of spaCy. Here words are runs of letters and digits, with hyphens, and sentences are those of Punkt.
"""

import re
import string
import unicodedata
from collections.abc import Callable

from sinan.scoring.instructions.arguments import Arguments, Check
from sinan.scoring.instructions.content import between, marked
from sinan.scoring.instructions.detected import language
from sinan.scoring.instructions.format import STAR
from sinan.scoring.instructions.length import nth_paragraph
from sinan.scoring.instructions.punkt import sentences

ANSWERS = ("Sí.", "No.", "Quizás.")
POSTSCRIPTS = {"P.D.": r"p\.\s?d\."}
LIST_MARK = re.compile(r"^[^\S\n]*(?:\d+\.|[-*])[^\S\n]*", re.MULTILINE)
WORD = re.compile(r"\w+(?:[-'’.,:/]\w+)*")


def checks() -> dict[str, Check]:
    """By id, without the language: those that differ from English, and those that English has not."""
    return {
        "change_case:capital_word_frequency": capital_word_frequency,
        "change_case:spanish_capital": spanish_capital,
        "change_case:spanish_lowercase": spanish_lowercase,
        "detectable_content:postscript": postscript,
        "detectable_format:constrained_response": constrained_response,
        "detectable_format:number_bullet_lists": number_bullet_lists,
        "length_constraints:nth_paragraph_first_word": nth_paragraph_first_word,
        "length_constraints:number_sentences": number_sentences,
        "length_constraints:number_words": number_words,
        "punctuation:exclamation_marks": exclamation_marks,
        "punctuation:question_marks": question_marks,
        "special_character:dieresis": dieresis,
        "special_character:enie": enie,
        "special_character:tildes": tildes,
        "startend:end_checker": end_checker,
    }


def words(text: str) -> list[str]:
    """Runs of letters and digits; a mark within one, as in `3.14`, does not end it."""
    return WORD.findall(text)


def number_words(response: str, arguments: Arguments) -> bool:
    """So many words, without the marks of lists."""
    return arguments.holds(len(words(LIST_MARK.sub("", response))), "num_words")


def number_sentences(response: str, arguments: Arguments) -> bool:
    """Sentences of Spanish, by Punkt, without the marks of lists. Raises MissingExtra."""
    return arguments.holds(len(sentences(LIST_MARK.sub("", response), "spanish")), "num_sentences")


def capital_word_frequency(response: str, arguments: Arguments) -> bool:
    """So many words without a small letter."""
    return arguments.holds(_count(response, str.isupper), "capital_frequency", "capital_relation")


def spanish_capital(response: str, arguments: Arguments) -> bool:
    """Spanish, with no small letter. Raises MissingExtra."""
    letters = (letter for letter in unicodedata.normalize("NFKD", response) if not unicodedata.combining(letter))
    capital = all(letter.isupper() or not letter.isalpha() for letter in letters)
    return capital and language(response.lower()) in ("es", None)


def spanish_lowercase(response: str, arguments: Arguments) -> bool:
    """Spanish, with no capital letter. Raises MissingExtra."""
    return response.islower() and language(response) in ("es", None)


def postscript(response: str, arguments: Arguments) -> bool:
    """The marker of the postscript occurs, anywhere and in any case."""
    return marked(response, arguments, POSTSCRIPTS)


def constrained_response(response: str, arguments: Arguments) -> bool:
    """One of the three given answers occurs."""
    return any(answer in response for answer in ANSWERS)


def number_bullet_lists(response: str, arguments: Arguments) -> bool:
    """Exactly so many lines that begin with `*`, not `**`."""
    return len(STAR.findall(response)) == arguments.number("num_bullets")


def nth_paragraph_first_word(response: str, arguments: Arguments) -> bool:
    """So many paragraphs between empty lines, the nth of which begins with a word, or with several."""
    wanted = arguments.text("first_word").lower().split()
    paragraph = nth_paragraph(response, arguments)
    found = [word.translate(_NO_MARKS).lower() for word in (paragraph or "").split()]
    return found[: len(wanted)] == wanted


def question_marks(response: str, arguments: Arguments) -> bool:
    """There is a question between `¿` and `?`."""
    return any(inside.lstrip("¿").strip() for inside in between(response, "¿", "?"))


def exclamation_marks(response: str, arguments: Arguments) -> bool:
    """There is an exclamation between `¡` and `!`."""
    return any(inside.lstrip("¡").strip() for inside in between(response, "¡", "!"))


def enie(response: str, arguments: Arguments) -> bool:
    """Exactly so many words with `ñ`."""
    return _count(response, lambda word: "ñ" in word.lower()) == arguments.number("let_frequency")


def dieresis(response: str, arguments: Arguments) -> bool:
    """Exactly so many words with `ü`."""
    return _count(response, lambda word: "ü" in word.lower()) == arguments.number("let_frequency")


def tildes(response: str, arguments: Arguments) -> bool:
    """So many words with an acute accent."""
    return arguments.holds(_count(response, lambda word: any(a in word for a in "áéíóúÁÉÍÓÚ")), "num_words")


def end_checker(response: str, arguments: Arguments) -> bool:
    """It ends in the phrase, in any case; quotation marks around all of it, then a full stop, are passed over."""
    text = response.strip().strip('"').lower().removesuffix(".")
    return text.endswith(arguments.text("end_phrase").lower())


_NO_MARKS = str.maketrans("", "", string.punctuation)


def _count(response: str, such: Callable[[str], bool]) -> int:
    return sum(map(such, words(response)))
