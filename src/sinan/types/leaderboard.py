"""A leaderboard: who is ahead, who is tied, and what that rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sinan.types.metric import Estimate

THIS_BENCHMARK, LIKE_THESE = "E1", "E2"
"""What a claim is about: the full run of this benchmark, or questions like these."""

ESTIMANDS = {
    THIS_BENCHMARK: "E1: what a full run of this benchmark would give",
    LIKE_THESE: "E2: questions like these",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a model is from the next one, on what both answered."""

    model: str
    """The next one."""
    difference: float
    """The model's number less the next one's."""
    stderr: float | None
    ci: tuple[float, float] | None
    """Simultaneous over all pairs of the board, so that it may be read for every pair at once."""
    n: int
    sure: bool
    """Whether the order of the two is sure; else they are tied."""

    def to_json(self) -> dict[str, Any]:
        """Every field; `verdict` in words."""
        return {
            "model": self.model,
            "difference": self.difference,
            "stderr": self.stderr,
            "ci": list(self.ci) if self.ci else None,
            "n": self.n,
            "verdict": "better" if self.sure else "tied",
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """One model on a board."""

    model: str
    estimate: Estimate
    rank: int | None
    """1 + the number of models with a better number; equal numbers share it. None without a number."""
    rank_interval: tuple[int, int] | None
    """The first and the last rank that the model may have, simultaneously for all models of the board."""
    rank_interval_bonferroni: tuple[int, int] | None = None
    """The same with no joint distribution: wider, and without a draw."""
    tie_group: str = ""
    """Letters: two models have one in common exactly where their order is not sure."""
    vs_next: Gap | None = None
    runs: tuple[str, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Draws by outcome."""
    further: Mapping[str, Any] = field(default_factory=dict)
    """What is particular to the kind of board, such as the strength behind a rating."""

    def to_json(self) -> dict[str, Any]:
        """An entry of `standings`."""
        estimate = self.estimate
        return {
            "model": self.model,
            "value": estimate.value,
            "stderr": estimate.stderr,
            "ci": list(estimate.ci) if estimate.ci else None,
            "ci_method": estimate.method,
            "rank": self.rank,
            "rank_interval": list(self.rank_interval) if self.rank_interval else None,
            "rank_interval_bonferroni": list(self.rank_interval_bonferroni) if self.rank_interval_bonferroni else None,
            "tie_group": self.tie_group,
            "vs_next": self.vs_next.to_json() if self.vs_next else None,
            "n": estimate.n,
            "runs": list(self.runs),
            "outcomes": dict(self.outcomes),
            **self.further,
        }


@dataclass(frozen=True)
class Leaderboard:
    """Models in order, the best one first; those without a number last."""

    name: str
    standings: tuple[Standing, ...]
    metric: str
    method: str
    """How rank intervals were found."""
    alpha: float = 0.05
    """The chance that any of the board's pairs is put in the wrong order."""
    family: int = 0
    """Pairs that share it."""
    n: int = 0
    """Items."""
    clusters: int | None = None
    """Where items are not independent."""
    df: float | None = None
    critical: float | None = None
    """Standard errors to either side of a simultaneous interval of a difference."""
    estimand: str = ESTIMANDS[LIKE_THESE]
    chance: float | None = None
    in_percent: bool = True
    less_is_better: bool = False
    notes: tuple[str, ...] = ()
    further: Mapping[str, Any] = field(default_factory=dict)
    """What is particular to the kind of board: version and protocol of a benchmark, weights of an overall."""

    def to_json(self) -> dict[str, Any]:
        """An entry of `sinan rank --json`."""
        return {
            "name": self.name,
            **self.further,
            "metric": self.metric,
            "estimand": self.estimand,
            "method": self.method,
            "alpha": self.alpha,
            "family": self.family,
            "n": self.n,
            "clusters": self.clusters,
            "df": self.df,
            "critical": self.critical,
            "chance": self.chance,
            "less_is_better": self.less_is_better,
            "notes": list(self.notes),
            "standings": [one.to_json() for one in self.standings],
        }
