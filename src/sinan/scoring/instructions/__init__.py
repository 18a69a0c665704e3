"""Instructions that a program can check: IFEval's and their kin in other languages, a file for each family."""

from sinan.scoring.instructions.checks import ids
from sinan.scoring.instructions.instructions import Instructions
from sinan.scoring.instructions.levels import levels

__all__ = ["Instructions", "ids", "levels"]
