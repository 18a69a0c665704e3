"""Numbers that are no mean of the questions' own, as functions of many resamples at once."""

from collections.abc import Callable
from typing import Any

from sinan.statistics import agreement, averages, corpus
from sinan.types import Metric

Whole = Callable[[Any], Any]
"""(resamples, units, width) of numbers -> one whole for each resample, NaN where there is none."""


def _quotients(drawn: Any) -> Any:
    sums = drawn.sum(axis=1)
    return sums[:, 0] / sums[:, 1]


def _weighted_perplexities(drawn: Any) -> Any:
    import numpy as np

    return np.exp(-_quotients(drawn))


def _bits_per_byte(drawn: Any) -> Any:
    import numpy as np

    return -_quotients(drawn) / np.log(2)


AT_ONCE: dict[str, Whole] = {
    "error_rate": _quotients,
    "micro": _quotients,
    "nanmean": _quotients,
    "median": averages._medians,
    "perplexity": averages._perplexities,
    "weighted_perplexity": _weighted_perplexities,
    "bits_per_byte": _bits_per_byte,
    "f1": agreement._f1,
    "mcc": agreement._mcc,
    **corpus._STATISTICS,
}
"""By the metric's kind."""


def is_mean(metric: Metric) -> bool:
    """Whether the metric's number is the mean of the units' own, found by trying."""
    if metric.width != 1:
        return False
    tried = [0.0, 0.25, 1.0, 1.0]
    value = metric.estimate(tried, 1).value
    return value is not None and abs(value - sum(tried) / len(tried)) < 1e-12


def many_at_once(metric: Metric) -> bool:
    """Whether resamples are read together, and not by an estimate each."""
    return _kind(metric) in AT_ONCE


def whole_of(metric: Metric) -> Whole:
    """The metric as a function of resamples."""
    return AT_ONCE.get(_kind(metric)) or _one_by_one(metric)


def _one_by_one(metric: Metric) -> Whole:
    import numpy as np

    def wholes(drawn: Any) -> Any:
        values = (metric.estimate(rows.ravel().tolist(), 1).value for rows in drawn)
        return np.array([np.nan if value is None else value for value in values])

    return wholes


def _kind(metric: Metric) -> str:
    """`f1:by_size` is of the kind `f1`."""
    return (metric.kind or metric.name).partition(":")[0]
