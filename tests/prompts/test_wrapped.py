"""What a user puts around a protocol's prompts stands where it should, in both forms."""

from dataclasses import dataclass

import pytest

from sinan.errors import UsageError
from sinan.prompts import ByChoices, FurtherTurns, Template, WithPrefill, WithSystem, shown_as
from sinan.types import Image, Prompt, Sample

SAMPLE = Sample("1", "One?", "x", metadata={"turns": ["Two?", "Three?"]})
SHOT = Sample("0", "Zero?", "z")
PICTURE = Image("/p.png", "a" * 64, "image/png")


def roles(prompt):
    return [(message.role, message.content) for message in prompt.messages]


def test_a_system_prompt_stands_before_all_else():
    plain, told = WithSystem(Template(), "Be brief."), WithSystem(Template(header="About x.\n\n"), "Be brief.")
    assert roles(plain(SAMPLE, "chat", ())) == [("system", "Be brief."), ("user", "One?")]
    assert roles(told(SAMPLE, "chat", ())) == [("system", "Be brief.\n\nAbout x."), ("user", "One?")]
    assert plain(SAMPLE, "base", ()).text == "Be brief.\n\nQuestion: One?\nAnswer:"


def test_a_system_prompt_stands_before_what_continuations_follow():
    @dataclass(frozen=True)
    class Contexts:
        rolling: bool = False

        def __call__(self, sample, form, shots):
            return Prompt(text="c", continuations=("x", "y"), contexts=("c", "d"), rolling=self.rolling)

    assert WithSystem(Contexts(), "S")(SAMPLE, "base", ()).contexts == ("S\n\nc", "S\n\nd")
    with pytest.raises(UsageError, match="nothing can go before it"):
        WithSystem(Contexts(True), "S")(SAMPLE, "base", ())


def test_a_prefill_ends_a_text_and_is_the_last_message_of_a_chat():
    builder = WithPrefill(WithSystem(Template(), "S"), " The answer is")
    assert builder(SAMPLE, "base", ()).text.endswith("Answer: The answer is")
    prompt = builder(SAMPLE, "chat", ())
    assert roles(prompt)[-1] == ("assistant", "The answer is")
    assert prompt.prefill == "The answer is"


def test_examples_can_stand_in_one_text_with_the_question():
    shown = Template(header="H\n\n", shots_as="text")(SAMPLE, "chat", [SHOT])
    assert roles(shown) == [("system", "H"), ("user", "Zero?\nz\n\nOne?")]
    assert roles(Template(shots_as="text")(SAMPLE, "chat", ())) == [("user", "One?")]
    pictured = Template(shots_as="text")(Sample("2", "See?", "y", images=(PICTURE,)), "chat", [SHOT])
    assert pictured.images == (PICTURE,)
    assert len(pictured.messages) == 1


def test_the_choice_reaches_a_template_wherever_it_is():
    built = shown_as(WithSystem(ByChoices(Template(), Template(chat="{question}!")), "S"), "text")
    assert roles(built(SAMPLE, "chat", [SHOT]))[-1] == ("user", "Zero?!\nz\n\nOne?!")

    @dataclass(frozen=True)
    class Whole:
        def __call__(self, sample, form, shots):
            return Prompt(text="x")

    with pytest.raises(UsageError, match="written whole"):
        shown_as(Whole(), "text")


def test_further_turns_are_asked_as_the_first():
    asked = FurtherTurns(Template(chat="Q: {question}"))
    prompt = asked(SAMPLE, "chat", ())
    assert roles(prompt) == [("user", "Q: One?")]
    assert [(turn.role, turn.content) for turn in prompt.turns] == [("user", "Q: Two?"), ("user", "Q: Three?")]
    text = asked(SAMPLE, "base", ())
    assert text.text + " a" + text.turns[0].content == "Question: One?\nAnswer: a\n\nQuestion: Two?\nAnswer:"
    assert asked(SHOT, "chat", ()).turns == ()
