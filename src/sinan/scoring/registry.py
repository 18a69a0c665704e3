"""Scorers by name, for `--scorer NAME`; other packages add theirs through the entry points `sinan.scorers`.

A scorer's file is loaded when it is named.
"""

import importlib
from typing import Any, NamedTuple

from sinan.errors import UnknownName, UsageError
from sinan.types import Scorer


class _Where(NamedTuple):
    """What makes a scorer, and how it is set."""

    module: str
    maker: str
    settings: dict[str, Any] = {}  # noqa: RUF012


_OWN = {
    "after": _Where("after", "After"),
    "anls": _Where("anls", "Anls"),
    "bleu": _Where("translation", "Translation"),
    "bleu-zh": _Where("translation", "Translation", {"kinds": ("bleu-zh", "chrf")}),
    "by-choices": _Where("by_choices", "ByChoices"),
    "cascade": _Where("judges", "Cascade"),
    "cer": _Where("error_rate", "ErrorRate", {"of": "characters"}),
    "chrf": _Where("translation", "Translation", {"kinds": ("chrf", "chrf++")}),
    "code": _Where("code", "Code"),
    "code-edit": _Where("code_edit", "CodeEdit"),
    "code-edit-line": _Where("code_edit", "CodeEdit", {"line": True}),
    "declined": _Where("declined", "Declined"),
    "edit": _Where("edit_similarity", "EditSimilarity"),
    "exact": _Where("exact", "Exact"),
    "f1": _Where("token_f1", "TokenF1"),
    "f1-cmrc": _Where("token_f1", "TokenF1", {"chinese": "cmrc"}),
    "f1-words": _Where("token_f1", "TokenF1", {"chinese": "words"}),
    "instructions": _Where("instructions", "Instructions"),
    "judge": _Where("judges", "Judged"),
    "judge-harm": _Where("judges", "judged_for_harm"),
    "judge-pairwise": _Where("judges", "judged_in_pairs"),
    "judge-rubric": _Where("judges", "judged_by_rubric"),
    "letter": _Where("letter", "Letter"),
    "math": _Where("math", "Math"),
    "math-vision": _Where("math_vision", "MathVision"),
    "mathvista": _Where("mathvista", "MathVista"),
    "mmlu-pro": _Where("mmlu_pro", "MmluPro"),
    "mmlu-pro-3": _Where("mmlu_pro", "MmluPro", {"levels": 3}),
    "mmmu": _Where("mmmu", "Mmmu"),
    "mmmu-pro": _Where("mmmu", "Mmmu", {"pro": True}),
    "model-extractor": _Where("judges", "Extracted"),
    "most-likely": _Where("most_likely", "MostLikely"),
    "normalised": _Where("normalised", "Normalised"),
    "number": _Where("number", "Number"),
    "over-refusal": _Where("over_refusal", "OverRefusal"),
    "pope": _Where("yes_no", "Pope"),
    "rouge": _Where("rouge", "Rouge"),
    "ter": _Where("translation", "Translation", {"kinds": ("ter",)}),
    "tool-calls": _Where("tool_calls", "ToolCalls"),
    "tool-state": _Where("tool_state", "ToolState"),
    "wer": _Where("error_rate", "ErrorRate"),
    "yes-no": _Where("yes_no", "YesNo"),
}


def names() -> list[str]:
    """Every scorer that `by_name` knows."""
    from importlib.metadata import entry_points

    return sorted({*_OWN, *(point.name for point in entry_points(group="sinan.scorers"))})


def by_name(name: str) -> Scorer:
    """The scorer of a name. An entry point names a scorer, or a class or function that makes one."""
    where = _OWN.get(name.replace("_", "-"))
    if where is not None:
        maker = getattr(importlib.import_module(f"sinan.scoring.{where.module}"), where.maker)
        scorer: Scorer = maker(**where.settings)
        return scorer
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
