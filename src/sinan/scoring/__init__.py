"""Floor 2: what a completion is worth. A scorer judges; it never asks, and raises nothing for what a model wrote."""

from sinan.scoring.after import After
from sinan.scoring.by_choices import ByChoices
from sinan.scoring.code import Code
from sinan.scoring.collected import Collected
from sinan.scoring.declined import Declined
from sinan.scoring.exact import Exact
from sinan.scoring.exact_match import ExactMatch
from sinan.scoring.filtered import Filtered, Pipeline
from sinan.scoring.greedy_match import GreedyMatch
from sinan.scoring.instructions import Instructions
from sinan.scoring.judged_by import judged_by
from sinan.scoring.letter import Letter
from sinan.scoring.likelihood_choices import LikelihoodChoices, TrueMass
from sinan.scoring.math import Math
from sinan.scoring.math_vision import MathVision
from sinan.scoring.mathvista import MathVista
from sinan.scoring.mmlu_pro import MmluPro
from sinan.scoring.mmmu import Mmmu
from sinan.scoring.most_likely import MostLikely
from sinan.scoring.number import Number
from sinan.scoring.overlap import Overlap
from sinan.scoring.registry import by_name, names
from sinan.scoring.rolling import Rolling
from sinan.scoring.social_bias import SocialBias
from sinan.scoring.tool_calls import ToolCalls
from sinan.scoring.tool_state import ToolState
from sinan.scoring.yes_no import Pope, YesNo

__all__ = [
    "After",
    "ByChoices",
    "Code",
    "Collected",
    "Declined",
    "Exact",
    "ExactMatch",
    "Filtered",
    "GreedyMatch",
    "Instructions",
    "Letter",
    "LikelihoodChoices",
    "Math",
    "MathVision",
    "MathVista",
    "MmluPro",
    "Mmmu",
    "MostLikely",
    "Number",
    "Overlap",
    "Pipeline",
    "Pope",
    "Rolling",
    "SocialBias",
    "ToolCalls",
    "ToolState",
    "TrueMass",
    "YesNo",
    "by_name",
    "judged_by",
    "names",
]
