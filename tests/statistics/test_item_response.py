import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import check_grad

from sinan.statistics.item_response import Guided, Items, _loss, fit, next_item, preview
from sinan.statistics.sequential import Precision

CASES = Path(__file__).parents[2] / "../shared/design/reference_cases.json"


def _drawn(models: int, items: int, seed: int) -> tuple[Items, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = Items(np.exp(rng.normal(0, 0.4, items)), rng.normal(0, 1.5, items))
    theta = rng.normal(0, 1, models)
    return true, theta, (rng.random((models, items)) < true.curves(theta)).astype(float)


def test_the_reference_case_of_a_two_parameter_model() -> None:
    if not CASES.exists():
        pytest.skip(f"{CASES} is not there: the reference cases are not part of the project")
    case = next(c for c in json.loads(CASES.read_text())["cases"] if c["id"] == "5-irt-2pl")
    given, expected = case["inputs"], case["expected"]
    items = Items(np.array(given["a"]), np.array(given["b"]))
    ability = items.ability(range(5), given["y"], spread=1.0)
    assert ability.theta == pytest.approx(expected["eap"], abs=1e-3)
    assert ability.sd == pytest.approx(expected["psd"], abs=1e-3)
    assert items.information(0.0) == pytest.approx(expected["fisher_info_at_0"], abs=1e-9)
    assert int(np.argmax(items.information(0.0))) == expected["next_item_mfi_at_0"]


def test_the_gradient_is_that_of_the_loss() -> None:
    _, _, y = _drawn(4, 6, 1)
    there = np.random.default_rng(2).random(y.shape) < 0.8
    point = np.random.default_rng(3).normal(0, 0.5, 4 + 12)
    off = check_grad(lambda v: _loss(v, y, there)[0], lambda v: _loss(v, y, there)[1], point)
    assert off < 1e-4


def test_a_fit_finds_the_items_again_where_a_fifth_of_the_answers_is_missing() -> None:
    true, theta, y = _drawn(150, 80, 4)
    y[np.random.default_rng(5).random(y.shape) < 0.2] = np.nan
    items, found = fit(y)
    assert np.corrcoef(items.b, true.b)[0, 1] > 0.95
    assert np.corrcoef(np.log(items.a), np.log(true.a))[0, 1] > 0.6
    assert np.corrcoef(found, theta)[0, 1] > 0.95


def test_one_earlier_model_tells_no_items_apart() -> None:
    with pytest.raises(ValueError, match="two or more"):
        fit(np.ones((1, 5)))


def test_a_preview_of_all_questions_is_the_score_itself() -> None:
    true, _, y = _drawn(2, 30, 6)
    seen = preview(true, range(30), y[0])
    assert seen.score == pytest.approx(y[0].mean())
    assert seen.interval == pytest.approx((y[0].mean(), y[0].mean()))


def test_where_the_model_is_true_a_preview_covers_and_no_question_comes_twice() -> None:
    true, _, y = _drawn(200, 100, 7)
    covered = 0
    for row in y:
        asked: list[int] = []
        while len(asked) < 15:
            item = next_item(true, asked, row[asked])
            assert item is not None and item not in asked
            asked.append(item)
        seen = preview(true, asked, row[asked])
        covered += seen.interval[0] <= row.mean() <= seen.interval[1]
    assert covered >= 180


def test_nothing_is_left_to_ask_at_the_end() -> None:
    true, _, y = _drawn(1, 4, 8)
    assert next_item(true, range(4), y[0]) is None


def test_good_guesses_make_an_interval_narrow_sooner_and_bad_ones_cost_little() -> None:
    rng = np.random.default_rng(10)
    true = Items(np.full(600, 3.0), rng.normal(0, 1.5, 600))
    y = (rng.random(600) < true.curves(0.5)[0]).astype(float)
    used = {}
    for name, predictor in {
        "none": None,
        "good": Guided(true),
        "bad": lambda values: rng.random(600),
    }.items():
        procedure = Precision("m", 600, 0.12, predictor=predictor)
        while procedure.asking:
            procedure.observe("m", float(y[procedure.decision().models[0].observed]))
        low, high = procedure.decision().models[0].interval or (0.0, 0.0)
        assert low <= y.mean() <= high
        used[name] = procedure.decision().models[0].observed
    assert used["good"] < 0.8 * used["none"]
    assert used["bad"] < 1.6 * used["none"]
