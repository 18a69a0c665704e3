"""Readings: where an answer stood, how it was found, whether it was given as such; cascades that are declared."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan import scoring
from sinan.scoring import After, ByChoices, Exact, Letter, MathVision, MathVista, MmluPro, Mmmu, Number, Pope, YesNo
from sinan.scoring.exact import normal
from sinan.scoring.folded import Folded
from sinan.scoring.hanzi import HANZI, hanzi, value
from sinan.scoring.numerals import canonical
from sinan.scoring.worked_out import worked_out
from sinan.types import Completion, Outcome, Sample

CITIES = ("Paris", "London", "New York", "Rome")
NOISE = st.text("abc ，。（）：1 \n*\\{}ＡＢ１２", max_size=30)


def read(scorer, sample, text, finish_reason="stop"):
    score = scorer(sample, Completion(text, finish_reason))
    return score, (score.readings[0] if score.readings else None)


def number(text, gold="18"):
    return read(Number(), Sample("1", "?", gold), text)


def letter(text, gold="B"):
    return read(Letter(), Sample("1", "?", gold, CITIES), text)


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("ANSWER: 18", "18"),
        ("答案：１８。", "１８"),
        ("<think>17</think>ANSWER: 18", "18"),
        ("\\boxed{\\text{18}}", "18"),
        ("x\u200by\nANSWER: $1,8\u200b00.00", "$1,8\u200b00.00"),
        ("答案是三百二十。", "三百二十"),
        ("ANSWER: \\frac{36}{2}", "\\frac{36}{2}"),
        ("So it is 9½", "9½"),
        ("<think>½ ½ 三百</think>\\text{a}\\text{b} ½ ＝ 18", "18"),
        ("− 18", "− 18"),
        ("ANSWER: 负18", "负18"),
        ("ANSWER: US\\$18", "$18"),
    ],
)
def test_a_span_is_the_number_as_it_was_written(text, raw):
    _, reading = number(text)
    assert text[slice(*reading.span)] == raw


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("ANSWER: B", "B"),
        ("答案：（Ｂ）", "Ｂ"),
        ("Ⓑ", "Ⓑ"),
        ("<think>A</think>\n$\\boxed{\\textbf{(B) } London}$", "B"),
        ("\\text{so} \\text{it is} \\text{B}", "B"),
        ("It rains. The capital is  London .", "London"),
        ("ANSWER: “New  York”", "“New  York”"),
        ("A... wait, C", "C"),
    ],
)
def test_a_span_is_the_choice_as_it_was_written(text, raw):
    _, reading = letter(text)
    assert text[slice(*reading.span)] == raw


@settings(max_examples=200, deadline=None)
@given(
    NOISE, st.integers(0, 10**7), st.sampled_from(["{:d}", "{:,d}", "${:d}", "**{:d}**", "\\text{{{:d}}}", "{:d}元"])
)
def test_a_span_holds_the_marked_number_whatever_stands_before_it(noise, gold, form):
    text = f"{noise}\nANSWER: {form.format(gold)}"
    score, reading = number(text, str(gold))
    assert score.outcome is Outcome.CORRECT
    assert canonical(text[slice(*reading.span)]) == str(gold)
    assert reading.sure
    assert re.sub(r"\D", "", text[slice(*reading.span)]) == str(gold)


@settings(max_examples=200, deadline=None)
@given(NOISE, st.sampled_from("ABCD"), st.sampled_from(["ANSWER: {}", "答案：（{}）", "\\boxed{{\\text{{{}}}}}"]))
def test_a_span_holds_the_marked_letter_whatever_stands_before_it(noise, gold, form):
    text = f"{noise}\n{form.format(gold)}"
    score, reading = letter(text, gold)
    assert score.outcome is Outcome.CORRECT, score
    assert text[slice(*reading.span)] == gold


@settings(max_examples=200, deadline=None)
@given(NOISE, st.sampled_from(["Paris", "北京", "ｘ１"]))
def test_a_span_holds_the_marked_text_whatever_stands_before_it(noise, gold):
    text = f"<think>{noise}</think>{noise}\nANSWER: **{gold}**."
    score, reading = read(Exact(), Sample("1", "?", gold), text)
    assert score.outcome is Outcome.CORRECT
    assert normal(text[slice(*reading.span)]) == normal(gold)


ALL = [Number(), Letter(), Exact(), After(), ByChoices(), YesNo(), Pope(), MmluPro(3), Mmmu(), Mmmu(True), MathVision()]
PIECES = [
    *(
        "ANSWER: ",
        "答案是",
        "故选",
        "\\boxed{",
        "\\text{",
        "}",
        "(A)",
        "B.",
        "####",
        "<answer>",
        '{"answer": "',
        "London",
    ),
    *(
        "not ",
        " or ",
        "wait, ",
        "if ",
        "1,234",
        "½",
        "10^",
        "万",
        "三百二十",
        "负",
        "１",
        "٣",
        "\u200b",
        "Ⓑ",
        "<think>",
    ),
    *("</think>", "\n", " ", "yes", "\ud800", "**", "1:30", "\\frac{1}{2}", "－", "$", "İ", "ﬁ"),
]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=120), st.lists(st.sampled_from(PIECES), max_size=30).map("".join)))
def test_every_reading_lies_within_the_text_and_strict_is_never_more(text):
    samples = [Sample("1", "?", "18"), Sample("2", "?", "B", CITIES), Sample("3", "?", "yes")]
    for scorer in [*ALL, MathVista(False)]:
        for sample in samples:
            score, reading = read(scorer, sample, text)
            assert score.values["strict"] <= score.value
            if reading is not None and reading.span:
                start, end = reading.span
                assert 0 <= start <= end <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("a½１{}\\, ten"), max_size=60))
def test_the_way_back_through_edits_gives_the_characters_that_stayed(text):
    folded = Folded("xx" + text, 0).sub(re.compile("½"), "1/2").sub(re.compile(r"\\,"), "").keep(re.compile(r"\{(.)\}"))
    for place, sign in enumerate(folded.text):
        start, end = folded.origin(place, place + 1)
        raw = ("xx" + text)[start:end]
        assert raw == sign or raw == "½"


def test_a_marked_boxed_or_whole_answer_is_sure_and_an_inferred_one_is_not():
    for text in ("18", "ANSWER: 18", "\\boxed{18}", "#### 18", "18 eggs"):
        score, reading = number(text)
        assert (score.value, score.values["strict"], reading.sure, reading.name) == (1.0, 1.0, True, "strict")
    for text in ("9 times 2 makes 18", "It takes 2.\n18"):
        score, reading = number(text)
        assert (score.value, score.values["strict"], reading.sure, reading.name) == (1.0, 0.0, False, "flexible")
    assert letter("I choose B")[0].values["strict"] == 0.0
    assert letter("B")[0].values["strict"] == 1.0
    assert letter("ANSWER: A")[0].values["strict"] == 0.0


def test_a_shorter_cascade_is_a_stricter_reading():
    assert (
        read(Number(rules=("whole", "marked")), Sample("1", "?", "18"), "9 times 2 makes 18")[0].outcome
        is Outcome.UNPARSED
    )
    assert read(Letter(rules=("marked",)), Sample("1", "?", "B", CITIES), "B")[0].outcome is Outcome.UNPARSED
    assert read(Exact(rules=("marked",)), Sample("1", "?", "x"), "x")[0].outcome is Outcome.UNPARSED


@pytest.mark.parametrize("scorer", [Number, Letter, Exact, YesNo])
def test_a_rule_that_does_not_exist_is_refused(scorer):
    with pytest.raises(ValueError, match="rules are out of whole, marked"):
        scorer(rules=("guess",))
    with pytest.raises(ValueError, match="not none"):
        scorer(rules=())


def test_two_answers_at_once_say_so():
    assert letter("ANSWER: A or B")[0].explanation == "two answers at once"
    assert number("ANSWER: 17 or 18")[0].explanation == "two answers at once"


def test_a_scale_may_be_left_out_where_the_question_is_in_it():
    sample = Sample("1", "How many million people?", "3")
    assert Number()(sample, Completion("ANSWER: 3 million", "stop")).value == 1.0
    assert Number()(Sample("1", "How many people?", "3"), Completion("ANSWER: 3 million", "stop")).value == 0.0
    assert Number()(Sample("1", "有多少万人？", "3"), Completion("3万", "stop")).value == 1.0


@given(st.integers(1, 9999), st.integers(0, 9999))
def test_a_chinese_numeral_has_its_value(high, low):
    def digits(n):
        signs = "零一二三四五六七八九"
        if n >= 1000:
            rest = n % 1000
            return signs[n // 1000] + "千" + ("零" if 0 < rest < 100 else "") + (digits(rest) if rest else "")
        if n >= 100:
            rest = n % 100
            return signs[n // 100] + "百" + ("零" if 0 < rest < 10 else "") + (digits(rest) if rest else "")
        if n >= 10:
            return signs[n // 10] + "十" + (signs[n % 10] if n % 10 else "")
        return signs[n]

    zero = "零" if 0 < low < 1000 else ""
    text = digits(high) + "万" + zero + (digits(low) if low else "")
    assert value(text) == high * 10_000 + low
    assert HANZI.sub(hanzi, f"共{text}人") == f"共{high * 10_000 + low}人"


@pytest.mark.parametrize(
    ("formula", "number"),
    [
        ("3\\cdot 2^{5}", 96),
        ("\\frac{1}{2}", 0.5),
        ("5\\sqrt{3}", 5 * 3**0.5),
        ("1:2", 0.5),
        ("2(3+4)", 14),
        ("-2^2", -4),
        ("2\\pi", 6.283185307179586),
        ("x+1", None),
        ("(1", None),
        ("1/0", None),
        ("9^9^9", None),
        ("9^{999999}", None),
        ("__import__", None),
        ("(" * 150, None),
        ("", None),
    ],
)
def test_a_formula_of_numbers_is_worked_out_and_nothing_else_is(formula, number):
    assert worked_out(formula) == (pytest.approx(number) if number is not None else None)


YES_OR_NO = [
    ("yes", "Yes.", "correct", "correct"),
    ("yes", "Yes, there is a snowboard in the image.", "correct", "correct"),
    ("no", "No, there is no car.", "correct", "correct"),
    ("no", "There is not a car in the image.", "unparsed", "correct"),
    ("yes", "The image shows a snowboard.", "unparsed", "correct"),
    ("no", "Yes. No.", "wrong", "wrong"),
    ("yes", "是的，有。", "correct", "correct"),
    ("no", "否", "correct", "wrong"),
    ("no", "没有", "correct", "wrong"),
    ("no", "答案：不是", "correct", "wrong"),
    ("yes", "ANSWER: yes", "correct", "correct"),
    ("no", "Nothing is there.", "unparsed", "wrong"),
    ("yes", "yes or no", "unparsed", "wrong"),
    ("yes", "Let me look.\n\nYes", "correct", "correct"),
    ("yes", "", "unparsed", "correct"),
]


@pytest.mark.parametrize(("gold", "answer", "ours", "pope"), YES_OR_NO)
def test_yes_and_no(gold, answer, ours, pope):
    sample, completion = Sample("1", "Is there?", gold), Completion(answer, "stop")
    assert YesNo()(sample, completion).outcome.value == ours
    assert Pope()(sample, completion).outcome.value == pope


def test_scorers_of_published_conventions_have_names():
    known = {"mmlu-pro": MmluPro(), "mathvista": MathVista(), "math-vision": MathVision(), "pope": Pope()}
    known |= {"mmmu": Mmmu(), "mmmu-pro": Mmmu(pro=True), "yes-no": YesNo()}
    assert {name: scoring.by_name(name) for name in known} == known
