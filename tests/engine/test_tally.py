"""Counting units: a question in several forms or draws counts once, and only whole where its metric wants that."""

import random

import pytest

from sinan.engine.tally import CellTally, Counted
from sinan.statistics import accuracy, ece
from sinan.statistics.averages import median, perplexity
from sinan.statistics.metrics import by_function
from sinan.statistics.over_groups import over
from sinan.statistics.repeats import circular, of_draws
from sinan.types import Estimate, Metric


def form(unit, number, score, of=2, **more):
    base = Counted(f"{unit}~{number}", "", "correct" if score else "wrong", score, {}, None, unit, of, None)
    return base._replace(**more)


def result(tally):
    return tally.result("b", "v", "p", "m")


def test_a_question_is_right_only_in_all_its_forms():
    tally = CellTally((circular, accuracy), 1)
    for one in (form("a", 0, 1.0), form("b", 0, 1.0), form("a", 1, 1.0), form("b", 1, 0.0)):
        tally.add(one)
    found = result(tally)
    assert (found.estimate.value, found.estimate.n) == (0.5, 2)
    assert (found.further[0].estimate.value, found.further[0].estimate.n) == (0.75, 2)


def test_a_question_of_which_a_form_failed_is_neither_right_nor_wrong():
    tally = CellTally((circular, accuracy), 1)
    for one in (form("a", 0, 1.0), form("a", 1, None, outcome="failed"), form("b", 0, 1.0), form("b", 1, 1.0)):
        tally.add(one)
    found = result(tally)
    assert (found.estimate.value, found.estimate.n) == (1.0, 1)
    assert found.further[0].estimate.n == 2
    assert found.outcomes["failed"] == 1


def draws(sample, scores, answers):
    return [
        Counted(sample, "", "correct" if score else "wrong", score, {}, answer, "", 1, None)
        for score, answer in zip(scores, answers, strict=True)
    ]


def test_draws_give_what_their_mean_does_not_tell():
    tally = CellTally((accuracy, *of_draws(4)), 4)
    for one in (*draws("a", [1.0, 1.0, 1.0, 0.0], "xxxy"), *draws("b", [0.0, 0.0, 1.0, 0.0], "pppq")):
        tally.add(one)
    found = result(tally)
    values = {found.metric: found.estimate.value} | {one.metric: one.estimate.value for one in found.further}
    assert values == {
        "accuracy": 0.5,
        "avg@4": 0.5,
        "majority@4": pytest.approx((1 + 1 / 3) / 2),
        "pass@1": 0.5,
        "pass@2": pytest.approx((1 + 0.5) / 2),
        "pass@4": 1.0,
        "pass^2": 0.25,
        "pass^4": 0.0,
        "G-Pass@4_0.25": 1.0,
        "G-Pass@4_0.5": 0.5,
        "G-Pass@4_0.75": 0.5,
        "G-Pass@4_1.0": 0.0,
        "mG-Pass@4": 0.25,
    }


def test_units_of_one_cluster_are_taken_together_in_whatever_order_they_come():
    ones = [
        Counted(str(n), "ab"[n % 2], "correct" if n % 3 else "wrong", float(n % 3 > 0), {}, None, "", 1, None, "", "")
        for n in range(24)
    ]
    ones = [one._replace(cluster=f"c{n // 5}" if n < 20 else "") for n, one in enumerate(ones)]
    found = []
    for seed in range(3):
        tally = CellTally((accuracy,), 1)
        for one in random.Random(seed).sample(ones, len(ones)):
            tally.add(one)
        found.append(result(tally))
    assert found[0] == found[1] == found[2]
    estimate = found[0].estimate
    assert (estimate.n, estimate.clusters, estimate.df) == (24, 8, 7)
    assert [one.clusters for _, one in found[0].groups] == [6, 6] and dict(found[0].strata)["macro"].clusters == 8


def test_a_metric_that_knows_of_no_clusters_says_so():
    blind = Metric(
        "blind", lambda values: values[0], lambda values, k: Estimate(0.5, 0.1, (0.3, 0.7), "t", len(values))
    )
    tally = CellTally((blind,), 1)
    for n in range(4):
        tally.add(Counted(str(n), "", "correct", 1.0, {}, None, "", 1, None, "", "all"))
    assert "does not take into account" in result(tally).estimate.notes[0]


def test_a_sample_whose_scores_are_no_0_and_1_stays_outside_of_them():
    tally = CellTally((accuracy, *of_draws(2)), 2)
    for one in (*draws("a", [1.0, 1.0], "xx"), *draws("b", [0.5, 1.0], "xy")):
        tally.add(one)
    found = result(tally)
    assert found.estimate.n == 2
    assert {one.estimate.n for one in found.further} == {1}


def test_a_metric_of_pairs_reads_its_own_values():
    tally = CellTally((accuracy, ece), 1)
    for value, row in ((1.0, {"ece": [0.8, 1.0]}), (0.0, {"ece": (0.4, 0.0)}), (0.0, {})):
        tally.add(Counted(str(row), "", "correct" if value else "wrong", value, row, None, "", 1, None))
    found = result(tally)
    assert found.further[0].estimate.value == pytest.approx((0.2 + 0.4) / 2)
    assert (found.estimate.n, found.further[0].estimate.n) == (3, 2)


def test_what_is_only_collected_is_counted_and_stays_outside_n():
    tally = CellTally((accuracy,), 1)
    tally.add(Counted("a", "", "collected", None, {}, None, "", 1, None))
    assert result(tally).outcomes["collected"] == 1
    assert (result(tally).estimate.value, result(tally).estimate.n) == (None, 0)


@pytest.mark.parametrize("draws", [1, 3])
def test_what_is_resampled_does_not_depend_on_the_order_in_which_answers_come(draws):
    rng = random.Random(3)
    all_ = [
        Counted(f"{n}", "xy"[n % 2], "wrong", rng.random() * n, {"row": [n] * (n % 3)}, None, "", 1, n)
        for n in range(20)
        for _ in range(draws)
    ]
    some = all_[: 19 * draws] + all_[19 * draws : 20 * draws - draws // 2]  # the last has failed, where it has several

    whole = by_function(lambda values, k: Estimate(float(hash(tuple(values))), None, None, "none", len(values)))

    def told(order):
        tally = CellTally((median, over(median, "apart"), perplexity, whole.named("whole", "row")), draws)
        for one in order:
            tally.add(one)
        return result(tally)

    assert told(some).estimate.ci is not None and told(some).further[2].estimate.value
    assert told(rng.sample(some, len(some))) == told(some)
