"""Rules by name: each shows worked examples that depend on the seed and the sample alone, and never the question."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.errors import UnknownName, UsageError
from sinan.prompts import few_shot
from sinan.prompts.bm25 import index, tokens
from sinan.types import Sample

POOL = [Sample(f"p{i}", f"question {i} of {'red' if i % 3 else 'blue'} apples", "ABC"[i % 3]) for i in range(30)]
RULES = ["first", "random", "balanced", "bm25", "fixed:p3,p1,p4"]


@given(st.sampled_from(RULES), st.integers(0, 5), st.integers(0, 40), st.integers(0, 12))
def test_a_rule_is_a_pure_function_that_never_shows_the_question(rule, seed, number, k):
    asked = POOL[number] if number < len(POOL) else Sample(f"t{number}", f"red {number}", "A")
    shown = few_shot.rule(rule)(seed, asked, POOL, k)
    assert list(shown) == list(few_shot.rule(rule)(seed, asked, list(POOL), k))
    assert asked.id not in {one.id for one in shown}
    assert len({one.id for one in shown}) == len(shown) <= k


@pytest.mark.parametrize("rule", ["random", "balanced", "bm25"])
def test_all_forms_of_one_question_see_the_same_examples(rule):
    asked = Sample("q", "Which apples?", "A", ("x", "y"))
    forms = [Sample(f"q~{i}", "Which apples?", "A", ("x", "y"), unit="q", unit_size=2) for i in range(2)]
    expected = few_shot.rule(rule)(1, asked, POOL, 4)
    assert [few_shot.rule(rule)(1, form, POOL, 4) for form in forms] == [expected] * 2


def test_a_rotated_question_is_not_its_own_example():
    original = Sample("other id", "Which?", "A", ("x", "y"))
    form = Sample("q~1", "Which?", "B", ("y", "x"), unit="q", unit_size=2)
    assert few_shot.first(0, form, [original, *POOL], 1) == [POOL[0]]


@given(st.integers(1, 12), st.integers(0, 99))
def test_balanced_examples_have_every_target_as_often_or_once_more(k, seed):
    shown = few_shot.balanced(seed, Sample("t", "?", "A"), POOL, k)
    counts = [sum(one.target == target for one in shown) for target in "ABC"]
    assert sum(counts) == k and max(counts) - min(counts) <= 1


def test_balanced_examples_make_up_for_a_rare_target():
    pool = [Sample("a", "1", "A"), *(Sample(f"b{i}", f"2{i}", "B") for i in range(9))]
    targets = [one.target for one in few_shot.balanced(0, Sample("t", "?", "A"), pool, 6)]
    assert sorted(targets) == ["A", *"BBBBB"]


def test_fixed_examples_come_in_their_order_and_as_many_as_are_asked_for():
    rule = few_shot.rule("fixed: p3, p1 ,p4")
    assert [one.id for one in rule(0, Sample("t", "?", "A"), POOL, 9)] == ["p3", "p1", "p4"]
    assert [one.id for one in rule(0, Sample("t", "?", "A"), POOL, 2)] == ["p3", "p1"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("nearest", "Rules: first, random"),
        ("randm", "Nearest: random"),
        ("fixed", "needs ids"),
        ("fixed: ,", "needs ids"),
        ("fixed:a,b,a", "a is named twice"),
        ("embedding", "needs a model"),
        ("embedding:./nowhere", "no such folder"),
        ("bm25:x", "Rules:"),
    ],
)
def test_a_rule_that_cannot_be_is_one_line(rule, words):
    with pytest.raises((UnknownName, UsageError)) as caught:
        few_shot.rule(rule)
    assert words in str(caught.value)


def test_bm25_shows_the_nearest_last():
    pool = [Sample("1", "The cat sat", "a"), Sample("2", "Prices of apples and pears", "b"), Sample("3", "Apples", "c")]
    shown = few_shot.bm25(0, Sample("t", "apples and pears?", "x"), pool, 2)
    assert [one.id for one in shown] == ["3", "2"]


def test_bm25_works_without_blanks_between_words():
    pool = [Sample("1", "中国的首都是哪里", "a"), Sample("2", "水的沸点是多少度", "b"), Sample("3", "Where is it", "c")]
    shown = few_shot.bm25(0, Sample("t", "法国的首都是哪座城市", "x"), pool, 1)
    assert [one.id for one in shown] == ["1"]


def test_tokens_are_words_and_where_there_are_none_characters_and_pairs():
    assert list(tokens("Ｔhe  Cat's 2nd_name")) == ["the", "cat", "s", "2nd", "name"]
    assert list(tokens("首都A")) == ["首", "都", "首都", "a"]
    assert list(tokens("")) == []


def test_bm25_is_as_the_formula_says():
    """Two texts of three and one words: mean length 2, idf of a word in one of two texts ln(1 + 1.5 / 1.5)."""
    import math

    scores = index(("a b c", "d")).scores("a")
    weight = 2.5 / (1 + 1.5 * (0.25 + 0.75 * 3 / 2))
    assert scores == [pytest.approx(math.log(2) * weight), 0.0]


@given(st.lists(st.text("ab 首都", max_size=8), max_size=6), st.text("ab 首都", max_size=8))
def test_bm25_is_never_negative_and_the_order_of_the_pool_plays_no_part(texts, asked):
    scores = index(tuple(texts)).scores(asked)
    places = list(range(len(texts)))
    random.Random(0).shuffle(places)
    again = index(tuple(texts[place] for place in places)).scores(asked)
    assert all(score >= 0 for score in scores)
    assert again == pytest.approx([scores[place] for place in places])
