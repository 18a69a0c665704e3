"""Capital and small letters."""

from sinan.scoring.instructions.arguments import Arguments
from sinan.scoring.instructions.detected import language
from sinan.scoring.instructions.punkt import words


def english_capital(response: str, arguments: Arguments) -> bool:
    """English, with no small letter. Raises MissingExtra."""
    return response.isupper() and language(response) in ("en", None)


def english_lowercase(response: str, arguments: Arguments) -> bool:
    """English, with no capital letter. Raises MissingExtra."""
    return response.islower() and language(response) in ("en", None)


def capital_word_frequency(response: str, arguments: Arguments) -> bool:
    """So many words without a small letter, `I` and `A` among them; one with a hyphen counts once. Raises
    MissingExtra."""
    capitals = sum(word.isupper() for word in words(response))
    return arguments.holds(capitals, "capital_frequency", "capital_relation")
