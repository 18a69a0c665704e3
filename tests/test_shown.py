"""Prompts as a model reads them: where each example begins, what a server would be sent, and nothing asked."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.engine import Done, plan
from sinan.errors import UnknownName, UsageError
from sinan.models import open_model
from sinan.models.written import written
from sinan.prompts import Template, WithPrefill, WithSystem
from sinan.shown import Shown, begins, shown
from sinan.types import Message, Prompt, Rendered, RunSpec, Sample, Sampling
from tests.fakes import FakeModel, benchmark

SERVER = "openai/x?base_url=http://127.0.0.1:9/v1"
SHOTS = [Sample("a", "first", "one"), Sample("b", "second", "two")]
ASKED = Sample("q", "third", "three")
WORDS = st.text("ab \nQ:", min_size=1, max_size=12).filter(str.strip)


@given(WORDS, WORDS, WORDS, st.sampled_from(["", "About this.\n\n"]), st.booleans())
def test_an_example_begins_where_its_text_stands(one, two, question, header, told):
    template = Template(header=header, base="Question: {question}\nAnswer:", answer=" {target}")
    builder = WithSystem(template, "Be brief.") if told else template
    shots = [Sample("a", one, "x"), Sample("b", two, "y")]
    found = begins(builder, Sample("q", question, "z"), "base", shots)
    text = builder(Sample("q", question, "z"), "base", shots).text
    assert [example.id for example in found] == ["a", "b", ""]
    for example, said in zip(found, (one, two, question), strict=True):
        assert text[example.offset :].startswith(f"Question: {said}")


def test_in_a_chat_examples_are_messages_or_part_of_one():
    wrapped = WithPrefill(WithSystem(Template(), "S"), "So")
    assert [(e.message, e.offset) for e in begins(wrapped, ASKED, "chat", SHOTS)] == [(1, 0), (3, 0), (5, 0)]
    one_text = begins(Template(shots_as="text"), ASKED, "chat", SHOTS)
    assert [(e.id, e.message, e.offset) for e in one_text] == [("a", 0, 0), ("b", 0, 11), ("", 0, 23)]
    assert begins(Template(), ASKED, "chat", ()) == ()


def test_places_are_found_in_what_a_chat_template_wrote():
    protocol = benchmark([ASKED], prompt=Template(header="H\n\n"))
    spec = RunSpec(("toy",), ("fake/one",))
    cell = plan.cell(protocol, protocol.protocols["default"], FakeModel(str), spec, Done())
    question = next(iter(cell.questions))
    prompt = Template(header="H\n\n")(ASKED, "chat", SHOTS)
    text = "<s>" + "".join(f"<{m.role}>{m.content}</>" for m in prompt.messages)
    from dataclasses import replace

    one = Shown(
        cell,
        "default",
        replace(question, prompt=prompt),
        Rendered(text),
        "",
        begins(Template(header="H\n\n"), ASKED, "chat", SHOTS),
    )
    assert [(text[place:].partition("<")[0], name) for place, name in one.places()] == [
        ("first", "a"),
        ("second", "b"),
        ("third", ""),
    ]


def test_the_request_is_the_very_one_and_nothing_is_sent():
    model = open_model(SERVER)
    prompt = Prompt(messages=(Message("user", "Hi?"),))
    path, body = asyncio.run(written(model, prompt, Sampling(max_tokens=5, stop=("x",)), "generate"))
    assert path == "/chat/completions"
    assert body["messages"] == [{"role": "user", "content": "Hi?"}]
    assert (body["model"], body["max_tokens"], body["stop"]) == ("x", 5, ["x"])
    path, body = asyncio.run(written(model, Prompt(text="A", continuations=(" b",)), Sampling(), "loglikelihood"))
    assert path == "/completions" and body["prompt"] == "A b"
    assert asyncio.run(written(open_model("needle/xs"), prompt, Sampling(), "generate")) is None


def see(target, model, sample_id=None, **how):
    return asyncio.run(shown(RunSpec((target,), (model,), **how), sample_id))


def test_the_first_question_is_shown_or_as_many_as_are_wanted_or_one_by_its_id():
    assert [one.question.sample.id for one in see("logic", SERVER)] == ["0"]
    assert [one.question.sample.id for one in see("logic", SERVER, limit=3)] == ["0", "1", "2"]
    assert [one.question.sample.id for one in see("logic", SERVER, "7")] == ["7"]
    assert see("logic", SERVER, "none") == []
    assert [one.question.sample.id for one in see("logic", SERVER, protocol="generate", rotate=True)] == [
        "0~0",
        "0~1",
        "0~2",
    ]


def test_what_a_run_would_refuse_is_refused():
    with pytest.raises(UnknownName):
        see("logic", SERVER, protocol="none")
    with pytest.raises(UsageError, match="takes no beginning"):
        see("logic", SERVER, protocol="generate", prefill="x")
