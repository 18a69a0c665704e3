"""What a run is to find out, as it was declared before the first request. Written to run.json, and read back from it
where the run goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from sinan.errors import StoreError, UsageError
from sinan.stopping.rules import Rule, rule

ALPHA = 0.05
Kind = Literal["stop", "duel", "best", "place", "adaptive"]


@dataclass(frozen=True)
class Declared:
    """One question to a run, with the one budget of errors that it has."""

    kind: Kind
    rules: tuple[str, ...] = ()
    """Of `stop`, as the user wrote them."""
    alpha: float = ALPHA
    epsilon: float = 0.0
    """Scores that are closer are held for equal: of `duel` and `best`."""
    board: Mapping[str, float] = field(default_factory=dict)
    """Of `place`, `best` and `duel`: model -> its score of all questions, known from a finished run."""
    pair: tuple[str, ...] = ()
    """Of `duel`, where one of the two is on the board: both, as they were named."""
    within: int = 0
    """Of `place`: so many comparisons may stay open."""
    warm: bool = False
    """Whether bets follow what finished runs of other models tell of the questions."""
    earlier: Mapping[str, Any] = field(default_factory=dict)
    """Benchmark -> [folder of a run, model]: which runs these were."""
    questions: int = 0
    """Of `adaptive`: so many are asked."""

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5:
            raise UsageError(f"--alpha {self.alpha:g}: the share of verdicts that may be wrong lies between 0 and 0.5")
        if not 0 <= self.epsilon < 1:
            raise UsageError(
                f"--epsilon {self.epsilon:g}: a difference of scores that does not matter lies from 0 to 1"
            )

    @property
    def parsed(self) -> tuple[Rule, ...]:
        """The rules, read. Raises UsageError."""
        return tuple(map(rule, self.rules))

    def to_json(self) -> dict[str, Any]:
        """Every field, as it is read back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Declared":
        """The inverse of `to_json`; fields that this version does not know are left out. Raises StoreError."""
        known = {one.name for one in fields(cls)}
        kept: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k in known}
        try:
            return cls(**kept)
        except TypeError as error:
            raise StoreError(f"what the run was to find out is damaged in run.json ({error!s:.80})") from None


def stop_by(rules: str | Sequence[str], alpha: float = ALPHA, warm: bool = False) -> Declared:
    """That a run ends once the rules are met. Raises UsageError for a rule that cannot be read."""
    declared = Declared("stop", (rules,) if isinstance(rules, str) else tuple(rules), alpha, warm=warm)
    if len(set(declared.parsed)) < len(declared.rules):
        raise UsageError(f"--stop: a rule is given twice: {', '.join(declared.rules)}")
    return declared
