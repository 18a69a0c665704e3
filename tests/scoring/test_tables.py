"""Each scorer as a table: gold, answer, verdict. A bug that was found is a new line."""

import pytest

from sinan.scoring import After, ByChoices, Exact, Letter, Number
from sinan.types import Completion, Outcome, Sample

YES, NO, NONE, CUT, REFUSED = (
    Outcome.CORRECT,
    Outcome.WRONG,
    Outcome.UNPARSED,
    Outcome.TRUNCATED,
    Outcome.REFUSED,
)
CITIES = ("Paris", "London", "New York", "Rome")

NUMBERS = [
    ("18", "18", YES),
    ("18", "ANSWER: 18", YES),
    ("18", "Answer: 18.", YES),
    ("18", "**Answer:** $18", YES),
    ("18", "**ANSWER: 18**", YES),
    ("18", "The answer is 18.", YES),
    ("18", "The answer is: 18 dollars per day", YES),
    ("18", "So the final answer is \\boxed{18}.", YES),
    ("18", "\\[\\boxed{\\$18}\\]", YES),
    ("18", "\\boxed{18 \\text{ dollars}}", YES),
    ("18", "9 * 2 = <<9*2=18>>18\n#### 18", YES),
    ("18", "#### 18\n\nQuestion: 5 + 5", YES),
    ("18", "ANSWER: 17\nI was wrong.\nANSWER: 18", YES),
    ("18", "ANSWER: 18\nANSWER: 17", NO),
    ("18", "ANSWER: 18\nThe answer is in dollars.", YES),
    ("18", "ANSWER: 9 * 2 = 18", YES),
    ("18", "The answer is 18. Check: 16 - 3 - 4 = 9", YES),
    ("18", "ANSWER:\n18", YES),
    ("18", "**Final Answer**\n\n\\boxed{18}", YES),
    ("18", "### Answer\n18 eggs, which took 2 days", YES),
    ("18", "She sells 9 eggs for $2 each, so 18", YES),
    ("18", "She makes 18 dollars from 9 eggs", NO),
    ("18", "18.0", YES),
    ("18", "18.00", YES),
    ("18", "+18", YES),
    ("18", "018", YES),
    ("18", "-18", NO),
    ("18", "180", NO),
    ("18", "1.8e1", YES),
    ("18", "1.8 × 10^1", YES),
    ("18", "$1.8 \\times 10^{1}$", YES),
    ("18", "１８", YES),
    ("18", "答案：18", YES),
    ("18", "答案是18元。", YES),
    ("18", "答案为：１８", YES),
    ("18", "所以，她每天赚18美元。", YES),
    ("18", "最终答案是 $18$。", YES),
    ("18", "the answer to the question is 18", YES),
    ("18", "Answer (in dollars): 18", YES),
    ("18", "The answer is not 17 but ANSWER: 18", YES),
    ("18", "<think>ANSWER: 17</think>ANSWER: 18", YES),
    ("18", "<think>18", NONE),
    ("18", "", NONE),
    ("18", "I do not know.", NONE),
    ("18", "eighteen", NONE),
    ("1234", "1,234", YES),
    ("1,234", "1234", YES),
    ("1234", "$1,234.00", YES),
    ("1234", "1{,}234", YES),
    ("1234567", "ANSWER: 1,234,567 people", YES),
    ("1234", "1，234", YES),
    ("70000", "$70,000", YES),
    ("70000", "USD 70,000", YES),
    ("70000", "€70000", YES),
    ("50", "50%", YES),
    ("50%", "50", YES),
    ("50", "50\\%", YES),
    ("50", "５０％", YES),
    ("0.5", "50%", NO),
    ("-5", "-5", YES),
    ("-5", "−5", YES),
    ("-5", "–5", YES),
    ("-5", "－5", YES),
    ("-5", "-$5", YES),
    ("-5", "ANSWER: - 5", YES),
    ("-5", "x = -5", YES),
    ("5", "10-5", YES),
    ("-5", "10-5", NO),
    ("3", "Day-3", YES),
    ("0", "0", YES),
    ("0", "-0.0", YES),
    ("0", "0e5", YES),
    ("0.5", "1/2", YES),
    ("0.5", "\\frac{1}{2}", YES),
    ("0.5", "\\dfrac12", YES),
    ("1/2", "0.50", YES),
    ("1/3", "2/6", YES),
    ("1/3", "0.333", NO),
    ("-3/4", "-\\frac{3}{4}", YES),
    ("3.5", "3 1/2", YES),
    ("3.5", "3½", YES),
    ("0.5", "½", YES),
    ("0.5", ".5", YES),
    ("5", "5/0", NO),
    ("4.8", "4.8 cm", YES),
    ("10", "10 m²", YES),
    ("100", "10²", YES),
    ("1000000", "10^6", YES),
    ("1000000", "$10^{6}$", YES),
    ("0.00001", "1 × 10⁻⁵", YES),
    ("0.003", "3 x 10^-3", YES),
    ("-3", "The answer is negative 3", YES),
    ("-3", "答案是负3", YES),
    ("3", "8 minus 5 is 3", YES),
    ("18", "答：18元", YES),
    ("18", "Final Answer: The final answer is $18$. I hope it is correct.", YES),
    ("18", "ANSWER: 18\n\nANSWER: number", YES),
    ("2", "H2O", NONE),
    ("1e400", "1e400", YES),
    ("1e400", "1e401", NO),
    ("1e999999", "10e999998", YES),
    ("5", "1e99999999999", NO),
    ("7", "#### Step 1: add\nSo 3 + 4 makes 7", YES),
    ("7", "#### 1. First add\nSo 3 + 4 makes 7", YES),
    ("٧", "7", YES),
]

LETTERS = [
    ("B", "B", YES),
    ("B", "b", YES),
    ("B", " B", YES),
    ("B", "(B)", YES),
    ("B", "B.", YES),
    ("B", "B)", YES),
    ("B", "**B**", YES),
    ("B", "`B`", YES),
    ("B", "\\boxed{B}", YES),
    ("B", "$\\boxed{\\text{B}}$", YES),
    ("B", "ANSWER: B", YES),
    ("B", "answer: b", YES),
    ("B", "ANSWER: (B)", YES),
    ("B", "**ANSWER: B**", YES),
    ("B", "ANSWER: B. London", YES),
    ("B", "ANSWER: London", YES),
    ("B", "ANSWER: Option B", YES),
    ("B", "The answer is B", YES),
    ("B", "The correct answer is (B), because it rains.", YES),
    ("B", "The answer is London.", YES),
    ("B", "The answer is London. It rains there.", YES),
    ("B", "Final answer: B", YES),
    ("B", "London", YES),
    ("B", "london.", YES),
    ("C", "new  york", YES),
    ("B", "B. London is the capital of the United Kingdom.", YES),
    ("B", "(B) because A is in France", YES),
    ("B", "Let me think.\n\nB", YES),
    ("B", "Let me think.\n\n(B)", YES),
    ("B", " B\n\nLondon lies in England.", YES),
    ("B", "(A)\nNo, rather\n(B)", YES),
    ("B", "I would choose B because it rains", YES),
    ("B", "Option B is right", YES),
    ("B", "B is correct.", YES),
    ("B", "It must be (B)", YES),
    ("B", "ANSWER: A\nNo: ANSWER: B", YES),
    ("B", "ANSWER: B\nNo: ANSWER: A", NO),
    ("B", "The answer is A. Wait, the answer is B.", YES),
    ("B", "答案：B", YES),
    ("B", "答案是B。", YES),
    ("B", "答案为（B）", YES),
    ("B", "答案选B", YES),
    ("B", "正确答案是：Ｂ", YES),
    ("B", "故选B。", YES),
    ("B", "我选择B", YES),
    ("B", "选项B正确", YES),
    ("B", "因为下雨，所以B是正确的", YES),
    ("B", "正确选项是 B", YES),
    ("B", "【答案】：B", YES),
    ("B", 'The answer is "London".', YES),
    ("B", '{"answer": "B"}', YES),
    ("B", "B - London", YES),
    ("B", "Answer B", YES),
    ("B", "答：B", YES),
    ("B", "It rains. Therefore, B.", YES),
    ("B", "The answer is not A; it is B.", YES),
    ("B", "Option A is wrong and option C is incorrect", NONE),
    ("B", "选项B正确，选项A错误", YES),
    ("B", "ANSWER: B\n\n(ANSWER: X means a letter)", YES),
    ("B", "ANSWER: BC", NONE),
    ("B", "Let us see (B).\nThe answer is (B) and (C).", NONE),
    ("C", "(a) It rains.\n(c) It snows.", NONE),
    ("C", "It snows.\n(c) It rains.", NONE),
    ("B", "(b) London", YES),
    ("B", "b. London", YES),
    ("B", "A", NO),
    ("B", "ANSWER: A", NO),
    ("B", "Paris", NO),
    ("B", "答案：A", NO),
    ("B", "E", NONE),
    ("B", "ANSWER: X", NONE),
    ("B", "", NONE),
    ("B", "   \n", NONE),
    ("B", "I do not know", NONE),
    ("B", "A or B", NONE),
    ("B", "ANSWER: A or B", NONE),
    ("B", "ANSWER: A and B", NONE),
    ("B", "答案：A或B", NONE),
    ("B", "(A) or (B)", NONE),
    ("B", "A. Paris\nB. London\nC. New York\nD. Rome", NONE),
    ("B", "Both (A) and (B) could be right", NONE),
    ("A", "A planet is a large body", NONE),
    ("A", "The answer is a city that I forgot", NONE),
    ("A", "The answer is A because it is in France", YES),
    ("A", "The answer is A", YES),
    ("D", "I'd say it is vitamin D", NONE),
    ("B", "<think>The answer is A</think>B", YES),
]

TEXTS = [
    ("Paris", "Paris", YES),
    ("Paris", "paris.", YES),
    ("Paris", '**"Paris"**', YES),
    ("Paris", "ANSWER: Paris", YES),
    ("Paris", "The answer is Paris.", YES),
    ("Paris", "It is in France.\nANSWER: Paris", YES),
    ("Paris", "\\boxed{Paris}", YES),
    ("Paris", "London", NO),
    ("Paris", "Paris is the capital", NO),
    ("Paris", "", NONE),
    ("New York", "new   york", YES),
    ("北京", "北京。", YES),
    ("北京", "答案：北京", YES),
    ("北京", "「北京」", YES),
    ("北京", "上海", NO),
    ("５", "5", YES),
    ("-5", "5", NO),
    ("C", "C#", NO),
    ("} ]", "} ]", YES),
    ("} ]", "}", NO),
    ("()", "[]", NO),
    ("Straße", "STRASSE", YES),
    ("(3,-4)", "ANSWER: (3, -4)", NO),
    ("(3,-4)", "ANSWER: (3,-4)", YES),
]

BBH = [
    ("(B)", "So the answer is (B).", YES),
    ("(B)", "So the answer is (B)", YES),
    ("(B)", "So the answer is (A).", NO),
    ("(B)", "So the answer is (A). No, the answer is (B).", YES),
    ("(B)", "So the answer is **(B)**.", YES),
    ("(B)", "So the answer is B.", NO),
    ("False", "So the answer is False.", YES),
    ("False", "So the answer is false.", NO),
    ("} ] >", "So the answer is } ] >.", YES),
    ("-219", "So the answer is -219.", YES),
    ("yes", "yes", YES),
    ("yes", "no", NO),
    ("yes", "I think\nthat it is", NONE),
    ("yes", "", NONE),
    ("arson aspect", "So the answer is arson aspect.", YES),
]


@pytest.mark.parametrize(("gold", "answer", "outcome"), NUMBERS)
def test_number(gold, answer, outcome):
    check(Number(), Sample("1", "?", gold), answer, outcome)


@pytest.mark.parametrize(("gold", "answer", "outcome"), LETTERS)
def test_letter(gold, answer, outcome):
    check(Letter(), Sample("1", "?", gold, CITIES), answer, outcome)


def test_a_letter_alone_is_a_letter_though_an_option_has_it_as_its_text():
    sample = Sample("1", "?", "C", ("2c", "c", "c/2"))
    for answer in ("C", "c", "ANSWER: C", "ANSWER: (c)"):
        check(Letter(), sample, answer, YES)


@pytest.mark.parametrize(("gold", "answer", "outcome"), TEXTS)
def test_exact(gold, answer, outcome):
    check(Exact(), Sample("1", "?", gold), answer, outcome)


@pytest.mark.parametrize(("gold", "answer", "outcome"), BBH)
def test_after(gold, answer, outcome):
    check(After(), Sample("1", "?", gold), answer, outcome)


def check(scorer, sample, answer, outcome):
    score = scorer(sample, Completion(answer, "stop"))
    assert score.outcome == outcome, score
    assert score.value == (1.0 if outcome is YES else 0.0)
    assert (score.answer is None) == (outcome is NONE)
    assert score.explanation


@pytest.mark.parametrize("scorer", [Number(), Letter(), Exact(), After(), ByChoices()], ids=repr)
def test_a_completion_without_a_readable_answer_says_why(scorer):
    sample = Sample("1", "?", "B", CITIES)
    for text, reason, outcome in [("", "stop", NONE), ("", "length", CUT), ("", "refusal", REFUSED)]:
        score = scorer(sample, Completion(text, reason))
        assert (score.value, score.outcome, score.answer) == (0.0, outcome, None)


def test_an_answer_that_was_read_counts_though_the_text_was_cut():
    assert Number()(Sample("1", "?", "18"), Completion("ANSWER: 18\nBecause of the", "length")).outcome == YES
    assert Letter()(Sample("1", "?", "B", CITIES), Completion("ANSWER: B\nBecause", "length")).outcome == YES


def test_the_last_number_of_a_thought_that_was_cut_is_no_answer():
    assert Number()(Sample("1", "?", "18"), Completion("First, 3 + 4 makes 7 and", "length")).outcome == CUT
    assert Number()(Sample("1", "?", "18"), Completion(" 18", "length")).outcome == YES


def test_of_a_choice_that_was_cut_only_a_mark_or_the_first_line_counts():
    sample = Sample("1", "?", "B", CITIES)
    assert Letter()(sample, Completion("B. London, because the", "length")).outcome == YES
    assert Letter()(sample, Completion("First, option B is right unless", "length")).outcome == CUT


def test_a_refusal_that_answers_is_judged_by_its_answer():
    assert Letter()(Sample("1", "?", "B", CITIES), Completion("ANSWER: B", "refusal")).outcome == YES
