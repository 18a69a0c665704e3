"""What every scorer keeps to: any text is judged, quickly; names; likelihoods."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.errors import UnknownName
from sinan.scoring import (
    After,
    ByChoices,
    Exact,
    Letter,
    MathVision,
    MathVista,
    MmluPro,
    Mmmu,
    MostLikely,
    Number,
    Pope,
    YesNo,
    by_name,
    names,
)
from sinan.scoring.number import canonical
from sinan.types import Completion, LogLikelihood, Outcome, Sample
from tests.ends import within

SCORERS = [
    Number(),
    Letter(),
    Exact(),
    After(),
    ByChoices(),
    MmluPro(levels=3),
    MathVista(),
    MathVista(extracted=False),
    MathVision(),
    Mmmu(),
    Mmmu(pro=True),
    Pope(),
    YesNo(),
    MostLikely(),
    MostLikely("chars"),
    MostLikely("bytes"),
]
SAMPLES = [
    Sample("1", "?", "18", metadata={"answer_type": "float", "precision": 1}),
    Sample("2", "?", "B", ("Paris", "London", "东京")),
]
PIECES = [
    "ANSWER: ",
    "答案",
    "\\boxed{",
    "}",
    "(A)",
    "B.",
    "####",
    "1/",
    "1e9",
    "½",
    "\n",
    "x",
    "-",
    "٣",
    "\ud800",
    ",111",
]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_is_judged_and_never_raises(text):
    for scorer in SCORERS:
        for sample in SAMPLES:
            score = scorer(sample, Completion(text, "stop"))
            assert score.value in (0.0, 1.0)
            assert (score.value == 1.0) == (score.outcome == Outcome.CORRECT)
            assert isinstance(score.answer, str | None)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_number_is_itself_however_it_is_written(value):
    sample = Sample("1", "?", format(value, "f"))
    for text in (f"{value:f}", f"{value:,f}", f"{value:E}", f"ANSWER: ${abs(value):f}" if value > 0 else f"{value:f}"):
        assert Number()(sample, Completion(text, "stop")).value == 1.0, text


@given(st.fractions(max_denominator=10**6))
def test_a_fraction_has_one_canonical_writing(value):
    doubled = f"{value.numerator * 2}/{value.denominator * 2}"
    assert canonical(doubled) == canonical(f"{value.numerator}/{value.denominator}")


HEAVY = """1/|1,|111,|(|{|\\boxed{|answer:|answer is |answer|#### | |answer to |- |1 |\\text{|\\frac{|$|(A) |A or |
option |答案|1e|1.5 × 10^|"|A.|½|9|**|<think>|not 1 |1 and |1 or |三百|一|点|wait, |no, it is |if the |不|_|1_|1'|
1.111.|<answer>|is Paris |Paris or |B, |1:30 |是|A and B |１|\\sqrt|minus |the answer is B. wait |1 234 |10^|选B|
option A |**1** |Ⓑ|either |yes |no, |if we choose B, |2024-01-01|12,34,|{"answer": \""""


@pytest.mark.parametrize("piece", [*HEAVY.replace("|\n", "|").split("|"), "\n", "A.\n", "\n#"])
def test_time_grows_with_the_length_of_a_text_and_no_faster(piece):
    completion = Completion(piece * (100_000 // len(piece)) + "x", "stop")
    for scorer in SCORERS:
        for sample in SAMPLES:
            with within(15):
                scorer(sample, completion)


def test_scorers_are_known_by_name():
    assert by_name("number") == Number()
    assert by_name("letter") == Letter()
    assert by_name("most_likely") == MostLikely()
    assert "exact" in names()


def test_an_unknown_scorer_names_the_nearest():
    with pytest.raises(UnknownName, match="Nearest: number"):
        by_name("numbr")


def likely(*values):
    return Completion("", "stop", loglikelihoods=tuple(LogLikelihood(v, 1, False) for v in values))


def test_the_largest_likelihood_is_the_answer_and_of_equals_the_first():
    sample = Sample("1", "?", "A", ("x", "y", "z"))
    assert MostLikely()(sample, likely(-1, -1, -2)).value == 1.0
    assert MostLikely()(sample, likely(-2, -1, -1)).answer == "B"
    assert MostLikely()(sample, likely(math.nan, -5, -math.inf)).answer == "B"


def test_likelihood_by_length_divides_by_characters_or_by_bytes():
    sample = Sample("1", "?", "A", ("中中", "abcd"))
    assert MostLikely()(sample, likely(-2, -2.5)).answer == "A"
    assert MostLikely("chars")(sample, likely(-2, -2.5)).answer == "B"
    assert MostLikely("bytes")(sample, likely(-2, -2.5)).answer == "A"


def test_likelihoods_that_do_not_match_the_choices_are_no_answer():
    assert MostLikely()(Sample("1", "?", "A", ("x", "y")), likely(-1)).outcome == Outcome.UNPARSED
    with pytest.raises(ValueError, match="chars"):
        MostLikely("words")


@pytest.mark.parametrize(
    ("scorer", "golds", "answer", "outcome"),
    [
        ("number", ["2", "5"], "ANSWER: 5", Outcome.CORRECT),
        ("number", ["2", "5"], "ANSWER: 2.0", Outcome.CORRECT),
        ("number", ["2", "5"], "ANSWER: 7", Outcome.WRONG),
        ("math", ["x=1", "x=2"], r"\boxed{x=2}", Outcome.CORRECT),
        ("math", ["x=1", "x=2"], r"\boxed{3}", Outcome.WRONG),
        ("math", [r"\frac{1}{2}", "one of them"], "The answer is 0.5.", Outcome.CORRECT),
        ("by-choices", ["11", "7"], "The answer is 7.", Outcome.CORRECT),
        ("by-choices", ["7", "seven"], "The answer is seven", Outcome.CORRECT),
        ("exact", ["Paris", "the French capital"], "ANSWER: the French capital", Outcome.CORRECT),
    ],
)
def test_any_of_several_golds_will_do(scorer, golds, answer, outcome):
    sample = Sample("1", "?", golds[0], metadata={"golds": golds})
    assert by_name(scorer)(sample, Completion(answer, "stop")).outcome is outcome
