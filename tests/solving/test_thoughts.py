"""Thoughts are told apart from the answer, and an answer is never read from them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.scoring import Exact, Letter, Number
from sinan.solving import OneTurn
from sinan.solving.thoughts import separated
from sinan.types import Completion, Message, Outcome, Prompt, Sample, Sampling
from tests.fakes import FakeModel

THINKS = Sampling(think_end="</think>", stop=("\n\n",))


@pytest.mark.parametrize(
    ("text", "sampling", "answer", "reasoning", "finish"),
    [
        ("<think>2+2</think>\n\n4", Sampling(), "4", "2+2", "stop"),
        ("2+2</think>4", Sampling(), "4", "2+2", "stop"),  # the opening mark was the template's
        ("<think>2+2", Sampling(), "", "2+2", "length"),
        ("4", Sampling(), "4", "", "stop"),
        ("4", Sampling(stop=("4",)), "4", "", "stop"),  # the server was told where to stop
        ("a</think>b</think>4", Sampling(), "4", "a</think>b", "stop"),
        ("ANSWER: 4", THINKS, "", "ANSWER: 4", "length"),
        ("a\n\nb</think>\n\n4\n\nmore", THINKS, "4", "a\n\nb", "stop"),
        ("a<|end|>4", Sampling(think_end="<|end|>"), "4", "a", "stop"),
        ("<think></think>", Sampling(), "", "", "stop"),
    ],
)
def test_text_is_cut_into_thoughts_and_answer(text, sampling, answer, reasoning, finish):
    found = separated(Completion(text, "stop"), sampling)
    assert (found.text, found.reasoning, found.finish_reason) == (answer, reasoning, finish)


def test_what_the_server_took_out_itself_is_kept_and_the_rest_is_the_answer():
    found = separated(Completion("4\n\nmore", "length", reasoning="2+2"), THINKS)
    assert (found.text, found.reasoning, found.finish_reason) == ("4", "2+2", "stop")
    assert separated(Completion("a</think>4", "stop", reasoning="x"), THINKS).reasoning == "x\na"


def test_a_refusal_is_not_an_answer_that_was_cut():
    assert separated(Completion("No.", "refusal"), THINKS) == Completion("No.", "refusal")


@pytest.mark.parametrize("scorer", [Letter(), Number(), Exact()])
def test_an_answer_within_thoughts_that_never_end_counts_as_truncated(scorer):
    for text, sampling in (("<think>ANSWER: B", Sampling()), ("ANSWER: 18\nB", THINKS)):
        score = scorer(Sample("1", "?", "B", ("x", "y")), separated(Completion(text, "stop"), sampling))
        assert (score.outcome, score.value, score.answer) == (Outcome.TRUNCATED, 0.0, None)


@given(st.text(max_size=40), st.text(max_size=40))
def test_an_answer_without_marks_is_left_as_it_is(thoughts, answer):
    if "</think>" in answer or "<think>" in answer or "</think>" in thoughts:
        return
    found = separated(Completion(f"<think>{thoughts}</think>{answer}", "stop"), Sampling())
    assert found.text == answer.lstrip()
    assert separated(found, Sampling()).text == found.text


def test_a_prefill_is_part_of_the_answer():
    def asked(prompt, prefill, answer, form="chat"):
        class Model(FakeModel):
            async def generate(self, prompt, sampling):
                return Completion(answer, "stop")

        return asyncio.run(OneTurn(prefill=prefill)(Model(str, form=form), prompt, Sampling()))

    chat = Prompt(messages=(Message("user", "?"), Message("assistant", "The answer is (")))
    assert asked(chat, " The answer is (", "B)").text == "The answer is (B)"
    assert asked(Prompt(text="? The answer is ("), " The answer is (", "B)").text == " The answer is (B)"
    begun = asked(Prompt(text="<think>"), "<think>", "never ends")
    assert (begun.text, begun.finish_reason) == ("", "length")
