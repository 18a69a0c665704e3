"""How a response begins and ends."""

from sinan.scoring.instructions.arguments import Arguments


def end_checker(response: str, arguments: Arguments) -> bool:
    """It ends in the phrase, in any case; double quotation marks around all of it are passed over."""
    return response.strip().strip('"').lower().endswith(arguments.text("end_phrase").lower())


def quotation(response: str, arguments: Arguments) -> bool:
    """All of it stands between straight double quotation marks."""
    return enclosed(response, ('""',))


def enclosed(response: str, pairs: tuple[str, ...]) -> bool:
    """Whether a text begins with the first and ends with the second mark of a pair, and these are not the same one."""
    text = response.strip()
    return len(text) > 1 and text[0] + text[-1] in pairs
