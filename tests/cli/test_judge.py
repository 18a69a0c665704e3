"""`sinan judge audit`: files of judgements of several shapes, and what is said of those that cannot be read."""

import json

import pytest

from tests.in_process import sinan
from tests.test_end_to_end import one_line

PAIRS = [
    {"human": "A", "judge": "A", "judge_swapped": "A", "answer_a": "long " * 9, "answer_b": "short"},
    {"human": "B", "judge": "A", "judge_swapped": "B", "answer_a": "long " * 9, "answer_b": "short"},
    {"human": "tie", "judge": "A", "judge_swapped": "A", "answer_a": "s", "answer_b": "short"},
    {"human": "B", "judge": "B", "judge_swapped": "B", "answer_a": "long " * 9, "answer_b": "short"},
    {"judge": "B", "judge_swapped": "A", "answer_a": "a", "answer_b": "bb"},
    {"judge": "A", "judge_swapped": "A", "answer_a": "aa", "answer_b": "b"},
]


def audit(folder, rows, *more, name="j.jsonl"):
    (folder / name).write_text("\n".join(map(json.dumps, rows)))
    return sinan(folder, "judge", "audit", name, *more)


def test_pairs_are_audited_as_a_document_and_as_a_table(tmp_path):
    code, out, err = audit(tmp_path, PAIRS, "--json")
    document = json.loads(out)
    assert code == 0, err
    assert (document["kind"], document["items"], document["labelled"]) == ("pairwise", 6, 4)
    measured = {row["measure"]: row for row in document["judges"][0]["measures"]}
    assert measured["accuracy"]["value"] == 0.5 and measured["position_consistency"]["value"] == pytest.approx(4 / 6)
    assert {"kappa", "alpha", "length_bias", "corrected", "by_people"} <= set(measured)
    code, out, err = sinan(tmp_path, "judge", "audit", "j.jsonl")
    assert code == 0 and "position_consistency" in out and "95 % interval" in out, err


def test_several_judges_and_several_people(tmp_path):
    rows = [
        {"human": {"ann": i % 3, "bo": (i + i % 2) % 3}, "judge": {"x": i % 3, "y": 0}, "length": 10 * i}
        for i in range(12)
    ]
    code, out, err = audit(tmp_path, rows, "--json")
    document = json.loads(out)
    assert code == 0, err
    assert [one["judge"] for one in document["judges"]] == ["x", "y", "panel of 2"] and document["kind"] == "pointwise"
    assert document["people"]["measure"] == "human_alpha"


def test_a_csv_file_is_read_alike(tmp_path):
    (tmp_path / "j.csv").write_text('id,human,judge\n1,correct,correct\n2,incorrect,correct\n3,"[1, 0]",incorrect\n')
    code, out, err = sinan(tmp_path, "judge", "audit", "j.csv", "--json")
    measured = {row["measure"]: row for row in json.loads(out)["judges"][0]["measures"]}
    assert code == 0 and measured["accuracy"]["value"] == pytest.approx(0.5), err


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "holds no rows"),
        ([{"human": "A"}], "no row has a verdict"),
        ([{"human": "A", "judge": "A"}, {"human": "A", "judge": "maybe"}], "line 2: the label 'maybe' cannot be read"),
        ([{"human": 3, "judge": "three"}], "line 1: the label 'three' cannot be read"),
        ([{"human": 1e308, "judge": -1e308}], "line 1: the label '-1e+308' cannot be read"),
        ([{"human": 1, "judge": 1, "length": "long"}], "length is 'long', no number"),
        ([{"label": 1, "results": [], "output_1": "", "output_2": ""}], "looks like a result of LLMBar"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path, rows, words):
    code, _, err = audit(tmp_path, rows)
    one_line(err, code, 2, words)


def test_a_file_that_is_none_is_said_so(tmp_path):
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "x.json").write_text("[1]")
    for name, words in [
        ("nowhere.jsonl", "is no file"),
        ("x.txt", "judgements are read from .json"),
        ("x.json", "item 1: not an object"),
    ]:
        code, _, err = sinan(tmp_path, "judge", "audit", name)
        one_line(err, code, 2, words)


def test_a_weighed_verdict_beside_a_label_is_of_a_pair(tmp_path):
    code, out, err = audit(tmp_path, [{"human": "A", "judge": 0.8}, {"human": "B", "judge": 0.4}], "--json")
    assert code == 0 and json.loads(out)["kind"] == "pairwise", err


def test_no_interval_reaches_beyond_what_can_be(tmp_path):
    code, out, err = audit(tmp_path, PAIRS[:3], "--json")
    ends = {row["measure"]: row["ci"] for row in json.loads(out)["judges"][0]["measures"]}
    assert code == 0, err
    assert ends["position_bias"][0] == -1 and ends["by_people"] == [0, 1]


def test_a_model_that_answered_nothing_has_no_preference_for_itself(tmp_path):
    rows = [row | {"model_a": "x", "model_b": "y"} for row in PAIRS]
    assert audit(tmp_path, rows, "--own", "x", "--json")[0] == 0
    code, _, err = audit(tmp_path, rows, "--own", "z")
    one_line(err, code, 2, "no answer in j.jsonl is by that model. Models named there: x, y")


def test_long_names_of_judges_take_no_room_from_what_is_measured(tmp_path):
    rows = [row | {"judge": {"provider/a-judge-with-a-long-name": row["judge"]}} for row in PAIRS]
    code, out, err = audit(tmp_path, rows)
    assert code == 0 and "  provider/a-judge-with-a-long-name" in out.splitlines(), err


def test_a_panel_that_never_sat_together_is_told(tmp_path):
    rows = [PAIRS[i] | {"judge": {f"j{i}": "A"}, "judge_swapped": None} for i in range(2)]
    code, out, err = audit(tmp_path, rows)
    assert code == 0 and "panel of 2" in out and "no item has a verdict of each of them" in out, err


def test_two_models_and_their_difference_are_corrected_by_labels_of_some(tmp_path):
    rows = [
        {"id": str(i), "model": model, "judge": "correct" if (i + k) % 3 else "incorrect"}
        for k, model in enumerate(("a", "b"))
        for i in range(120)
    ]
    labels = ["id,model,human"]
    labels += [f"{i},{m},{'correct' if i % k else 'incorrect'}" for m, k in (("a", 5), ("b", 4)) for i in range(60)]
    (tmp_path / "labels.csv").write_text("\n".join(labels))
    code, out, err = audit(tmp_path, rows, "--labels", "labels.csv", "--json")
    assert code == 0, err
    measured = {row["measure"]: row for row in json.loads(out)["judges"][0]["measures"]}
    one = measured["corrected of a"]
    assert one["n"] == 60 and one["ci"][0] < 0.8 < one["ci"][1] and one["stderr"] > 0
    assert one["ci_method"] == "wilson, prediction-powered"
    apart = measured["corrected of a - b"]
    assert apart["n"] == 60 and apart["ci"][0] < 0.05 < apart["ci"][1]


def test_a_corrected_share_that_cannot_be_says_so_and_one_without_spread_has_no_interval(tmp_path):
    known = "-n 1000 --right 140 --wrong 60 --json".split()
    errs = ("--sensitivity", "90%", "--specificity", "0.85")
    below = json.loads(sinan(tmp_path, "judge", "correct", "--share", "5%", *errs, *known)[1])
    assert below["value"] == pytest.approx(-0.1 / 0.75) and "no share lies there" in below["meaning"]
    never = ("--sensitivity", "1", "--specificity", "1")
    sure = json.loads(sinan(tmp_path, "judge", "correct", "--share", "1", *never, *known)[1])
    assert sure["value"] == 1.0 and sure["ci"] is None and sure["stderr"] is None


def test_a_share_is_corrected_by_errors_that_are_known_from_elsewhere(tmp_path):
    known = "--sensitivity 0.9 --right 140 --specificity 0.85 --wrong 60".split()
    code, out, err = sinan(tmp_path, "judge", "correct", "--share", "0.72", "-n", "1000", *known, "--json")
    found = json.loads(out)
    assert code == 0, err
    assert (found["value"], found["stderr"]) == pytest.approx((0.76, 0.035158416996706285))
    assert found["ci"] == pytest.approx([0.6910907689330146, 0.828909231066985])
    code, _, err = sinan(
        tmp_path, "judge", "correct", *"--share 0.7 -n 10 --right 5 --wrong 5".split(),
        *"--sensitivity 0.4 --specificity 0.5".split(),
    )  # fmt: skip
    one_line(err, code, 2, "tells nothing")
