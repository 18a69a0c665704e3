"""A share over parts of samples: by hand, and its error against what repeated draws of prompts show."""

import random
import statistics

import pytest

from sinan.statistics.metrics import metric
from sinan.statistics.micro import micro


def flat(rows):
    return [float(number) for row in rows for number in row]


def test_every_part_counts_the_same():
    estimate = micro.estimate(flat([(1, 1), (0, 3)]), 1)
    assert (estimate.value, estimate.n) == (0.25, 2)


def test_the_error_is_that_of_a_ratio():
    rows = [(1, 2), (3, 3), (0, 1), (2, 3)]
    ratio = 6 / 9
    by_hand = (sum((g - ratio * n) ** 2 for g, n in rows) * 4 / 3) ** 0.5 / 9
    assert micro.estimate(flat(rows), 1).stderr == pytest.approx(by_hand)


def test_prompts_drawn_again_and_again_scatter_as_the_error_says():
    rng = random.Random(0)

    def drawn():
        rows = []
        for _ in range(200):
            n, skill = rng.randint(1, 3), rng.choice([0.5, 0.95])
            rows.append((sum(rng.random() < skill for _ in range(n)), n))
        return micro.estimate(flat(rows), 1)

    estimates = [drawn() for _ in range(400)]
    spread = statistics.stdev(one.value for one in estimates)
    assert statistics.fmean(one.stderr for one in estimates) == pytest.approx(spread, rel=0.1)


def test_no_spread_is_no_certainty():
    low, high = micro.estimate(flat([(2, 2)] * 40), 1).ci
    assert high == 1.0 and low < 0.95
    assert micro.estimate(flat([(1, 2)]), 1).ci[0] > 0
    assert micro.estimate([], 1).value is None


def test_it_is_found_again_by_its_kind():
    assert metric({"name": "inst_level_strict_acc", "kind": "micro", "of": "inst_strict"}).estimate is micro.estimate
