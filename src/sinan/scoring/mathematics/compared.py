"""Whether an answer is the gold one: the quick comparison, which is exact and bounded, and the thorough one, which may
take long or hang and is therefore made in a worker alone."""

from functools import lru_cache
from typing import Any, NamedTuple

from sinan.scoring.mathematics.answers import read
from sinan.scoring.mathematics.exact import ExactValues
from sinan.scoring.mathematics.forms import Undecided, Unread
from sinan.scoring.mathematics.numeric import NumericValues
from sinan.scoring.mathematics.same import same, same_writing
from sinan.scoring.mathematics.writing import tidy


class Compared(NamedTuple):
    """`by` says what decided: `writing`, `exact`, `values`, `math-verify`."""

    same: bool
    by: str


def quick(gold: str, answer: str, within: float = 0.0) -> Compared | None:
    """The verdict where writing and exact arithmetic tell it; None where they do not."""
    writing = same_writing(gold, answer)
    if writing is not None:
        return Compared(writing, "writing")
    try:
        return Compared(same(read(gold), read(answer), ExactValues(), within), "exact")
    except (Undecided, RecursionError):
        return None


def needs_library(gold: str, answer: str) -> bool:
    """Whether one of two answers is a formula that only math-verify may know."""
    return isinstance(read(gold), Unread) or isinstance(read(answer), Unread)


def thorough(gold: str, answer: str, within: float = 0.0) -> Compared:
    """The verdict by values and, for formulas that the grammar does not know, by math-verify. Raises Undecided for
    numbers that are too large to be computed. Bounded by nothing: to be called in a worker."""
    if needs_library(gold, answer):
        return Compared(by_library(tidy(gold), tidy(answer)), "math-verify")
    return Compared(same(read(gold), read(answer), NumericValues(), within), "values")


def by_library(gold: str, answer: str) -> bool:
    """What math-verify says of two formulas in LaTeX; False where it cannot read one of them."""
    from math_verify import verify

    first, second = _parsed(gold), _parsed(answer)
    if not first or not second:
        return False
    return bool(verify(first, second, float_rounding=15, numeric_precision=30, timeout_seconds=None))


@lru_cache(1_024)
def _parsed(formula: str) -> list[Any]:
    """The formula as SymPy's, by its LaTeX grammar alone: the library's reader of plain expressions evaluates them."""
    from math_verify import LatexExtractionConfig, parse

    config = (LatexExtractionConfig(boxed_match_priority=-1),)
    found = parse(f"${formula}$", config, fallback_mode="no_fallback", parsing_timeout=None)
    return list(found)
