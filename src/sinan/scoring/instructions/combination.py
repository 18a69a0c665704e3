"""Instructions on the answer as a whole."""

from sinan.scoring.instructions.arguments import Arguments

BETWEEN = "******"


def two_responses(response: str, arguments: Arguments) -> bool:
    """Two different answers with `******` between them; it may also stand before the first and after the last."""
    parts = [part.strip() for part in response.split(BETWEEN)]
    if not all(parts[1:-1]):
        return False
    answers = [part for part in parts if part]
    return len(answers) == 2 and answers[0] != answers[1]


def repeat_prompt(response: str, arguments: Arguments) -> bool:
    """It begins with the request, in any case."""
    return response.strip().lower().startswith(arguments.text("prompt_to_repeat").lower())
