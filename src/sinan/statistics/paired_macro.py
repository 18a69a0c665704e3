"""How far apart two columns are where every group counts the same, however many questions it has: the mean of the
groups' differences. Groups are taken as given, not drawn: SE = sqrt(sum SE_h^2) / H, as in `over_groups.plain`. Where
groups have clusters in common, such as the same problems in several languages, it is the error of clusters instead."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sinan.statistics.clustered import sum_error
from sinan.statistics.intervals import t_quantile
from sinan.statistics.paired import NOTHING, Units, two_sided_t
from sinan.types import PairedDifference

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def paired_macro(
    a: "npt.NDArray[np.float64]", b: "npt.NDArray[np.float64]", groups: "npt.NDArray[Any]", clusters: Any = None
) -> PairedDifference:
    """`groups`: of each pair its group; `clusters`: what it shares with others."""
    import numpy as np

    if not len(a):
        return NOTHING
    own = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    units = [Units.of(a[rows] - b[rows], None if clusters is None else np.asarray(clusters)[rows]) for rows in own]
    h, count = len(own), sum(one.count for one in units)
    of_a, of_b = (math.fsum(float(side[rows].mean()) for rows in own) / h for side in (a, b))
    difference = math.fsum(one.mean for one in units) / h
    clustered = count if count < len(a) else None
    df, stderr = count - h, _error_of_sum([one.stderr for one in units], h)
    if clusters is not None and (shared := len(np.unique(clusters))) < count:
        clustered, df = shared, shared - 1
        parts = [(one.differences - one.mean) / (one.n * h) for one in units]
        _, place = np.unique(np.asarray(clusters)[np.concatenate(own)], return_inverse=True)
        stderr = sum_error(np.bincount(place, np.concatenate(parts)).tolist())
    found = PairedDifference(
        of_a, of_b, difference, stderr, None, None, "none", len(a), clustered, discordant=int((a != b).sum())
    )
    if not stderr:
        return replace(found, notes=_alone(units))
    half, t = t_quantile(df) * stderr, difference / stderr
    interval, p_value = (difference - half, difference + half), two_sided_t(t, df)
    return replace(
        found,
        ci=interval,
        p_value=p_value,
        method=f"paired t over {h} groups{', clustered' if clustered else ''}",
        df=df,
        tests={"t": {"statistic": t, "df": df, "p": p_value}},
        intervals={"t": interval},
    )


def _alone(units: Sequence[Units]) -> tuple[str, ...]:
    """Why there is no interval."""
    few = sum(one.count < 2 for one in units)
    have = "groups have" if few > 1 else "group has"
    return (f"{few:,} {have} a single unit: how sure the difference is cannot be told",) if few else ()


def _error_of_sum(errors: Sequence[float | None], h: int) -> float | None:
    known = [error for error in errors if error is not None]
    return math.sqrt(math.fsum(error * error for error in known)) / h if len(known) == h else None
