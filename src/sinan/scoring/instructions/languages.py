"""The language of all of a response."""

from sinan.scoring.instructions.arguments import Arguments
from sinan.scoring.instructions.detected import language


def response_language(response: str, arguments: Arguments) -> bool:
    """langdetect finds the language. Where it finds nothing to tell one by, the instruction counts as followed, as
    published. Raises MissingExtra."""
    wanted = arguments.text("language")
    return language(response) in (wanted, None)
