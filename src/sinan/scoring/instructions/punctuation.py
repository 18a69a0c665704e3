"""Marks that are not allowed."""

from sinan.scoring.instructions.arguments import Arguments


def no_comma(response: str, arguments: Arguments) -> bool:
    """There is no comma."""
    return "," not in response
