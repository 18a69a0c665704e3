"""Variance components of questions asked in several variants: the reference cases, and worlds with known components."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.engine.tally import CellTally, Counted
from sinan.statistics import accuracy
from sinan.statistics.forms import guess_floor
from sinan.statistics.repeats import circular
from sinan.statistics.variance_components import components, explained

CASES = Path(__file__).parents[2].parent / "shared/design/reference_cases.json"


def case(name):
    if not CASES.is_file():
        pytest.skip(f"the reference cases are not on this machine (looked in {CASES})")
    found = {one["id"]: one for one in json.loads(CASES.read_text("utf-8"))["cases"]}
    return found[name]["inputs"], found[name]["expected"], found[name]["tol"]


def test_components_of_templates_are_those_of_the_reference():
    given_, expected, tol = case("9-templates")
    found = components(given_["scores"])
    numbers = (found.spread, found.mean, found.var_variant, found.var_item, found.var_resid, found.stderr)
    names = ("spread", "mean", "var_template", "var_item", "var_resid", "se_mean_random_templates")
    assert list(found.means) == pytest.approx(expected["template_means"], abs=tol)
    assert numbers == pytest.approx(tuple(expected[name] for name in names), abs=tol)


def test_rotations_of_options_come_out_as_in_the_reference():
    given_, expected, tol = case("9-circular")
    tally = CellTally((circular, accuracy), 1)
    for unit, row in enumerate(given_["correct_by_rotation"]):
        for by, right in enumerate(row):
            outcome = "correct" if right else "wrong"
            tally.add(Counted(f"{unit}~{by}", "", outcome, float(right), {}, "A", f"{unit}", 4, None))
    all_, mean = (one.estimate for one in tally.result("b", "v", "p", "m").reported)
    assert all_.value == pytest.approx(expected["circular"], abs=tol)
    assert mean.value == pytest.approx(expected["mean_over_rotations"], abs=tol)
    assert mean.stderr == pytest.approx(expected["item_se_mean"], abs=tol)
    assert guess_floor(4) == pytest.approx(expected["guess_floor_4"], abs=tol)


def test_known_components_are_found_on_average():
    """400 worlds (seed 9) of 5 variants and 60 questions; the standard error is that of the mean over such worlds."""
    rng, sds, made = np.random.default_rng(9), (0.05, 0.2, 0.3), []
    for _ in range(400):
        of_variants = rng.normal(0, sds[0], (5, 1))
        table = 0.5 + of_variants + rng.normal(0, sds[1], (1, 60)) + rng.normal(0, sds[2], (5, 60))
        made.append(components(table))
    for name, sd in zip(("var_variant", "var_item", "var_resid"), sds, strict=True):
        assert np.mean([getattr(one, name) for one in made]) == pytest.approx(sd**2, rel=0.15), name
    means = [one.mean for one in made]
    assert np.mean([one.stderr for one in made]) == pytest.approx(np.std(means), rel=0.15)


TABLES = st.integers(2, 5).flatmap(
    lambda t: st.integers(2, 8).flatmap(
        lambda n: st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n), min_size=t, max_size=t)
    )
)


@given(TABLES)
def test_order_plays_no_part_and_shares_make_one(table):
    found, turned = components(table), components([row[::-1] for row in table[::-1]])
    assert found.to_json()["var_item"] == pytest.approx(turned.to_json()["var_item"])
    assert found.stderr == pytest.approx(turned.stderr)
    if found.shares is not None:
        assert sum(found.shares) == pytest.approx(1)
        assert min(found.shares) >= 0


def test_a_difference_that_changes_its_sign_can_be_explained():
    a, b = (
        np.array([[1, 1, 0, 1], [0, 0, 0, 1], [1, 1, 1, 1.0]]),
        np.array([[0, 1, 0, 0], [1, 1, 0, 1], [0, 1, 1, 1.0]]),
    )
    found = explained(a, b)
    assert found.by_variant == pytest.approx((0.5, -0.5, 0.25)) and found.sign_holds == 2
    assert found.could_explain == 1.0
    sure = explained(np.ones((3, 50)), np.zeros((3, 50)))
    assert (sure.sign_holds, sure.could_explain, sure.difference) == (3, 0.0, 1.0)
    assert explained(a, a).could_explain is None


def test_too_little_has_no_components():
    for table in ([[1.0, 0.0]], [[1.0], [0.0]]):
        with pytest.raises(ValueError, match="at least 2 variants and 2 questions"):
            components(table)
    assert components([[1.0, 1.0], [1.0, 1.0]]).shares is None
