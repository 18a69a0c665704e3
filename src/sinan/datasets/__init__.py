"""Floor 1: where samples come from. Pinned files that others published, and files of one's own."""

from sinan.datasets.download import fetch, whereabouts
from sinan.datasets.perturbed import perturbed
from sinan.datasets.pictures import picture
from sinan.datasets.pins import listed, pinned
from sinan.datasets.questions import Guess, checked_before, questions
from sinan.datasets.rotated import rotated

__all__ = [
    "Guess",
    "checked_before",
    "fetch",
    "listed",
    "perturbed",
    "picture",
    "pinned",
    "questions",
    "rotated",
    "whereabouts",
]
