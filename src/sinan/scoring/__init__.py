"""Floor 2: what a completion is worth. A scorer judges; it never asks, and raises nothing for what a model wrote."""

from sinan.scoring.after import After
from sinan.scoring.by_choices import ByChoices
from sinan.scoring.collected import Collected
from sinan.scoring.exact import Exact
from sinan.scoring.letter import Letter
from sinan.scoring.most_likely import MostLikely
from sinan.scoring.number import Number
from sinan.scoring.registry import by_name, names

__all__ = ["After", "ByChoices", "Collected", "Exact", "Letter", "MostLikely", "Number", "by_name", "names"]
