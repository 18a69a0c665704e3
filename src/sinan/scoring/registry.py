"""Scorers by name, for `--scorer NAME`; other packages add theirs through the entry points `sinan.scorers`."""

from sinan.errors import UnknownName, UsageError
from sinan.scoring.after import After
from sinan.scoring.by_choices import ByChoices
from sinan.scoring.exact import Exact
from sinan.scoring.letter import Letter
from sinan.scoring.math_vision import MathVision
from sinan.scoring.mathvista import MathVista
from sinan.scoring.mmlu_pro import MmluPro
from sinan.scoring.mmmu import Mmmu
from sinan.scoring.most_likely import MostLikely
from sinan.scoring.number import Number
from sinan.scoring.yes_no import Pope, YesNo
from sinan.types import Scorer

_OWN: dict[str, Scorer] = {
    "after": After(),
    "by-choices": ByChoices(),
    "exact": Exact(),
    "letter": Letter(),
    "math-vision": MathVision(),
    "mathvista": MathVista(),
    "mmlu-pro": MmluPro(),
    "mmmu": Mmmu(),
    "mmmu-pro": Mmmu(pro=True),
    "most-likely": MostLikely(),
    "number": Number(),
    "pope": Pope(),
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
