"""Paired comparisons against reference numbers, and what must hold whatever the numbers are."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.statistics.mcnemar import bonett_price, mcnemar, midp_mcnemar, tango
from sinan.statistics.metrics import metric
from sinan.statistics.multiplicity import benjamini_hochberg, holm
from sinan.statistics.paired import paired
from sinan.statistics.paired_macro import paired_macro
from sinan.statistics.paired_wholes import paired_wholes
from sinan.statistics.sign_flip import sign_flip
from sinan.statistics.wholes import is_mean

FILE = Path(__file__).parents[2] / "../shared/design/reference_cases.json"
verdicts = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=80)
graded = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 5)), min_size=2, max_size=40)


@pytest.fixture(scope="module")
def case():
    if not FILE.exists():
        pytest.skip("the reference cases are not here: ../shared/design/reference_cases.json")
    cases = {one["id"]: one for one in json.loads(FILE.read_text())["cases"]}
    return lambda name: (cases[name]["inputs"], cases[name]["expected"], cases[name]["tol"])


def told(expected):
    names = {"exact_p": "exact"}
    return {names.get(key, key): value for key, value in expected.items()}


def test_paired_verdicts_are_the_reference(case):
    given_, expected, tol = case("2-paired-binary")
    found = paired(given_["A"], given_["B"])
    tests = found.tests
    assert (found.difference, found.stderr) == pytest.approx((expected["diff"], expected["se"]), abs=tol)
    assert (tests["t"]["statistic"], tests["t"]["p"]) == pytest.approx((expected["t"], expected["p_t"]), abs=tol)
    assert (tests["mcnemar"]["b"], tests["mcnemar"]["c"]) == (expected["b"], expected["c"])
    for name, value in told(expected["mcnemar"]).items():
        assert tests["mcnemar"][name] == pytest.approx(value, abs=tol)
    for name, key in (("t", "ci_t"), ("bonett_price", "bonett_price"), ("tango", "tango")):
        assert found.intervals[name] == pytest.approx(expected[key], abs=tol)
    assert tests["sign_flip"]["p"] == pytest.approx(expected["sign_flip_exact_p"], abs=tol)


@pytest.mark.parametrize("name", ["2-mcnemar-25-15-500", "2-mcnemar-5-0-50"])
def test_discordant_pairs_are_the_reference(case, name):
    given_, expected, tol = case(name)
    b, c, n = (given_[key] for key in "bcn")
    found = mcnemar(b, c).to_json()
    assert bonett_price(b, c, n) == pytest.approx(expected.pop("bonett_price"), abs=tol)
    assert tango(b, c, n) == pytest.approx(expected.pop("tango"), abs=tol)
    for key, value in told(expected).items():
        assert found[key] == pytest.approx(value, abs=tol)


def test_graded_differences_are_the_reference(case):
    given_, expected, tol = case("2-paired-permutation-graded")
    found = paired(given_["diffs"], [0.0] * len(given_["diffs"]))
    assert found.p_value == pytest.approx(expected["two_sided_exact_p"], abs=tol)
    assert found.tests["t"]["p"] == pytest.approx(expected["p_t"], abs=tol)


def test_ten_against_three_by_hand():
    found = mcnemar(10, 3)
    assert found.exact == pytest.approx(2 * (1 + 13 + 78 + 286) / 2**13)
    assert found.midp == pytest.approx(found.exact - 286 / 2**13)
    assert (found.chi2, found.chi2_cc) == pytest.approx((49 / 13, 36 / 13))


def test_as_many_on_either_side_is_no_evidence():
    assert midp_mcnemar(7, 7) == midp_mcnemar(0, 0) == mcnemar(7, 7).exact == 1.0
    assert mcnemar(0, 0).chi2 is None and mcnemar(3, 3).chi2_cc == 0


def test_tango_s_interval_has_a_width_where_nothing_differs():
    low, high = tango(0, 0, 10)
    z2 = 1.959963984540054**2
    assert (-low, high) == pytest.approx((z2 / (10 + z2), z2 / (10 + z2)))
    assert tango(10, 0, 10)[1] == 1.0 and tango(0, 10, 10)[0] == -1.0


def test_adjusted_p_values_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert holm([]) == benjamini_hochberg([]) == [] and holm([0.7, 0.9]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=12))
def test_adjusting_never_makes_a_p_value_smaller_and_keeps_their_order(p_values):
    for adjust in (holm, benjamini_hochberg):
        found = adjust(p_values)
        assert all(p <= q <= 1 for p, q in zip(p_values, found, strict=True))
        assert all(found[i] <= found[j] for i, p in enumerate(p_values) for j, q in enumerate(p_values) if p < q)


def test_clusters_by_hand():
    a, b = [1, 1, 0, 1, 0, 1], [0, 0, 0, 1, 1, 0]
    found = paired(a, b, clusters=["x", "x", "x", "y", "y", "z"])
    sums, sizes, mean = np.array([2, -1, 1]), np.array([3, 2, 1]), 2 / 6
    stderr = np.sqrt(3 / 2 * ((sums - sizes * mean) ** 2).sum()) / 6
    assert (found.difference, found.stderr, found.clusters, found.df) == pytest.approx((mean, stderr, 3, 2))
    assert found.p_value == pytest.approx(6 / 8) and found.method == "cluster sign flip (exact), t interval, clustered"
    assert "mcnemar" not in found.tests and "3 clusters" in found.notes[0]


def test_one_cluster_tells_nothing_of_its_spread():
    found = paired([1, 0, 1], [0, 0, 0], clusters=["x"] * 3)
    assert (found.ci, found.p_value, found.stderr, found.clusters, found.sign) == (None, None, None, 1, 0)
    assert "cannot be estimated" in found.notes[0]


def test_clusters_that_agree_everywhere_still_have_a_width():
    found = paired([1, 0] * 20, [1, 0] * 20, clusters=[i // 4 for i in range(40)])
    assert found.p_value == 1.0 and found.ci[0] < 0 < found.ci[1]


def test_signs_of_whole_numbers_are_counted_and_of_others_drawn():
    differences = np.array([1.0, -1.0] * 20 + [2.0] * 3)
    exact = sign_flip(differences)
    assert exact.how == "exact"
    drawn = sign_flip(differences * np.pi)
    assert drawn.how == "100,000 draws, seed 0" and drawn.p_value == pytest.approx(exact.p_value, abs=0.01)
    assert sign_flip(differences * np.pi) == drawn
    assert sign_flip(np.ones(30)).p_value == pytest.approx(2**-29)


def columns(rows, scale=1):
    a, b, c = zip(*rows, strict=True)
    return np.array(a) / scale, np.array(b) / scale, np.array(c)


def same(one, other, turned=False):
    sign = -1 if turned else 1
    ends = other.ci[::sign] if other.ci else None
    assert one.difference == pytest.approx(sign * other.difference, abs=1e-12)
    assert (one.p_value is None) == (other.p_value is None) and (one.ci is None) == (other.ci is None)
    assert one.method == other.method and (one.p_value is None or one.p_value == pytest.approx(other.p_value))
    assert one.ci is None or one.ci == pytest.approx(tuple(sign * end for end in ends), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.one_of(verdicts.map(columns), graded.map(lambda rows: columns(rows, 8))), st.booleans(), st.randoms())
def test_neither_side_nor_order_nor_the_names_of_clusters_play_a_part(three, clustered, random):
    a, b, clusters = three
    own = clusters if clustered else None
    found = paired(a, b, clusters=own)
    same(found, paired(b, a, clusters=own), turned=True)
    order = random.sample(range(len(a)), len(a))
    same(found, paired(a[order], b[order], clusters=own[order] if clustered else None))
    if clustered:
        same(found, paired(a, b, clusters=[f"name {9 - code}" for code in clusters]))
    same(paired(a, b), paired(a, b, clusters=range(len(a))))


def test_a_million_verdicts_are_no_trouble():
    a = np.tile([1.0, 0.0, 1.0, 1.0], 250_000)
    b = np.tile([1.0, 1.0, 0.0, 0.0], 250_000)
    found = paired(a, b)
    assert found.difference == 0.25 and found.p_value < 1e-300 and found.sign == 1


def test_few_clustered_verdicts_that_differ_have_a_wider_interval_beside_that_of_t():
    """At 8 pairs of 200 that differ, all to one side, t's interval covers the truth in 88 of 100."""
    a, b = np.ones(200), (np.arange(200) % 25 != 0).astype(float)
    found = paired(a, b, clusters=np.arange(200) // 5)
    assert found.discordant == 8 and found.ci == found.intervals["t"] and "only 8 verdicts" in found.notes[0]
    low, high = found.intervals["bonett_price"]
    assert low < 0.04 < found.ci[1] < high and (low, high) == pytest.approx(paired(a, b).ci, abs=0.01)


def test_a_group_of_one_question_has_no_interval_and_says_why():
    found = paired_macro(np.array([1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0]), np.array([0, 0, 1]))
    assert found.ci is None and found.notes == ("1 group has a single unit: how sure the difference is cannot be told",)
    assert found.discordant == 1


def test_every_group_counts_the_same_in_a_macro_average():
    a, b = np.array([1, 1, 0, 1, 0.5, 0]), np.array([0, 1, 0, 1, 0.0, 0.5])
    found = paired_macro(a, b, np.array([0, 0, 0, 0, 1, 1]))
    spread = np.var([1, 0, 0, 0], ddof=1) / 4 + np.var([0.5, -0.5], ddof=1) / 2
    assert found.difference == pytest.approx((0.25 + 0) / 2) and found.stderr == pytest.approx(np.sqrt(spread) / 2)
    assert found.df == 4 and found.method == "paired t over 2 groups"


def test_groups_that_share_their_clusters_vary_together_in_a_macro_average():
    a, b = np.array([1.0, 1, 0, 1, 0, 0] * 2), np.array([0.0, 1, 0, 1, 1, 0] * 2)
    groups, problems = np.repeat([0, 1], 6), np.tile(np.arange(6), 2)
    found, one = paired_macro(a, b, groups, problems), paired(a[:6], b[:6])
    assert found.stderr == pytest.approx(one.stderr) and (found.clusters, found.df) == (6, 5)
    assert paired_macro(a, b, groups, np.arange(12)).stderr == pytest.approx(one.stderr / np.sqrt(2))


@pytest.mark.parametrize("kind", ["accuracy", "brier", "circular", "worst"])
def test_means_are_known_for_what_they_are(kind):
    assert is_mean(metric({"name": kind}))


@pytest.mark.parametrize("kind", ["median", "perplexity", "f1", "error_rate", "bleu", "ece"])
def test_what_is_no_mean_is_known_as_such(kind):
    pytest.importorskip("sacrebleu")
    assert not is_mean(metric({"name": kind}))


def test_a_ratio_that_is_a_mean_gets_what_a_mean_gets():
    generator = np.random.default_rng(5)
    a, b = ((generator.random(200) < share).astype(float) for share in (0.7, 0.6))
    ones, ratio = np.ones(200), metric({"name": "error_rate"})
    found = paired_wholes(np.stack([a, ones], 1), np.stack([b, ones], 1), (ratio, ratio))
    plain = paired(a, b, single=False)
    assert found.difference == pytest.approx(plain.difference) and found.stderr == pytest.approx(plain.stderr, rel=0.05)
    assert found.ci == pytest.approx(plain.ci, abs=0.01)
    exact = mcnemar(int((a > b).sum()), int((b > a).sum())).exact
    assert found.p_value == pytest.approx(exact, abs=0.02) and "seed 0" in found.method


def test_wholes_of_clusters_are_swapped_and_drawn_together():
    generator = np.random.default_rng(6)
    shift = np.repeat(generator.normal(0, 1, 40), 5)
    a = np.stack([5 + shift, np.full(200, 10.0)], 1)
    b = np.stack([np.full(200, 5.0), np.full(200, 10.0)], 1)
    ratio, clusters = metric({"name": "error_rate"}), np.repeat(np.arange(40), 5)
    alone, together = paired_wholes(a, b, (ratio, ratio)), paired_wholes(a, b, (ratio, ratio), clusters)
    assert together.clusters == 40 and together.stderr == pytest.approx(alone.stderr * np.sqrt(5), rel=0.15)


def test_intervals_of_paired_verdicts_hold_what_they_promise():
    generator = np.random.default_rng(20261127)
    for n, shared in ((30, 0.6), (150, 0.8), (400, 0.3)):
        hits = 0
        for _ in range(400):
            same_, both = generator.random(n) < shared, generator.random(n) < 0.8
            a = np.where(same_, both, generator.random(n) < 0.8)
            b = np.where(same_, both, generator.random(n) < 0.7)
            low, high = paired(a.astype(float), b.astype(float)).ci
            hits += low <= (1 - shared) * 0.1 <= high
        assert 0.915 <= hits / 400 <= 0.99, (n, shared, hits)


def test_intervals_of_clustered_verdicts_hold_what_they_promise():
    generator, hits, plain = np.random.default_rng(20261127), 0, 0
    for _ in range(400):
        hard = np.repeat(generator.normal(0, 0.25, 40), 5)
        a, b = ((generator.random(200) < 0.6 + effect) * 1.0 for effect in (hard, -hard))
        found = paired(a, b, clusters=np.repeat(np.arange(40), 5))
        hits += found.ci[0] <= 0 <= found.ci[1]
        plain += abs(found.difference) <= 1.96 * found.stderr / np.sqrt(found.deff)
    assert 0.92 <= hits / 400 <= 0.98 and plain / 400 < 0.9
