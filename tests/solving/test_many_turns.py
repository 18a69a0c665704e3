"""Turns are asked one after the other, each with the answers so far."""

import asyncio
import json

import pytest

import sinan
from sinan.errors import TransientError
from sinan.prompts import FurtherTurns, Template
from sinan.solving import ManyTurns
from sinan.types import Completion, Outcome, Prompt, Sample, Sampling, Usage
from tests.catalog.conftest import DATA
from tests.fakes import FakeModel

SAMPLE = Sample("1", "One?", "", metadata={"turns": ["Two?", "Three?"]})


class Conversing(FakeModel):
    """Says how many messages it has read; thinks before it answers; may fail at a turn."""

    seen: list[Prompt]
    fails_at: int = 0

    async def generate(self, prompt, sampling):
        self.seen = [*getattr(self, "seen", []), prompt]
        if len(self.seen) == self.fails_at:
            raise TransientError("cut")
        number = len(self.seen)
        return Completion(
            f"<think>t{number}</think>a{number}", "stop", Usage(10, number), latency_s=0.5, attempts=2, requests=1
        )


def ask(model, form="chat"):
    prompt = FurtherTurns(Template())(SAMPLE, form, ())
    return asyncio.run(ManyTurns()(model, prompt, Sampling()))


def test_each_turn_sees_the_answers_before_it_and_no_thoughts():
    model = Conversing(str)
    completion = ask(model)
    assert [[m.content for m in prompt.messages] for prompt in model.seen] == [
        ["One?"],
        ["One?", "a1", "Two?"],
        ["One?", "a1", "Two?", "a2", "Three?"],
    ]
    assert [m.role for m in model.seen[-1].messages] == ["user", "assistant"] * 2 + ["user"]
    assert not any(prompt.turns for prompt in model.seen)
    assert completion.text == "a3" and completion.turns == ("a1", "a2", "a3")
    assert completion.reasoning == "t1\n\nt2\n\nt3"
    assert completion.usage == Usage(30, 6)
    assert (completion.requests, completion.attempts, completion.latency_s) == (3, 4, 1.5)


def test_a_base_model_goes_on_with_the_text():
    model = Conversing(str, form="base")
    ask(model, "base")
    assert model.seen[-1].text == "Question: One?\nAnswer:a1\n\nQuestion: Two?\nAnswer:a2\n\nQuestion: Three?\nAnswer:"


def test_a_later_turn_that_fails_fails_the_sample():
    model = Conversing(str)
    model.fails_at = 2
    with pytest.raises(TransientError):
        ask(model)


def test_a_turn_that_was_cut_shows():
    class Cut(Conversing):
        async def generate(self, prompt, sampling):
            came = await super().generate(prompt, sampling)
            return Completion(came.text, "length" if len(self.seen) == 2 else "stop")

    completion = ask(Cut(str))
    assert completion.finish_reason == "length"
    assert completion.usage == Usage(None, None)


def conversations(tmp_path):
    path = tmp_path / "turns.jsonl"
    rows = [{"turns": [f"say {i}", f"again {i}"], "category": "writing"} for i in range(3)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_conversations_without_answers_are_collected_and_not_scored(tmp_path, monkeypatch):
    from tests.server import ChatServer

    monkeypatch.chdir(tmp_path)
    with ChatServer(lambda question: question.upper()) as server:
        run = sinan.run(str(conversations(tmp_path)), server.model)
        again = sinan.run(str(conversations(tmp_path)), server.model)
    assert run.status == "complete" and run.failed == 0
    (result,) = run.results
    assert result.outcomes[Outcome.COLLECTED] == 3
    assert (result.estimate.value, result.estimate.n) == (None, 0)
    rows = run.samples().project("turns, completion, score, outcome").fetchall()
    assert sorted(rows)[0] == ('["SAY 0","AGAIN 0"]', "AGAIN 0", None, "collected")
    assert again.requests["cached"] == 3 and again.results[0].outcomes[Outcome.COLLECTED] == 3


def test_the_questions_of_mt_bench_are_conversations():
    path = DATA / "judge/mt_bench/mt_bench/question.jsonl"
    if not path.is_file():
        pytest.skip(f"the questions are not on this machine (looked in {path})")
    from sinan import catalog

    benchmark = catalog.load(str(path))
    samples = list(benchmark.dataset.read("", 0))
    prompts = [benchmark.protocols["default"].prompt(sample, "chat", ()) for sample in samples]
    assert len(samples) == 80
    assert {len(prompt.turns) for prompt in prompts} == {1}
    assert "not scored" in benchmark.card.note
