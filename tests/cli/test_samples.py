"""Samples on a terminal: what a reader must see of a verdict."""

import io
import json

import pytest
from rich.console import Console

from sinan.cli import samples
from tests.in_process import sinan
from tests.server import ChatServer

ROW = {
    "benchmark": "own",
    "sample_id": "1",
    "model": "m",
    "draw": 0,
    "outcome": "wrong",
    "prompt": "Capital of France?",
    "shots": [],
    "prompt_ids": "",
    "reasoning": None,
    "loglikelihoods": None,
    "turns": None,
    "completion": "Lyon",
    "answer": "Lyon",
    "target": "Paris",
    "score": 0.0,
    "scores": {},
    "explanation": "",
    "metadata": {},
    "evidence": {},
    "finish_reason": "stop",
    "tokens_in": 1,
    "tokens_out": 1,
    "latency_s": 0.1,
    "attempts": 1,
    "group": "",
}


@pytest.fixture
def printed(monkeypatch):
    def show(width, call, *arguments):
        out = Console(file=io.StringIO(), width=width)
        monkeypatch.setattr(samples, "console", lambda: out)
        call(*arguments)
        return out.file.getvalue()

    return show


def test_every_right_answer_is_shown(printed):
    row = ROW | {"metadata": {"golds": ["Paris", "the French capital"]}}
    assert "target: Paris (or: the French capital)" in printed(80, samples.print_sample, row)
    assert "target: Paris\n" in printed(80, samples.print_sample, ROW)


def test_what_a_program_printed_is_shown_line_by_line(printed):
    told = printed(80, samples.print_sample, ROW | {"evidence": {"expected": 8, "runs": [{"stderr": "a\n  b\n"}]}})
    assert "expected: 8\nruns:\n  1:\n    stderr:\n      a\n        b\n" in told


def test_the_mark_of_an_outcome_is_there_on_a_narrow_terminal(printed):
    row = ROW | {"completion": "a long answer " * 20, "answer": "a long answer " * 3, "target": "passes its tests"}
    assert " x  1 " in printed(80, samples.print_page, [row], 1, 1, 20)


def test_draws_of_a_sample_stand_in_their_order(tmp_path):
    (tmp_path / "own.jsonl").write_text(json.dumps({"question": "?", "answer": "1"}))
    with ChatServer(lambda asked: "ANSWER: 1") as server:
        options = ("--samples", "9", "-p", "temperature=1", "--quiet")
        code, _, err = sinan(tmp_path, "run", "own.jsonl", "-m", server.model, *options)
        assert code == 0, err
    code, out, err = sinan(tmp_path, "show", "last", "--id", "0", "--json")
    assert code == 0, err
    assert [row["draw"] for row in json.loads(out)["samples"]] == list(range(9))
