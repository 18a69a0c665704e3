"""Means of human labels that a judge's verdicts help to see: the formula, and whether the interval holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.statistics.prediction_powered import prediction_powered, tuned_weight

RATES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=30)


def world(rng, n, more, rate, sensitivity, specificity):
    """Labels, verdicts on the same items, and verdicts on further ones."""
    truth = rng.random(n + more) < rate
    said = np.where(truth, rng.random(n + more) < sensitivity, rng.random(n + more) > specificity)
    return truth[:n].astype(float), said[:n].astype(float), said[n:].astype(float)


def test_the_estimate_is_that_of_the_formula():
    y, f, g = [1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    found = prediction_powered(y, f, g, weight=0.6)
    rest = np.array(y) - 0.6 * np.array(f)
    assert found.estimate.value == pytest.approx(0.6 * np.mean(g) + rest.mean())
    assert found.estimate.stderr == pytest.approx(np.sqrt(0.36 * np.var(g, ddof=1) / 6 + rest.var(ddof=1) / 4))
    assert (found.weight, found.judged, found.estimate.n) == (0.6, 6, 4)


def test_the_tuned_weight_makes_the_variance_least():
    y, f, g = world(np.random.default_rng(3), 200, 1_000, 0.7, 0.9, 0.8)
    tuned = tuned_weight(list(y), list(f), list(g))
    assert 0.5 < tuned < 0.9
    errors = {w: prediction_powered(list(y), list(f), list(g), w).estimate.stderr for w in (0.0, tuned, 1.0)}
    assert errors[tuned] < min(errors[0.0], errors[1.0])


def test_the_tuned_weight_is_that_of_the_formula():
    """Variance over all verdicts, as in the paper and in ppi_py, which divides the covariance by n instead of n - 1."""
    y, f, g = [1.0, 0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0]
    assert tuned_weight(y, f, g) == pytest.approx(np.cov(y, f)[0, 1] / ((1 + 5 / 7) * np.var([*f, *g], ddof=1)))


def test_a_judge_that_tells_nothing_leaves_the_mean_of_the_labels():
    y = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    found = prediction_powered(y, [1.0] * 6, [1.0] * 50)
    assert found.weight == 0.0 and found.estimate.value == pytest.approx(4 / 6)
    assert prediction_powered(y, [0.0, 1.0] * 3, []).estimate.value == pytest.approx(4 / 6)


def test_too_few_labels_have_no_interval():
    assert prediction_powered([1.0], [1.0], [0.0, 1.0]).estimate.ci is None
    assert prediction_powered([], [], [0.0, 1.0]).estimate.value is None
    with pytest.raises(ValueError, match="2 human labels and 1 verdicts"):
        prediction_powered([1.0, 0.0], [1.0], [])


@pytest.mark.parametrize(
    ("n", "rate", "sensitivity", "specificity"), [(200, 0.8, 0.9, 0.85), (200, 0.8, 0.8, 0.7), (100, 0.5, 0.95, 0.95)]
)
def test_the_interval_holds_and_is_narrower_than_that_of_the_labels(n, rate, sensitivity, specificity):
    """1,000 worlds: an interval of 95 % covers the truth in 93 to 97 of 100, where the judge's own mean never does."""
    rng = np.random.default_rng(20)
    covered, judge_covers, widths, alone = 0, 0, [], []
    for _ in range(1_000):
        y, f, g = (list(map(float, column)) for column in world(rng, n, 1_800, rate, sensitivity, specificity))
        low, high = prediction_powered(y, f, g).estimate.ci
        covered += low <= rate <= high
        widths.append(high - low)
        by_labels = prediction_powered(y, f, [])
        alone.append(by_labels.estimate.ci[1] - by_labels.estimate.ci[0])
        error = np.std(f + g) / np.sqrt(n + 1_800)
        judge_covers += abs(np.mean(f + g) - rate) < 1.96 * error
    assert 930 <= covered <= 970
    assert np.mean(widths) < np.mean(alone)
    if sensitivity != specificity:
        assert judge_covers < 700


@given(RATES, st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_the_weight_is_between_0_and_1_and_a_perfect_judge_is_believed(rows, further):
    y, f = [row[0] for row in rows], [row[1] for row in rows]
    assert 0.0 <= prediction_powered(y, f, further).weight <= 1.0
    exact = prediction_powered(y, y, further, weight=1.0)
    assert exact.estimate.value == pytest.approx(sum(further) / len(further))
