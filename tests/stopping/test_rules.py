"""The rules of `--stop`, read."""

import pytest

from sinan.errors import UsageError
from sinan.stopping import Declared, stop_by
from sinan.stopping.rules import Rule, benchmarks_of, rule


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("gsm8k>0.7", Rule("threshold", "gsm8k", 0.7)),
        ("gsm8k < 70%", Rule("threshold", "gsm8k", 0.7)),
        ("mmlu/astronomy>.5", Rule("threshold", "mmlu/astronomy", 0.5)),
        ("acc>0.7", Rule("threshold", "acc", 0.7)),
        ("ci<0.02", Rule("precision", "", 0.02)),
        ("ci<2%", Rule("precision", "", 0.02)),
        ("halfwidth<1%", Rule("precision", "", 0.02)),
        ("gsm8k:ci<0.05", Rule("precision", "gsm8k", 0.05)),
        ("lm-eval:arc:halfwidth<0.05", Rule("precision", "lm-eval:arc", 0.1)),
        ("lm-eval:arc>0.5", Rule("threshold", "lm-eval:arc", 0.5)),
    ],
)
def test_a_rule_is_read(text, read):
    assert rule(text) == read


@pytest.mark.parametrize(
    "text",
    ["", "gsm8k", "gsm8k=0.7", "gsm8k>70", "gsm8k>0", "gsm8k>=0.7", "ci>0.02", "ci<0", "ci<200%", ">0.7", "a>0.7;b"],
)
def test_what_is_no_rule_is_one_line_that_names_it(text):
    with pytest.raises(UsageError, match="--stop"):
        rule(text)


def test_a_rule_is_about_the_benchmarks_that_it_names():
    assert benchmarks_of(rule("ci<0.1"), "", ("a", "b")) == ("a", "b")
    assert benchmarks_of(rule("b>0.1"), "", ("a", "b")) == ("b",)
    assert benchmarks_of(rule("acc>0.1"), "", ("a",)) == ("a",)
    with pytest.raises(UsageError, match="several benchmarks"):
        benchmarks_of(rule("acc>0.1"), "acc>0.1", ("a", "b"))
    with pytest.raises(UsageError, match="it has a, b"):
        benchmarks_of(rule("c>0.1"), "c>0.1", ("a", "b"))


def test_a_rule_that_is_given_twice_and_errors_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="twice"):
        stop_by(["acc>0.7", "acc > 70%"])
    with pytest.raises(UsageError, match="--alpha"):
        stop_by("acc>0.7", alpha=0.0)
    with pytest.raises(UsageError, match="--epsilon"):
        Declared("duel", epsilon=1.0)


def test_what_was_declared_is_read_back_from_json():
    for declared in (stop_by(["a>0.5", "ci<0.1"], 0.01), Declared("place", board={"m": 0.5}, within=2)):
        assert Declared.from_json(declared.to_json()) == declared
