"""What other forms of a question do to its score."""

import pytest

from sinan.engine.tally import CellTally, Counted
from sinan.statistics import accuracy, corpus
from sinan.statistics.forms import estimate_difference, of_forms
from sinan.statistics.metrics import metric
from sinan.store.description import _metric as described


def counted(unit, form, score, size=3):
    name = unit if form == "original" else f"{unit}~{form}"
    return Counted(name, "", "correct" if score else "wrong", score, {}, "x", unit, size, None, form)


def numbers(rows, kinds=("typos", "case")):
    tally = CellTally((accuracy, *of_forms(accuracy, kinds)), 1)
    for row in rows:
        tally.add(row)
    return {one.metric: one.estimate for one in tally.result("b", "v", "p", "m").reported}


ROWS = [
    counted("1", "original", 1.0), counted("1", "typos", 1.0), counted("1", "case", 0.0),
    counted("2", "original", 1.0), counted("2", "typos", 1.0), counted("2", "case", 1.0),
    counted("3", "case", 0.0), counted("3", "typos", 1.0), counted("3", "original", 0.0),
    counted("4", "original", 1.0, 1),
]  # fmt: skip


def test_mean_original_worst_spread_and_steps_are_of_questions():
    found = numbers(ROWS)
    assert found["accuracy"].value == pytest.approx((2 / 3 + 1 + 1 / 3 + 1) / 4)
    assert (found["original"].value, found["original"].n) == (0.75, 4)
    assert (found["worst"].value, found["worst"].n) == (0.5, 4)
    assert (found["spread"].value, found["spread"].n) == (0.5, 4)
    assert (found["typos"].value, found["typos"].n) == (1, 3)
    assert found["typos - original"].value == pytest.approx(1 / 3)
    assert found["case - original"].value == pytest.approx(-1 / 3)
    assert all(one.ci for one in found.values())


def test_no_order_of_arrival_changes_a_number():
    assert numbers(ROWS) == numbers(ROWS[::-1]) == numbers(ROWS[5:] + ROWS[:5])


def test_a_question_of_which_a_form_failed_has_no_worst_and_no_step_of_it():
    found = numbers([row for row in ROWS if row.sample_id != "1~case"])
    assert found["worst"].n == 3 and found["case - original"].n == 2 and found["original"].n == 4


def test_few_differences_have_an_interval_even_where_there_is_none_of_them():
    low, high = estimate_difference([0.0] * 20, 1).ci
    assert low < 0 < high
    assert estimate_difference([], 1).value is None
    assert estimate_difference([0.25, 0.25], 1).ci is None


def test_a_stored_run_finds_its_metrics_again():
    for one in of_forms(accuracy, ("typos",)):
        again = metric(described(one))
        assert (again.name, again.forms, again.of, again.reduce) == (one.name, one.forms, one.of, one.reduce)


def test_a_metric_of_a_corpus_has_a_number_for_each_form_alone():
    names = [one.name for one in of_forms(corpus.bleu.named("bleu", "bleu"), ("typos",))]
    assert names == ["original", "typos"]
