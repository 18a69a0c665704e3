"""Errors of clusters: against numpy written out by hand, and what must not change them."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.statistics.averages import estimate_mean, weighted_perplexity
from sinan.statistics.clustered import cluster_error
from sinan.statistics.intervals import estimate_accuracy, of_full_run, t_quantile, wilson
from sinan.statistics.metrics import KINDS
from sinan.statistics.over_groups import strata
from sinan.statistics.resampled import jackknife_error

VALUES = [1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0]
CLUSTERS = [0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 5, 6, 6, 6, 7, 7, 8, 9, 10, 10, 11, 11]
UNITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12)), min_size=2, max_size=60)


def by_hand(values, clusters):
    """CR1 as it is written in textbooks: the bread is 1/n, the meat the clusters' sums of residuals."""
    y, of = np.asarray(values), np.asarray(clusters)
    sums = np.array([(y - y.mean())[of == one].sum() for one in np.unique(of)])
    return math.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / len(y)


def test_the_error_of_clusters_is_cr1_with_g_minus_1_degrees_of_freedom():
    found = estimate_accuracy(VALUES, 1, CLUSTERS)
    stderr, half = by_hand(VALUES, CLUSTERS), t_quantile(11) * by_hand(VALUES, CLUSTERS)
    assert found.stderr == pytest.approx(stderr, abs=1e-12)
    assert found.ci == pytest.approx((found.value - half, found.value + half), abs=1e-12)
    assert (found.method, found.clusters, found.df, found.n) == ("t, clustered", 12, 11, 22)
    assert found.deff == pytest.approx(stderr**2 / (np.var(VALUES, ddof=1) / 22))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=60))
def test_clusters_of_one_change_nothing(values):
    assert estimate_accuracy(values, 1, range(len(values))) == estimate_accuracy(values, 1)
    parts = [(v - math.fsum(values) / len(values)) / len(values) for v in values]
    alone = estimate_mean(values, 2).stderr
    assert cluster_error(parts, range(len(values))).stderr == pytest.approx(alone, rel=1e-9, abs=1e-12)


@given(UNITS, st.randoms())
def test_neither_order_nor_names_of_clusters_play_a_part(units, rng):
    values, clusters = zip(*units, strict=True)
    found = estimate_accuracy(values, 1, clusters)
    shuffled, names = list(units), list(range(100, 113))
    rng.shuffle(shuffled)
    rng.shuffle(names)
    again = estimate_accuracy([v for v, _ in shuffled], 1, [names[c] for _, c in shuffled])
    assert again == found
    if found.ci is not None:
        assert 0 <= found.ci[0] <= found.value + 1e-12 and found.value - 1e-12 <= found.ci[1] <= 1


def test_one_cluster_has_no_error_and_says_so():
    found = estimate_accuracy([1.0, 0.0, 1.0], 1, [7, 7, 7])
    assert (found.stderr, found.ci, found.clusters) == (None, None, 1)
    assert "not estimable" in found.notes[0]


def test_few_clusters_are_told_and_near_1_get_wilson_at_the_effective_size():
    values = [1.0] * 19 + [0.0] + [1.0] * 18 + [0.0] * 2 + [1.0] * 57 + [0.0] * 3
    clusters = [place // 20 for place in range(100)]
    found = estimate_accuracy(values, 1, clusters)
    size = min(100, 100 / found.deff)
    assert found.ci == pytest.approx(wilson(0.94 * size, size, quantile=t_quantile(4)))
    assert found.method == "wilson, clustered" and "only 5 clusters" in found.notes[0]


def test_all_right_is_never_sure():
    found = estimate_accuracy([1.0] * 60, 1, [place // 5 for place in range(60)])
    assert found.stderr == 0 and found.deff is None
    assert found.ci == pytest.approx(wilson(12, 12, quantile=t_quantile(11)))


def test_averages_over_groups_that_share_clusters_have_the_error_of_clusters():
    """The same problems in two languages: without that, the error would be that of twice as many problems."""
    values, problems = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0] * 6, [*range(18)] * 2
    groups = [estimate_accuracy(values[:18], 1, problems[:18]), estimate_accuracy(values[18:], 1, problems[18:])]
    found, alone = strata(groups, values, problems), strata(groups, values, range(36))
    assert found["macro"].stderr == pytest.approx(groups[0].stderr) == found["micro"].stderr
    assert found["macro"].clusters == 18 and found["macro"].df == 17
    assert alone["macro"].stderr == pytest.approx(groups[0].stderr / math.sqrt(2)) and alone == strata(groups)


def test_where_each_group_is_a_cluster_the_groups_are_the_data():
    rows = [[1.0, 1.0, 0.0] * 3, [0.0, 1.0] * 4, [1.0, 1.0, 1.0, 0.0] * 2, [0.0, 0.0, 1.0] * 3]
    values, clusters = [v for row in rows for v in row], [place for place, row in enumerate(rows) for _ in row]
    groups = [estimate_accuracy(row, 1, [place] * len(row)) for place, row in enumerate(rows)]
    found, means = strata(groups, values, clusters), [np.mean(row) for row in rows]
    half = t_quantile(3) * np.std(means, ddof=1) / 2
    assert found["macro"].ci == pytest.approx((np.mean(means) - half, min(1, np.mean(means) + half)))
    assert found["micro"].stderr == pytest.approx(estimate_accuracy(values, 1, clusters).stderr)
    assert "groups like these" in found["macro"].notes[0]


def test_averages_over_groups_that_share_clusters_have_an_interval_where_nothing_varies():
    values, problems = [1.0, 0.0] * 15, [place // 3 for place in range(30)]
    groups = [estimate_accuracy(values[own::2], 1, problems[own::2]) for own in (0, 1)]
    found = strata(groups, values[0::2] + values[1::2], problems[0::2] + problems[1::2])["macro"]
    assert found.stderr == 0 and found.clusters == 10 and found.ci == pytest.approx(wilson(5, 10))


@pytest.mark.parametrize("kind", ["f1", "mcc", "median", "perplexity"])
def test_what_is_no_mean_is_resampled_by_clusters(kind):
    rng = random.Random(5)
    metric = KINDS[kind]
    rows = [tuple(float(rng.random() < 0.6) for _ in range(metric.width)) for _ in range(90)]
    if metric.width == 1:
        rows = [(rng.gauss(-2, 1),) for _ in range(90)]
    clusters, values = [place // 6 for place in range(90)], [number for row in rows for number in row]
    found, again = metric.clustered(values, 1, clusters), metric.clustered(values, 1, [50 - c for c in clusters])
    assert found.value == metric.estimate(values, 1).value and found == again
    assert found.clusters == 15 and found.ci[0] < found.value < found.ci[1] and "seed 0" in found.notes[0]


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.array([0.2, 0.9, 0.4, 0.7, 0.55])
    without = np.array([np.delete(values, place).mean() for place in range(5)])
    assert jackknife_error(without) == pytest.approx(values.std(ddof=1) / math.sqrt(5))


def test_perplexities_have_intervals_by_clusters():
    rows = [-10.0, 5.0, -20.0, 5.0, -12.0, 6.0, -30.0, 9.0, -18.0, 7.0, -11.0, 4.0]
    found = weighted_perplexity.clustered(rows, 1, [0, 0, 1, 1, 2, 2])
    assert found.stderr is None and found.ci[0] < found.value < found.ci[1] and found.clusters == 3


def test_a_part_of_the_population_has_the_finite_correction_and_the_whole_no_error():
    found = estimate_accuracy([0.0, 1.0] * 50, 1)
    part = of_full_run(found, 400, "full run")
    assert part.stderr == pytest.approx(found.stderr * math.sqrt(0.75)) and part.estimand == "full run"
    assert of_full_run(found, 100, "full run").ci == (0.5, 0.5)
