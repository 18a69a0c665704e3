"""What log-likelihoods say, by the names of lm-evaluation-harness."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.scoring import GreedyMatch, LikelihoodChoices, Rolling, TrueMass
from sinan.scoring.likelihood_choices import METRICS
from sinan.types import Completion, LogLikelihood, Outcome, Sample

ALL = tuple(METRICS)


def seen(*values, greedy=()):
    likelihoods = tuple(LogLikelihood(value, 1, i in greedy) for i, value in enumerate(values))
    return Completion("", "stop", loglikelihoods=likelihoods)


def test_choices_are_weighed_whole_per_character_and_per_byte():
    sample = Sample("0", "", "B", ("a", "bb bb", "ccc"))
    score = LikelihoodChoices(("acc", "acc_norm", "acc_bytes"))(sample, seen(-1.0, -2.0, -3.0))
    assert score.values == {"acc": 0.0, "acc_norm": 1.0, "acc_bytes": 1.0}
    assert (score.value, score.outcome, score.answer) == (0.0, Outcome.WRONG, "A")


def test_the_first_metric_decides_the_outcome():
    sample = Sample("0", "", "B", ("a", "bb bb"))
    assert LikelihoodChoices(("acc_norm", "acc"))(sample, seen(-1.0, -2.0)).outcome is Outcome.CORRECT


def test_of_equals_the_first_is_chosen():
    assert LikelihoodChoices(("acc",))(Sample("0", "", "A", ("a", "b")), seen(-1.0, -1.0)).value == 1.0


def test_an_empty_choice_is_infinitely_unlikely_per_character():
    assert LikelihoodChoices(("acc_norm",))(Sample("0", "", "B", ("", "b")), seen(-1.0, -9.0)).value == 1.0


def test_mutual_information_takes_off_what_is_likely_anyway():
    sample = Sample("0", "", "B", ("a", "b"))
    score = LikelihoodChoices(("acc", "acc_mutual_info"))(sample, seen(-1.0, -2.0, -1.0, -5.0))
    assert score.values == {"acc": 0.0, "acc_mutual_info": 1.0}


def test_several_right_choices_are_met_by_any():
    sample = Sample("0", "", "", ("a", "b", "c"), metadata={"gold": [1, 2]})
    assert LikelihoodChoices(("acc",))(sample, seen(-3.0, -2.0, -1.0)).value == 1.0


@pytest.mark.parametrize("gold", [7, "zebra"])
def test_a_right_choice_that_is_none_is_never_met(gold):
    sample = Sample("0", "", "", ("a", "b"), metadata={"gold": gold})
    score = LikelihoodChoices(ALL)(sample, seen(-1.0, -2.0, -1.0, -1.0, greedy=(0, 1)))
    assert score.values["acc"] == score.values["exact_match"] == 0.0
    assert "brier_score" not in score.values


def test_the_brier_score_is_the_squared_distance_of_probabilities():
    sample = Sample("0", "", "A", ("a", "b"))
    score = LikelihoodChoices(("brier_score",))(sample, seen(math.log(0.75), math.log(0.25)))
    assert score.value == pytest.approx(0.125)
    assert score.outcome is Outcome.MEASURED


def test_too_few_likelihoods_are_no_answer():
    assert LikelihoodChoices()(Sample("0", "", "A", ("a", "b")), seen(-1.0)).outcome is Outcome.UNPARSED


def test_a_name_that_is_no_metric_is_refused():
    with pytest.raises(ValueError, match="not accuracy"):
        LikelihoodChoices(("accuracy",))


def test_the_share_of_right_choices_is_measured():
    sample = Sample("0", "", "", ("a", "b", "c"), metadata={"gold": [0, 1]})
    score = TrueMass()(sample, seen(math.log(0.5), math.log(0.3), math.log(0.2)))
    assert score.value == pytest.approx(0.8)
    assert score.outcome is Outcome.MEASURED


def test_a_target_is_met_where_the_model_would_write_it():
    score = GreedyMatch()(Sample("0", "", " blue"), seen(-2.5, greedy=(0,)))
    assert (score.value, score.outcome, score.values) == (1.0, Outcome.CORRECT, {"acc": 1.0, "perplexity": -2.5})


def test_a_whole_text_brings_its_words_and_bytes():
    score = Rolling()(Sample("0", "", "é  b "), seen(-7.0))
    assert score.values == {
        "word_perplexity": (-7.0, 3.0),
        "byte_perplexity": (-7.0, 6.0),
        "bits_per_byte": (-7.0, 6.0),
    }


def test_words_can_be_counted_of_the_published_text():
    sample = Sample("0", "", "a b", metadata={"raw": "a , b"})
    assert Rolling(("word_perplexity",), counted="raw")(sample, seen(-7.0)).values["word_perplexity"] == (-7.0, 3.0)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The harness's own judgement of one document."""
    task = pytest.importorskip("lm_eval.api.task")
    path = tmp_path_factory.mktemp("data") / "rows.jsonl"
    path.write_text(json.dumps({"choices": ["a", "b"], "gold": 0, "golds": [0]}) + "\n")
    data = {"dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(path)}}, "test_split": "test"}
    judge = {"output_type": "multiple_choice", "doc_to_text": "q", "doc_to_choice": "choices"}
    names = [{"metric": name} for name in ALL]
    config = {"task": "rows"} | data | judge
    # Where several are right the harness knows no mutual information.
    some = {"gold": names, "golds": [one for one in names if one["metric"] != "acc_mutual_info"]}

    def made(one):
        return task.ConfigurableTask(
            config=json.loads(json.dumps(config | {"doc_to_target": one, "metric_list": some[one]}))
        )

    return {one: made(one) for one in some}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_number_is_the_harnesss(theirs, data):
    choices = data.draw(st.lists(st.text("abé 文", min_size=1, max_size=6), min_size=2, max_size=5, unique=True))
    n = len(choices)
    values = data.draw(st.lists(st.floats(-30, -0.01), min_size=2 * n, max_size=2 * n))
    greedy = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    several = data.draw(st.booleans())
    one = st.integers(0, n + 1)
    gold = data.draw(st.lists(one, min_size=1, max_size=3) if several else one)
    doc = {"choices": choices, "golds" if several else "gold": gold}
    answers = list(zip(values, greedy + [False] * n, strict=True))[: n if several else 2 * n]
    expected = theirs["golds" if several else "gold"].process_results(doc, answers)
    sample = Sample("0", "", "", tuple(choices), metadata={"gold": gold})
    ours = LikelihoodChoices(ALL)(sample, seen(*values, greedy={i for i in range(n) if greedy[i]})).values
    for name in expected.keys() - {"f1", "mcc", "brier_score"}:
        assert ours[name] == expected[name], name
    if not several:
        assert ours["f1"] == tuple(map(float, (gold if gold < n else -100, expected["f1"][1])))
    if not several and gold < n:
        brier = pytest.importorskip("lm_eval.api.metrics").brier_score
        assert ours["brier_score"] == pytest.approx(float(brier([expected["brier_score"]])), abs=1e-9)
