"""Item analysis: numbers worked out by hand, by scipy, and by the definition, item by item."""

import math

import numpy as np
import pytest
from scipy import stats

from sinan.hub.items import CHANCE, DEVIATIONS, analysed, discriminations

NAN = math.nan


def by_definition(values, item):
    """The correlation of an item with the mean of the others, over the models that have both."""
    own, rest = [], []
    for row in values:
        others = [v for place, v in enumerate(row) if place != item and not math.isnan(v)]
        if not math.isnan(row[item]) and others:
            own.append(row[item])
            rest.append(sum(others) / len(others))
    if len(own) < 5 or len(set(own)) < 2 or len(set(rest)) < 2:
        return NAN
    return stats.pearsonr(own, rest).statistic


def test_discrimination_by_hand():
    # The rest of each item is the other one: r of (0, 0, 1, 1, 0) and (0, 0, 1, 1, 1).
    values = np.array([[0, 0], [0, 0], [1, 1], [1, 1], [0, 1]], dtype=float)
    # means 0.4 and 0.6; cov = 0.4 - 0.24 = 0.16; both variances 0.24: r = 2/3
    assert discriminations(values) == pytest.approx([2 / 3, 2 / 3])


def test_discrimination_is_the_point_biserial_with_the_rest():
    rng = np.random.default_rng(1)
    skill = rng.normal(size=12)
    values = (rng.normal(size=(12, 30)) < skill[:, None]).astype(float)
    found = discriminations(values)
    for item in range(30):
        rest = np.delete(values, item, axis=1).mean(axis=1)
        if 0 < values[:, item].mean() < 1:
            assert found[item] == pytest.approx(stats.pointbiserialr(values[:, item], rest).statistic)
        else:
            assert math.isnan(found[item])


def test_discrimination_with_gaps_follows_its_definition():
    rng = np.random.default_rng(2)
    values = rng.integers(0, 2, size=(9, 14)).astype(float)
    values[rng.random(values.shape) < 0.25] = NAN
    wanted = [by_definition(values.tolist(), item) for item in range(14)]
    assert discriminations(values) == pytest.approx(wanted, nan_ok=True)


def test_items_are_worked_on_in_blocks_alike(monkeypatch):
    values = np.random.default_rng(3).integers(0, 2, size=(8, 50)).astype(float)
    whole = discriminations(values)
    monkeypatch.setattr("sinan.hub.items.BLOCK", 7)
    assert discriminations(values) == pytest.approx(whole, nan_ok=True)


def test_under_no_relation_as_many_items_are_against_the_rest_as_chance_brings():
    # Over many items and models the share below -1.96 standard deviations is about 2.5 %.
    values = np.random.default_rng(4).integers(0, 2, size=(30, 4000)).astype(float)
    found = analysed(values, [str(i) for i in range(4000)], [str(i) for i in range(30)])
    assert found.by_chance == pytest.approx(CHANCE * found.discriminating)
    assert 0.5 * found.by_chance < found.against < 1.6 * found.by_chance


def test_difficulty_is_the_share_of_models_that_are_right():
    values = np.array([[0, 1, 1, NAN], [0, 1, 0, NAN], [0, 1, 1, 1], [0, 1, 0, NAN]], dtype=float)
    found = analysed(values, ["a", "b", "c", "d"], ["1", "2", "3", "4"])
    assert found.items == 3  # one model alone says nothing of d
    assert (found.never, found.always) == (1, 1)
    assert found.strip == (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)
    assert found.discriminating == 0
    assert found.doubtful == ()  # four models are too few to doubt anything


def test_an_item_with_a_wrong_gold_is_found():
    rng = np.random.default_rng(5)
    skill = np.linspace(-2, 2, 12)
    values = (rng.normal(size=(12, 60)) < skill[:, None]).astype(float)
    values[:, 7] = 1 - (skill > 0)  # who is strong is wrong
    found = analysed(values, [f"q{i}" for i in range(60)], [f"m{i}" for i in range(12)], ["g"] * 60)
    assert found.doubtful[0].id == "q7"
    assert found.doubtful[0].why == "upside_down"
    assert found.doubtful[0].group == "g"
    assert found.upside_down == 1
    assert found.doubtful[0].discrimination < found.threshold == -DEVIATIONS / math.sqrt(11)


def test_thirds_are_not_compared_where_no_model_is_stronger():
    values = np.array([[0, 1], [0, 1], [0, 1], [1, 0], [1, 0], [1, 0]], dtype=float)
    assert analysed(values, ["a", "b"], list("123456")).upside_down == 0


def test_an_item_stands_once_under_its_gravest_reason():
    rng = np.random.default_rng(6)
    values = rng.integers(0, 2, size=(10, 200)).astype(float)
    values[:, :5] = 0
    found = analysed(values, [str(i) for i in range(200)], [str(i) for i in range(10)])
    ids = [one.id for one in found.doubtful]
    assert len(ids) == len(set(ids)) <= 50
    assert [one.why for one in found.doubtful] == sorted(
        (one.why for one in found.doubtful), key=["upside_down", "against", "never"].index
    )


@pytest.mark.parametrize("shape", [(0, 0), (1, 5), (3, 0), (2, 3)])
def test_little_or_nothing_is_no_fault(shape):
    found = analysed(np.zeros(shape), [str(i) for i in range(shape[1])], [str(i) for i in range(shape[0])])
    assert found.items == (shape[1] if shape[0] >= 2 else 0)
    assert found.median is None
