"""Questions in other forms: what is asked stays the same, and so does every form of it."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.datasets.perturbations import KINDS, OF_PROMPTS, OF_SAMPLES
from sinan.datasets.perturbations.chinese import MISSPELT, TRADITIONAL
from sinan.datasets.perturbations.protected import put, stretches
from sinan.datasets.perturbations.typos import ALSO_WORDS, MEAN_TOO_MUCH
from sinan.datasets.perturbed import Perturbed, forms
from sinan.types import Sample

PENS = "Ann doesn't have 3 boxes of 4 pens and gives away 5. How many pens are left altogether?"


def form(kind, question, target="7", choices=(), seed=0):
    """The question in that form; None where it has none."""
    found = {one.form: one for one in forms(Sample("q", question, target, choices), [kind], seed)}
    return found.get(kind)


def test_the_question_itself_comes_first_and_all_forms_are_one_unit():
    found = forms(Sample("q7", PENS, "7"), KINDS, 0)
    assert found[0].id == "q7" and found[0].form == "original" and found[0].question == PENS
    assert [one.id for one in found[1:]] == [f"q7~{one.form}" for one in found[1:]]
    assert {(one.unit, one.unit_size) for one in found} == {("q7", len(found))}
    assert {one.target for one in found} == {"7"}


@pytest.mark.parametrize(
    ("kind", "question", "expected"),
    [
        ("case", "Is the US larger than Point A? I think NaCl is.", "is the US larger than point A? i think NaCl is."),
        ("case", "A cat sat. A dog, too.", "a cat sat. a dog, too."),
        ("case", "已知 The Cat 在此", "已知 the cat 在此"),
        ("contractions", "What is it that does not burn?", "What's it that doesn't burn?"),
        ("contractions", "Ann doesn't know.", "Ann does not know."),
        ("contractions", "How large it is.", None),
        ("contractions", "The cat’s tail", None),
        ("dialect", "What color is the center?", "What colour is the centre?"),
        ("dialect", "What colour is it?", "What color is it?"),
        ("dialect", "The World Trade Center", None),
        ("dialect", "这个国家的语言是什么？", "這個國家的語言是什麼？"),
        ("spaces", "这是什么？（单选）", "这是什么?(单选)"),
        ("spaces", "word", None),
    ],
)
def test_a_form_is_as_expected(kind, question, expected):
    found = form(kind, question)
    assert (found and found.question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Compute $frac color center$ now",
        "Run `color = center` now",
        '"color center"',
        "<color center>",
        "- color center",
        "(A) color center",
        "B. color center",
        "see https://color.center/color",
        "x=color",
        "```\ncolor center\n```",
        "《国家》",
        "“国家说”",
    ],
)
def test_what_must_not_be_touched_is_not(question):
    for kind in ("typos", "case", "contractions", "dialect", "spaces"):
        found = form(kind, question)
        kept = re.search(r"(color|国家).*?(?=$|\n| now)", question)[0]
        assert found is None or kept in found.question


def test_words_of_the_answer_and_of_options_stay():
    for seed in range(30):
        found = form("typos", "Which of planet, garden, kitchen is the largest?", "A", ("planet", "garden"), seed)
        assert "planet" in found.question and "garden" in found.question
    assert form("dialect", "What color is it?", "color") is None


def test_a_chinese_answer_is_not_asked_for_in_other_characters():
    assert form("dialect", "这个国家叫什么？", "中国") is None
    assert form("dialect", "这个国家叫什么？", "A", ("中国", "日本")) is not None


def test_slips_leave_words_that_can_be_told():
    for seed in range(50):
        question = form("typos", "Without counting, estimate the largest distance between planets.", seed=seed).question
        changed = [
            (a, b)
            for a, b in zip(
                "Without counting estimate the largest distance between planets".split(),
                re.findall(r"[A-Za-z]+", question),
                strict=True,
            )
            if a != b
        ]
        assert 1 <= len(changed) <= 8
        for a, b in changed:
            assert a not in MEAN_TOO_MUCH and b not in ALSO_WORDS
            assert a[0] == b[0] and a[-1] == b[-1] and abs(len(a) - len(b)) <= 1


def test_options_are_put_in_another_order_with_their_target():
    for seed in range(30):
        found = form("options", "Which?", "B", ("w", "x", "y", "z"), seed)
        assert found.choices != ("w", "x", "y", "z") and sorted(found.choices) == ["w", "x", "y", "z"]
        assert found.choices[found.gold] == "x"


@pytest.mark.parametrize(
    "option", ["All of the above", "none of these", "Both A and C", "A and B", "以上都是", "A和B", "both (A) and (B)"]
)
def test_options_that_speak_of_others_keep_their_order(option):
    assert form("options", "Which?", "A", ("x", "y", option)) is None


def test_questions_without_options_have_no_such_form():
    assert form("options", "Which?", "7") is None


PIECES = [
    "the color of ",
    "doesn't ",
    "3.14 ",
    "$x^2$ ",
    "`code here` ",
    "因为",
    "国家，",
    "“引用因为”",
    "\n",
    "的时候？ ",
]
PIECES += [
    "Which planets are ",
    "US ",
    "12,500 ",
    "\\frac{1}{2} ",
    "(B) ",
    "<image1> ",
    '"quoted color" ',
    "- item center\n",
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=20).map("".join)


@given(TEXTS, st.integers(0, 5))
def test_numbers_formulas_code_and_quotations_survive_every_form(text, seed):
    kept = re.compile(r"\d[\d.,]*|\$x\^2\$|`code here`|“引用因为”|\\frac\{1\}\{2\}|<image1>|\"quoted color\"|\bUS\b")
    for kind in OF_SAMPLES:
        found = form(kind, text, "7", (), seed)
        if found is not None:
            assert found.question != text
            assert kept.findall(found.question) == kept.findall(text), kind


@given(TEXTS, st.integers(0, 5))
def test_a_form_depends_on_seed_id_and_kind_alone(text, seed):
    sample, others = Sample("q", text, "7"), [Sample("p", "Something else", "1")]
    alone = {one.id: one for one in forms(sample, KINDS, seed)}
    among = {one.id: one for one in Perturbed(lambda subset, seed: [*others, sample], KINDS[::-1])("", seed)}
    for name, one in alone.items():
        assert (among[name].question, among[name].choices) == (one.question, one.choices)


@given(st.text(max_size=80), st.sampled_from(sorted(OF_SAMPLES)))
def test_any_text_is_changed_or_not_and_never_raises(text, kind):
    changed = OF_SAMPLES[kind](Sample("q", text, "7", ("x", "y")), Random(0))
    assert changed is None or isinstance(changed.question, str)


@given(st.text(max_size=60))
def test_stretches_are_in_order_and_do_not_overlap(text):
    at = 0
    for start, end in stretches(text):
        assert at <= start < end <= len(text)
        at = end
    assert put(text, {}) == text


def test_the_tables_hold_what_they_say():
    assert all(len(wrong) == len(right) and wrong != right for right, wrong in MISSPELT.items())
    assert not set(MISSPELT) & set(MISSPELT.values())
    assert all(chr(key) != chr(value) if isinstance(value, int) else value for key, value in TRADITIONAL.items())
    assert set(OF_PROMPTS).isdisjoint(OF_SAMPLES)


def test_the_command_line_names_every_perturbation():
    from sinan.cli.main import program

    options = {option.name: option for option in program.get_command(None, "run").params}
    assert all(kind in options["perturb"].help for kind in KINDS)
