"""Judges as a role, through the whole program: asked like any model, remembered, limited, counted; and no answer is
lost to them: not to a judge that fails, not to one that says nothing, not to a kill -9 while it thinks."""

import json
import signal

import pytest

from sinan.store import journal
from tests.in_process import sinan
from tests.server import ChatServer
from tests.test_end_to_end import one_line, start, the_run, until

MINE = """
from dataclasses import dataclass
from sinan.errors import NoVerdict, RequestRejected
from sinan.prompts import Template
from sinan.solving import OneTurn
from sinan.statistics import accuracy
from sinan.types import *

@dataclass(frozen=True)
class Asked:
    times: int = 1
    temperature: float = 0.0
    def __call__(self, sample, completion):
        raise RequestRejected("it is judged by a model")
    async def judge(self, sample, completion, judges):
        texts = []
        for judge in judges:
            for _ in range(self.times):
                prompt = Prompt(messages=(Message("user", f"judge {completion.text}"),))
                texts.append((await judge.generate(prompt, Sampling(self.temperature, 16))).text)
        verdicts = [text for text in texts if text in ("yes", "no")]
        if len(verdicts) < len(texts):
            raise NoVerdict(f"no verdict in {texts}")
        right = verdicts.count("yes") * 2 > len(verdicts)
        return Score(float(right), Outcome.CORRECT if right else Outcome.WRONG, "", evidence={"verdicts": verdicts})

def benchmark():
    rows = [Sample(str(i), f"#{i}", "") for i in range(12)]
    protocol = Protocol(Template(chat="{question}"), OneTurn(), Asked())
    card = Card("Mine", "x", "own", ("en",), "", "")
    return Benchmark("mine", card, Dataset(lambda s, seed: rows, size=12), accuracy,
        {"default": protocol, "twice": Protocol(Template(chat="{question}"), OneTurn(), Asked(2)),
         "drawn": Protocol(Template(chat="{question}"), OneTurn(), Asked(2, 1.0))})
"""


@pytest.fixture
def work(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


def answer(question):
    return f"answer to {question}"


def verdict(question):
    return "yes" if int(question.rpartition("#")[2]) % 3 else "no"


def run(work, model, *judges, more=()):
    named = [word for judge in judges for word in ("--judge", judge)]
    return sinan(work, "run", "./mine.py", "-m", model, *named, "--json", *more)


def judge_of(server, name="judge"):
    return f"openai/{name}?base_url={server.url}"


def test_a_judge_is_asked_once_for_each_answer_and_what_it_took_stands_in_the_results(work):
    with ChatServer(answer) as model, ChatServer(verdict) as judge:
        code, out, err = run(work, model.model, judge_of(judge))
    document = json.loads(out)
    (result,) = document["results"]
    assert code == 0, err
    assert (result["value"], result["n"]) == (8 / 12, 12)
    assert result["judges"] == ["openai/judge"]
    expected = {"calls": 12, "cached": 0, "failed": 0, "tokens_in": 84, "tokens_out": 36, "cost_usd": None}
    assert result["judging"] == expected
    assert (result["tokens_in"], document["requests"]["sent"]) == (84, 12), "the judge's are not the model's"
    assert sorted(judge.asked.values()) == [1] * 12
    about = json.loads((the_run(work) / "run.json").read_text())
    assert [one["name"] for one in about["judges"]] == ["openai/judge"]
    code, out, err = sinan(work, "show", "last", "--samples", "--json")
    row = json.loads(out)["samples"][0]
    assert row["evidence"]["verdicts"] and row["judging"]["calls"] == 1 and row["judged"] is True


def test_a_judge_that_gives_no_verdict_fails_and_is_asked_again_but_the_model_is_not(work):
    with ChatServer(answer) as model, ChatServer(lambda q: "Answer: B" if q.endswith("#5") else verdict(q)) as judge:
        code, out, err = run(work, model.model, judge_of(judge))
        (result,) = json.loads(out)["results"]
        assert code == 1
        assert (result["n"], result["outcomes"]["failed"], result["judging"]["failed"]) == (11, 1, 1)
        one_line(err, code, 1, "1 failed", "no verdict")
        judge.answer = verdict
        code, out, err = sinan(work, "run", "--resume", "last", "--json")
        (result,) = json.loads(out)["results"]
    assert code == 0 and result["n"] == 12
    assert sorted(model.asked.values()) == [1] * 12
    assert sum(judge.asked.values()) == 13
    assert result["judging"]["failed"] == 0 and result["judging"]["calls"] == 12


def test_kill_9_while_judges_think_loses_no_answer(work):
    with ChatServer(answer) as model, ChatServer(verdict, hold_after=5) as judge:
        process = start(work, "run", "./mine.py", "-m", model.model, "--judge", judge_of(judge), "--no-cache")
        until(lambda: judge.held.is_set() and len(judge.asked) == 12)
        until(lambda: len(list(journal.read(the_run(work) / "journal.jsonl"))) >= 12)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        judge.release()
        code, out, err = sinan(work, "show", "last", "--json")
        assert code == 0, err
        code, out, err = sinan(work, "run", "--resume", "last", "--json")
        document = json.loads(out)
    assert code == 0, err
    assert sorted(model.asked.values()) == [1] * 12, "every answer was kept, with a verdict or without"
    assert document["results"][0]["n"] == 12 and document["results"][0]["value"] == 8 / 12
    code, out, err = sinan(work, "show", "last", "--samples", "--json")
    assert [row["outcome"] for row in json.loads(out)["samples"]].count("failed") == 0


def test_judges_are_remembered_and_a_second_call_is_a_second_answer(work):
    with ChatServer(answer) as model, ChatServer(verdict) as judge:
        for _ in range(2):
            _code, out, _err = run(work, model.model, judge_of(judge), more=("--protocol", "twice"))
        (result,) = json.loads(out)["results"]
    assert sum(judge.asked.values()) == 24, "twice for each answer, once and for all"
    assert (result["judging"]["calls"], result["judging"]["cached"]) == (0, 24)


def test_a_panel_is_asked_whole(work):
    with ChatServer(answer) as model, ChatServer(verdict) as judge:
        _code, out, _err = run(work, model.model, judge_of(judge, "one"), judge_of(judge, "two"))
    assert json.loads(out)["results"][0]["judges"] == ["openai/one", "openai/two"]
    assert sum(judge.asked.values()) == 24


def test_what_cannot_be_judged_is_told_before_anything_is_asked(work):
    (work / "q.jsonl").write_text('{"question": "#1", "answer": "7"}\n')
    with ChatServer(answer) as model:
        code, _out, err = run(work, model.model)
        one_line(err, code, 2, "judged by a model", "--judge")
        code, _out, err = sinan(work, "run", "q.jsonl", "-m", model.model, "--judge", "needle/m")
        one_line(err, code, 2, "--judge needle/m", "no answer here is judged by a model")
        assert not model.asked


def test_a_judge_that_cannot_be_reached_stops_the_run_and_every_answer_is_kept(work):
    with ChatServer(answer) as model, ChatServer(lambda q: (401, "no such key")) as judge:
        code, out, err = run(work, model.model, judge_of(judge))
        assert code == 2 and "judge" in err and "Traceback" not in err
        kept = [record["completion"] for record in journal.read(the_run(work) / "journal.jsonl")]
        judge.answer = verdict
        code, out, err = sinan(work, "run", "--resume", "last", "--json")
    assert code == 0, err
    assert kept and [model.asked[text.removeprefix("answer to ")] for text in kept] == [1] * len(kept)
    assert json.loads(out)["results"][0]["n"] == 12


def test_an_estimate_says_that_verdicts_are_not_in_it(work):
    with ChatServer(answer) as model:
        code, out, err = sinan(work, "run", "./mine.py", "-m", model.model, "--judge", "needle/m", "--dry-run")
    assert code == 0, err
    assert "12 answers are to be judged by needle/m" in out


def test_a_limit_on_tokens_counts_judges_too(work):
    with ChatServer(answer) as model, ChatServer(verdict) as judge:
        limits = ("--max-tokens-total", "100", "--concurrency", "1")
        code, out, err = run(work, model.model, judge_of(judge), more=limits)
        assert code == 3, err
        spent = 10 * (sum(model.asked.values()) + sum(judge.asked.values()))
        assert spent <= 130
        code, out, err = sinan(work, "run", "--resume", "last", "--json")
    assert code == 0, err
    assert json.loads(out)["results"][0]["n"] == 12
    assert sorted(model.asked.values()) == [1] * 12
    assert sorted(judge.asked.values()) == [1] * 12


def test_stored_answers_are_judged_again_by_another_judge(work):
    with ChatServer(answer) as model, ChatServer(verdict) as judge, ChatServer(lambda q: "yes") as kind:
        run(work, model.model, judge_of(judge))
        code, out, err = sinan(work, "score", "last", "--json", "--judge", judge_of(kind, "kind"))
    assert code == 0, err
    (result,) = json.loads(out)["results"]
    assert result["judges"] == ["openai/kind"] and result["value"] == 1.0
    assert sorted(model.asked.values()) == [1] * 12
    assert sum(kind.asked.values()) == 12


def test_a_comparison_says_that_others_judged(work):
    with ChatServer(answer) as model, ChatServer(verdict) as judge, ChatServer(lambda q: "yes") as kind:
        run(work, model.model, judge_of(judge))
        run(work, model.model, judge_of(kind, "kind"))
    first, second = sorted((path.name for path in (work / "runs").iterdir()), key=lambda name: name)
    code, out, err = sinan(work, "compare", first, second, "--json")
    assert code == 0, err
    (one,) = json.loads(out)["comparisons"]
    told = [str(difference) for difference in one["protocol_differences"]]
    assert any("judge" in difference and "openai/kind" in difference for difference in told), told
    assert one["flips"]["a_only"] + one["flips"]["b_only"] == 4
