"""French, as M-IFEval checks it (Dussolle et al., arXiv:2502.04688): its own marks, and instructions of its own."""

import re
import unicodedata

from sinan.scoring.instructions.arguments import Arguments, Check
from sinan.scoring.instructions.detected import language
from sinan.scoring.instructions.format import titled
from sinan.scoring.instructions.punkt import sentences
from sinan.scoring.instructions.start_end import enclosed

ANSWERS = ("Oui.", "Non.", "Peut-être.")
QUOTES = ('""', "''", "«»")
# fmt: off
ABBREVIATIONS = (
    "a.d", "adj", "apr", "av", "av. n. è", "avr", "c.-à-d", "cap", "cf", "dr", "dre", "dres", "drs", "déc", "e.g",
    "env", "etc", "ex", "fév", "i.e", "j.-c", "j.c", "janv", "juil", "lt", "m", "mar", "mlle", "mme", "mr", "n.b",
    "nb", "nov", "oct", "p", "p-s", "p.-s", "p.p.s", "p.s", "p.v", "pr", "prof", "ps", "q.v", "resp", "rép", "sept",
    "svp", "tel", "tél", "v", "vol", "vs", "è. c",
)
# fmt: on
"""Besides those that Punkt's French model knows; in lower case, without their last full stop."""
INFORMAL = re.compile(r"\b(?:tu|te|t'|toi|ton|ta|tes)\b", re.IGNORECASE)
ACCENTED = re.compile("[àáâãäåçèéêëìíîïñòóôõöùúûüýÿ]", re.IGNORECASE)


def checks() -> dict[str, Check]:
    """By id, without the language: those that differ from English, and those that English has not."""
    return {
        "change_case:french_capital": french_capital,
        "change_case:french_lowercase": french_lowercase,
        "detectable_content:informal_address": informal_address,
        "detectable_content:no_digits": no_digits,
        "detectable_format:constrained_response": constrained_response,
        "detectable_format:title": title,
        "length_constraints:number_sentences": number_sentences,
        "special_character:accents": accents,
        "special_character:ethel_or_cedilla": forbidden_character,
        "special_character:no_accents": no_accents,
        "startend:quotation": quotation,
    }


def number_sentences(response: str, arguments: Arguments) -> bool:
    """Sentences of French, by Punkt. Raises MissingExtra."""
    return arguments.holds(len(sentences(response, "french", ABBREVIATIONS)), "num_sentences")


def title(response: str, arguments: Arguments) -> bool:
    """A `##title##` on one line."""
    return titled(response, "##", "##")


def constrained_response(response: str, arguments: Arguments) -> bool:
    """One of the three given answers occurs."""
    return any(answer in response for answer in ANSWERS)


def quotation(response: str, arguments: Arguments) -> bool:
    """All of it stands between quotation marks: double, single, or guillemets."""
    return enclosed(response, QUOTES)


def french_capital(response: str, arguments: Arguments) -> bool:
    """French, with no small letter. Raises MissingExtra."""
    return response.isupper() and language(response.lower()) in ("fr", None)


def french_lowercase(response: str, arguments: Arguments) -> bool:
    """French, with no capital letter. Raises MissingExtra."""
    return response.islower() and language(response) in ("fr", None)


def informal_address(response: str, arguments: Arguments) -> bool:
    """The reader is addressed as `tu` in one of its forms."""
    return INFORMAL.search(response) is not None


def no_digits(response: str, arguments: Arguments) -> bool:
    """No digit occurs."""
    return re.search(r"\d", response) is None


def no_accents(response: str, arguments: Arguments) -> bool:
    """No letter has an accent, a cedilla or a diaeresis."""
    return ACCENTED.search(response) is None


def forbidden_character(response: str, arguments: Arguments) -> bool:
    """A character such as `ç` occurs in no case."""
    return re.search(re.escape(arguments.text("forbidden_char")), response, re.IGNORECASE) is None


def accents(response: str, arguments: Arguments) -> bool:
    """Of the words that are asked for, by what they are without accents, every one that occurs has its accents."""
    wanted = arguments.mapping("word_to_accentuate")
    written = ((_plain(word), word) for word in re.findall(r"\b\w+\b", response.lower()))
    return all(wanted.get(plain, word) == word for plain, word in written)


def _plain(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
