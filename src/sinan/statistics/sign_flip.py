"""The sign-flip test: were the differences' signs a coin's? It needs no normal distribution, only that without a
difference each unit's would be as likely to be turned round (Fisher 1935).

Exact where it can be: sums of few units are enumerated; sums of whole numbers, as of verdicts that share a cluster,
have a distribution that is a convolution of binomials. Otherwise signs are drawn, and what was seen counts as one of
the draws: p = (1 + hits) / (1 + draws).
"""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ENUMERATED = 20
"""Units that differ, at most, whose signs are all tried."""
LARGEST_SUM = 20_000
"""Of whole numbers: the largest sum whose distribution is written down."""
DRAWS = 100_000
_AT_ONCE = 1 << 22
"""Signs that are held at one time."""


class SignFlip(NamedTuple):
    """A two-sided p-value, and how it was found."""

    p_value: float
    how: str
    """`exact`, or `100,000 draws, seed 0`."""


def sign_flip(differences: "npt.NDArray[np.float64]", seed: int = 0, draws: int = DRAWS) -> SignFlip:
    """Of the units' differences (of clusters, the sums of theirs)."""
    import numpy as np

    sizes = np.sort(np.abs(differences[differences != 0]))  # sorted: the order of units plays no part in the draws
    seen = abs(float(np.sum(differences)))
    if len(sizes) <= ENUMERATED:
        return SignFlip(_share_as_large(_all_sums(sizes), seen), "exact")
    if (sizes == np.rint(sizes)).all() and sizes.sum() <= LARGEST_SUM:
        return SignFlip(_of_whole_numbers(sizes.astype(np.int64), round(seen)), "exact")
    generator, hits, left = np.random.default_rng(seed), 0, draws
    while left:
        rows = min(left, max(1, _AT_ONCE // len(sizes)))
        signs = generator.integers(0, 2, (rows, len(sizes)), dtype=np.int8) * 2 - 1
        hits += int(np.count_nonzero(_as_large(signs @ sizes, seen)))
        left -= rows
    return SignFlip((1 + hits) / (1 + draws), f"{draws:,} draws, seed {seed}")


def _as_large(sums: Any, seen: float) -> Any:
    """Sums are the same but for the last bits, in whatever order they were made."""
    import numpy as np

    return np.abs(sums) >= seen - 1e-9 * max(1.0, seen)


def _share_as_large(sums: Any, seen: float) -> float:
    return float(_as_large(sums, seen).mean())


def _all_sums(sizes: Any) -> Any:
    import numpy as np

    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return sums


def _of_whole_numbers(sizes: Any, seen: int) -> float:
    """The distribution of the sum: of k units of one size it is that of a binomial, in steps of twice the size."""
    import numpy as np
    from scipy.special import gammaln

    chances, lowest = np.ones(1), 0
    for size, count in zip(*np.unique(sizes, return_counts=True), strict=True):
        k = np.arange(count + 1)
        steps = np.zeros(2 * size * count + 1)
        steps[:: 2 * size] = np.exp(gammaln(count + 1) - gammaln(k + 1) - gammaln(count - k + 1) - count * np.log(2))
        chances, lowest = np.convolve(chances, steps), lowest - int(size * count)
    sums = lowest + np.arange(len(chances))
    return min(1.0, float(chances[np.abs(sums) >= seen].sum()))
