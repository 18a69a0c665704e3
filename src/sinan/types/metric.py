"""One number over many samples, with its uncertainty."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

LIKE_THESE = "questions like these"
"""The usual estimand: the score over all questions of the kind that these were drawn from."""
FULL_RUN = "this benchmark's full run"
"""The other one: the score over the questions that the benchmark has, of which a part was asked."""

STOPPED = "none: a part, stopped by a rule"
"""How the interval is made of what a rule stopped that was about something else."""


@dataclass(frozen=True, slots=True)
class DrawsSplit:
    """The variance of repeated draws in its two parts, over the samples of which every draw has a score."""

    within: float | None
    """Variance of the draws of one sample, averaged over samples (ddof 1): chance alone. None, as `between`, of what is
    no mean of draws, such as pass@k."""
    between: float | None
    """Variance of the samples' own means, chance taken out; 0 where chance explains all."""
    noise_share: float | None
    """within / (within + between): of the variance of a single draw, the share that is chance. None where nothing
    varies."""
    stderr_same_questions: float
    """Standard error if the very same questions were drawn anew."""
    stderr_many_draws: float
    """What the standard error would fall to with ever more draws of each sample."""
    n: int
    """Samples it rests on."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value that knows how sure it is. No samples is no number: every field but `n` and `method` says nothing."""

    value: float | None
    stderr: float | None
    ci: tuple[float, float] | None
    """Two-sided interval at `level`."""
    method: str
    """`wilson`, `t`, `bootstrap`, `none`: how `ci` was computed."""
    n: int
    """Units the estimate rests on: samples, not draws. Independent of each other, but for those of one cluster."""
    clusters: int | None = None
    """Clusters of units that depend on each other; None where every unit stands alone."""
    df: float | None = None
    """Degrees of freedom of the interval's t; None where it is not that of t."""
    deff: float | None = None
    """Design effect: the variance of the value, by that of as many units that stand alone. None without clusters."""
    notes: tuple[str, ...] = ()
    """What limits it, in words."""
    draws: DrawsSplit | None = None
    """Where samples were drawn several times: how much of the error is the draws'."""
    estimand: str = LIKE_THESE
    """What the interval is about."""
    level: float = 0.95
    """How often such intervals hold what they are about."""

    def to_json(self) -> dict[str, Any]:
        """The part of an entry of results.json that is the estimate's, without what does not apply."""
        beside = {"clusters": self.clusters, "df": self.df, "deff": self.deff}
        told: dict[str, Any] = {name: value for name, value in beside.items() if value is not None}
        if self.notes:
            told["notes"] = list(self.notes)
        if self.draws is not None:
            told["draws"] = asdict(self.draws)
        return {
            "value": self.value,
            "stderr": self.stderr,
            "ci": list(self.ci) if self.ci else None,
            "ci_method": self.method,
            "n": self.n,
            **told,
            "estimand": self.estimand,
            "alpha": round(1 - self.level, 12),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Estimate":
        """The inverse of `to_json`; also of an older sinan."""
        return cls(
            row["value"],
            row.get("stderr"),
            (row["ci"][0], row["ci"][1]) if row["ci"] else None,
            row.get("ci_method", ""),
            row["n"],
            row.get("clusters"),
            row.get("df"),
            row.get("deff"),
            tuple(row.get("notes", ())),
            DrawsSplit(**row["draws"]) if row.get("draws") else None,
            row.get("estimand", LIKE_THESE),
            round(1 - row.get("alpha", 0.05), 12),
        )

    def bare(self) -> "Estimate":
        """The value alone, of a part that was not chosen beforehand."""
        return replace(self, stderr=None, ci=None, clusters=None, df=None, deff=None, draws=None, method=STOPPED)


@dataclass(frozen=True, slots=True)
class Metric:
    """How the scores of samples become one number."""

    name: str
    """As in results: `accuracy`, `acc_norm`, `exact_match,strict-match`."""
    reduce: Callable[[Sequence[float]], float]
    """The draws of one unit (a sample, or all forms of one question) -> the unit's value; NaN where these draws give
    none, and the unit stays outside n."""
    estimate: Callable[[Sequence[float], int], Estimate]
    """(values of the units, draws per sample) -> the estimate. Where `width` is above 1, the values are rows of that
    many numbers, one row after the other. Where not `ordered`, the order of units plays no part."""
    kind: str = ""
    """What finds the metric again in a stored run (`statistics.metric`); empty: its name."""
    of: str = ""
    """Which of a score's `values` it reads; empty: the score's `value`."""
    width: int = 1
    """Numbers of one unit: more than 1 where the whole is no mean, as a perplexity of (log-likelihood, words). 0: rows
    of any length, one for each draw, each behind its length."""
    ordered: bool = False
    """Whether units must stand in the order of the benchmark: a resampling that is replayed depends on it."""
    vote: Callable[[Sequence[float], Sequence[str | None]], float] | None = None
    """Instead of `reduce`: (scores, answers) of the draws of one unit -> its value. For a majority."""
    whole: bool = False
    """Whether a unit counts only once all of its draws have a score: of a part of them it would be another number."""
    forms: tuple[str, ...] = ()
    """Which forms of a question it reads (`Sample.form`), handed to `reduce` in this order; empty: all, in any."""
    over_groups: Callable[[Sequence[Estimate]], Estimate] | None = None
    """The whole from the estimates of the groups, where it is not that of all units together."""
    clustered: Callable[[Sequence[float], int, Sequence[int]], Estimate] | None = None
    """As `estimate`, with the cluster of each unit: numbers that say no more than which are the same. None: its error
    cannot take clusters into account, and says so."""
    split: Callable[[Sequence[float], Sequence[float], int, Estimate], DrawsSplit | None] | None = None
    """(values of the units, their variances by `chance`, draws, the estimate) -> the two parts of its variance."""
    chance: Callable[[Sequence[float]], float] | None = None
    """The draws of one unit -> how much its value varies with them: a variance; NaN where that cannot be seen."""
    strata: Callable[[Sequence[Estimate], Sequence[float], Sequence[int]], Mapping[str, Estimate]] | None = None
    """(estimates of the groups, the values of all units, one group's after the other's, their clusters) -> what is told
    of groups beside each of them: averages over them, by name."""

    def named(self, name: str, of: str | None = None) -> "Metric":
        """The same under another name; found again by its kind."""
        return replace(self, name=name, kind=self.kind or self.name, of=self.of if of is None else of)
