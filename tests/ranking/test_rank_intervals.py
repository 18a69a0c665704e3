"""Intervals of ranks: the reference case, what must not matter, and how often all of them are right."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.ranking.contrasts import of_items, weighted
from sinan.ranking.rank_intervals import bonferroni, max_t
from sinan.ranking.tie_groups import tie_groups
from tests.ranking.cases import case


def alone(values):
    return of_items(values, np.arange(values.shape[1]))


def drawn(seed, models=5, items=120, spread=0.3):
    random = np.random.default_rng(seed)
    chance = np.linspace(0.5 - spread / 2, 0.5 + spread / 2, models)[:, None] + 0.2 * random.standard_normal(items)
    return (random.random((models, items)) < chance).astype(float)


def test_the_fallback_gives_the_reference_intervals_and_the_default_none_wider():
    one = case("2-rank-ci")
    contrasts = alone(np.array(one["inputs"]["Y"], dtype=float))
    found = bonferroni(contrasts, one["inputs"]["alpha"])
    expected = list(zip(one["expected"]["lower"], one["expected"]["upper"], strict=True))
    assert found.intervals == expected and found.critical == pytest.approx(one["expected"]["z"], abs=1e-9)
    assert max_t(contrasts).intervals == expected


@pytest.mark.parametrize("decide", [max_t, bonferroni])
def test_the_order_of_models_and_of_items_plays_no_part(decide):
    values, random = drawn(3), np.random.default_rng(0)
    models, items = random.permutation(len(values)), random.permutation(values.shape[1])
    found = decide(alone(values)).intervals
    assert decide(alone(values[models][:, items])).intervals == [found[m] for m in models]


def test_clusters_of_other_names_are_the_same_clusters_and_single_ones_are_none():
    values, random = drawn(5), np.random.default_rng(1)
    clusters = np.arange(120) // 4
    renamed = random.permutation(30)[clusters]
    np.testing.assert_allclose(of_items(values, clusters).stderr, of_items(values, renamed).stderr)
    spread = np.array(
        [(values[j] - values[k]).std(ddof=1) / 120**0.5 for j, k in zip(*np.triu_indices(5, 1), strict=True)]
    )
    assert (alone(values).stderr >= spread - 1e-12).all()
    np.testing.assert_allclose(alone(values * 0.5).stderr, spread / 2)


def test_items_that_hang_together_widen_the_errors():
    values = np.repeat(drawn(7, items=40), 5, axis=1)
    ratio = of_items(values, np.arange(200) // 5).stderr / alone(values).stderr
    assert ratio == pytest.approx(np.sqrt(5 * 199 / 200 * 40 / 39), rel=0.02)


def test_nothing_is_sure_of_models_that_answer_alike_and_of_too_few_items():
    same = np.ones((3, 50))
    assert max_t(alone(same)).intervals == [(1, 3)] * 3
    apart = np.array([[1.0] * 4, [0.0] * 4])
    assert max_t(alone(apart)).intervals == [(1, 2)] * 2
    assert max_t(alone(np.repeat(apart, 10, axis=1))).intervals == [(1, 1), (2, 2)]
    assert max_t(of_items(apart, np.zeros(4, dtype=int))).intervals == [(1, 2)] * 2
    assert max_t(alone(np.ones((1, 5)))).intervals == [(1, 1)]


def test_models_are_paired_on_the_items_that_both_have():
    values = drawn(11)
    holes = values.copy()
    holes[0, :30] = holes[1, 20:50] = np.nan
    found = alone(holes)
    assert found.n[0] == 70 and found.difference[0] == pytest.approx((values[0] - values[1])[50:].mean())
    full = alone(values)
    np.testing.assert_allclose(found.stderr[-3:], full.stderr[-3:])
    one, other = (row / np.linalg.norm(row) for row in found.rows[7:9])
    assert one @ other == pytest.approx(np.corrcoef(values[2] - values[3], values[2] - values[4])[0, 1])


def test_the_largest_error_is_the_same_however_the_covariance_is_held():
    values, normal = drawn(12), np.random.default_rng(0).standard_normal((500, 5))
    found, among = alone(values), np.arange(10) % 3 > 0
    rows = found.rows / np.linalg.norm(found.rows, axis=1)[:, None]
    expected = np.abs(normal @ rows[among].T).max(axis=1)
    np.testing.assert_allclose(found.largest(normal, among), expected)
    by_pairs = replace(found, whole=None, root=found.rows)
    np.testing.assert_allclose(by_pairs.largest(normal, among), expected)


def test_differences_over_benchmarks_add_up_with_their_errors():
    parts = [alone(drawn(seed)) for seed in (1, 2)]
    both = weighted(parts, [0.25, 0.75])
    np.testing.assert_allclose(both.difference, 0.25 * parts[0].difference + 0.75 * parts[1].difference)
    np.testing.assert_allclose(both.stderr**2, (0.25 * parts[0].stderr) ** 2 + (0.75 * parts[1].stderr) ** 2)
    assert both.df >= min(parts[0].df, parts[1].df)


@pytest.mark.parametrize(("items", "per_cluster"), [(60, 1), (400, 1), (240, 6)])
def test_all_rank_intervals_hold_together_in_95_of_100_boards(items, per_cluster):
    random, boards, right = np.random.default_rng(20), 300, 0
    truth = np.array([0.5, 0.5, 0.55, 0.6, 0.75, 0.75])
    clusters = np.arange(items) // per_cluster
    first = 1 + (truth[None] > truth[:, None] + 1e-9).sum(axis=1)
    last = len(truth) - (truth[None] < truth[:, None] - 1e-9).sum(axis=1)
    for board in range(boards):
        shared = 0.15 * random.choice([-1, 1], (1, clusters.max() + 1))[:, clusters]
        values = (random.random((6, items)) < truth[:, None] + shared).astype(float)
        found = max_t(of_items(values, clusters), seed=board, draws=1_000).intervals
        right += all(low <= a and high >= b for (low, high), a, b in zip(found, first, last, strict=True))
    assert right / boards > 0.95 - 3 * (0.05 * 0.95 / boards) ** 0.5


@given(st.integers(2, 7), st.data())
def test_two_models_share_a_letter_exactly_where_their_order_is_not_sure(models, data):
    sign = np.zeros((models, models), np.int8)
    for j in range(models):
        for k in range(j + 1, models):
            sign[j, k] = data.draw(st.sampled_from([0, 1]))
            sign[k, j] = -sign[j, k]
    letters = [set(own.split()) for own in tie_groups(sign, list(range(models)))]
    assert all(letters)
    for j in range(models):
        for k in range(j + 1, models):
            assert bool(letters[j] & letters[k]) == (sign[j, k] == 0)
