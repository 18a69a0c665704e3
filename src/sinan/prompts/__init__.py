"""Floor 1: how a sample is asked. Turns a sample into a prompt; knows no model."""

from sinan.prompts import few_shot
from sinan.prompts.by_choices import ByChoices
from sinan.prompts.choices import ASK_LETTER, LETTERED, THINK_LETTER
from sinan.prompts.further_turns import FurtherTurns
from sinan.prompts.in_context import InContext
from sinan.prompts.programming import Programming
from sinan.prompts.reworded import Reworded
from sinan.prompts.template import Template
from sinan.prompts.worded import Worded, worded
from sinan.prompts.wrapped import WithPrefill, WithSystem, shown_as

__all__ = [
    "ASK_LETTER",
    "LETTERED",
    "THINK_LETTER",
    "ByChoices",
    "FurtherTurns",
    "InContext",
    "Programming",
    "Reworded",
    "Template",
    "WithPrefill",
    "WithSystem",
    "Worded",
    "few_shot",
    "shown_as",
    "worded",
]
