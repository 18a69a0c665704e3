"""Reading as a cascade: rules in order, the first that finds something decides.

Every rule has a name, says what it found and where, and whether that was given as the answer or inferred. A scorer
declares its cascade as the names of its rules; a shorter one is a stricter reading.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from sinan.scoring.folded import Folded
from sinan.types import Reading

TWO_AT_ONCE = "two answers at once"

Where = TypeVar("Where")


class Found(NamedTuple):
    """What a rule found in a folded text."""

    answer: str | None
    """None: there is an answer, and it cannot be read, as where two are given at once. No later rule is asked."""
    rule: str
    start: int
    end: int
    sure: bool = False


def first(rules: Mapping[str, Callable[[Where], Found | None]], names: tuple[str, ...], where: Where) -> Found | None:
    """What the first rule that finds something found."""
    for name in names:
        found = rules[name](where)
        if found is not None:
            return found
    return None


def reading(found: Found | None, text: Folded) -> Reading | None:
    """What was found, with its place in the completion."""
    if found is None:
        return None
    span = text.origin(found.start, found.end)
    return Reading(found.answer, found.rule, span, found.sure and found.answer is not None)


def known(rules: Mapping[str, object], names: tuple[str, ...]) -> None:
    """Raises ValueError where a cascade names a rule that does not exist, or none at all."""
    unknown = [name for name in names if name not in rules]
    if unknown or not names:
        raise ValueError(f"rules are out of {', '.join(rules)}, not {', '.join(unknown) or 'none'}")
