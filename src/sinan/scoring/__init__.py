"""Floor 2: what a completion is worth. A scorer judges; it never asks, and raises nothing for what a model wrote.

A scorer's file is loaded when its name is used: most runs need one of them.
"""

import typing

if typing.TYPE_CHECKING:
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
    from sinan.scoring.letter import Letter
    from sinan.scoring.likelihood_choices import LikelihoodChoices, TrueMass
    from sinan.scoring.math import Math
    from sinan.scoring.math_vision import MathVision
    from sinan.scoring.mathvista import MathVista
    from sinan.scoring.mmlu_pro import MmluPro
    from sinan.scoring.mmmu import Mmmu
    from sinan.scoring.most_likely import MostLikely
    from sinan.scoring.number import Number
    from sinan.scoring.other_scorer import judged_by
    from sinan.scoring.overlap import Overlap
    from sinan.scoring.registry import by_name, names
    from sinan.scoring.rolling import Rolling
    from sinan.scoring.social_bias import SocialBias
    from sinan.scoring.tool_calls import ToolCalls
    from sinan.scoring.tool_state import ToolState
    from sinan.scoring.yes_no import Pope, YesNo

_HOME = {
    "After": "after",
    "ByChoices": "by_choices",
    "Code": "code",
    "Collected": "collected",
    "Declined": "declined",
    "Exact": "exact",
    "ExactMatch": "exact_match",
    "Filtered": "filtered",
    "Pipeline": "filtered",
    "GreedyMatch": "greedy_match",
    "Instructions": "instructions",
    "judged_by": "other_scorer",
    "Letter": "letter",
    "LikelihoodChoices": "likelihood_choices",
    "TrueMass": "likelihood_choices",
    "Math": "math",
    "MathVision": "math_vision",
    "MathVista": "mathvista",
    "MmluPro": "mmlu_pro",
    "Mmmu": "mmmu",
    "MostLikely": "most_likely",
    "Number": "number",
    "Overlap": "overlap",
    "by_name": "registry",
    "names": "registry",
    "Rolling": "rolling",
    "SocialBias": "social_bias",
    "ToolCalls": "tool_calls",
    "ToolState": "tool_state",
    "Pope": "yes_no",
    "YesNo": "yes_no",
}

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


def __getattr__(name: str) -> typing.Any:
    import importlib

    if name not in _HOME:
        raise AttributeError(f"module 'sinan.scoring' has no attribute {name!r}")
    return getattr(importlib.import_module(f"sinan.scoring.{_HOME[name]}"), name)
