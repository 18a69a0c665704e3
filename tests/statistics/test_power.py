"""Plans: the formulas, the reference cases, and what cannot be planned for."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import UsageError
from sinan.statistics.planned import Plan
from sinan.statistics.power import (
    Level,
    Variance,
    best_draws,
    beyond_population,
    detectable,
    detectable_by_variance,
    discordance_of,
    few_questions,
    needed,
    needed_by_variance,
    of_population,
    too_few,
    variance_left,
)

CASES = Path(__file__).parents[2].parent / "shared/design/reference_cases.json"


def case(name):
    if not CASES.is_file():
        pytest.skip(f"the reference cases are not on this machine (looked in {CASES})")
    found = {one["id"]: one for one in json.loads(CASES.read_text("utf-8"))["cases"]}
    if name not in found:
        pytest.skip(f"the reference cases hold no {name}")
    return found[name]["inputs"], found[name]["expected"], found[name]["tol"]


def test_questions_by_variance_are_those_of_the_reference():
    given_, expected, tol = case("3-n-paired")
    variance = Variance(given_["omega2"], given_["sigma2_A"], given_["sigma2_B"]).at(given_["K_A"], given_["K_B"])
    found = needed_by_variance(given_["delta"], variance, Level(given_["alpha"], given_["power"]))
    assert found == pytest.approx(expected["n"], abs=tol)


def test_questions_by_discordance_are_those_of_the_reference_also_of_a_population():
    given_, expected, tol = case("3-n-discordance")
    found = needed(given_["delta"], given_["discordance"], Level(given_["alpha"], given_["power"]))
    assert found == pytest.approx(expected["n_infinite"], abs=tol)
    assert of_population(found, given_["N"]) == pytest.approx(expected["n_fpc"], abs=tol)


def test_draws_that_tell_most_for_their_cost_are_those_of_the_reference():
    given_, expected, tol = case("3-k-vs-n")
    costs = given_["cost_new_item"], given_["cost_extra_sample"]
    assert best_draws(given_["within"], given_["between"], *costs) == pytest.approx(expected["k_opt"], abs=tol)
    assert best_draws(given_["within"], given_["between"], 0.0, 1.0) == 1.0
    assert best_draws(0.1, 0.0, 1.0, 1.0) == math.inf


def test_a_benchmark_of_198_questions_tells_8_7_points():
    """As GPQA Diamond, where one verdict in five differs (Miller's formulas by hand)."""
    z = 1.959963984540054 + 0.8416212335729143
    by_hand = z * math.sqrt(0.2 / 198) / math.sqrt(1 + z * z / 198)
    assert detectable(198, 0.2) == pytest.approx(by_hand, rel=1e-12)
    assert round(100 * detectable(198, 0.2), 1) == 8.7


@given(st.floats(0.01, 0.3), st.floats(0.0, 0.5), st.sampled_from([0.8, 0.9]), st.integers(1, 20))
def test_what_n_questions_tell_takes_about_n_questions(d, more, power, m):
    """The two formulas differ by which variance the test is given: by no more than d^2 of it."""
    level = Level(power=power, comparisons=m)
    discordance = d + more
    n = needed(d, discordance, level)
    assert detectable(n, discordance, level) == pytest.approx(d, rel=0.35)
    assert needed_by_variance(detectable_by_variance(n, 0.2, level), 0.2, level) == pytest.approx(n)


def test_a_planned_comparison_holds_its_power():
    """2,000 comparisons of the planned size (seed 6), each tested by McNemar's normal form: 80 % are told, 5 % of those
    without a difference."""
    rng, d, discordance = np.random.default_rng(6), 0.05, 0.2
    n = math.ceil(needed(d, discordance))
    told = []
    for gap in (d, 0.0):
        draws = rng.multinomial(n, [(discordance + gap) / 2, (discordance - gap) / 2, 1 - discordance], size=2_000)
        b, c = draws[:, 0], draws[:, 1]
        told.append(float((np.abs(b - c) / np.sqrt(b + c) > 1.959963984540054).mean()))
    assert 0.77 <= told[0] <= 0.83
    assert 0.035 <= told[1] <= 0.065


def test_more_comparisons_clusters_and_power_take_more_and_draws_take_less():
    plain = Plan(200, 0.05, 0.2)
    assert Plan(200, 0.05, 0.2, level=Level(comparisons=10)).needed > plain.needed
    assert Plan(200, 0.05, 0.2, level=Level(power=0.9)).needed > plain.needed
    assert Plan(200, 0.05, 0.2, deff=2.0).needed == pytest.approx(2 * plain.needed)
    assert Plan(400, 0.05, 0.2, deff=2.0).detectable(0.8) == pytest.approx(plain.detectable(0.8))
    assert Plan(200, 0.05, 0.2, samples=(4, 4)).needed < plain.needed
    assert variance_left(0.4, 1, 1) == 1.0 and variance_left(0.4, 2, 2) == pytest.approx(0.8)
    assert Variance(0.1, 0.2, 0.4).at(2, 4) == pytest.approx(0.3)


def test_a_full_run_leaves_nothing_open_of_itself():
    assert Plan(200, None, 0.2, population=200).detectable(0.8) == 0.0
    assert beyond_population(of_population(1_000.0, 300), 300) == pytest.approx(1_000.0)
    part = Plan(100, 0.05, 0.2, population=200)
    assert part.detectable(0.8) < Plan(100, None, 0.2).detectable(0.8)
    assert part.needed_of_population < 200


def test_a_difference_that_cannot_be_is_refused():
    for wrong in (lambda: needed(0.3, 0.2), lambda: needed(0.0, 0.2), lambda: needed_by_variance(0.0, 0.2)):
        with pytest.raises(UsageError, match="cannot be planned for"):
            wrong()
    for wrong in ({"alpha": 0.0}, {"alpha": 1.0}, {"power": 0.4}, {"power": 1.0}, {"comparisons": 0}):
        with pytest.raises(UsageError, match="alpha lies between"):
            Level(**wrong)


def test_discordance_follows_from_accuracy_and_correlation():
    """By counting: 100,000 pairs of verdicts (seed 7)."""
    rng, p, r = np.random.default_rng(7), 0.7, 0.5
    both = p * p + r * p * (1 - p)
    cells = rng.multinomial(100_000, [both, p - both, p - both, 1 - 2 * p + both])
    assert discordance_of(p, r) == pytest.approx((cells[1] + cells[2]) / 100_000, abs=0.005)


def test_an_undecided_comparison_is_told_what_it_could_have_told():
    b, c, n = 10.5, 7.5, 100  # 18 differ; the difference is 3 points
    difference = (b - c) / n
    stderr = math.sqrt(((b + c) / n - difference**2) / n)
    said = too_few(n, 18, difference, stderr)
    assert said == (
        "with 100 pairs of which 18 differ, differences below 11 points cannot be told (80 % power); needed for the "
        "observed 3 points: about 1,600 pairs"
    )
    assert too_few(n, 18, 0.0, stderr).endswith("cannot be told (80 % power)")
    assert too_few(n, 0, 0.0, 0.0) == too_few(1, 0, 0.1, None) == ""
    assert "differences below 0.114 cannot" in too_few(n, 18, difference, stderr, in_percent=False)


def test_a_small_benchmark_says_what_it_will_leave_open():
    said = few_questions(100, "logic")
    assert said.startswith("logic: 100 questions cannot tell two models apart that differ by less than about 12 points")
    assert "3 points take about 1,800" in said


def test_a_plan_says_what_it_rests_on():
    found = Plan(50, 0.03, 0.12, size=400, benchmark="b", samples=(2, 2)).to_json()
    assert found["estimand"] == "questions like these" and found["draws"] == 2
    assert set(found["detectable"]) == {"0.8", "0.9"} and found["smallest_ever"]["n"] == 400
    assert any("is assumed" in note for note in found["notes"])
    assert any("cannot tell that difference" in note for note in found["notes"])
    assert json.dumps(found)
    tiny = Plan(5, None, 0.1).to_json()
    assert tiny["needed"] is None and any("even the largest" in note for note in tiny["notes"])
