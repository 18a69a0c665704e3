"""The study on known scores: its quick loops say what the procedures themselves say."""

import math

import numpy as np
import pytest

from sinan.statistics.sequential import Duel, Following
from sinan.statistics.sequential.replay import best, follow, missed, orders, pairs
from sinan.statistics.sequential.study import study

SCORES = (np.random.default_rng(1).random((6, 120)) < np.linspace(0.2, 0.9, 6)[:, None]).astype(float)


def test_duels_of_all_pairs_at_once_are_the_duels_of_each_pair():
    (order,) = orders(120, 1, 3)
    found, at = pairs(SCORES, [order]), 0
    for a in range(6):
        for b in range(a + 1, 6):
            duel = Duel("a", "b", 120)
            asked = follow(duel, {"a": SCORES[a, order], "b": SCORES[b, order]})
            assert asked / 2 == pytest.approx(found.used[0, at] * 120)
            at += 1


def test_a_score_is_missed_where_its_interval_leaves_it_out():
    drawn = orders(120, 30, 4)
    found = missed(SCORES[:1], drawn)
    for order, wrong in zip(drawn, found[:, 0], strict=True):
        following = Following("m", 120)
        for value in SCORES[0, order][:-1]:
            following.observe(float(value))
        low, high = following.interval()
        assert wrong == (not low - 1e-9 <= SCORES[0].mean() <= high + 1e-9)


def test_a_tie_for_the_best_is_no_contradiction():
    tied = np.array([[1.0, 0.0] * 20, [0.0, 1.0] * 20])
    assert not best(tied, np.arange(40)).contradicted
    assert best(tied, np.arange(40)).requests == 80


def test_every_job_is_tried_and_few_verdicts_are_contradicted():
    found = study(SCORES, orders=4, seed=5)
    assert [job.job for job in found.jobs[:3]] == ["pairs", "best of all", "complete ranking"]
    assert all(job.contradicted <= 0.1 * job.verdicts for job in found.jobs)
    assert found.of("best of all").used < 1 <= found.of("complete ranking").saving
    assert math.isclose(sum(gap.pairs for gap in found.gaps), 15)


def test_scores_that_are_missing_are_refused():
    with pytest.raises(ValueError, match="from 0 to 1"):
        study(np.array([[1.0, math.nan], [0.0, 1.0]]))
