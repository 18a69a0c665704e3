"""A sum by a sum, with its interval."""

import random

import pytest

from sinan.statistics.metrics import metric
from sinan.statistics.ratio import estimate_ratio


def test_a_ratio_is_of_the_sums_and_weighs_long_samples_more():
    estimate = estimate_ratio([0, 1, 9, 9], 1)
    assert estimate.value == pytest.approx(0.9) and estimate.n == 2


def test_nothing_below_or_nothing_that_varies_has_no_interval():
    assert estimate_ratio([], 1).value is None
    assert estimate_ratio([0, 0], 1).value is None
    assert estimate_ratio([1, 2, 2, 4], 1).ci is None
    assert estimate_ratio([1, 2], 1).ci is None


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng, held = random.Random(7), 0
    for _ in range(400):
        rows = []
        for _ in range(60):
            words = rng.randint(1, 30)
            rows += [sum(rng.random() < 0.2 for _ in range(words)), words]
        low, high = estimate_ratio(rows, 1).ci
        held += low <= 0.2 <= high
    assert 0.91 <= held / 400 <= 0.985


def test_the_metric_is_found_again_in_a_stored_run():
    found = metric({"name": "wer", "kind": "error_rate", "of": "wer"})
    assert (found.name, found.of, found.width) == ("wer", "wer", 2)
