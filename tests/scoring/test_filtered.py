"""Filters and comparisons of generated text, by the names of lm-evaluation-harness."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.scoring import ExactMatch, Filtered, Overlap, Pipeline
from sinan.scoring.filters import BY_NAME, Regex, TakeFirst, TakeFirstK
from sinan.types import Completion, Outcome, Sample

GSM8K = Filtered(
    pipelines=(
        Pipeline("strict-match", (Regex(r"#### (\-?[0-9\.\,]+)"), TakeFirst())),
        Pipeline("flexible-extract", (Regex(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", group_select=-1), TakeFirst())),
    ),
    compare=(ExactMatch((",", r"\$", r"(?s).*#### ", r"\.$"), ignore_case=True),),
)
WORKED = Sample("0", "", "3 * 4 = 12.\n#### 1,012")


def said(text, finish="stop", turns=()):
    return Completion(text, finish, turns=tuple(turns))


def test_two_pipelines_give_two_numbers():
    score = GSM8K(WORKED, said("It is 1012."))
    assert score.values == {"exact_match,strict-match": 0.0, "exact_match,flexible-extract": 1.0}
    assert (score.value, score.outcome) == (0.0, Outcome.UNPARSED)


def test_the_first_pipeline_is_the_value():
    score = GSM8K(WORKED, said("so #### 1012"))
    assert (score.value, score.outcome, score.answer) == (1.0, Outcome.CORRECT, "1012")


def test_a_cut_or_refused_answer_without_a_reading_is_told_apart():
    assert GSM8K(WORKED, said("It is", "length")).outcome is Outcome.TRUNCATED
    assert GSM8K(WORKED, said("", "refusal")).outcome is Outcome.REFUSED
    assert GSM8K(WORKED, said("#### 7", "length")).outcome is Outcome.WRONG


def test_numbers_are_compared_as_text():
    assert GSM8K(WORKED, said("#### 1012.0")).outcome is Outcome.WRONG


def test_stops_that_the_server_passed_over_are_cut():
    assert Filtered(until=("\n",))(Sample("0", "", "yes"), said("yes\nQuestion: another")).value == 1.0


def test_any_of_several_golds_will_do():
    sample = Sample("0", "", "", metadata={"gold": ["Paris", "Lutetia"]})
    assert Filtered()(sample, said("Lutetia")).value == 1.0
    assert Filtered()(sample, said("London")).outcome is Outcome.WRONG


def test_a_majority_is_taken_of_all_answers():
    vote = Pipeline("maj@3", (TakeFirstK(3), Regex(r"(\d+)"), BY_NAME["majority_vote"](), TakeFirst()))
    scorer = Filtered(pipelines=(vote,))
    sample = Sample("0", "", "7")
    assert scorer(sample, said("it is 5", turns=["it is 5", "7", "7 or so", "5", "5"])).value == 1.0


def test_too_few_answers_for_a_vote_are_an_error_of_the_task():
    with pytest.raises(ValueError, match="raise `repeats`"):
        Filtered(pipelines=(Pipeline("k", (TakeFirstK(3), TakeFirst())),))(Sample("0", "", "7"), said("7"))


def test_an_overlap_brings_its_counts():
    score = Filtered(compare=(Overlap("ter"),))(Sample("0", "", "a b c"), said("a b d"))
    assert score.values == {"ter": (1.0, 3.0)}
    assert score.outcome is Outcome.MEASURED


TEXTS = ["The answer is (B).", "#### 12", "  Yes ", "b: x", "", "PERSON: Ann, Bob $$ location: none", "answer: C"]
STEPS = {
    "regex": {"regex_pattern": r"(\d)|([A-Z])", "group_select": -1},
    "regex_pos": {},
    "multi_choice_regex": {"regex_pattern": r"(\([A-Z]\))", "ignore_case": True, "ignore_punctuation": True},
    "take_first": {},
    "take_first_k": {"k": 2},
    "majority_vote": {},
    "remove_whitespace": {},
    "lowercase": {},
    "uppercase": {},
    "map": {"mapping_dict": {"#### 12": 1}, "default_value": 0},
    "format_span": {},
}


@pytest.mark.parametrize("name", STEPS)
def test_every_filter_reads_as_the_harnesss(name):
    registry = pytest.importorskip("lm_eval.api.registry")
    pytest.importorskip("lm_eval.filters")
    choices = ["yes!", "No", "x"]
    theirs = registry.get_filter(name)(**STEPS[name])
    for texts in (TEXTS, TEXTS[::-1], ["a", "b", "b"]):
        (expected,) = theirs.apply([texts], [{"choices": choices}])
        assert BY_NAME[name](**STEPS[name])(list(texts), Sample("0", "", "A", tuple(choices))) == expected


def test_every_filter_that_works_in_the_harness_is_known():
    registry = pytest.importorskip("lm_eval.api.registry")
    pytest.importorskip("lm_eval.filters")
    # `custom` is a function of the task's own, and `decontaminate` gives nothing there.
    assert set(registry.filter_registry.keys()) - {"custom", "decontaminate"} <= set(BY_NAME)


@settings(max_examples=200, deadline=None)
@given(
    st.text("aA1.,é ", max_size=6),
    st.one_of(st.text("aA1.,é ", max_size=6), st.lists(st.text("aA1.", max_size=3), min_size=1, max_size=3)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, (r"\.$",), ("a", ",")]),
)
def test_texts_are_compared_as_the_harness_does(gold, answer, case, punctuation, numbers, patterns):
    metrics = pytest.importorskip("lm_eval.api.metrics")
    if patterns and isinstance(answer, list):
        return  # the harness cannot cut from a list
    expected = metrics.exact_match_fn(
        predictions=[answer],
        references=[gold],
        regexes_to_ignore=patterns,
        ignore_case=case,
        ignore_punctuation=punctuation,
        ignore_numbers=numbers,
    )["exact_match"]
    ours = ExactMatch(patterns, case, punctuation, numbers)(gold, answer)
    assert ours["exact_match"] == pytest.approx(float(expected), abs=1e-12)
