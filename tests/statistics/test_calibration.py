"""Brier's score and the expected calibration error, by hand and against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.scoring import MostLikely
from sinan.statistics import brier, ece
from sinan.statistics.metrics import metric
from sinan.types import Completion, LogLikelihood, Sample

ROWS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=60)


def scored(logs, target, normalise=""):
    likelihoods = tuple(LogLikelihood(value, 1, False) for value in logs)
    sample = Sample("1", "?", target, tuple("wxyz"[: len(logs)]))
    return MostLikely(normalise)(sample, Completion("", "stop", loglikelihoods=likelihoods))


def test_a_likelihood_says_how_sure_the_model_was():
    logs = [math.log(0.1), math.log(0.3), math.log(0.1)]  # as shares: 0.2, 0.6, 0.2
    right, wrong = scored(logs, "B").values, scored(logs, "A").values
    assert right["ece"] == (pytest.approx(0.6), 1.0) and wrong["ece"] == (pytest.approx(0.6), 0.0)
    assert right["brier"] == pytest.approx(0.04 + 0.16 + 0.04)
    assert wrong["brier"] == pytest.approx(0.64 + 0.36 + 0.04)


def test_what_is_no_probability_is_left_out():
    assert scored([-math.inf, -1.0], "A").values == {}
    assert scored([math.nan, -1.0], "A").values == {}
    assert scored([-1e6, -1e6 - 1], "A").values["ece"][0] == pytest.approx(1 / (1 + math.exp(-1)))
    assert scored([-1.0, -2.0], "A", "chars").values == {}


def test_the_error_is_the_distance_between_confidence_and_accuracy_in_each_bin():
    rows = [0.95, 1.0, 0.95, 0.0, 0.4, 0.0, 0.39, 1.0]  # two in the last bin, two in the sixth
    assert ece.estimate(rows, 1).value == pytest.approx((abs(1 - 1.9) + abs(1 - 0.79)) / 4)
    assert (ece.estimate(rows, 1).n, ece.estimate(rows, 1).ci) == (4, None)


@given(ROWS)
def test_it_is_as_defined_whatever_the_order(rows):
    flat = [part for row in rows for part in row]
    found = ece.estimate(flat, 1).value
    confidence, right = np.array(rows).T
    bins = np.digitize(confidence, np.linspace(0, 1, 16)[1:-1], right=True)
    expected = sum(
        (bins == b).mean() * abs(right[bins == b].mean() - confidence[bins == b].mean()) for b in np.unique(bins)
    )
    on_an_edge = any(abs(c * 15 - round(c * 15)) < 1e-9 for c in confidence)
    assert on_an_edge or found == pytest.approx(expected, abs=1e-9)
    assert ece.estimate([part for row in reversed(rows) for part in row], 1).value == pytest.approx(found)


def test_a_mean_of_squares_has_a_t_interval_within_its_scale():
    estimate = brier.estimate([0.0, 2.0, 2.0], 1)
    assert estimate.value == pytest.approx(4 / 3) and estimate.ci == (0.0, 2.0) and estimate.method == "t"
    assert brier.estimate([0.5], 1).ci is None
    assert brier.estimate([], 1).value is None and ece.estimate([], 1).value is None


def test_they_are_found_again_by_what_they_read():
    for made in (brier, ece):
        found = metric({"name": made.name, "of": made.of})
        assert (found.of, found.width, found.estimate) == (made.of, made.width, made.estimate)
