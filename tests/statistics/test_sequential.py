"""Bets, and the procedures that stand on them: what is exact is enumerated, what is chance is simulated with a seed."""

import itertools
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, gammaln
from scipy.stats import binom

from sinan.statistics.sequential import Best, Duel, DuelWithKnown, Following, Place, Precision, Threshold
from sinan.statistics.sequential.betting import Bets, evidence, paths
from sinan.statistics.sequential.populations import cluster_sums, macro

CASES = Path(__file__).parents[2] / "../shared/design/reference_cases.json"
Score = float | None


def _case(name: str) -> tuple[dict[str, Any], dict[str, Any], float]:
    if not CASES.exists():
        pytest.skip(f"{CASES} is not there: the reference cases are not part of the project")
    case = next(c for c in json.loads(CASES.read_text())["cases"] if c["id"] == name)
    return case["inputs"], case["expected"], case["tol"]


def _run(procedure: Any, scores: dict[str, Sequence[Score]]) -> int:
    """Requests until nothing is asked for any more."""
    asked = dict.fromkeys(scores, 0)
    while procedure.asking:
        for model in sorted(procedure.asking):
            procedure.observe(model, scores[model][asked[model]])
            asked[model] += 1
    return sum(asked.values())


def _verdict(procedure: Any) -> str:
    return str(procedure.decision().claims[0].verdict)


@pytest.mark.parametrize("name", ["5-wor-betting-N20", "5-wor-betting-N200"])
def test_the_reference_cases_of_bets_on_differences(name: str) -> None:
    given_, expected, tol = _case(name)
    for key, below in (("log_e_plus", False), ("log_e_minus", True)):
        if key in expected:
            wanted = [math.inf if value is None else value for value in expected[key]]
            found = evidence(given_["d"], given_["N"], given_["m0"], -1, 1, below=below)
            assert found.tolist() == pytest.approx(wanted, abs=tol)


def test_the_reference_case_of_a_threshold() -> None:
    given_, expected, tol = _case("5-wor-threshold")
    for key, below in (("log_e_above", False), ("log_e_below", True)):
        found = evidence(given_["y"], given_["N"], given_["threshold"], below=below)
        assert found.tolist() == pytest.approx(expected[key], abs=tol)


def test_the_reference_case_of_weights_put_into_the_values() -> None:
    given_, expected, tol = _case("5-macro-weights-in-values")
    scaled = macro([given_["d_task1"], given_["d_task2"]], given_["weights"])
    assert scaled.values.tolist() == pytest.approx(expected["values_scaled"], abs=tol)
    assert scaled.scale == pytest.approx(expected["scale"], abs=tol)
    assert scaled.values.mean() * scaled.scale == pytest.approx(expected["macro_diff"], abs=tol)


@pytest.mark.parametrize(("a", "b", "c", "n"), [(12, 2, 30, 200), (30, 20, 50, 400)])
def test_the_exact_universal_inference_process_of_the_reference_is_valid_but_says_less(
    a: int, b: int, c: int, n: int
) -> None:
    """The other exact test of methods for this problem, against the null n10 <= n01, for comparison alone."""
    _, expected, tol = _case(f"5-ui-eprocess-{a}-{b}-{c}-{n}")
    assert _universal(a, b, c, n) == pytest.approx(expected["log_e"], abs=tol)


def _universal(a: int, b: int, c: int, n: int) -> float:
    """log of the Dirichlet(1/2) mixture likelihood over the largest hypergeometric one under the null."""
    t = a + b + c
    alphas, counts = np.full(3, 0.5), np.array([a, b, c])
    mixture = gammaln(1.5) - gammaln(1.5 + t) + float((gammaln(alphas + counts) - gammaln(alphas)).sum())
    best = -math.inf
    for wins in range(a, n + 1):
        losses = np.arange(max(wins, b), n - wins - c + 1)
        if losses.size:
            rest = n - wins - losses
            ways = _choose(wins, a) + _choose(losses, b) + _choose(rest, c)
            best = max(best, float((ways - _orders(n, t, counts)).max()))
    return mixture - best


def _choose(n: Any, k: int) -> Any:
    return -betaln(n - k + 1, k + 1) - np.log(n + 1)


def _orders(n: int, t: int, counts: np.ndarray) -> float:
    return float(_choose(n, t)) + float(gammaln(t + 1) - gammaln(counts + 1).sum())


@pytest.mark.parametrize("population", [(1, 1, 0, 0, -1, -1), (1, 0, 0, 0, -1), (1, 0.5, -0.5, 0, -1)])
def test_over_all_orders_of_a_tied_population_the_evidence_is_one_on_average(population: tuple[float, ...]) -> None:
    orders = list(itertools.permutations(population))
    found = np.array([np.exp(evidence(order, len(population), 0, -1, 1)) for order in orders])
    assert found.mean(0).tolist() == pytest.approx([1.0] * len(population), abs=1e-9)


def test_over_all_orders_the_evidence_with_guesses_is_one_on_average_too() -> None:
    population, guesses = np.array([1.0, 1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.2, 0.3, 0.8, 0.6])
    found = []
    for order in itertools.permutations(range(5)):
        at = list(order)
        y, f = population[at], guesses[at]
        means = np.array([f[t:].mean() for t in range(5)])
        least, most = (np.array([pick(f[t:]) for t in range(5)]) - means for pick in (np.min, np.max))
        found.append(np.exp(paths(y, 5, np.array([0.6]), (y - f + means, -most, 1 - least))[0]))
    assert np.mean(found, 0).tolist() == pytest.approx([1.0] * 5, abs=1e-9)


def test_a_null_at_its_very_edge_is_still_possible() -> None:
    bets = Bets(4, 0.5, 0, 1)
    for value in (1, 1):
        bets.observe(value)
    assert math.isfinite(float(bets.log_e[0])), "all that is left may be 0"
    bets.observe(0)
    assert math.isfinite(float(bets.log_e[0]))
    assert evidence([1, 1, 1, 0], 4, 0.5)[3] == math.inf


def test_bets_at_once_are_bets_one_by_one() -> None:
    values = np.random.default_rng(1).integers(0, 2, 40).astype(float)
    assert paths(values, 60, np.array([0.3, 0.5]))[1] == pytest.approx(evidence(values.tolist(), 60, 0.5), abs=1e-9)


def test_the_confidence_sequence_is_every_total_that_no_bet_refuted() -> None:
    rng, n = np.random.default_rng(2), 40
    values = rng.permutation([1.0] * 25 + [0.0] * 15)
    following = Following("m", n)
    standing = np.ones(n + 1, dtype=bool)
    for t, value in enumerate(values[:-1], 1):
        following.observe(float(value))
        for total in np.flatnonzero(standing):
            above, below = (evidence(values[:t].tolist(), n, total / n, below=side) for side in (False, True))
            standing[total] = max(above[-1], below[-1]) < math.log(40) and values[:t].sum() <= total
            standing[total] &= total <= values[:t].sum() + n - t
        totals = np.flatnonzero(standing) / n
        if t % 3 == 0:  # the range is the same whether it is looked at each time or not
            assert following.interval() == pytest.approx((totals[0], totals[-1]))


def test_with_replacement_nothing_is_ever_nearly_finished() -> None:
    bets = Bets(None, 0.0, -1, 1)
    for value in (1, 0, 1):
        bets.observe(value)
    assert bets.left()[0] == 0.0
    assert bets.log_e[0] == pytest.approx(2 * 0 + float(np.log(np.mean((1 + GRID) ** 2))))


GRID = np.array([0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9])


def test_clusters_are_one_value_each_for_claims_about_questions_like_these() -> None:
    assert cluster_sums([1, -1, 1, 1], ["p", "p", "q", "r"]) == {"p": 0.0, "q": 0.5, "r": 0.5}


def test_a_threshold_is_told_from_both_sides_and_at_the_end_for_certain() -> None:
    ones = [1.0] * 100
    above = Threshold("m", 100, 0.7)
    assert _run(above, {"m": ones}) < 30 and _verdict(above) == "above"
    below = Threshold("m", 100, 0.7)
    _run(below, {"m": [0.0] * 100})
    assert _verdict(below) == "below"
    tied = Threshold("m", 10, 0.5)
    assert _run(tied, {"m": [0.0, 1.0] * 5}) == 10 and _verdict(tied) == "tied"


def test_a_duel_of_models_that_are_alike_runs_to_its_end_and_is_tied() -> None:
    duel = Duel("a", "b", 20)
    assert _run(duel, {"a": [0.0, 1.0] * 10, "b": [1.0, 0.0] * 10}) == 40
    assert _verdict(duel) == "tied"


def test_within_a_margin_a_duel_of_models_that_are_nearly_alike_ends_early() -> None:
    rng = np.random.default_rng(3)
    a = rng.integers(0, 2, 1000).astype(float)
    b = np.where(rng.random(1000) < 0.02, 1 - a, a)
    duel = Duel("a", "b", 1000, epsilon=0.1)
    assert _run(duel, {"a": a.tolist(), "b": b.tolist()}) < 600
    assert _verdict(duel) == "equivalent"


def test_the_best_of_some_is_found_and_those_dropped_are_asked_no_more() -> None:
    rng = np.random.default_rng(4)
    scores = {
        name: (rng.random(600) < p).astype(float).tolist() for name, p in zip("abcd", (0.9, 0.6, 0.5, 0.3), strict=True)
    }
    best = Best("abcd", 600)
    assert _run(best, scores) < 600
    said = best.decision()
    assert {claim.about: claim.verdict for claim in said.claims} == {"a": "best"} | dict.fromkeys("bcd", "dropped")
    assert said.further["best"] == ["a"] and said.over


def test_exact_ties_for_the_best_are_told_as_ties() -> None:
    best = Best("abc", 30)
    _run(best, {"a": [1.0, 0.0] * 15, "b": [0.0, 1.0] * 15, "c": [0.0] * 30})
    said = dict(best.decision().further)
    assert set(said.pop("dropped")) == {"c"}
    assert said == {"verdict": "tied", "best": ["a", "b"], "left": ["a", "b"], "family": 3}


def test_within_a_margin_a_race_ends_once_all_that_are_left_are_alike() -> None:
    rng = np.random.default_rng(5)
    a = rng.integers(0, 2, 2000).astype(float)
    scores = {"a": a.tolist(), "b": np.where(rng.random(2000) < 0.02, 1 - a, a).tolist(), "c": [0.0] * 2000}
    best = Best("abc", 2000, epsilon=0.1)
    _run(best, scores)
    assert best.decision().further["verdict"] == "equivalent" and best.round < 1500
    assert best.decision().further["left"] == ["a", "b"]


def test_a_finished_board_runs_along_without_being_asked() -> None:
    best = Best(["new"], 300, board={"old": 0.8, "older": 0.7})
    assert _run(best, {"new": [0.0] * 300}) < 60
    assert best.decision().further["best"] == ["old"]


def test_a_new_model_is_placed_among_known_scores() -> None:
    rng = np.random.default_rng(6)
    y = (rng.random(500) < 0.6).astype(float)
    place = Place("new", 500, {"a": 0.95, "b": float(y.mean()), "c": 0.2})
    assert _run(place, {"new": y.tolist()}) == 500, "one is tied with it"
    said = place.decision()
    assert [claim.verdict for claim in said.claims] == ["worse", "tied", "better"]
    assert said.further["rank"] == [2, 2]


def test_a_failed_call_counts_for_neither_side() -> None:
    threshold = Threshold("m", 10, 0.5)
    _run(threshold, {"m": [1.0, 0.0] * 4 + [None, None]})
    said = threshold.decision()
    assert said.claims[0].verdict == "undecided" and said.models[0].failed == 2
    assert said.models[0].interval == (0.4, 0.6) and "2 calls failed" in said.notes[0]
    duel = Duel("a", "b", 4)
    _run(duel, {"a": [1.0, None, 1.0, 1.0], "b": [0.0, 0.0, 0.0, 0.0]})
    assert _verdict(duel) == "better", "better, whatever the second answer would have been"
    best = Best("ab", 4)
    _run(best, {"a": [1.0, 1.0, 0.0, None], "b": [1.0, 0.0, 0.0, 1.0]})
    assert best.decision().further["verdict"] == "undecided"


@pytest.mark.parametrize("value", [-0.1, 1.5, math.nan])
def test_a_score_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Threshold("m", 10, 0.5).observe("m", value)


SCORES = st.lists(st.sampled_from([0.0, 1.0, 0.5, None]), min_size=12, max_size=12)


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES, SCORES)
def test_scores_that_come_model_by_model_give_the_same_as_scores_in_step(
    a: list[Score], b: list[Score], c: list[Score]
) -> None:
    in_step, by_model = Best("abc", 12), Best("abc", 12)
    for scores in zip(a, b, c, strict=True):
        for model, value in zip("abc", scores, strict=True):
            in_step.observe(model, value)
    for model, scores_of in zip("cab", (c, a, b), strict=True):
        for value in scores_of:
            by_model.observe(model, value)
    assert in_step.decision() == by_model.decision()


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES, st.sampled_from([0.0, 0.1]))
def test_a_duel_the_other_way_round_is_its_mirror(a: list[Score], b: list[Score], epsilon: float) -> None:
    one, other = Duel("a", "b", 12, epsilon=epsilon), Duel("b", "a", 12, epsilon=epsilon)
    assert _run(one, {"a": a, "b": b}) == _run(other, {"a": a, "b": b})
    mirror = {"better": "worse", "worse": "better"}
    assert _verdict(other) == mirror.get(_verdict(one), _verdict(one))


@settings(max_examples=100, deadline=None)
@given(SCORES)
def test_what_is_said_at_the_end_holds_whatever_failed_calls_would_have_been(scores: list[Score]) -> None:
    following = Following("m", 12)
    for value in scores:
        following.observe(value)
    sure = sum(value or 0.0 for value in scores) / 12
    low, high = following.interval()
    assert (low, high) == pytest.approx((sure, sure + scores.count(None) / 12))


def _errors(made: Callable[[np.random.Generator], bool], runs: int = 400, alpha: float = 0.05) -> None:
    """Wrong in no more runs than chance allows at alpha."""
    rng = np.random.default_rng(7)
    wrong = sum(made(rng) for _ in range(runs))
    assert wrong <= binom.ppf(0.999, runs, alpha), f"wrong in {wrong} of {runs}"


def test_models_that_are_tied_are_seldom_told_apart_though_one_always_looks() -> None:
    a = np.array([1.0] * 20 + [0.0] * 20 + [1.0] * 60)
    b = np.array([0.0] * 20 + [1.0] * 20 + [1.0] * 60)

    def made(rng: np.random.Generator) -> bool:
        order = rng.permutation(100)
        duel = Duel("a", "b", 100)
        _run(duel, {"a": a[order].tolist(), "b": b[order].tolist()})
        return _verdict(duel) in ("better", "worse")

    _errors(made)


def test_none_of_many_tied_for_the_best_is_dropped_but_seldom() -> None:
    y = np.zeros((5, 50))
    for model in range(4):
        y[model] = np.roll([1.0] * 30 + [0.0] * 20, model * 10)  # the fifth is far behind

    def made(rng: np.random.Generator) -> bool:
        order = rng.permutation(50)
        best = Best("abcde", 50)
        _run(best, {name: y[i, order].tolist() for i, name in enumerate("abcde")})
        return best.decision().further["left"] != ["a", "b", "c", "d"]

    _errors(made, 250)


def test_the_confidence_sequence_leaves_the_full_score_out_but_seldom() -> None:
    y = np.array([1.0] * 85 + [0.0] * 15)

    def made(rng: np.random.Generator) -> bool:
        following = Following("m", 100)
        for value in y[rng.permutation(100)][:70]:
            following.observe(float(value))
        low, high = following.interval()
        return not low <= 0.85 <= high

    _errors(made)


def test_precision_ends_where_the_range_is_narrow_enough() -> None:
    y = np.random.default_rng(8).integers(0, 2, 400).astype(float)
    precision = Precision("m", 400, 0.2)
    assert _run(precision, {"m": y.tolist()}) < 300
    low, high = precision.decision().models[0].interval or (0.0, 1.0)
    assert high - low < 0.2 and low <= y.mean() <= high


def _known(values, order, known, **how):
    duel = DuelWithKnown(("new", "old"), len(values), ("old", known), **how)
    for value in values[order]:
        if not duel.asking:
            break
        duel.observe("new", float(value))
    return duel.decision()


def test_a_duel_with_a_known_score_is_wrong_no_more_often_than_it_says():
    """A tie, looked at after every question: one that is told apart is an error."""
    values, rng = np.repeat([0.0, 1.0], [24, 36]), np.random.default_rng(0)
    said = [_known(values, rng.permutation(60), 0.6, alpha=0.2).claims[0].verdict for _ in range(400)]
    assert 0.01 < sum(one in ("better", "worse") for one in said) / 400 <= 0.2
    assert set(said) <= {"better", "worse", "tied"}


@pytest.mark.parametrize(("score", "verdict"), [(0.1, "better"), (0.9, "worse"), (0.61, "equivalent")])
def test_a_duel_with_a_known_score_has_the_verdicts_of_a_duel(score, verdict):
    values, order = np.repeat([0.0, 1.0], [160, 240]), np.random.default_rng(1).permutation(400)
    said = _known(values, order, score, epsilon=0.1)
    assert said.claims[0].verdict == verdict and said.models[0].observed < 400 and said.epsilon == 0.1
    low, high = said.further["ci"]
    assert low <= 0.6 - score <= high
    turned = DuelWithKnown(("old", "new"), 400, ("old", score), epsilon=0.1)
    for value in values[order][: said.models[0].observed]:
        turned.observe("new", float(value))
    mirrored = {"better": "worse", "worse": "better"}.get(verdict, verdict)
    assert turned.decision().claims[0].verdict == mirrored and turned.decision().further["ci"] == [-high, -low]


def test_a_race_says_by_whom_a_model_was_dropped():
    race = Best(["a", "b", "c"], 200)
    rng = np.random.default_rng(0)
    rows = {name: rng.random(200) < share for name, share in (("a", 0.9), ("b", 0.5), ("c", 0.45))}
    at = dict.fromkeys(rows, 0)
    while race.asking:
        for name in sorted(race.asking):
            race.observe(name, float(rows[name][at[name]]))
            at[name] += 1
    dropped = race.decision().further["dropped"]
    assert {name: one["by"] for name, one in dropped.items()} == {"b": "a", "c": "a"}
    assert all(one["after"] == at[name] for name, one in dropped.items())
