"""A judge's share of right answers, corrected by how often it errs: where that is known from other labelled items.

    theta = (p + q0 - 1) / (q0 + q1 - 1)
    SE^2  = (p (1 - p) / n + (1 - theta)^2 q0 (1 - q0) / m0 + theta^2 q1 (1 - q1) / m1) / (q0 + q1 - 1)^2

p is the share that the judge calls right, q1 its sensitivity and q0 its specificity, from m1 right and m0 wrong answers
(Rogan, Gladen 1978; the variance by the delta method). It rests on the judge erring here as it did there. Where people
labelled some of these very items, `prediction_powered` needs no such belief and is narrower.
"""

import math
from typing import Any

from sinan.errors import UsageError
from sinan.types import Estimate

METHOD = "normal, rogan-gladen"


def rogan_gladen(share: float, n: int, sensitivity: float, right: int, specificity: float, wrong: int) -> Estimate:
    """`share` of n answers that the judge calls right; `sensitivity` on so many `right` answers, `specificity` on so
    many `wrong` ones. Neither the estimate nor the interval is cut at 0 and 1, and where nothing varies there is no
    interval. Raises UsageError for a judge that tells nothing."""
    tells = sensitivity + specificity - 1
    if tells <= 0:
        raise UsageError(
            f"a judge of sensitivity {sensitivity:g} and specificity {specificity:g} tells nothing: their sum must be "
            "above 1"
        )
    theta = (share + specificity - 1) / tells
    variance = share * (1 - share) / n
    variance += (1 - theta) ** 2 * specificity * (1 - specificity) / wrong
    variance += theta**2 * sensitivity * (1 - sensitivity) / right
    stderr = math.sqrt(variance) / tells
    if stderr == 0:  # nothing that was seen varies: that tells nothing of how sure it is
        return Estimate(theta, None, None, "none", n)
    half = 1.959963984540054 * stderr
    return Estimate(theta, stderr, (theta - half, theta + half), METHOD, n)


def effective_judges(count: int, correlation: Any) -> Any:
    """How many independent judges a panel is worth whose errors correlate so: a number, or an array of them."""
    return count / (1 + (count - 1) * correlation)
