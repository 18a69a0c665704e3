"""Floor 1: how a sample is asked. Turns a sample into a prompt; knows no model."""

from sinan.prompts import few_shot
from sinan.prompts.by_choices import ByChoices
from sinan.prompts.choices import ASK_LETTER, LETTERED
from sinan.prompts.in_context import InContext
from sinan.prompts.template import Template

__all__ = ["ASK_LETTER", "LETTERED", "ByChoices", "InContext", "Template", "few_shot"]
