"""One number over many samples, with its uncertainty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value that knows how sure it is. No samples is no number: every field but `n` and `method` is None."""

    value: float | None
    stderr: float | None
    ci: tuple[float, float] | None
    """Two-sided 95 % interval."""
    method: str
    """`wilson`, `t`, `bootstrap`, `none`: how `ci` was computed."""
    n: int
    """Independent units the estimate rests on (samples, not draws)."""

    def bare(self) -> "Estimate":
        """The value alone, of a part that was not chosen beforehand."""
        return replace(self, stderr=None, ci=None, method="none: a part, stopped by a rule")


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

    def named(self, name: str, of: str | None = None) -> "Metric":
        """The same under another name; found again by its kind."""
        return replace(self, name=name, kind=self.kind or self.name, of=self.of if of is None else of)
