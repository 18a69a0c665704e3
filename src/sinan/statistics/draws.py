"""How much of an error is chance in the drawing, and how much the choice of questions.

With W the mean variance of a sample's draws (ddof 1), T the variance of the samples' means and K draws of each: B =
T - W / K lies between samples. The standard error of the mean holds both parts; sqrt(W / (K n)) is the part that would
change if the same questions were drawn anew, and what is left without it is where ever more draws lead to.
"""

import math
from collections.abc import Sequence

from sinan.statistics.proportions import mean
from sinan.types import DrawsSplit, Estimate


def split(means: Sequence[float], variances: Sequence[float], k: int, estimate: Estimate) -> DrawsSplit | None:
    """The parts, of samples that have all `k` draws; None for fewer than two samples, or draws. `estimate` is that of
    the means."""
    n = len(means)
    if k < 2 or n < 2:
        return None
    within, centre = mean(variances), mean(means)
    spread = math.fsum((one - centre) ** 2 for one in means) / (n - 1)
    between = max(0.0, spread - within / k)
    of_draws = within / (k * n)
    whole = spread / n if estimate.stderr is None else estimate.stderr**2
    return DrawsSplit(
        within,
        between,
        within / (within + between) if within + between else None,
        math.sqrt(of_draws),
        math.sqrt(max(0.0, whole - of_draws)),
        n,
    )
