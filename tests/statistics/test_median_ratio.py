"""The median of ratios, and its interval by order."""

import numpy as np
import pytest

from sinan.statistics.median_ratio import median_ratio


def test_the_interval_is_made_of_two_of_the_ratios():
    # n = 10: P(Bin(10, 1/2) <= 1) = 11/1024 = 0.0107 <= 0.025 < 56/1024, so the 2nd and the 9th hold the median.
    found = median_ratio(np.arange(1.0, 11.0), np.ones(10))
    assert (found.value, found.ci, found.n) == (5.5, (2.0, 9.0), 10)


@pytest.mark.parametrize(("n", "ci"), [(5, None), (6, (1.0, 6.0)), (8, (1.0, 8.0)), (9, (2.0, 8.0))])
def test_six_pairs_are_the_fewest_that_have_an_interval(n, ci):
    # 2 * (1/2)^5 = 0.0625; 2 * (1/2)^6 = 0.03125; (1 + 8) / 256 = 0.035 at 8; (1 + 9) / 512 = 0.0195 at 9
    assert median_ratio(np.arange(1.0, n + 1), np.ones(n)).ci == ci


def test_numbers_that_are_not_positive_have_no_ratio():
    found = median_ratio(np.array([0.0, 2.0, 3.0]), np.array([1.0, 0.0, 2.0]))
    assert (found.value, found.n) == (1.5, 1)
    assert median_ratio(np.zeros(4), np.ones(4)).value is None


def test_the_interval_holds_the_median_as_often_as_it_says():
    drawn = np.random.default_rng(1)
    held = 0
    for _ in range(2_000):
        found = median_ratio(np.exp(drawn.normal(0.3, 1.0, 25)), np.ones(25))
        assert found.ci is not None
        held += found.ci[0] <= np.exp(0.3) <= found.ci[1]
    assert held / 2_000 >= 0.95  # exactly 0.9567 at n = 25


def test_clusters_are_drawn_together():
    values = np.repeat(np.arange(1.0, 21.0), 10)
    alone, together = (
        median_ratio(values, np.ones(200)),
        median_ratio(values, np.ones(200), np.repeat(np.arange(20), 10)),
    )
    assert alone.ci is not None and together.ci is not None
    assert together.method == "bootstrap over clusters"
    assert together.ci[1] - together.ci[0] > alone.ci[1] - alone.ci[0]
    assert median_ratio(values, np.ones(200), np.repeat(np.arange(5), 40)).ci is None
