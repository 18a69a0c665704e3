"""Paired differences, against reference values and against what must hold for any numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.statistics.mcnemar import bonett_price, exact_mcnemar
from sinan.statistics.paired import paired

A = [1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0]
B = [1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0]
columns = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=150)


def test_few_pairs_of_0_and_1_get_the_mid_p_test_and_an_interval_that_holds_there():
    found = paired(A, B)
    assert found.method == "mid-p mcnemar, bonett-price interval" and found.n == 20
    assert (found.value_a, found.value_b) == pytest.approx((sum(A) / 20, sum(B) / 20))
    assert found.discordant == 6
    assert found.difference == pytest.approx(0.2) and found.stderr == pytest.approx(0.11697953037312038)
    assert found.p_value == pytest.approx(0.125) and found.tests["mcnemar"]["exact"] == pytest.approx(0.21875)
    assert found.ci == pytest.approx((-0.058437718, 0.4220740816))
    assert found.sign == 0


def test_means_of_draws_are_no_verdicts_even_where_all_of_them_are_0_or_1():
    found = paired(A, B, single=False)
    assert found.method == "sign flip (exact), t interval" and found.p_value == pytest.approx(0.21875)
    assert found.tests["t"]["p"] == pytest.approx(0.1036031591066269)
    assert found.ci == pytest.approx((-0.04484097094432296, 0.44484097094432296))


def test_few_graded_numbers_are_tested_by_flipping_signs():
    differences = [0.3, -0.1, 0.25, 0.4, 0.0, 0.15, -0.05, 0.2]
    found = paired(differences, [0.0] * 8)
    assert (found.difference, found.stderr) == pytest.approx((0.14375, 0.06298915723020453))
    assert found.p_value == pytest.approx(0.078125) and found.tests["t"]["p"] == pytest.approx(0.05645797236145984)


def test_many_graded_numbers_get_t():
    found = paired([0.5, 0.75, 0.25] * 12, [0.25, 0.5, 0.5] * 12)
    assert found.method == "paired t" and found.p_value == found.tests["t"]["p"] and found.df == 35


@pytest.mark.parametrize(
    ("only_a", "only_b", "n", "p_value", "interval"),
    [
        (25, 15, 500, 0.1538599441628321, (-0.0053224306, 0.045163068)),
        (5, 0, 50, 0.0625, (-8.33418e-05, 0.1923910342)),
        (0, 0, 10, 1.0, None),
    ],
)
def test_discordant_pairs_are_tested_as_published(only_a, only_b, n, p_value, interval):
    assert exact_mcnemar(only_a, only_b) == pytest.approx(p_value)
    if interval:
        assert bonett_price(only_a, only_b, n) == pytest.approx(interval)


def test_many_discordant_pairs_get_the_interval_of_t():
    found = paired([1] * 60 + [0] * 40 + [1] * 100, [0] * 60 + [1] * 40 + [1] * 100)
    assert found.method == "mid-p mcnemar, t interval" and found.ci[0] > 0 and found.sign == 1


def test_nothing_in_common_is_no_number():
    found = paired([], [])
    assert (found.difference, found.ci, found.p_value, found.n, found.sign) == (None, None, None, 0, 0)


def test_one_graded_pair_tells_nothing_of_its_spread():
    found = paired([0.5], [0.25])
    assert (found.difference, found.ci, found.p_value, found.method) == (0.25, None, None, "none")


def test_a_test_that_disagrees_with_the_interval_leaves_it_undecided():
    found = paired([1] * 80, [0] * 5 + [1] * 75)
    assert found.ci[0] < 0 and found.p_value == pytest.approx(0.03125) and found.sign == 0
    found = paired([0.3, 0.2, 0.25, 0.3, 0.2], [0.0] * 5)
    assert found.ci[0] > 0 and found.p_value == pytest.approx(0.0625) and found.sign == 0


@given(columns, st.booleans())
def test_swapping_the_columns_turns_the_sign_and_nothing_else(pairs, single):
    a, b = [float(x) for x, _ in pairs], [float(y) for _, y in pairs]
    one, other = paired(a, b, single=single), paired(b, a, single=single)
    assert one.difference == pytest.approx(-other.difference)
    assert one.p_value == pytest.approx(other.p_value)
    if one.ci:
        assert one.ci == pytest.approx((-other.ci[1], -other.ci[0]))
        assert one.ci[0] <= one.difference <= one.ci[1]


@given(columns, st.randoms())
def test_the_order_of_pairs_plays_no_part(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    a, b = paired(*zip(*pairs, strict=True)), paired(*zip(*shuffled, strict=True))
    assert (a.difference, *a.ci, a.p_value) == pytest.approx((b.difference, *b.ci, b.p_value)) if a.ci else a == b
