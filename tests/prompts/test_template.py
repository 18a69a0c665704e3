"""A template fills its holes from the sample and leaves everything else as it is."""

import pytest

from sinan.prompts import ByChoices, Template
from sinan.types import Image, Sample

PICTURE = Image("/p.png", "a" * 64, "image/png")
SAMPLE = Sample("1", "Which {one}?", "B", ("x{", "y"), metadata={"subject": "law"})
SHOT = Sample("2", "Which two?", "A", ("v", "w"), metadata={"subject": "law"})


def test_braces_of_a_question_are_kept():
    text = Template(base="{question}\n{options}\nAnswer:")(SAMPLE, "base", ()).text
    assert text == "Which {one}?\nA. x{\nB. y\nAnswer:"


def test_examples_are_paragraphs_of_text_and_turns_of_a_chat():
    template = Template(header="About {subject}.\n\n", base="Q: {question}\nA:", chat="{question}")
    assert template(SAMPLE, "base", [SHOT]).text == "About law.\n\nQ: Which two?\nA: A\n\nQ: Which {one}?\nA:"
    messages = template(SAMPLE, "chat", [SHOT]).messages
    assert [(m.role, m.content) for m in messages] == [
        ("system", "About law."),
        ("user", "Which two?"),
        ("assistant", "A"),
        ("user", "Which {one}?"),
    ]


def test_continuations_make_a_prompt_of_text_whatever_the_form():
    prompt = Template(continuations=" {letter}: {choice}")(SAMPLE, "chat", ())
    assert prompt.continuations == (" A: x{", " B: y")
    assert not prompt.messages


def test_a_picture_stands_where_the_text_names_it_and_else_before_it():
    template = Template(chat="{question} Well?")
    named = template(Sample("1", "See <image1> there.", "1", images=(PICTURE,)), "chat", ()).to_json()[0]["content"]
    assert [part["type"] for part in named] == ["text", "image", "text"]
    first = template(Sample("1", "See.", "1", images=(PICTURE,)), "chat", ()).to_json()[0]["content"]
    assert [part["type"] for part in first] == ["image", "text"]


@pytest.mark.parametrize("form", ["base", "chat"])
def test_a_picture_is_never_left_out(form):
    assert Template()(Sample("1", "See.", "1", images=(PICTURE,)), form, ()).images == (PICTURE,)


def test_each_sample_is_asked_by_the_template_that_suits_it():
    both = ByChoices(choice=Template(base="choose"), free=Template(base="say"))
    assert both(SAMPLE, "base", ()).text == "choose"
    assert both(Sample("1", "?", "1"), "base", ()).text == "say"


def test_messages_keep_their_pictures():
    sample = Sample("1", "u", "1", images=(PICTURE,), metadata={"messages": [{"role": "user", "content": "u"}]})
    both = ByChoices(choice=Template(), free=Template())
    assert both(sample, "chat", ()).images == (PICTURE,)
