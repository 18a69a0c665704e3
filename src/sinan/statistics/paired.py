"""How far apart are two columns of numbers of the same questions? The pairs' differences are looked at, never two
intervals: where both columns find the same questions hard, most of their spread is common to them and falls out.

Interval: Student's t over the differences; of verdicts (0 or 1) with few pairs, or few that differ, that of Bonett and
Price (2012), which keeps its level there and has a width also where no pair differs. Test: of verdicts McNemar's with
the mid-p value; of other numbers of fewer than 30 units the sign-flip test; otherwise t.

Questions that share a cluster are one unit: the standard error is the sandwich with the correction G / (G - 1), the
quantile that of t with G - 1 degrees of freedom, G being the clusters (Cameron and Miller 2015), and of verdicts the
signs of whole clusters are flipped. Fewer than two units have no interval and no test.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sinan.statistics.clustered import FEW, sum_error
from sinan.statistics.intervals import t_quantile
from sinan.statistics.mcnemar import bonett_price, mcnemar, tango
from sinan.statistics.sign_flip import LARGEST_SUM, SignFlip, sign_flip
from sinan.types import PairedDifference

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FEW_PAIRS, FEW_DISCORDANT = 100, 25
"""Below either, t is no longer to be trusted for numbers that are 0 or 1."""
FEW_UNITS = 30
"""Below it, numbers that are no verdicts are tested by flipping signs."""
NOTHING = PairedDifference(None, None, None, None, None, None, "none", 0)
_NO_SPREAD = 1e-12
"""A standard error that is smaller, beside the differences, is what rounding left of 0."""


def paired(
    a: "Sequence[float] | npt.NDArray[np.float64]",
    b: "Sequence[float] | npt.NDArray[np.float64]",
    *,
    single: bool = True,
    clusters: "Sequence[Any] | npt.NDArray[Any] | None" = None,
    seed: int = 0,
) -> PairedDifference:
    """The mean of a - b over pairs. `single`: every number comes from one draw, so that 0 and 1 are all there is;
    means of several draws are no such numbers, even where all of them are 0 or 1. `clusters`: of each pair what it
    shares with others; None: every pair stands alone. `seed`: of the signs that are drawn, where they are.
    Raises ValueError for columns of different lengths."""
    import numpy as np

    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if len(first) != len(second):
        raise ValueError(f"{len(first)} numbers cannot be paired with {len(second)}")
    if not len(first):
        return NOTHING
    verdicts = single and all(bool(((column == 0) | (column == 1)).all()) for column in (first, second))
    units = Units.of(first - second, clusters)
    found = _of_verdicts(units, seed) if verdicts else _of_numbers(units, seed)
    return PairedDifference(
        math.fsum(first.tolist()) / units.n,
        math.fsum(second.tolist()) / units.n,
        units.mean,
        units.stderr,
        found.ci,
        found.p_value,
        found.method,
        units.n,
        units.count if units.clustered else None,
        units.count - 1 if units.count > 1 else None,
        units.deff,
        found.tests,
        found.intervals,
        tuple(_notes(units, verdicts)),
        units.differing,
    )


@dataclass(frozen=True, eq=False)
class Units:
    """The differences of pairs, and their sums over what counts as one."""

    differences: "npt.NDArray[np.float64]"
    sums: "npt.NDArray[np.float64]"
    mean: float
    stderr: float | None
    """None of fewer than two units."""
    plain: float | None
    """The standard error, were every pair a unit."""

    @classmethod
    def of(cls, differences: "npt.NDArray[np.float64]", clusters: Any = None) -> "Units":
        """`clusters`: names or numbers, one for each difference."""
        import numpy as np

        n, mean = len(differences), math.fsum(differences.tolist()) / len(differences)
        plain = _stderr(differences - mean, n)
        if clusters is None:
            return cls(differences, differences, mean, plain, plain)
        _, place = np.unique(np.asarray(clusters), return_inverse=True)
        sums, sizes = np.bincount(place, differences).astype(np.float64), np.bincount(place)
        if len(sums) == n:
            return cls(differences, differences, mean, plain, plain)
        return cls(differences, sums, mean, _stderr(sums - sizes * mean, n), plain)

    @property
    def n(self) -> int:
        """Pairs."""
        return len(self.differences)

    @property
    def count(self) -> int:
        """Units: clusters, or pairs where each stands alone."""
        return len(self.sums)

    @property
    def clustered(self) -> bool:
        """Whether any pairs are one unit."""
        return self.count < self.n

    @property
    def deff(self) -> float | None:
        """The design effect: how many times the variance is that of pairs that stand alone."""
        return (self.stderr / self.plain) ** 2 if self.clustered and self.stderr and self.plain else None

    @property
    def differing(self) -> int:
        """Pairs whose two numbers are not the same."""
        return int((self.differences != 0).sum())

    @property
    def t(self) -> float | None:
        """Student's statistic; None where nothing varies."""
        return self.mean / self.stderr if self.stderr else None


@dataclass(frozen=True, slots=True)
class _Found:
    ci: tuple[float, float] | None
    p_value: float | None
    method: str
    tests: Mapping[str, Mapping[str, Any]]
    intervals: Mapping[str, tuple[float, float]]


def _of_verdicts(units: Units, seed: int) -> _Found:
    """Both columns hold 0 and 1 alone."""
    b, c = (int((units.differences == sign).sum()) for sign in (1.0, -1.0))
    if units.clustered:
        return _of_clustered_verdicts(units, b + c, seed)
    test, tests, intervals = mcnemar(b, c), *_by_t(units)
    tests = {"mcnemar": test.to_json(), **tests, "sign_flip": _told(SignFlip(test.exact, "exact"), b + c)}
    intervals |= {"bonett_price": bonett_price(b, c, units.n), "tango": tango(b, c, units.n)}
    few = units.n < FEW_PAIRS or b + c < FEW_DISCORDANT or "t" not in intervals
    name, key = ("bonett-price", "bonett_price") if few else ("t", "t")
    return _Found(intervals[key], test.midp, f"mid-p mcnemar, {name} interval", tests, intervals)


def _of_clustered_verdicts(units: Units, discordant: int, seed: int) -> _Found:
    """McNemar's test knows no clusters: the signs of whole clusters are flipped instead."""
    if units.count > 1 and not discordant:
        interval = bonett_price(0, 0, units.count)
        method = "cluster sign flip (exact), bonett-price interval over clusters"
        return _Found(
            interval, 1.0, method, {"sign_flip": _told(SignFlip(1.0, "exact"), 0)}, {"bonett_price": interval}
        )
    found = _of_numbers(units, seed, flipped=discordant <= LARGEST_SUM)
    return replace(found, intervals={**found.intervals, **_of_effective_size(units)})


def _of_effective_size(units: Units) -> dict[str, tuple[float, float]]:
    """Of clustered verdicts: Bonett and Price's interval for as many pairs as would vary alike, with the quantile of
    t. Where few differ it holds more often than t's. Nothing where the effect of the clusters cannot be told."""
    if units.deff is None:
        return {}
    b, c = (float((units.differences == sign).sum()) for sign in (1.0, -1.0))
    by = max(1.0, units.deff)
    return {"bonett_price": bonett_price(b / by, c / by, units.n / by, t_quantile(units.count - 1))}


def _of_numbers(units: Units, seed: int, flipped: bool = False) -> _Found:
    """`flipped`: test by flipping signs, however many units there are."""
    if units.count < 2:
        return _Found(None, None, "none", {}, {})
    tests, intervals = _by_t(units)
    t = "t interval, clustered" if units.clustered else "t interval"
    if flipped or units.count < FEW_UNITS:
        flip = sign_flip(units.sums, seed)
        tests["sign_flip"] = _told(flip, int((units.sums != 0).sum()))
        test = f"{'cluster ' * units.clustered}sign flip ({flip.how})"
        return _Found(
            intervals.get("t"), flip.p_value, f"{test}, {t if intervals else 'no interval'}", tests, intervals
        )
    if units.t is None:  # differences that are all the same tell nothing of their spread
        return _Found(None, None, "none", {}, {})
    return _Found(intervals["t"], tests["t"]["p"], f"paired t{', clustered' * units.clustered}", tests, intervals)


def _by_t(units: Units) -> tuple[dict[str, Mapping[str, Any]], dict[str, tuple[float, float]]]:
    """The test and the interval, where anything varies."""
    if units.t is None or units.stderr is None:
        return {}, {}
    df = units.count - 1
    half = t_quantile(df) * units.stderr
    test = {"statistic": units.t, "df": df, "p": two_sided_t(units.t, df)}
    return {"t": test}, {"t": (units.mean - half, units.mean + half)}


def two_sided_t(t: float, df: float) -> float:
    """P-value of Student's statistic."""
    from scipy.special import stdtr

    return 2 * float(stdtr(df, -abs(t)))


def _told(flip: SignFlip, units: int) -> dict[str, Any]:
    return {"p": flip.p_value, "units": units, "how": flip.how}


def _stderr(residuals: "npt.NDArray[np.float64]", n: int) -> float | None:
    """Of a mean over n, from the residuals of its independent units."""
    error = sum_error(residuals.tolist())
    if error is None:
        return None
    return error / n if error > _NO_SPREAD else 0.0


def _notes(units: Units, verdicts: bool) -> list[str]:
    if not units.clustered:
        return []
    if units.count < 2:
        return ["all questions share one cluster: how sure the difference is cannot be estimated"]
    if units.count < FEW:
        return [f"the {units.n:,} questions make only {units.count} clusters: the interval is a rough one"]
    if verdicts and 0 < units.differing < FEW_DISCORDANT:
        return [f"only {units.differing} verdicts differ: the interval is a rough one (wider: bonett_price)"]
    return []
