"""The full score of a benchmark from a random part of its questions, where every question's score was guessed before.

With y the scores of n questions drawn at random out of N, and f a guess for each of the N that these scores played no
part in (from earlier models' answers, say),

    estimate = mean of f over all N + mean of y - f over the n
    SE^2     = s^2(y - f) / n * (1 - n / N)

which is right on average however bad the guesses are, and surer the better they are (the difference estimator of survey
sampling: Cochran, Sampling Techniques, 1977, chapter 7). n is fixed beforehand: of a run that ended because of what it
saw, `statistics.sequential` tells what is sure, with the same guesses.
"""

import math
from collections.abc import Sequence

from sinan.statistics.intervals import mean_t
from sinan.statistics.proportions import LEVEL
from sinan.types import Estimate
from sinan.types.metric import FULL_RUN

METHOD = "t, control variate"


def control_variate(
    scores: Sequence[float], guessed: Sequence[float], everywhere: Sequence[float], level: float = LEVEL
) -> Estimate:
    """`scores`, in [0, 1], and `guessed` of the same questions; `everywhere`: the guesses of all N, these among them.
    The interval is t's, and leaves out what the scores that are known make impossible. None of a part without spread.
    Raises ValueError for columns of different lengths, and a part that is larger than the whole."""
    n, population = len(scores), len(everywhere)
    if len(guessed) != n or n > population:
        raise ValueError(f"{n} scores, {len(guessed)} guesses of them, {population} guesses of all")
    if n == 0:
        return Estimate(None, None, None, "none", 0, estimand=FULL_RUN, level=level)
    rest, stderr, interval = mean_t([y - f for y, f in zip(scores, guessed, strict=True)], level)
    value, left = math.fsum(everywhere) / population + rest, 1 - n / population
    known = math.fsum(scores) / population
    note = f"finite population: {n:,} of {population:,} questions"
    if not left:
        return Estimate(known, 0.0, (known, known), METHOD, n, notes=(note,), estimand=FULL_RUN, level=level)
    if interval is None or not stderr:
        return Estimate(value, stderr, None, "none", n, notes=(note,), estimand=FULL_RUN, level=level)
    half = (interval[1] - rest) * math.sqrt(left)
    low, high = (min(max(known, bound), known + left) for bound in (value - half, value + half))
    return Estimate(
        value, stderr * math.sqrt(left), (low, high), METHOD, n, df=n - 1, notes=(note,), estimand=FULL_RUN, level=level
    )
