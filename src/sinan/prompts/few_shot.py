"""Which worked examples come before a question: pure functions of (seed, sample), never of order, shard or batch."""

import random as _random
from collections.abc import Sequence

from sinan.prompts.replayed import Replayed as replayed
from sinan.types import Sample

__all__ = ["first", "random", "replayed"]


def first(seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
    """The first k of the pool, the same for every sample."""
    return _others(sample, pool)[:k]


def random(seed: int, sample: Sample, pool: Sequence[Sample], k: int) -> Sequence[Sample]:
    """k of the pool, drawn anew for each sample from its own stream of randomness."""
    others = _others(sample, pool)
    return _random.Random(f"{seed}/{sample.id}").sample(others, min(k, len(others)))


def _others(sample: Sample, pool: Sequence[Sample]) -> Sequence[Sample]:
    """The pool without the question that is asked. Pools are kept apart from it; a mistake there must not leak."""
    asked = (sample.question, sample.choices)
    return [one for one in pool if (one.question, one.choices) != asked]
