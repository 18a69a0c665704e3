"""Several benchmarks as one number: reference cases, weights, what is missing, and how much the order owes to them."""

import numpy as np
import pytest

from sinan.errors import UsageError
from sinan.ranking import combine
from sinan.ranking.benchmark_board import Scored, board
from sinan.ranking.overall import overall
from sinan.ranking.sensitivity import over_weights, ranks, without_each
from sinan.ranking.standings import Ways
from sinan.types import Estimate
from sinan.types.table import ScoreTable
from tests.ranking.cases import case


def test_every_aggregate_is_the_reference_s():
    one = case("11-aggregates")
    scores, expected = np.array(one["inputs"]["scores"]), one["expected"]
    chance = np.array(one["inputs"]["chance"]) / 100
    found = {
        "mean": scores.mean(axis=1),
        "zmean": combine.standardised_mean(scores),
        "mean_win_rate": combine.mean_win_rate(scores),
        "chance_adjusted_mean": 100 * combine.chance_corrected(scores / 100, chance).mean(axis=1),
        "geometric": combine.geometric_mean(scores),
        "bt_theta": combine.strengths(scores),
    }
    assert found.keys() == expected.keys()
    for name, own in found.items():
        assert own == pytest.approx(expected[name], abs=one["tol"]), name


def test_win_rates_change_with_who_else_is_listed():
    one = case("11-win-rate-iia")
    scores = np.array(one["inputs"]["scores"])
    assert combine.mean_win_rate(scores) == pytest.approx(one["expected"]["with_all"])
    left = np.delete(scores, one["inputs"]["without_model"], axis=0)
    assert combine.mean_win_rate(left) == pytest.approx(one["expected"]["without_last"])


def scored(name, seed, models="abcde", items=150, chance=0.25, **more):
    random = np.random.default_rng(seed)
    values = (random.random((len(models), items)) < np.linspace(0.45, 0.85, len(models))[:, None]).astype(float)
    table = ScoreTable(name, tuple(models), tuple(f"{name}-{i}" for i in range(items)), values)
    return Scored(table, name, chance=chance, **more)


def test_an_overall_is_the_weighted_mean_of_what_is_above_chance_with_the_error_of_all_benchmarks():
    parts = [scored("x", 1), scored("y", 2, chance=None)]
    found = {one.model: one for one in overall(parts, {"x": 3}, Ways()).standings}
    x, y = (part.table.of("a") for part in parts)
    assert found["a"].estimate.value == pytest.approx(0.75 * (x.mean() - 0.25) / 0.75 + 0.25 * y.mean())
    errors = [0.75 / 0.75 * x.std(ddof=1) / 150**0.5, 0.25 * y.std(ddof=1) / 150**0.5]
    assert found["a"].estimate.stderr == pytest.approx(np.hypot(*errors))
    assert found["e"].rank == 1 and found["e"].rank_interval[0] == 1


def test_a_model_that_lacks_a_benchmark_has_no_overall_unless_it_is_filled_in_and_marked():
    parts = [scored("x", 1), scored("y", 2), scored("z", 3, models="abce")]
    whole = overall(parts, {}, Ways())
    last = whole.standings[-1]
    assert (last.model, last.estimate.value, last.rank, last.rank_interval) == ("d", None, None, None)
    assert last.further["missing"] == ["z"] and any("without an overall" in note for note in whole.notes)
    filled = overall(parts, {}, Ways(), "additive")
    one = next(one for one in filled.standings if one.model == "d")
    assert one.further["imputed"] == ["z"] and one.rank is not None
    assert any("nothing guarantees" in note for note in filled.notes)
    assert one.estimate.stderr > next(o for o in filled.standings if o.model == "c").estimate.stderr


def test_an_additive_table_is_filled_in_exactly_and_a_broken_one_not_at_all():
    strength, ease = np.array([-1.0, 0.0, 0.5, 1.0]), np.array([0.3, 0.0, -0.6])
    whole = 1 / (1 + np.exp(-(strength[:, None] + ease)))
    holes = whole.copy()
    holes[0, 2] = holes[3, 0] = np.nan
    found, errors = combine.additive(holes)
    np.testing.assert_allclose(found, whole, atol=1e-9)
    assert (errors[~np.isnan(holes)] == 0).all()
    with pytest.raises(UsageError, match="too few scores"):
        combine.additive(np.array([[0.5, np.nan], [np.nan, 0.5]]))


def test_ranks_over_weights_and_without_each_benchmark():
    scores = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.2]])
    assert over_weights(scores) == [(1, 3), (1, 2), (2, 3)] or over_weights(scores)[2][1] == 3
    assert without_each(scores, np.array([0.5, 0.5])).tolist() == [[3, 1, 2], [1, 2, 3]]
    assert ranks(np.array([0.1 + 0.2, 0.3, 0.5])).tolist() == [2, 2, 1]


def test_one_factor_is_told_where_benchmarks_say_the_same():
    assert combine.first_share(np.outer([0.2, 0.4, 0.5, 0.9], [1.0, 0.5, 0.8])) == pytest.approx(1)
    assert combine.first_share(np.ones((3, 5))) is None
    notes = overall([scored(n, s, items=3_000) for n, s in (("x", 1), ("y", 2), ("z", 3))], {}, Ways()).notes
    assert any("one factor explains" in note for note in notes)


def test_what_is_no_share_is_left_out_and_weights_of_nothing_are_refused():
    parts = [scored("x", 1), scored("y", 2), scored("z", 3, in_percent=False)]
    whole = overall(parts, {}, Ways())
    assert whole.further["benchmarks"] == ["x", "y"] and any("left out" in note for note in whole.notes)
    with pytest.raises(UsageError, match="no benchmark of the overall"):
        overall(parts, {"w": 1}, Ways())
    with pytest.raises(UsageError, match="from 0 on"):
        overall(parts, {"x": -1}, Ways())
    with pytest.raises(UsageError, match="fewer than two benchmarks have a weight"):
        overall(parts, {"x": 0}, Ways())


def test_a_metric_that_is_no_mean_over_items_has_an_order_and_no_sure_difference():
    one = scored("x", 1)
    estimates = [Estimate(value, None, None, "none", 150) for value in (0.1, 0.2, 0.3, 0.4, 0.5)]
    found = board(Scored(one.table, "x", estimates, less_is_better=True), Ways())
    assert [standing.model for standing in found.standings] == list("abcde") and found.method == "none"
    assert {standing.rank_interval for standing in found.standings} == {(1, 5)}
    assert any("no mean over items" in note for note in found.notes)


def test_less_is_better_turns_the_board_around():
    one = scored("x", 1)
    up, down = board(one, Ways()), board(Scored(one.table, "x", less_is_better=True), Ways())
    assert [s.model for s in down.standings] == [s.model for s in up.standings][::-1]
    assert down.standings[0].rank_interval == tuple(6 - r for r in up.standings[-1].rank_interval[::-1])
    assert down.standings[0].vs_next.difference < 0
