"""Shares of weighted games, and win rates at equal lengths."""

import numpy as np
import pytest

from sinan.statistics.preference import estimate_at_equal_lengths, estimate_share


def flat(rows):
    return [float(number) for row in rows for number in row]


def test_a_share_of_games_that_weigh_the_same_is_their_mean():
    rows = [(1, 1)] * 30 + [(0, 1)] * 10
    estimate = estimate_share(flat(rows), 1)
    assert estimate.value == 0.75 and estimate.stderr == pytest.approx(
        np.std([1] * 30 + [0] * 10, ddof=1) / np.sqrt(40)
    )


def test_games_weigh_what_they_weigh():
    assert estimate_share(flat([(3, 3), (0, 1), (0.5, 1)]), 1).value == pytest.approx(3.5 / 5)


def test_a_share_of_nothing_is_no_number_and_one_without_spread_is_not_sure():
    assert estimate_share([], 1).value is None and estimate_share(flat([(0, 0)] * 3), 1).value is None
    low, high = estimate_share(flat([(1, 1)] * 20), 1).ci
    assert low < 0.9 and high == 1.0


def test_the_interval_of_a_share_holds():
    rng, covered = np.random.default_rng(5), 0
    for _ in range(500):
        wholes = rng.choice([1.0, 3.0], 200)
        won = rng.random(200) < 0.4
        low, high = estimate_share(flat(zip(won * wholes, wholes, strict=True)), 1).ci
        covered += low <= 0.4 <= high
    assert 0.92 <= covered / 500 <= 0.98


def test_a_preference_for_length_is_taken_out_of_a_win_rate():
    """Both answers are as good, ours is longer in nearly all, and the judge likes length."""
    rng = np.random.default_rng(1)
    apart = rng.normal(600, 400, 1_500)
    won = rng.random(1_500) < 1 / (1 + np.exp(-1.5 * np.tanh(apart / apart.std())))
    estimate = estimate_at_equal_lengths(flat(zip(won, apart, strict=True)), 1)
    assert won.mean() > 0.7 and estimate.ci[0] < 0.5 < estimate.ci[1]


def test_where_lengths_do_not_differ_it_is_the_win_rate():
    estimate = estimate_at_equal_lengths(flat([(1, 5)] * 30 + [(0, 5)] * 10), 1)
    assert estimate.value == pytest.approx(0.75, abs=0.01) or estimate.value < 0.75
    same = estimate_at_equal_lengths(flat([(1, 0)] * 30 + [(0, 0)] * 10), 1)
    assert same.value == pytest.approx(0.75, abs=1e-6)


def test_where_all_is_won_it_ends_all_the_same():
    estimate = estimate_at_equal_lengths(flat([(1, 3), (1, -3)] * 20), 1)
    assert 0.99 < estimate.value <= 1.0
