"""When requests arrive that nobody coordinates: a Poisson process, the same for the same seed."""

import random
from collections.abc import Iterator


def poisson(rate: float, seed: str) -> Iterator[float]:
    """Instants in seconds from 0, without end: the gaps are independent and exponential with mean 1 / `rate`.

    The first arrival is at 0: what comes before it is no part of a test.
    """
    draw, now = random.Random(seed), 0.0
    while True:
        yield now
        now += draw.expovariate(rate)
