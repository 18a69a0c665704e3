"""What a model wrote, as HTML: nothing comes out that is not on the list, and nothing takes for ever."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.web.service.writing import MATH_ATTRIBUTES, MATHML, MOST, PLAIN, as_written, mathml, written

ELEMENTS = {*PLAIN.values(), *MATHML, "div", "pre", "code", "span", "mark", "hr", "br"}
CLASSES = re.compile(r"(written|heading|as-written|[a-z0-9]{1,4})\Z")


class _Checked(HTMLParser):
    """Refuses what is not on the list, and what is not closed as it was opened."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.said = [], []

    def handle_starttag(self, tag, attrs):
        assert tag in ELEMENTS, tag
        for name, value in attrs:
            if name == "class":
                assert CLASSES.match(value), value
            else:
                assert tag in MATHML and name in MATH_ATTRIBUTES, (tag, name)
                assert re.fullmatch(r"[A-Za-z0-9.%+ -]+", value)
        if tag not in ("hr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def checked(html):
    """The text of what came out, once it was found to be harmless."""
    parser = _Checked()
    parser.feed(str(html))
    parser.close()
    assert parser.open == []
    return "".join(parser.said)


PIECES = st.sampled_from(
    "<script>alert(1)</script> <img src=x onerror=alert(1)> <svg/onload=alert(1)> <!-- --> <![CDATA[ &lt;b&gt; &#60; "
    "[a](javascript:alert(1)) ![p](http://evil/x.png) <http://a.b> [r]: http://a.b http://a.b $ $$ \\( \\) \\[ \\] "
    r"\frac{1}{2} \href{javascript:alert(1)}{x} \color{red}{x} \style{color:red}{x} \class{evil}{x} \text{<b>} "
    r"\begin{matrix} \end{matrix} \left( \right) ^ _ { } & \\ \boxed{ \unicode{x} ```python ```html ``` ` | --- * ** "
    "> - 1. # ## ~~ \ue000 \ue001 \x00 \u202e".split(" ")
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=8), st.sampled_from([" ", "\n", "\n\n", "    ", "|"]))).map("".join)


@given(TEXTS, st.tuples(st.integers(0, 50), st.integers(0, 80)))
@settings(max_examples=400, deadline=None)
def test_nothing_comes_out_that_is_not_on_the_list(text, span):
    checked(written(text, span))
    checked(as_written(text, span))


@given(st.text(alphabet=r"\{}^_&$abfrac1<>\"'= []()lefthbgincolr", max_size=120))
@settings(max_examples=400, deadline=None)
def test_formulas_hold_mathml_alone(formula):
    found = mathml(formula)
    if found is not None:
        checked(found)


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Co")), max_size=200))
@settings(deadline=None)
def test_as_written_is_the_text_itself(text):
    said = checked(as_written(text))
    assert said == re.sub("[\u202a-\u202e\u2066-\u2069]", "\ufffd", text) or said == text


def test_markdown_code_and_formulas_are_shown():
    said = str(
        written("# Sum\n\nIt is **2**: $\\frac{4}{2}$\n\n```python\ndef f(): return 2\n```\n\n| a |\n|---|\n| 1 |\n")
    )
    assert '<p class="heading">Sum</p>' in said
    assert "<strong>2</strong>" in said
    assert "<mfrac>" in said
    assert '<span class="k">def</span>' in said
    assert "<td>1</td>" in said


def test_links_and_pictures_stay_as_they_were_written():
    text = "[here](https://evil.test/x) and ![look](https://evil.test/x.png)"
    said = str(written(text))
    assert "<a" not in said
    assert "<img" not in said
    assert checked(said).strip() == text


def test_money_is_no_formula():
    assert "<math" not in written("It costs $5 and then $6 more.")


def test_what_was_read_is_marked_in_both_ways_of_showing_it():
    text = "So the **answer is 42**."
    span = (text.index("42"), text.index("42") + 2)
    assert "<mark>42</mark>" in written(text, span)
    assert "<mark>42</mark>" in as_written(text, span)


def test_a_formula_that_was_read_is_marked_whole():
    text = r"Thus $\boxed{42}$."
    at = text.index("42")
    said = str(written(text, (at, at + 2)))
    assert "<mark><math" in said
    checked(said)


@pytest.mark.parametrize("span", [(-1, 3), (5, 2), (0, 10**9), (3, 3)])
def test_a_stretch_that_is_none_marks_nothing(span):
    assert "<mark>" not in written("some text", span)


def test_a_text_that_is_too_long_is_shown_as_written():
    said = str(written("**a** " * MOST))
    assert said.startswith('<pre class="as-written">')
    checked(said)


HARD = {
    "brackets": "[" * MOST,
    "stars": "*a **a " * 2_800,
    "quotes": "> " * 9_000,
    "lists": "".join("  " * i + "- x\n" for i in range(140)),
    "dollars": "$a " * 6_600,
    "parentheses": "\\(" * 9_000,
    "ticks": "`a``b" * 4_000,
    "tables": ("|a" * 50 + "\n" + "|-" * 50 + "\n") * 90,
    "fractions": "$" + r"\frac{" * 150 + "}" * 150 + "$",
    "powers": "$" + "x^" * 400 + "$",
    "matrices": "$$" + r"\begin{matrix}" * 60 + "$$",
    "java": "```java\n" + "a " * 5_000,
    "ruby": "```ruby\n" + "<<A " * 2_500,
    "many pieces of code": "```java\na a a a a a a a a a a a a a a a a a\n```\n" * 400,
}


@pytest.mark.parametrize("name", HARD)
def test_texts_that_are_hard_to_read_are_shown_in_bounded_time(name):
    began = time.process_time()
    checked(written(HARD[name][:MOST]))
    assert time.process_time() - began < 10  # quadratic ones took minutes; a slow machine takes a second
