"""Strengths from votes: reference cases, errors of votes that hang together, and what cannot be ranked."""

import numpy as np
import pytest

from sinan.errors import UsageError
from sinan.ranking.arena import Arena, arena_board
from sinan.ranking.bradley_terry import evenly, fit, scaled, with_position
from sinan.ranking.standings import Ways
from sinan.ranking.votes_checked import fit_test, flip, win_matrix
from tests.ranking.cases import case, counted, votes_of

TOLERANCE = 1e-6


def errors(covariance, models):
    return np.sqrt(np.diag(covariance)[:models])


@pytest.mark.parametrize("name", ["6-bt-wikipedia", "6-bt-ties-half", "6-bt-reweighted"])
def test_strengths_and_errors_are_the_reference_s(name):
    one = case(name)
    votes = counted(one["inputs"].get("games") or one["inputs"]["wins_losses_ties"])
    found, expected = fit(votes, evenly(votes) if "weights" in one["inputs"] else None), one["expected"]
    assert found.theta == pytest.approx(expected["theta_sum0"], abs=TOLERANCE)
    assert errors(found.independent(), len(found.theta)) == pytest.approx(expected["se_sandwich"], abs=TOLERANCE)
    if "se_hessian" in expected:
        assert errors(found.inverse, len(found.theta)) == pytest.approx(expected["se_hessian"], abs=TOLERANCE)
    if "elo_1000" in expected:
        board = arena_board(votes, Ways(), Arena())
        ratings = {one.model: one.estimate.value for one in board.standings}
        assert [ratings[str(m)] for m in range(4)] == pytest.approx(expected["elo_1000"], abs=1e-4)


def test_the_effect_of_style_is_the_reference_s_in_any_unit():
    one = case("6-bt-style")
    asked, expected = one["inputs"], one["expected"]
    votes = votes_of(asked["model_a"], asked["model_b"], asked["a_wins"], asked["x"])
    assert fit(votes).beta[0] == pytest.approx(expected["coef"], abs=TOLERANCE)
    per_sd, sd = scaled(votes)
    found = fit(per_sd)
    assert found.theta == pytest.approx(expected["theta_sum0"], abs=TOLERANCE)
    assert found.beta[0] / sd[0] == pytest.approx(expected["coef"], abs=TOLERANCE)


def arena(seed, votes=1_500, prompts=None, models=5):
    """Votes in which every model is better or worse on a prompt as a whole."""
    random = np.random.default_rng(seed)
    a = random.integers(0, models, votes)
    b = (a + random.integers(1, models, votes)) % models
    prompt = np.arange(votes) if prompts is None else random.integers(0, prompts, votes)
    suits = random.standard_normal((models, prompt.max() + 1))
    theta = np.linspace(-0.5, 0.5, models)
    odds = theta[a] - theta[b] + suits[a, prompt] - suits[b, prompt]
    won = np.where(random.random(votes) < 0.2, 0.5, random.random(votes) < 1 / (1 + np.exp(-odds)))
    return votes_of(a, b, won, prompt=prompt)


def test_votes_on_prompts_of_their_own_have_the_independent_errors():
    votes = arena(1)
    found = fit(votes)
    np.testing.assert_allclose(
        found.clustered(votes.clusters["prompt"]), found.independent() * 1_500 / 1_499, rtol=1e-9, atol=1e-15
    )


def test_votes_on_few_prompts_have_larger_errors_and_the_bootstrap_agrees():
    board = arena_board(arena(2, prompts=60), Ways(), Arena(resamples=300))
    for one in board.standings:
        row = one.further
        assert row["theta_stderr"] > 1.1 * row["theta_stderr_iid"]
        assert row["theta_stderr_bootstrap"] == pytest.approx(row["theta_stderr"], rel=0.25)
    assert board.clusters == 60 and board.further["bootstrap"] == {"asked": 300, "kept": 300}


def test_swapped_sides_renamed_clusters_and_another_order_change_nothing():
    votes = arena(3, votes=600, prompts=40)
    found = arena_board(votes, Ways(), Arena())
    random = np.random.default_rng(0)
    order, turn = random.permutation(600), random.random(600) < 0.5
    a, b = np.where(turn, votes.b, votes.a)[order], np.where(turn, votes.a, votes.b)[order]
    won = np.where(turn, 1 - votes.won, votes.won)[order]
    renamed = random.permutation(40)[votes.clusters["prompt"]][order]
    again = arena_board(votes_of(a, b, won, prompt=renamed), Ways(), Arena())
    for one, other in zip(found.standings, again.standings, strict=True):
        assert (one.model, one.rank_interval) == (other.model, other.rank_interval)
        assert one.estimate.value == pytest.approx(other.estimate.value)
        assert one.estimate.stderr == pytest.approx(other.estimate.stderr)


def test_two_crossed_clusterings_are_no_smaller_than_either():
    votes, random = arena(4, prompts=50), np.random.default_rng(4)
    judges = random.integers(0, 30, 1_500)
    both = votes_of(votes.a, votes.b, votes.won, prompt=votes.clusters["prompt"], judge=judges)
    found = arena_board(both, Ways(), Arena())
    single = arena_board(votes, Ways(), Arena())
    assert found.clusters == 30 and found.further["clustered_by"] == ["prompt", "judge"]
    for one, other in zip(found.standings, single.standings, strict=True):
        assert one.estimate.stderr >= other.estimate.stderr * (1 - 1e-9)


def test_the_advantage_of_the_first_place_is_told_apart():
    random = np.random.default_rng(5)
    a, b = random.integers(0, 2, 3_000), random.integers(2, 4, 3_000)
    won = random.random(3_000) < 1 / (1 + np.exp(-0.8))
    plain = fit(votes_of(a, b, won))
    assert plain.theta[:2].mean() - plain.theta[2:].mean() == pytest.approx(0.8, abs=0.15)
    swapped = votes_of(np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([won, won]))
    assert fit(with_position(swapped)).beta[0] == pytest.approx(0.8, abs=0.1)


def test_an_effect_that_strengths_could_make_as_well_is_refused():
    """The least of all solutions gave the position a third of the strengths, and them a third of their error less."""
    won = [1.0] * 20 + [0.0] * 10
    first = votes_of([0] * 30, [1] * 30, won)
    with pytest.raises(UsageError, match=r"position cannot be told .* leave out --position"):
        fit(with_position(first))
    lengths = np.array([5.0, 2.0, 9.0])
    a, b = np.array([0, 1, 2] * 10), np.array([1, 2, 0] * 10)
    with pytest.raises(UsageError, match="--style x0"):
        fit(votes_of(a, b, won, lengths[a] - lengths[b]))
    assert np.isfinite(fit(with_position(votes_of(a, b, won))).beta).all(), "in a circle everybody comes first"


def test_a_model_that_never_lost_gets_a_finite_strength_and_that_is_told():
    board = arena_board(counted([["A", "B", 9, 0], ["B", "C", 6, 4]]), Ways(), Arena())
    assert board.further["held"] == ["0"] and any("one tie against the mean" in note for note in board.notes)
    assert board.standings[0].model == "0" and np.isfinite(board.standings[0].estimate.value)
    groups = fit(counted([["A", "B", 5, 1], ["C", "D", 3, 2], ["A", "C", 4, 0], ["B", "D", 3, 0]]))
    assert groups.held == (0, 1, 2, 3) and np.isfinite(groups.theta).all()


def test_a_few_wins_of_a_few_votes_decide_nothing_and_many_do():
    def first(*rows):
        return arena_board(counted(rows), Ways(), Arena()).standings[0]

    for wins in (1, 3, 5):
        assert first(["A", "B", wins, 0]).rank_interval == (1, 2)
    assert first(["A", "B", 12, 0]).rank_interval == (1, 1)
    assert first(["A", "B", 8, 6], ["A", "C", 0, 3]).rank_interval == (1, 3)
    tied = first(["A", "B", 0, 0, 1], ["B", "C", 9, 8, 3])
    assert tied.estimate.stderr > 100


def test_the_order_of_few_votes_among_equals_is_seldom_said_to_be_sure():
    random, wrong, boards = np.random.default_rng(21), 0, 0
    while boards < 100:
        a = random.integers(0, 4, 12)
        b = (a + random.integers(1, 4, 12)) % 4
        try:
            board = arena_board(votes_of([*a, 3], [*b, 0], [*random.integers(0, 2, 12), 0.5]), Ways(), Arena())
        except UsageError:
            continue
        boards += 1
        wrong += any(one.rank_interval != (1, 4) for one in board.standings)
    assert wrong <= 5


def test_what_the_models_are_called_does_not_change_who_is_held():
    rows = [["A", "B", 3, 0], ["B", "C", 3, 0], ["B", "D", 2, 2]]
    name = dict(zip("ABCD", "DCBA", strict=True))
    one, other = (fit(counted(r)) for r in (rows, [[name[a], name[b], *n] for a, b, *n in rows]))
    np.testing.assert_allclose(one.theta, other.theta[::-1], atol=1e-9)
    assert one.held == (0, 2) and other.held == (1, 3)


def test_the_tie_of_a_perfect_winner_weighs_no_more_than_a_vote():
    votes = counted([["A", "B", 40, 0], ["A", "C", 40, 0], ["B", "C", 20, 20]])
    plain, even = (arena_board(votes, Ways(), Arena(evenly)) for evenly in (False, True))
    for one, other in zip(plain.standings, even.standings, strict=True):
        assert one.estimate.value == pytest.approx(other.estimate.value)
        assert one.estimate.stderr == pytest.approx(other.estimate.stderr)


def test_groups_that_never_met_are_named_and_not_ranked():
    with pytest.raises(UsageError, match=r"no vote joins 2 groups of models: \{0, 1\}, \{2, 3\}"):
        fit(counted([["A", "B", 5, 1], ["C", "D", 3, 2]]))


def test_a_style_that_tells_every_vote_in_advance_is_refused():
    a, b = [0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0]
    with pytest.raises(UsageError, match="style"):
        fit(votes_of(a, b, [1, 1, 0, 0, 1, 0], [3, 2, -2, -3, 1, -1]))
    with pytest.raises(UsageError, match="the same in every vote"):
        scaled(votes_of(a, b, [1, 1, 0, 0, 1, 0], [1] * 6))


def test_pairs_without_a_common_order_do_not_fit_one_strength_each():
    circle = counted([["A", "B", 40, 10], ["B", "C", 40, 10], ["C", "A", 40, 10]])
    assert fit_test(fit(circle))["poor"] and not fit_test(fit(arena(6)))["poor"]
    share, met = win_matrix(circle)
    assert share[0, 1] == 0.8 and share[1, 0] == pytest.approx(0.2) and met[0, 1] == 50 and np.isnan(share[0, 0])


def test_dropping_the_votes_that_are_named_does_put_another_model_first():
    votes = counted([["A", "B", 52, 48], ["B", "C", 60, 40], ["A", "C", 61, 39]])
    found = flip(fit(votes))
    assert found["from"] == "0" and found["to"] == "1"
    kept = np.ones(len(votes.won))
    kept[np.flatnonzero((votes.a == 0) & (votes.b == 1) & (votes.won == 1))[: found["votes"]]] = 0
    assert fit(votes, kept).theta[1] > fit(votes, kept).theta[0]
    assert found["votes"] <= 6 and found["share"] == found["votes"] / 300


def test_errors_hold_their_level_where_prompts_come_again():
    random, covered, narrow, boards = np.random.default_rng(8), 0, 0, 100
    for seed in random.integers(0, 1 << 30, boards):
        one = np.random.default_rng(seed)
        a = one.integers(0, 3, 1_200)
        b = (a + one.integers(1, 3, 1_200)) % 3
        prompt = one.integers(0, 80, 1_200)
        suits = one.standard_normal((3, 80))
        won = one.random(1_200) < 1 / (1 + np.exp(suits[b, prompt] - suits[a, prompt]))
        found = fit(votes_of(a, b, won))
        covered += abs(found.theta[0]) < 1.99 * errors(found.clustered(prompt), 3)[0]
        narrow += abs(found.theta[0]) < 1.99 * errors(found.independent(), 3)[0]
    assert covered >= 88 and narrow < covered
