"""What an audit finds in judges that were made with known faults."""

import random

import pytest

from sinan.statistics.judge_audit import audit, judges, panel, people
from sinan.types.judgement import Judgement


def found(kind, rows, own="", judge="j"):
    return {one.measure: one for one in audit(kind, rows, judge, own).measured}


def swaps(*counts):
    """AA, BB, first in both orders, second in both orders: so many pairs of each."""
    said = [(1.0, 1.0), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
    return [
        Judgement(f"{kind}/{i}", judges={"j": said[kind][0]}, swapped={"j": said[kind][1]})
        for kind, count in enumerate(counts)
        for i in range(count)
    ]


def test_swapped_verdicts_tell_consistency_and_the_preferred_place():
    measured = found("pairwise", swaps(52, 21, 19, 8))
    assert measured["by_judge"].estimate.value == pytest.approx(0.655)
    assert measured["position_consistency"].estimate.value == pytest.approx(0.73)
    assert measured["position_bias"].estimate.value == pytest.approx(0.11)
    assert measured["position_bias"].p_value == pytest.approx(0.052238985896110535)
    low, high = measured["position_bias"].estimate.ci
    assert low < 0.11 < high


def test_without_labels_only_preferences_are_told():
    assert not {"accuracy", "kappa", "alpha", "length_bias", "corrected"} & set(found("pairwise", swaps(5, 5, 5, 5)))


def pairs(n, judge, seed=0):
    """Pairs of which people prefer A in half; `judge(human, longer is A, A is own)` gives the probability of A."""
    draw, rows = random.Random(seed), []
    for i in range(n):
        human, longer, own = (float(draw.random() < 0.5) for _ in range(3))
        verdict = float(draw.random() < judge(human, longer, own))
        lengths = (200.0, 100.0) if longer else (100.0, 200.0)
        models = ("own", "other") if own else ("other", "own")
        rows.append(Judgement(str(i), {"p": human}, {"j": verdict}, lengths=lengths, models=models))
    return rows


def test_a_fair_judge_has_no_bias():
    measured = found("pairwise", pairs(600, lambda human, longer, own: 0.9 if human else 0.1), "own")
    assert measured["accuracy"].estimate.value == pytest.approx(0.9, abs=0.04)
    for name in ("length_bias", "self_preference", "first_place_excess"):
        low, high = measured[name].estimate.ci
        assert low < 0 < high, name


def test_a_judge_that_likes_length_or_itself_is_found_out():
    measured = found("pairwise", pairs(600, lambda human, longer, own: 0.2 + 0.3 * human + 0.4 * longer), "own")
    assert measured["length_bias"].estimate.ci[0] > 0.1
    assert measured["self_preference"].estimate.ci[0] < 0.05
    measured = found("pairwise", pairs(600, lambda human, longer, own: 0.2 + 0.3 * human + 0.4 * own), "own")
    assert measured["self_preference"].estimate.ci[0] > 0.1 and measured["own_preferred"].estimate.value > 0.6


def test_a_win_rate_is_corrected_by_the_few_labels():
    """The judge says A in 0.73; people would in 0.5."""
    rows = pairs(2_000, lambda human, longer, own: 0.95 if human else 0.5, seed=4)
    few = [row if i < 250 else Judgement(row.id, {}, row.judges) for i, row in enumerate(rows)]
    few = [Judgement(row.id, row.human, row.judges) for row in few]
    measured = found("pairwise", few)
    assert measured["by_judge"].estimate.ci[0] > 0.65
    low, high = measured["corrected"].estimate.ci
    people_low, people_high = measured["by_people"].estimate.ci
    assert low < 0.5 < high and high - low < people_high - people_low
    assert "250 labels and 1750 verdicts" in measured["corrected"].meaning


def test_grades_have_a_mean_error_and_a_length_bias():
    draw, rows = random.Random(2), []
    for i in range(400):
        human, length = float(draw.randint(1, 5)), draw.randint(50, 3_000)
        verdict = float(min(5, max(1, round(human + 0.5 + (length - 1_500) / 1_500 + draw.gauss(0, 0.5)))))
        rows.append(
            Judgement(str(i), {"p": human}, {"j": verdict}, lengths=(float(length),), models=("own" if i % 2 else "x",))
        )
    measured = found("pointwise", rows, "own")
    assert measured["mean_error"].estimate.ci[0] > 0.1 and measured["length_bias"].estimate.ci[0] > 0.3
    assert "quadratic weights" in measured["kappa"].meaning and "ordinal" in measured["alpha"].meaning
    low, high = measured["self_preference"].estimate.ci
    assert low < 0 < high


def test_items_without_a_verdict_are_counted_and_left_out():
    rows = [
        Judgement("1", {"p": 1.0}, {"j": 1.0}),
        Judgement("2", {"p": 0.0}, {}),
        Judgement("3", {"p": 0.0}, {"j": 0.0}),
    ]
    measured = found("pointwise", rows)
    assert measured["verdicts"].estimate.value == pytest.approx(2 / 3) and measured["accuracy"].estimate.n == 2


def test_people_are_held_against_each_other():
    rows = [
        Judgement(str(i), {"a": float(i % 2), "b": float(i % 2 if i else 1)}, {"j": 1.0, "k": 0.0}) for i in range(20)
    ]
    assert 0.8 < people(rows).estimate.value < 1 and judges(rows) == ["j", "k"]
    assert people([Judgement("1", {"a": 1.0}, {"j": 1.0})]) is None
    assert found("pointwise", rows)["accuracy"].estimate.n == 20


def three(alike, n=600):
    """Three judges of 80 in 100, who err together where `alike`, else each by itself."""
    draw, rows = random.Random(8), []
    for i in range(n):
        human = float(draw.random() < 0.5)
        wrong = [draw.random() < 0.2 for _ in range(3)]
        verdicts = [1 - human if (wrong[0] if alike else one) else human for one in wrong]
        rows.append(Judgement(str(i), {"p": human}, dict(zip("jkl", verdicts, strict=True))))
    return rows


def test_a_panel_of_judges_that_err_apart_is_better_than_one_and_of_judges_that_err_together_is_one():
    measured = {one.measure: one.estimate for one in panel("pairwise", three(alike=False), "jkl").measured}
    assert measured["accuracy"].value == pytest.approx(0.9, abs=0.03)  # 0.8^3 + 3 * 0.8^2 * 0.2
    assert measured["effective_judges"].value == pytest.approx(3, abs=0.4)
    measured = {one.measure: one.estimate for one in panel("pairwise", three(alike=True), "jkl").measured}
    assert measured["accuracy"].value == pytest.approx(0.8, abs=0.04)
    assert measured["effective_judges"].value == pytest.approx(1)
