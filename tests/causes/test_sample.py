"""What must hold of the causes of any two answers, whatever they say."""

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.causes import Answer, Side, causes
from sinan.engine.sample import judge
from sinan.prompts import Template
from sinan.scoring import After, Exact, Number
from sinan.solving import OneTurn
from sinan.statistics import accuracy
from sinan.store.record import DEFAULTS, to_record
from sinan.types import CAUSES, Cell, Completion, Protocol, Question, Sample, SampleResult, Sampling
from tests.fakes import FakeModel

TEXTS = ("7", "The answer is 7.", "I say 8", "so\n7", "The answer is 7.\nNo: 8", "", "8\n\nQ")
settings = settings(max_examples=300, deadline=None)


@st.composite
def sides(draw):
    protocol = Protocol(
        Template(chat=draw(st.sampled_from(("{question}", "Say: {question}")))),
        OneTurn(),
        draw(st.sampled_from((Number(), After(), Exact()))),
    )
    sampling = Sampling(
        temperature=draw(st.sampled_from((0.0, 1.0))),
        max_tokens=draw(st.sampled_from((None, 2, 9))),
        stop=draw(st.sampled_from(((), ("\n",), ("No",)))),
    )
    model = FakeModel(str, name=draw(st.sampled_from(("m/one", "m/two"))))
    cell = Cell("toy", model, protocol, sampling, (accuracy,), ())
    entry = {"benchmark": "toy", "model": model.name, "protocol": "default", "version": "1", "metric": "accuracy"}
    entry |= {"sampling": sampling.to_json(), "prompt": repr(protocol.prompt), "scorer": repr(protocol.scorer)}
    spec = {"targets": ["toy"], "models": [model.name], "seed": draw(st.integers(0, 1)), "parameters": {}}
    about = {"spec": spec, "cells": [entry], "models": [{"name": model.name, "identity": {}}]}
    return Side("run", about, entry, accuracy, cell if draw(st.booleans()) else None), cell


@st.composite
def answers(draw, side):
    side, cell = side
    sample = Sample("1", draw(st.sampled_from(("two", "three"))), draw(st.sampled_from(("7", "8"))))
    prompt = cell.protocol.prompt(sample, "chat", ())
    question = Question(sample, prompt, prompt_hash=prompt.hash)
    text, reason = draw(st.sampled_from(TEXTS)), draw(st.sampled_from(("stop", "length")))
    completion = Completion(text, reason)
    result = SampleResult("toy", cell.model.name, question, completion, judge(cell, question, completion))
    row = {**DEFAULTS, "finish_reason": "stop", **to_record(result)}
    return Answer(row, completion, question if side.asked else None)


@st.composite
def pairs(draw):
    one, other = draw(sides()), draw(sides())
    return one[0], other[0], draw(answers(one)), draw(answers(other))


@given(pairs())
@settings
def test_a_difference_always_has_a_cause(pair):
    a, b, x, y = pair
    named, detail = causes(a, b, x, y)
    if any(x.row[name] != y.row[name] for name in ("score", "outcome", "answer")):
        assert named and set(named) <= set(CAUSES) - {"unknown"} and detail
        assert list(named) == sorted(named, key=CAUSES.index)


@given(pairs())
@settings
def test_the_causes_are_the_same_from_either_side(pair):
    a, b, x, y = pair
    assert causes(a, b, x, y)[0] == causes(b, a, y, x)[0]


@given(pairs())
@settings
def test_what_is_alike_in_both_is_never_a_cause(pair):
    a, b, x, y = pair
    named = set(causes(a, b, x, y)[0])
    if a.entry["scorer"] == b.entry["scorer"] and x.row["target"] == y.row["target"]:
        assert x.completion == y.completion or not named & {"extraction", "scorer"}
    if a.model == b.model:
        assert "model" not in named
    if a.sampling == b.sampling and a.spec.seed == b.spec.seed:
        assert not named & {"sampling", "stop"}
    if x.row["prompt_hash"] == y.row["prompt_hash"]:
        assert not named & {"prompt", "few-shot", "template"}


@given(pairs())
@settings
def test_one_completion_needs_no_cause_before_it_was_read(pair):
    a, b, x, y = pair
    y = dataclasses.replace(y, completion=x.completion)
    row = {**y.row, "completion": x.completion.text, "finish_reason": x.completion.finish_reason}
    named = set(causes(a, b, x, dataclasses.replace(y, row=row))[0])
    assert named <= {"data", "extraction", "scorer"}
