"""Intervals against reference cases computed elsewhere (statsmodels, scipy)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.statistics import accuracy, mean_t, wilson

WILSON = [
    (8, 10, 0.4901624715, 0.9433178485),
    (0, 30, 0.0, 0.1135133932),
    (30, 30, 1 - 0.1135133932, 1.0),
    (162, 1319, 0.1062, 0.1416),
]


@pytest.mark.parametrize(("x", "n", "low", "high"), WILSON)
def test_wilson_equals_its_reference(x, n, low, high):
    assert wilson(x, n) == pytest.approx((low, high), abs=1e-8 if n < 100 else 1e-4)


def test_the_t_interval_equals_its_reference():
    # scipy.stats.t.interval(0.95, 4, mean, sem) of these five values
    mean, stderr, interval = mean_t([0.2, 0.4, 0.4, 0.9, 1.0])
    assert mean == pytest.approx(0.58)
    assert stderr == pytest.approx(0.15620499351813308)
    assert interval == pytest.approx((0.1463054103, 1.0136945897), abs=1e-9)


def test_no_samples_is_no_number():
    estimate = accuracy.estimate([], 1)
    assert (estimate.value, estimate.stderr, estimate.ci, estimate.n) == (None, None, None, 0)


def test_graded_values_say_t_and_proportions_say_wilson():
    assert accuracy.estimate([0.0, 1.0] * 20, 1).method == "wilson"
    assert accuracy.estimate([0.0, 0.5] * 20, 1).method == "t"
    # Draws that agreed throughout say no more than one each, and all numbers of theirs have the same interval.
    assert accuracy.estimate([0.0, 1.0] * 20, 4) == accuracy.estimate([0.0, 1.0] * 20, 1)


def test_few_or_equal_graded_values_are_never_surer_than_wilson():
    assert accuracy.estimate([0.5] * 40, 2).ci == pytest.approx(wilson(20, 40))
    few = accuracy.estimate([0.5, 0.5, 0.51], 2)
    assert few.ci is not None and few.ci[1] - few.ci[0] > 0.5


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.randoms())
def test_order_plays_no_part_and_the_interval_holds_the_value(values, rng):
    estimate = accuracy.estimate(values, 1)
    shuffled = values[:]
    rng.shuffle(shuffled)
    assert accuracy.estimate(shuffled, 1) == estimate
    assert estimate.value is not None and estimate.ci is not None
    assert 0 <= estimate.ci[0] <= estimate.value + 1e-12 and estimate.value - 1e-12 <= estimate.ci[1] <= 1


def test_wilson_covers_as_promised():
    rng = random.Random(7)
    inside = 0
    for _ in range(2000):
        x = sum(rng.random() < 0.9 for _ in range(50))
        low, high = wilson(x, 50)
        inside += low <= 0.9 <= high
    assert 0.93 <= inside / 2000 <= 0.98
