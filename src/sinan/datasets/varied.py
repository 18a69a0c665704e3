"""The variants of a question: the same, put in other words, with its options in other orders, drawn again.

`prompt1` and on differ in the words around the question (`prompts.worded`), `order1` and on in the order of its
options, `seed1` and on in what is drawn: the answer, and worked examples that are chosen at random. The question as it
is stands among the variants of every source.
"""

from sinan.datasets.perturbations import Perturbation
from sinan.datasets.perturbations.options import reordered

SOURCES = ("prompt", "order", "seed")


def variants(sources: tuple[str, ...], count: int) -> tuple[str, ...]:
    """The names of all variants but the question itself, which is one of `count` of each source."""
    return tuple(f"{source}{number}" for source in sources for number in range(1, count))


def change(kind: str) -> Perturbation | None:
    """What a variant does to the sample; None where it changes nothing of it."""
    return reordered if kind.startswith("order") else None
