"""Mathematics: the table of cases, and what may not happen whatever a model writes."""

import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.scoring import Math
from sinan.scoring.mathematics.compared import quick
from sinan.types import Completion, Outcome, Sample
from tests.ends import within
from tests.scoring.cases import (
    hostile,
    mathematics,
    mathematics_more,
    mathematics_near,
    mathematics_said,
    mathematics_zh,
)

pytest.importorskip("math_verify")


CASES = [*mathematics.ALL, *mathematics_said.ALL, *mathematics_more.ALL, *mathematics_near.ALL, *mathematics_zh.ALL]
CASES += hostile.MATHEMATICS


@pytest.mark.parametrize(("gold", "answer", "outcome"), CASES)
def test_a_case_gets_its_verdict(gold, answer, outcome):
    score = Math()(Sample("1", "?", gold), Completion(answer, "stop"))
    assert score.outcome == outcome, score
    assert score.value == (1.0 if outcome == Outcome.CORRECT else 0.0)
    assert (score.answer is None) == (outcome == Outcome.UNPARSED)
    assert score.explanation


@st.composite
def expressions(draw, depth=3):
    """A random rational expression: LaTeX, plain writing, and its value."""
    if depth == 0 or draw(st.booleans()):
        value = draw(st.integers(0, 30))
        return str(value), str(value), Fraction(value)
    (left, flat, first), (right, level, second) = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    sign = draw(st.sampled_from("+-*/" if second else "+-*"))
    if sign == "/":
        return f"\\frac{{{left}}}{{{right}}}", f"({flat})/({level})", first / second
    if sign == "*":
        return f"\\left({left}\\right) \\cdot \\left({right}\\right)", f"({flat})*({level})", first * second
    value = first + second if sign == "+" else first - second
    return f"\\left({left}\\right) {sign} \\left({right}\\right)", f"({flat}){sign}({level})", value


def right(gold, answer):
    return Math()(Sample("1", "?", gold), Completion(f"\\boxed{{{answer}}}", "stop")).value == 1.0


@settings(max_examples=200)
@given(expressions())
def test_two_writings_of_an_expression_are_equal_and_a_perturbed_one_is_not(expression):
    latex, plain, value = expression
    fraction = f"\\frac{{{value.numerator}}}{{{value.denominator}}}"
    off = f"\\frac{{{value.numerator * 1000 + value.denominator}}}{{{value.denominator * 1000}}}"
    assert right(latex, plain) and right(plain, latex) and right(fraction, latex) and right(plain, fraction)
    assert not right(off, plain) and not right(latex, off)


@settings(max_examples=100)
@given(st.lists(st.fractions(max_denominator=50), min_size=2, max_size=6, unique=True), st.randoms())
def test_a_set_has_no_order_and_a_point_has(values, chance):
    shuffled = list(values)
    chance.shuffle(shuffled)
    given_, other = (", ".join(f"{v.numerator}/{v.denominator}" for v in each) for each in (values, shuffled))
    assert right(f"\\{{{given_}\\}}", f"\\{{{other}\\}}") and right(given_, other)
    assert right(f"({given_})", f"({other})") == (values == shuffled)


@settings(max_examples=60)
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=5), st.integers(1, 5))
def test_a_polynomial_is_itself_expanded_and_multiplied(coefficients, times):
    terms = " + ".join(f"({c})x^{{{power}}}" for power, c in enumerate(coefficients))
    expanded = " + ".join(f"{times * c}x^{power}" for power, c in reversed(list(enumerate(coefficients))))
    assert right(f"{times}({terms})", expanded)
    assert not right(f"{times}({terms})", f"{expanded} + x^7")


PIECES = [
    *(
        "\\boxed{",
        "}",
        "$",
        "$$",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\frac",
        "{",
        "\\sqrt",
        "[",
        "]",
        "(",
        ")",
        "^",
        "_",
        "\\pm",
    ),
    *(
        "1",
        "23",
        ".5",
        "x",
        "i",
        "e",
        "\\pi",
        "+",
        "-",
        "*",
        "/",
        "=",
        "<",
        "\\le",
        ",",
        ";",
        ":",
        "!",
        "|",
        "%",
        "°",
        "\\cup",
    ),
    *(
        "\\text{",
        "cm",
        " or ",
        " and ",
        "或",
        "三分之",
        "万",
        "\\infty",
        "\\{",
        "\\}",
        "\\begin{pmatrix}",
        "&",
        "\\\\",
        "...",
        "\n",
    ),
    *(
        "\\end{pmatrix}",
        "answer: ",
        "答案",
        "\\overline{3}",
        "0.",
        "\ud800",
        "\0",
        "½",
        "²",
        "\\sin",
        "\\log_",
        "\\circ",
        "mod",
    ),
]
GOLDS = [
    "5",
    "\\frac{1}{2}",
    "(1,2]",
    "\\{1,\\sqrt{2}\\}",
    "x^2+1",
    "x=5",
    "even",
    "10\\%",
    "1010_2",
    "3:2",
    "\\begin{pmatrix}1\\\\2\\end{pmatrix}",
]


@pytest.mark.parametrize("answer", ["x_ = 5", "_ = 5", "x_{ = 5", "x_{} = 5", "f( = 5", "= =", "a_=b_"])
def test_half_a_label_breaks_nothing(answer):
    assert Math()(Sample("1", "?", "5"), Completion(answer, "stop")).outcome != Outcome.FAILED


@settings(max_examples=400)
@given(
    st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)),
    st.sampled_from(GOLDS),
)
def test_any_text_is_judged_and_its_span_is_in_it(text, gold):
    score = Math(deadline=1.0)(Sample("1", "?", gold), Completion(text, "stop"))
    assert score.outcome in (Outcome.CORRECT, Outcome.WRONG, Outcome.UNPARSED)
    for reading in score.readings:
        start, end = reading.span
        assert 0 <= start <= end <= len(text)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from(GOLDS))
def test_equality_of_golds_is_symmetric_and_a_gold_equals_itself(one, other):
    for gold, answer in ((one, other), (other, one)):
        assert quick(gold, gold) is not None
        assert quick(gold, answer) is None or isinstance(quick(gold, answer).same, bool)
    assert quick(one, one).same


HOSTILE = {
    "a call": "\\boxed{__import__('os').system('touch pwned')}",
    "a call in a formula": "\\boxed{\\int __import__('os').system('touch pwned') dx}",
    "a tower": "\\boxed{9^9^9^9}",
    "a tower of towers": "\\boxed{9^{9^{9^{9^{9}}}}}",
    "a plain tower": "9**9**9**9",
    "factorials": "\\boxed{99999999!!!!}",
    "a huge binomial": "\\boxed{\\binom{10^9}{5 \\cdot 10^8}}",
    "fractions in fractions": "\\boxed{" + "\\frac{1}{" * 10_000 + "2" + "}" * 10_000 + "}",
    "brackets in brackets": "\\boxed{" + "(" * 10_000 + "2" + ")" * 10_000 + "}",
    "a chain of divisions": "\\boxed{" + "1/" * 600 + "1}",
    "a huge matrix": "\\boxed{\\begin{pmatrix}" + "\\\\".join(["&".join("1" * 300)] * 300) + "\\end{pmatrix}}",
    "points in points": "\\boxed{" + "(1," * 400 + "1" + ")" * 400 + "}",
    "a million digits": "The answer is " + "9" * 1_000_000,
    "a million dollars": "$" * 1_000_000,
    "a megabyte of openings": "\\[" * 500_000,
    "a megabyte of marks": "Answer: x\n" * 100_000,
    "a megabyte of boxes": "\\boxed{" * 140_000,
    "a megabyte of boxes that close": "\\boxed{1} and " * 70_000,
    "a megabyte of formulas": "$x$ and " * 125_000,
    "a megabyte of a sum": "\\boxed{" + "x+" * 500_000 + "1}",
    "a megabyte of words": "so " * 300_000 + "!",
    "a megabyte of brackets": "(" * 1_000_000,
    "a large exponent": "\\boxed{1e99999999}",
    "a large index of a root": "\\boxed{\\sqrt[10^9]{2}}",
    "a file": "\\boxed{\\input{/etc/passwd}}",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("gold", ["5", "\\sqrt{2}x"])
def test_hostile_text_is_judged_without_harm(kind, gold, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    score = Math(deadline=1.0)(Sample("1", "?", gold), Completion(HOSTILE[kind], "stop"))
    assert score.outcome in (Outcome.WRONG, Outcome.UNPARSED)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["(", "\\frac{", "1/", "so ", "x=", "答案", "\\boxed{", "$", "1,", "\\text{"])
def test_time_grows_with_the_length_of_a_text_and_no_faster(text):
    with within(60):
        Math()(Sample("1", "?", "5"), Completion(text * (1_000_000 // len(text)), "stop"))


def test_nothing_heavy_is_imported_for_what_is_judged_at_once():
    import os
    import subprocess

    program = (
        "import sys\nfrom sinan.scoring import Math\nfrom sinan.types import Completion, Sample\n"
        "assert Math()(Sample('1', '?', '1/2'), Completion('0.5', 'stop')).value == 1\n"
        "print([name for name in ('sympy', 'mpmath', 'math_verify', 'numpy') if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
