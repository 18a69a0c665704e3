"""The rule by which a run is verified."""

import pytest

from sinan.statistics.reproduced import margin, overall, reproduced, verdict


@pytest.mark.parametrize(
    ("ci", "told"),
    [
        ((-0.02, 0.03), "confirmed"),
        ((-0.05, 0.05), "confirmed"),
        ((-0.2, -0.06), "contradicted"),
        ((0.051, 0.3), "contradicted"),
        ((0.04, 0.3), "undecided"),
        ((-0.2, 0.2), "undecided"),
        ((0.01, 0.06), "undecided"),
        (None, "undecided"),
    ],
)
def test_the_verdict_is_by_the_whole_interval(ci, told):
    assert verdict(ci, 0.05) == told


def test_few_questions_never_confirm_and_enough_that_agree_do():
    assert reproduced([1.0] * 53, [1.0] * 53).verdict == "undecided"
    found = reproduced([1.0, 0.0] * 27, [1.0, 0.0] * 27)
    assert (found.verdict, found.n, found.equal) == ("confirmed", 54, 54)


def test_a_number_that_was_made_up_is_contradicted():
    found = reproduced([1.0] * 100, [1.0, 0.0, 0.0, 0.0] * 25)
    assert found.verdict == "contradicted"
    assert found.paired.difference == -0.75


def test_a_model_that_answers_at_random_is_confirmed_where_its_number_is_the_same():
    before, again = [1.0, 0.0] * 2000, [0.0, 1.0] * 2000
    found = reproduced(before, again)
    assert (found.verdict, found.equal) == ("confirmed", 0)


def test_questions_that_hang_together_are_one_unit():
    before, again = [1.0] * 100, [1.0] * 100
    assert reproduced(before, again, clusters=[at // 10 for at in range(100)]).verdict == "undecided"


def test_the_margin_of_other_scores_is_a_part_of_their_spread():
    assert margin([0.0, 1.0]) == 0.05
    assert margin([10.0, 20.0]) == pytest.approx(1.0)


def test_of_several_numbers_one_that_is_contradicted_is_enough():
    assert overall(["confirmed", "undecided", "contradicted"]) == "contradicted"
    assert overall(["confirmed", "undecided"]) == "undecided"
    assert overall(["confirmed"]) == "confirmed"
    assert overall([]) == "undecided"
