"""Error bars and repeated draws against numbers that were computed elsewhere."""

import json
from itertools import combinations
from pathlib import Path

import pytest

from sinan.engine.tally import CellTally, Counted
from sinan.errors import UsageError
from sinan.statistics import control_variate, repeats
from sinan.statistics.intervals import accuracy, mean_t, of_full_run, standard_error, wilson
from sinan.statistics.proportions import clopper_pearson, jeffreys
from sinan.types import Estimate

FILE = Path(__file__).parents[3] / "shared" / "design" / "reference_cases.json"
CASES = {case["id"]: case for case in json.loads(FILE.read_text())["cases"]} if FILE.is_file() else {}


def cases(beginning):
    found = [pytest.param(case, id=name) for name, case in CASES.items() if name.startswith(beginning)]
    return found or [pytest.param(None, marks=pytest.mark.skip(f"{FILE.name} is not beside the checkout"))]


@pytest.mark.parametrize("case", cases("1-proportion"))
def test_intervals_of_proportions(case):
    x, n = case["inputs"]["x"], case["inputs"]["n"]
    for name, interval in (("wilson", wilson), ("jeffreys", jeffreys), ("clopper_pearson", clopper_pearson)):
        assert interval(x, n, 0.95) == pytest.approx(case["expected"][name], abs=1e-8)


def test_an_interval_at_30_of_30_is_that_at_0_of_30_turned_round():
    for interval in (wilson, jeffreys, clopper_pearson):
        low, high = interval(0, 30, 0.95)
        assert interval(30, 30, 0.95) == pytest.approx((1 - high, 1 - low)) and low == 0


@pytest.mark.parametrize("case", cases("1-mean-t"))
def test_a_mean_and_its_finite_correction(case):
    expected, values = case["expected"], case["inputs"]["values"]
    value, stderr, interval = mean_t(values)
    assert (value, stderr) == pytest.approx((expected["mean"], expected["se"]))
    assert interval == pytest.approx(expected["ci_t"])
    part = of_full_run(Estimate(value, stderr, interval, "t", len(values)), case["inputs"]["N_finite"], "full run")
    assert part.stderr == pytest.approx(expected["fpc"]["se"]) and part.ci == pytest.approx(expected["fpc"]["ci_t"])


def counted(name, value, group="", cluster=""):
    return Counted(name, group, "correct" if value else "wrong", value, {}, None, "", 1, None, "", cluster)


@pytest.mark.parametrize("case", cases("1-variance-decomposition"))
def test_the_variance_of_draws_in_its_parts(case):
    rows, expected = case["inputs"]["scores"], case["expected"]
    tally = CellTally((accuracy,), len(rows[0]))
    for number, row in enumerate(rows):
        for value in row:
            tally.add(counted(str(number), float(value)))
    found = tally.estimate()
    split = found.draws
    assert (found.value, found.stderr) == pytest.approx((expected["mean"], expected["se_mean"]))
    assert (split.within, split.between) == pytest.approx((expected["within"], expected["between"]))
    assert split.stderr_same_questions == pytest.approx(expected["sampling_se_items_fixed"])
    assert split.stderr_many_draws == pytest.approx(expected["floor_se_K_inf"])


@pytest.mark.parametrize("case", cases("1-stratified"))
def test_averages_over_strata(case):
    tally = CellTally((accuracy,), 1)
    for group, values in zip("abc", case["inputs"]["strata"], strict=True):
        for number, value in enumerate(values):
            tally.add(counted(f"{group}{number}", float(value), group))
    found = dict(tally.result("b", "v", "p", "m").strata)
    for name, expected in case["expected"].items():
        assert (found[name].value, found[name].stderr) == pytest.approx((expected["mean"], expected["se"]))


@pytest.mark.parametrize("case", cases("4-passk-1") + cases("4-passk-5"))
def test_shares_of_draws_that_are_right(case):
    (n, c, k), expected = (case["inputs"][name] for name in "nck"), case["expected"]
    draws = [1.0] * c + [0.0] * (n - c)
    assert repeats.pass_at(k, draws) == pytest.approx(expected["pass_at_k"], abs=1e-10)
    assert repeats.pass_all(k, draws) == pytest.approx(expected["pass_hat_k"], abs=1e-10)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        assert repeats.at_least(k, share, draws) == pytest.approx(expected[f"gpass_{share}"], abs=1e-10)
    if k % 2 == 0:
        assert repeats.mostly(k, draws) == pytest.approx(expected["mgpass"], abs=1e-10)


def test_an_odd_number_has_no_mean_of_g_pass():
    with pytest.raises(UsageError, match="even number of draws"):
        repeats.by_kind("mG-Pass@5")
    assert repeats.mostly(4, [1.0] * 10) == 1.0


@pytest.mark.parametrize("case", cases("4-maj-at-k"))
def test_a_majority_of_some_of_the_draws(case):
    answers = [answer for answer, count in case["inputs"]["counts"].items() for _ in range(count)]
    values = [float(answer == case["inputs"]["correct"]) for answer in answers]
    assert repeats.majority_at(3, values, answers) == pytest.approx(case["expected"]["maj"], abs=1e-12)
    assert repeats.majority_at(5, values, answers) == pytest.approx(case["expected"]["maj5"], abs=1e-12)


def test_a_majority_among_many_answers_is_sampled_and_the_same_each_time():
    answers = [f"a{number // 2}" for number in range(30)]
    values = [float(answer in ("a0", "a1")) for answer in answers]
    found = repeats.majority_at(4, values, answers)
    assert found == repeats.majority_at(4, values[::-1], answers[::-1]) and 0.1 < found < 0.17


def test_the_interval_of_pass_at_k_is_over_questions():
    values = [repeats.pass_at(2, [1.0] * c + [0.0] * (5 - c)) for c in (0, 1, 2, 3, 4, 5) * 6]
    found = repeats.by_kind("pass@2").estimate(values, 5)
    assert found.n == 36 and found.stderr == pytest.approx(standard_error(values))
    half = 2.030107928 * found.stderr
    assert found.ci == pytest.approx((found.value - half, found.value + half))


@pytest.mark.parametrize("case", cases("5-control-variate"))
def test_a_full_score_from_a_part_and_guesses_of_all(case):
    expected, given = case["expected"], case["inputs"]
    found = control_variate(given["y"], given["pred_sampled"], given["pred_all"])
    assert (found.value, found.stderr) == pytest.approx((expected["est"], expected["se"]), abs=1e-9)
    assert found.df == 7 and found.estimand == "this benchmark's full run"
    constant = control_variate(given["y"], [0.5] * 8, [0.5] * given["N"])
    assert constant.value == pytest.approx(expected["naive"])
    assert constant.stderr == pytest.approx(expected["naive_se"])


def test_guesses_of_any_quality_leave_the_full_score_where_it_is():
    """Over all parts of two of five questions the mean of the estimates is the full score."""
    y, guesses = [1.0, 0.0, 1.0, 1.0, 0.0], [0.1, 0.9, 0.3, 0.2, 0.8]
    parts = [control_variate([y[i], y[j]], [guesses[i], guesses[j]], guesses) for i, j in combinations(range(5), 2)]
    assert sum(one.value for one in parts) / len(parts) == pytest.approx(0.6)
    assert control_variate(y, guesses, guesses).ci == (0.6, 0.6)
    assert control_variate([1.0], [0.5], guesses).ci is None
    with pytest.raises(ValueError, match="guesses"):
        control_variate([1.0], [], guesses)
