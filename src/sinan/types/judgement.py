"""What people and judges said of one item: what an audit of judges is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sinan.types.metric import Estimate

Compared = Literal["pairwise", "pointwise"]
"""`pairwise`: which of two answers is better, as 1 (the first, A), 0 (the second, B) or 0.5 (a tie). `pointwise`: a
number for one answer."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One item."""

    id: str
    human: Mapping[str, float] = field(default_factory=dict)
    """By person; empty where nobody labelled it."""
    judges: Mapping[str, float] = field(default_factory=dict)
    """By judge, with the answers in the order of the file."""
    swapped: Mapping[str, float] = field(default_factory=dict)
    """By judge, asked in the other order: still 1 where A, the first answer of the file, is preferred."""
    lengths: tuple[float, ...] = ()
    """Of both answers, or of the one, in characters or as the file has them."""
    models: tuple[str, ...] = ()
    """Who wrote both answers, or the one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One finding about a judge."""

    measure: str
    """`accuracy`, `kappa`, `position_bias`, ..."""
    estimate: Estimate
    meaning: str
    """In a few words, with what 0 or 1 stands for."""
    p_value: float | None = None

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        one = self.estimate
        row = {
            "measure": self.measure,
            "value": one.value,
            "stderr": one.stderr,
            "ci": list(one.ci) if one.ci else None,
        }
        row |= {"ci_method": one.method, "n": one.n, "meaning": self.meaning}
        return row if self.p_value is None else row | {"p_value": self.p_value}


@dataclass(frozen=True, slots=True)
class JudgeAudit:
    """All findings about one judge."""

    judge: str
    measured: tuple[Measured, ...]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"judge": self.judge, "measures": [one.to_json() for one in self.measured]}
