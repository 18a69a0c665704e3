"""Judges: the reference cases, each by the function that an audit uses."""

import json
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest

from sinan.errors import UsageError
from sinan.statistics.agreement import estimate_ac1, estimate_kappa
from sinan.statistics.judge_audit import audit
from sinan.statistics.krippendorff import estimate_alpha
from sinan.statistics.prediction_powered import prediction_powered
from sinan.statistics.rogan_gladen import effective_judges, rogan_gladen
from sinan.types.judgement import Judgement

CASES = Path(__file__).parents[2].parent / "shared/design/reference_cases.json"


def case(name):
    if not CASES.is_file():
        pytest.skip(f"the reference cases are not on this machine (looked in {CASES})")
    found = {one["id"]: one for one in json.loads(CASES.read_text("utf-8"))["cases"]}
    return found[name]["inputs"], found[name]["expected"], found[name]["tol"]


def pairs(table):
    cells = [(i, j, count) for i, row in enumerate(table) for j, count in enumerate(row)]
    return [float(number) for i, j, count in cells for _ in range(count) for number in (i, j)]


def test_kappa_and_ac1():
    given, expected, tol = case("7-kappa-2x2")
    flat = pairs(given["table"])
    assert estimate_kappa(flat).value == pytest.approx(expected["kappa"], abs=tol)
    assert estimate_ac1(flat).value == pytest.approx(expected["gwet_ac1"], abs=tol)
    alike = sum(a == b for a, b in zip(flat[::2], flat[1::2], strict=True)) / (len(flat) / 2)
    assert alike == pytest.approx(expected["percent"], abs=tol)


def test_weighted_kappa():
    given, expected, tol = case("7-weighted-kappa")
    for name, weights in (("unweighted", ""), ("linear", "linear"), ("quadratic", "quadratic")):
        assert estimate_kappa(pairs(given["table"]), 1, weights).value == pytest.approx(expected[name], abs=tol)


def test_krippendorffs_alpha():
    given, expected, tol = case("7-krippendorff")
    for level, value in expected.items():
        assert estimate_alpha(given["raters_by_units"], level).value == pytest.approx(value, abs=tol)


def test_rogan_and_gladen():
    given, expected, tol = case("7-rogan-gladen")
    found = rogan_gladen(given["p"], given["n"], given["q1"], given["m1"], given["q0"], given["m0"])
    assert (found.value, found.stderr) == pytest.approx((expected["theta"], expected["se"]), abs=tol)
    assert found.ci == pytest.approx(tuple(expected["ci"]), abs=tol)
    with pytest.raises(UsageError, match="tells nothing"):
        rogan_gladen(0.5, 100, 0.5, 10, 0.5, 10)


def test_swapped_verdicts():
    given, expected, tol = case("7-swap")
    counts = given["first_order_A_second_order_A"], given["BB"], 19, given["order1_B_order2_A"]
    said = [(1.0, 1.0), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
    each = chain.from_iterable(repeat(one, count) for one, count in zip(said, counts, strict=True))
    rows = [Judgement(str(i), judges={"j": a}, swapped={"j": b}) for i, (a, b) in enumerate(each)]
    found = {one.measure: one for one in audit("pairwise", rows, "j").measured}
    assert found["by_judge"].estimate.value == pytest.approx(expected["win_rate_ties_half"], abs=tol)
    assert found["position_consistency"].estimate.value == pytest.approx(expected["consistency"], abs=tol)
    assert found["position_bias"].estimate.value == pytest.approx(expected["position_bias"], abs=tol)
    assert found["position_bias"].p_value == pytest.approx(expected["p_binom"], abs=tol)


def test_a_panel_is_worth_as_many_judges_as_err_apart():
    """Nine judges whose errors correlate at 0.44 are worth two."""
    assert effective_judges(9, 0.4375) == pytest.approx(2.0)
    assert effective_judges(3, 0.0) == 3 and effective_judges(3, 1.0) == 1


def test_prediction_powered_inference_by_hand():
    """Formula by formula, in numpy: the weight of power tuning, the mean and its standard error."""
    rng = np.random.default_rng(11)
    y, f, g = rng.random(40), rng.random(40), rng.random(300)
    f = (f + y) / 2
    weight = np.cov(y, f)[0, 1] / ((1 + 40 / 300) * np.concatenate([f, g]).var(ddof=1))
    found = prediction_powered(list(y), list(f), list(g))
    assert found.weight == pytest.approx(min(1.0, max(0.0, weight)))
    rest = y - found.weight * f
    assert found.estimate.value == pytest.approx(found.weight * g.mean() + rest.mean())
    assert found.estimate.stderr == pytest.approx(
        np.sqrt(found.weight**2 * g.var(ddof=1) / 300 + rest.var(ddof=1) / 40)
    )


@pytest.mark.parametrize(
    ("n", "rate", "sensitivity", "specificity"),
    [
        (50, 0.98, 0.95, 0.9),
        (50, 0.95, 0.9, 0.85),
        (100, 0.9, 0.9, 0.85),
        (100, 0.95, 0.95, 0.9),
        (200, 0.98, 0.95, 0.9),
    ],
)
def test_the_interval_holds_near_1_with_few_labels(n, rate, sensitivity, specificity):
    """1,000 worlds (seed 12), where t's interval would cover the truth far less often."""
    rng, covered = np.random.default_rng(12), 0
    for _ in range(1_000):
        truth = rng.random(n) < rate
        said = np.where(truth, rng.random(n) < sensitivity, rng.random(n) > specificity)
        further = float(rng.binomial(1_000, rate * sensitivity + (1 - rate) * (1 - specificity)))
        verdicts = [1.0] * int(further) + [0.0] * int(1_000 - further)
        low, high = prediction_powered(list(map(float, truth)), list(map(float, said)), verdicts).estimate.ci
        covered += low <= rate <= high
    assert 915 <= covered <= 975


def test_labels_that_are_all_right_still_have_an_interval():
    found = prediction_powered([1.0] * 30, [1.0] * 30, [1.0] * 100).estimate
    assert found.ci[0] < 0.92 and found.ci[1] == 1.0 and found.method.startswith("wilson")


def test_the_difference_of_two_models_is_corrected_on_the_items_that_both_answered():
    rng = np.random.default_rng(13)
    rows, gaps = [], []
    for item in range(1_000):
        right = {"a": rng.random() < 0.8, "b": rng.random() < 0.7}
        gaps.append(right["a"] - float(right["b"]))
        for model, truth in right.items():
            said = float(truth if rng.random() < 0.88 else not truth)
            human = {"p": float(truth)} if item < 250 else {}
            rows.append(Judgement(str(item), human, {"j": said}, models=(model,)))
    found = {one.measure: one.estimate for one in audit("pointwise", rows, "j").measured}
    both, labels = found["corrected of a - b"], found["by_people of a - b"]
    assert both.n == 250 and both.ci[0] < np.mean(gaps) < both.ci[1]
    assert both.ci[1] - both.ci[0] < labels.ci[1] - labels.ci[0]
    apart = np.array([1.0, -1.0]) @ [found["corrected of a"].value, found["corrected of b"].value]
    assert both.value == pytest.approx(apart, abs=0.02)
    assert found["by_judge of a - b"].n == 1_000 and {"corrected", "corrected of a"} <= set(found)
