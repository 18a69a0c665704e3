"""How many values lie: mean, percentiles, maximum.

A percentile p of n values is by linear interpolation: in the sorted values, at place (n - 1) * p / 100 counted from
0, on the straight line between the two neighbours (numpy's `linear`, R's type 7, the "inclusive" of the standard
library). Computed with numpy, in which millions of gaps between tokens are sorted within a second.
"""

import math
from array import array
from collections.abc import Sequence

from sinan.types.load import Spread


def spread(values: "array[float] | array[int]") -> Spread | None:
    """Of an array of numbers; None where it is empty."""
    if not values:
        return None
    p50, p75, p90, p95, p99 = percentiles(values, (50, 75, 90, 95, 99))
    return Spread(len(values), math.fsum(values) / len(values), p50, p75, p90, p95, p99, float(max(values)))


def percentiles(values: "array[float] | array[int]", percents: Sequence[float]) -> list[float]:
    """Each of the percentiles, in their order. `values` is not empty and stays as it is."""
    import numpy as np

    found = np.percentile(np.frombuffer(values, dtype=values.typecode), percents, method="linear")
    return [float(value) for value in found]
