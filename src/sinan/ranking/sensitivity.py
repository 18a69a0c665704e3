"""How much of an overall order is the choice of weights, and of benchmarks?"""

import numpy as np

from sinan.ranking.contrasts import Numbers

WEIGHTINGS = 2_000
DIGITS = 12
"""After the point: below it lies what rounding does."""


def ranks(values: Numbers) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """1 + the number of larger values, along the last axis. Sums of the same numbers in another order are equal."""
    values = np.round(values, DIGITS)
    larger = values[..., None, :] > values[..., :, None]
    found: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = 1 + larger.sum(axis=-1)
    return found


def over_weights(scores: Numbers, seed: int = 0, weightings: int = WEIGHTINGS) -> list[tuple[int, int]]:
    """Of each model the 5th and the 95th of a hundred of its ranks, over weights that are all equally likely
    (Dirichlet(1, ..., 1)). `scores`: (models, benchmarks)."""
    weights = np.random.default_rng(seed).dirichlet(np.ones(scores.shape[1]), weightings)
    places = np.vstack([ranks(part @ scores.T) for part in np.array_split(weights, max(1, len(scores) ** 2 // 2_000))])
    low = np.quantile(places, 0.05, axis=0, method="lower")
    high = np.quantile(places, 0.95, axis=0, method="higher")
    return [(int(a), int(b)) for a, b in zip(low, high, strict=True)]


def without_each(scores: Numbers, weights: Numbers) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """(benchmarks, models) ranks with one benchmark left out, the other weights as they are to each other."""
    kept = weights * (1 - np.eye(len(weights)))
    return ranks((kept / kept.sum(axis=1, keepdims=True)) @ scores.T)
