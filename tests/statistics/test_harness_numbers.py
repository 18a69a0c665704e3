"""Values and standard errors of lm-evaluation-harness, to the last digits: fixed ones, and its own where it is."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.statistics import averages, corpus, over_groups
from sinan.statistics.bootstrap import bootstrapped, indices
from sinan.statistics.intervals import estimate_accuracy, wilson
from sinan.statistics.metrics import KINDS
from sinan.types import Estimate


def drawn(n, seed=0):
    return [random.Random(f"{seed}/{i}").gauss(-3, 2) for i in range(n)]


def in_this_process(monkeypatch):
    metrics = pytest.importorskip("lm_eval.api.metrics")
    monkeypatch.setenv("DISABLE_MULTIPROC", "1")
    return metrics


def test_resamples_are_those_of_pythons_random():
    places = [row.tolist() for block in indices(7, 3) for row in block]
    stream = random.Random(0)
    assert places == [stream.choices(range(7), k=7) for _ in range(3)]


def test_a_second_chunk_begins_a_stream_of_its_own():
    places = [row.tolist() for block in indices(5, 2000) for row in block]
    stream = random.Random(1)
    assert places[1000] == stream.choices(range(5), k=5)
    assert len(places) == 2000


def test_wide_units_are_resampled_in_the_same_order():
    narrow = [row.tolist() for block in indices(3000, 1000, 1) for row in block]
    wide = [row.tolist() for block in indices(3000, 1000, 24) for row in block]
    assert narrow == wide


def test_a_perplexity_has_its_published_standard_error():
    estimate = KINDS["perplexity"].estimate([-1.0, -2.0, -3.5, -0.5], 1)
    assert estimate.value == pytest.approx(math.exp(7 / 4), abs=1e-12)
    assert estimate.stderr == pytest.approx(4.453015786407155, abs=1e-9)
    assert estimate.method == "bca bootstrap"


def test_one_unit_has_a_value_and_no_error():
    assert KINDS["perplexity"].estimate([-1.0], 1) == Estimate(math.e, None, None, "none", 1)


def test_no_unit_is_no_number():
    for kind, metric in KINDS.items():
        assert metric.estimate([], 1).value is None, kind


def test_the_median_of_four_is_the_upper_of_the_two_in_the_middle():
    assert KINDS["median"].estimate([4.0, 1.0, 2.0, 3.0], 1).value == 3.0


def test_zeros_and_ones_get_wilsons_interval_and_other_numbers_that_of_t():
    assert KINDS["mean"].estimate([0.0, 1.0, 1.0], 1).method == "wilson"
    assert KINDS["mean"].estimate([0.5, 1.0, 7.0], 1).method == "t"


def test_weighted_perplexities_have_no_standard_error():
    estimate = KINDS["weighted_perplexity"].estimate([-10.0, 5.0, -20.0, 5.0], 1)
    assert (estimate.value, estimate.stderr, estimate.n) == (math.exp(3.0), None, 2)
    assert estimate.ci is not None and estimate.ci[0] < estimate.value < estimate.ci[1]  # ours: the harness has none


def test_a_group_by_size_has_the_pooled_standard_error():
    groups = [Estimate(0.5, 0.1, None, "t", 10), Estimate(1.0, 0.2, None, "t", 30)]
    whole = over_groups.by_size(groups)
    assert whole.value == pytest.approx(0.875)
    pooled = (9 * 0.01 * 10 + 29 * 0.04 * 30) / 38
    assert whole.stderr == pytest.approx(math.sqrt(pooled / 40), abs=1e-12)


def test_a_group_without_a_standard_error_leaves_the_whole_without_one():
    groups = [Estimate(0.5, None, None, "none", 1), Estimate(1.0, 0.2, None, "t", 30)]
    assert over_groups.by_size(groups).stderr is None
    assert over_groups.plain(groups).value == 0.75


def test_the_interval_of_proportions_over_groups_stays_a_proportion_and_is_never_empty():
    for way in (over_groups.by_size, over_groups.plain):
        few = way([estimate_accuracy([1.0, 0.0], 1), estimate_accuracy([1.0, 1.0], 1)])
        assert few.ci[0] >= 0.0 and few.ci[1] == 1.0 and few.method == "t, at least wilson"
        none_right = way([estimate_accuracy([0.0] * 40, 1), estimate_accuracy([0.0] * 40, 1)])
        assert none_right.value == 0.0 and none_right.ci == pytest.approx(wilson(0, 80), abs=1e-12)
        one = estimate_accuracy([1.0, 0.0, 0.0], 1)
        assert way([one]) == one
    numbers = over_groups.by_size([Estimate(5.0, 3.0, None, "t", 4), Estimate(1.0, 2.0, None, "t", 4)])
    assert numbers.ci[0] < 0.0 and numbers.method == "t"


def test_a_group_that_nobody_adds_up_has_no_number():
    assert over_groups.apart([Estimate(0.5, 0.1, None, "t", 10)]) == Estimate(None, None, None, "none", 10)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=30))
def test_the_mean_and_its_error_are_the_harnesss(values):
    metrics = pytest.importorskip("lm_eval.api.metrics")
    estimate = averages.estimate_mean(values, 1)
    assert estimate.value == pytest.approx(metrics.mean(values), abs=1e-9)
    assert estimate.stderr == pytest.approx(metrics.mean_stderr(values), abs=1e-9)


@pytest.mark.parametrize("kind", ["median", "perplexity"])
def test_bootstrapped_numbers_are_the_harnesss(kind, monkeypatch):
    metrics = in_this_process(monkeypatch)
    values, theirs = drawn(40), getattr(metrics, kind)
    estimate = KINDS[kind].estimate(values, 1)
    assert estimate.value == pytest.approx(theirs(values), abs=1e-9)
    assert estimate.stderr == pytest.approx(metrics.bootstrap_stderr(theirs, values, 100_000), rel=1e-9)


def test_a_mean_that_passes_over_what_is_no_number_is_the_harnesss(monkeypatch):
    metrics = in_this_process(monkeypatch)
    values = [value if i % 5 else math.nan for i, value in enumerate(drawn(30))]
    rows = [number for value in values for number in ((0.0, 0.0) if math.isnan(value) else (value, 1.0))]
    estimate = bootstrapped(rows, 2, averages._present_means, 2000)
    assert estimate.value == pytest.approx(float(metrics.nanmean(values)), abs=1e-9)
    theirs = metrics.bootstrap_stderr(metrics.nanmean, values, 2000)
    assert estimate.stderr == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(("kind", "theirs"), [("f1", "f1_score"), ("mcc", "matthews_corrcoef")])
def test_agreement_is_the_harnesss(kind, theirs, monkeypatch):
    metrics = in_this_process(monkeypatch)
    from sinan.statistics import agreement

    stream = random.Random(5)
    pairs = [(gold := stream.randrange(2), gold if stream.random() < 0.7 else 1 - gold) for _ in range(25)]
    rows = [float(number) for pair in pairs for number in pair]
    theirs = getattr(metrics, theirs)
    assert KINDS[kind].estimate(rows, 1).value == pytest.approx(theirs(pairs), abs=1e-9)
    few = bootstrapped(rows, 2, agreement._f1 if kind == "f1" else agreement._mcc, 100)
    assert few.stderr == pytest.approx(metrics.bootstrap_stderr(theirs, pairs, 100), rel=1e-9)


def test_matthews_coefficient_takes_any_number_of_classes():
    metrics = pytest.importorskip("lm_eval.api.metrics")
    stream = random.Random(6)
    pairs = [(stream.randrange(4), stream.randrange(4)) for _ in range(50)]
    rows = [float(number) for pair in pairs for number in pair]
    assert KINDS["mcc"].estimate(rows, 1).value == pytest.approx(metrics.matthews_corrcoef(pairs), abs=1e-9)


def test_f1_of_three_classes_is_no_number():
    assert KINDS["f1"].estimate([2.0, 1.0, 0.0, 0.0], 1).value is None


TEXTS = [
    ("the cat sat on the mat", "a cat sat on the mat"),
    ("it is raining in the hills today", "it rains in the hills today"),
    ("nothing", ""),
    ("four words are here", "here are four words, more or less"),
]


@pytest.mark.parametrize("kind", ["bleu", "chrf", "chrf++", "ter"])
def test_numbers_of_a_corpus_are_the_harnesss(kind, monkeypatch):
    metrics = in_this_process(monkeypatch)
    theirs = {"chrf++": metrics.chrfpp}.get(kind) or getattr(metrics, kind)
    rows = [number for gold, said in TEXTS for number in corpus.counts(kind, said, [gold])]
    estimate = KINDS[kind].estimate(rows, 1)
    assert estimate.n == len(TEXTS)
    assert estimate.value == pytest.approx(theirs(TEXTS), abs=1e-9)
    assert estimate.stderr == pytest.approx(metrics.bootstrap_stderr(theirs, TEXTS, 100), rel=1e-9)


def test_numbers_of_groups_are_the_harnesss():
    metrics = pytest.importorskip("lm_eval.api.metrics")
    values, errors, sizes = [0.2, 0.5, 0.9], [0.05, 0.02, 0.01], [20, 50, 7]
    groups = [Estimate(v, e, None, "t", n) for v, e, n in zip(values, errors, sizes, strict=True)]
    by_size, plain = over_groups.by_size(groups), over_groups.plain(groups)
    assert by_size.value == pytest.approx(metrics.aggregate_subtask_metrics(values, sizes), abs=1e-12)
    assert by_size.stderr == pytest.approx(metrics.pooled_sample_stderr(errors, sizes), abs=1e-12)
    assert plain.value == pytest.approx(metrics.aggregate_subtask_metrics(values, sizes, False), abs=1e-12)
    assert plain.stderr == pytest.approx(metrics.unweighted_mean_stderr(errors), abs=1e-12)


def test_a_metric_over_groups_is_found_again_by_its_kind():
    metric = over_groups.over(averages.average, "plain").named("acc", of="acc")
    found = KINDS[metric.kind].named("acc", "acc")
    assert found.over_groups is over_groups.plain
    assert (found.name, found.of, found.kind) == (metric.name, metric.of, metric.kind)
