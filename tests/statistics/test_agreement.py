"""Agreement of raters, against published values and against what must hold for any ratings."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.statistics.agreement import estimate_ac1, estimate_kappa
from sinan.statistics.krippendorff import estimate_alpha

GAPS = [  # Krippendorff (2011), "Computing Krippendorff's alpha-reliability"
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def pairs(table):
    """A table of counts as rows (rater 1, rater 2)."""
    cells = [(i, j, count) for i, row in enumerate(table) for j, count in enumerate(row)]
    return [float(number) for i, j, count in cells for _ in range(count) for number in (i, j)]


def test_kappa_and_ac1_of_two_raters():
    table = pairs([[20, 5], [10, 15]])
    assert estimate_kappa(table).value == pytest.approx(0.4)
    assert estimate_ac1(table).value == pytest.approx(0.40594059405940586)
    estimate = estimate_kappa(table)
    assert estimate.ci[0] < 0.4 < estimate.ci[1] and (estimate.n, estimate.method) == (50, "bca bootstrap")


def test_kappa_falls_where_nearly_all_are_of_one_class_and_ac1_does_not():
    table = pairs([[94, 3], [3, 0]])
    assert estimate_kappa(table).value < 0 < 0.9 < estimate_ac1(table).value


@pytest.mark.parametrize(
    ("weights", "value"), [("", 0.5249554367201426), ("linear", 0.614247311827957), ("quadratic", 0.7045045045045045)]
)
def test_weighted_kappa(weights, value):
    assert estimate_kappa(pairs([[11, 3, 1], [2, 8, 4], [0, 3, 9]]), 1, weights).value == pytest.approx(value)


@pytest.mark.parametrize(
    ("level", "value"),
    [("nominal", 0.743421052631579), ("ordinal", 0.8153875037548813), ("interval", 0.8491071428571428)],
)
def test_alpha_of_four_raters_with_gaps(level, value):
    estimate = estimate_alpha(GAPS, level)
    assert estimate.value == pytest.approx(value) and estimate.n == 11
    assert estimate.ci[0] < value < estimate.ci[1]


def test_ratings_that_are_all_one_tell_nothing():
    assert estimate_alpha([[1, 1, 1], [1, 1, 1]]).value is None
    assert estimate_kappa([1.0] * 20).value is None
    assert estimate_alpha([[1], [2]]).ci is None
    assert estimate_kappa([]).value is None


def test_several_pairs_of_one_item_are_drawn_together_and_gaps_count_nothing():
    alone = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    gaps = [number for i in range(0, 8, 2) for number in (*alone[i : i + 2], math.nan, math.nan)]
    twice = [number for i in range(0, 8, 2) for number in (*alone[i : i + 2], *alone[i : i + 2])]
    for estimate in (estimate_kappa(gaps, pairs=2), estimate_kappa(twice, pairs=2)):
        assert (estimate.value, estimate.n) == (pytest.approx(estimate_kappa(alone).value), 4)
    assert estimate_ac1(gaps, pairs=2).value == pytest.approx(estimate_ac1(alone).value)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=30))
def test_kappa_is_the_same_whoever_is_named_first_and_at_most_1(rows):
    one = [float(number) for row in rows for number in row]
    other = [float(number) for row in rows for number in reversed(row)]
    for weights in ("", "linear", "quadratic"):
        kappa = estimate_kappa(one, 1, weights).value
        assert kappa == pytest.approx(estimate_kappa(other, 1, weights).value, abs=1e-9)
        assert kappa is None or kappa <= 1 + 1e-9
