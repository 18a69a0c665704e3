"""pass@k, pass^k and majorities: as the reference values, as their definitions, and found again by their names."""

import itertools
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.engine.tally import CellTally, Counted
from sinan.statistics import metrics, repeats
from sinan.statistics.draws import jackknifed, of_mean
from sinan.statistics.metrics import metric
from sinan.statistics.repeats import by_kind, pass_all, pass_at

DRAWS = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("n", "right", "k", "at", "hat"),
    [
        (10, 3, 5, 0.9166666666666666, 0.0),
        (10, 0, 5, 0.0, 0.0),
        (5, 4, 2, 1.0, 0.6),
        (10, 10, 5, 1.0, 1.0),
    ],
)
def test_pass_at_k_and_pass_hat_k_are_the_reference_values(n, right, k, at, hat):
    draws = [1.0] * right + [0.0] * (n - right)
    assert repeats.pass_at(k, draws) == pytest.approx(at, abs=1e-10)
    assert repeats.pass_all(k, draws) == pytest.approx(hat, abs=1e-10)


@given(DRAWS, st.integers(1, 8))
def test_they_are_the_mean_over_all_choices_of_k_draws(draws, k):
    if k > len(draws):
        assert math.isnan(repeats.pass_at(k, draws)) and math.isnan(repeats.pass_all(k, draws))
        return
    chosen = list(itertools.combinations(draws, k))
    assert repeats.pass_at(k, draws) == pytest.approx(sum(map(max, chosen)) / len(chosen))
    assert repeats.pass_all(k, draws) == pytest.approx(sum(map(min, chosen)) / len(chosen))


@pytest.mark.parametrize(("k", "expected"), [(3, 0.5833333333333334), (5, 0.6785714285714286)])
def test_a_majority_over_all_choices_of_k_draws_is_the_reference_value(k, expected):
    answers = ["a"] * 5 + ["b"] * 3 + ["c"] * 2
    values = [float(answer == "a") for answer in answers]
    chosen = list(itertools.combinations(range(10), k))
    votes = [repeats.majority([values[i] for i in own], [answers[i] for i in own]) for own in chosen]
    assert sum(votes) / len(votes) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("answers", "right", "expected"),
    [
        ("aab", "a", 1.0),
        ("abb", "a", 0.0),
        ("ab", "a", 0.5),
        ("abc", "a", 1 / 3),
        ([None, None, "a"], "a", 1.0),  # what could not be read does not vote
        ([None, None], "a", 0.0),
    ],
)
def test_most_votes_win_and_equals_share(answers, right, expected):
    values = [float(answer == right) for answer in answers]
    for order in itertools.permutations(zip(values, answers, strict=True)):
        assert repeats.majority(*map(list, zip(*order, strict=True))) == pytest.approx(expected)


def test_scores_that_are_neither_0_nor_1_have_none_of_these():
    draws = [0.5, 1.0]
    assert all(math.isnan(value) for value in (repeats.pass_at(1, draws), repeats.pass_all(1, draws)))
    assert math.isnan(repeats.average(draws)) and math.isnan(repeats.majority(draws, ["a", "b"]))


def test_all_right_is_the_reference_value():
    forms = [[1, 1, 1, 1], [1, 0, 1, 1], [0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0]]
    values = [repeats.all_right(list(map(float, own))) for own in forms]
    assert repeats.circular.estimate(values, 1).value == 0.4


def test_what_is_reported_of_k_draws():
    stable = ["G-Pass@2_0.25", "G-Pass@2_0.5", "G-Pass@2_0.75", "G-Pass@2_1.0", "mG-Pass@2"]
    assert [m.name for m in repeats.of_draws(2)] == ["avg@2", "majority@2", "pass@1", "pass@2", "pass^2", *stable]
    assert "mG-Pass@3" not in [m.name for m in repeats.of_draws(3)]
    assert [m.name for m in repeats.of_draws(6)][2:11] == [
        *("pass@1", "pass@2", "pass@3", "pass@4", "pass@6", "pass^2", "pass^3", "pass^4", "pass^6")
    ]


@pytest.mark.parametrize("made", [repeats.circular, *repeats.of_draws(5)], ids=lambda one: one.name)
def test_a_stored_run_finds_its_metrics_again(made):
    found = metric({"name": made.name})
    assert (found.name, found.whole) == (made.name, True)
    assert found.reduce([1.0] * 5) == made.reduce([1.0] * 5) == 1.0
    assert (found.vote is None) == (made.vote is None)
    assert metrics({"metric": made.name})[0].name == made.name


@pytest.mark.parametrize("kind", ["pass@", "pass@x", "pass@0", "pass@-1", "best@4"])
def test_a_kind_that_is_none_is_no_metric(kind):
    with pytest.raises(KeyError):
        metric({"name": kind})


def test_how_much_of_pass_at_k_is_chance_is_told_by_the_jackknife_within_questions():
    """Against every draw left out in turn, and for a mean against its usual variance."""
    rows = [[1.0] * right + [0.0] * (6 - right) for right in (0, 1, 2, 3, 5, 6, 4, 1)]
    for kind, value in (("pass@2", partial(pass_at, 2)), ("pass^3", partial(pass_all, 3))):
        tally = CellTally((by_kind(kind),), 6)
        for number, row in enumerate(rows):
            for score in row:
                tally.add(Counted(str(number), "", "correct" if score else "wrong", score, {}, None, "", 1, None))
        found, chance = tally.estimate(), []
        for row in rows:
            without = np.array([value(row[:place] + row[place + 1 :]) for place in range(6)])
            chance.append(5 / 6 * ((without - without.mean()) ** 2).sum())
        assert found.draws.stderr_same_questions == pytest.approx(math.sqrt(np.mean(chance) / 8))
        rest = found.stderr**2 - np.mean(chance) / 8
        assert found.draws.stderr_many_draws == pytest.approx(math.sqrt(rest)) and found.draws.within is None
    assert jackknifed(lambda own: sum(own) / len(own), rows[2]) == pytest.approx(of_mean(rows[2]))
    assert math.isnan(jackknifed(partial(pass_at, 6), rows[2]))
