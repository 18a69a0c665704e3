"""Scorers by name, for `--scorer NAME`; other packages add theirs through the entry points `sinan.scorers`."""

from sinan.errors import UnknownName, UsageError
from sinan.scoring.after import After
from sinan.scoring.anls import Anls
from sinan.scoring.by_choices import ByChoices
from sinan.scoring.code import Code
from sinan.scoring.code_edit import CodeEdit
from sinan.scoring.declined import Declined
from sinan.scoring.edit_similarity import EditSimilarity
from sinan.scoring.error_rate import ErrorRate
from sinan.scoring.exact import Exact
from sinan.scoring.instructions import Instructions
from sinan.scoring.judges import Cascade, Extracted, Judged, Pairwise, Rubric
from sinan.scoring.letter import Letter
from sinan.scoring.math import Math
from sinan.scoring.math_vision import MathVision
from sinan.scoring.mathvista import MathVista
from sinan.scoring.mmlu_pro import MmluPro
from sinan.scoring.mmmu import Mmmu
from sinan.scoring.most_likely import MostLikely
from sinan.scoring.normalised import Normalised
from sinan.scoring.number import Number
from sinan.scoring.over_refusal import OverRefusal
from sinan.scoring.rouge import Rouge
from sinan.scoring.token_f1 import TokenF1
from sinan.scoring.tool_calls import ToolCalls
from sinan.scoring.tool_state import ToolState
from sinan.scoring.translation import Translation
from sinan.scoring.yes_no import Pope, YesNo
from sinan.types import Scorer

_OWN: dict[str, Scorer] = {
    "after": After(),
    "anls": Anls(),
    "bleu": Translation(),
    "bleu-zh": Translation(("bleu-zh", "chrf")),
    "by-choices": ByChoices(),
    "cascade": Cascade(),
    "cer": ErrorRate("characters"),
    "chrf": Translation(("chrf", "chrf++")),
    "code": Code(),
    "code-edit": CodeEdit(),
    "code-edit-line": CodeEdit(line=True),
    "declined": Declined(),
    "edit": EditSimilarity(),
    "exact": Exact(),
    "f1": TokenF1(),
    "f1-cmrc": TokenF1("cmrc"),
    "f1-words": TokenF1("words"),
    "instructions": Instructions(),
    "judge": Judged(),
    "judge-pairwise": Judged(Pairwise()),
    "judge-rubric": Judged(Rubric()),
    "letter": Letter(),
    "math": Math(),
    "math-vision": MathVision(),
    "mathvista": MathVista(),
    "mmlu-pro": MmluPro(),
    "mmmu": Mmmu(),
    "mmmu-pro": Mmmu(pro=True),
    "model-extractor": Extracted(),
    "most-likely": MostLikely(),
    "normalised": Normalised(),
    "number": Number(),
    "over-refusal": OverRefusal(),
    "pope": Pope(),
    "rouge": Rouge(),
    "ter": Translation(("ter",)),
    "tool-calls": ToolCalls(),
    "tool-state": ToolState(),
    "wer": ErrorRate(),
    "yes-no": YesNo(),
}


def names() -> list[str]:
    """Every scorer that `by_name` knows."""
    from importlib.metadata import entry_points

    return sorted({*_OWN, *(point.name for point in entry_points(group="sinan.scorers"))})


def by_name(name: str) -> Scorer:
    """The scorer of a name. An entry point names a scorer, or a class or function that makes one."""
    known = name.replace("_", "-")
    if known in _OWN:
        return _OWN[known]
    from importlib.metadata import entry_points

    for point in entry_points(group="sinan.scorers", name=name):
        return _loaded(name, point.load)
    raise UnknownName(name, "scorer", names(), f"Scorers: {', '.join(names())}.")


def _loaded(name: str, load: object) -> Scorer:
    assert callable(load)
    try:
        found = load()
        scorer: Scorer = found() if isinstance(found, type) else found
    except Exception as error:
        raise UsageError(f"the scorer {name} cannot be loaded: {type(error).__name__}: {error}") from error
    return scorer
