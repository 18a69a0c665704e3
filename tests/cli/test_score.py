"""`sinan score`: stored answers judged anew, as a run of its own, with nothing asked and the old run untouched."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import sinan
from sinan.cli.main import _code
from sinan.errors import StoreError, UnknownName, UsageError
from sinan.evaluate import stored_results
from sinan.score_again import score_again
from sinan.store import frames, journal
from sinan.store.folder import RunFolder
from tests.server import ChatServer

OWN = """
from dataclasses import dataclass, replace
from sinan.catalog.own import from_file
from sinan.types import Outcome, Score

@dataclass(frozen=True)
class Judge:
    def __call__(self, sample, completion):
        BODY

def benchmark():
    made = from_file("q.jsonl")
    protocol = replace(made.protocols["default"], scorer=Judge())
    return replace(made, id="mine", protocols={"default": protocol})
"""
RIGHT = "return Score(1.0, Outcome.CORRECT, completion.text)"


def number_in(question):
    return int(question.split("#")[1])


def apples(question):
    """Right as a number; as a text it is not the target."""
    return f"ANSWER: {number_in(question) * 7} apples"


def rows(count=12):
    return [{"id": f"r{i}", "question": f"#{i}# times seven?", "answer": str(i * 7)} for i in range(count)]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    monkeypatch.setenv("SINAN_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "q.jsonl", rows())
    return tmp_path


def ask(target="q.jsonl", answer=apples, **how):
    """A run against a server that is gone when this returns: nothing can be asked any more."""
    with ChatServer(answer) as server:
        return sinan.run(target, server.model, cache=False, **how)


def content(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def page(run):
    return frames.page(RunFolder(Path(run)), {}, 100)


def test_another_scorer_gives_other_numbers_and_a_whole_run(work, capsys):
    old = ask()
    assert old.results[0].estimate.value == 1.0
    before = content(work / old.path)
    assert _code(["score", old.id, "--scorer", "exact", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"run", "path", "status", "results", "requests", "seconds", "scored_from"}
    (result,) = document["results"]
    assert (result["value"], result["n"], result["outcomes"]["wrong"]) == (0.0, 12, 12)
    assert document["status"] == "complete"
    assert document["requests"] == {"sent": 0, "cached": 0, "resumed": 12, "retried": 0}
    told = document["scored_from"]
    assert (told["run"], told["scorer"], told["targets_changed"]) == (old.id, "exact", 0)
    assert told["versions_before"] == {"q": old.results[0].version} != {"q": result["version"]}
    assert content(work / old.path) == before

    new = RunFolder(work / document["path"])
    assert new.about()["scored_from"] == told and new.about()["status"] == "complete"
    assert [row for r in stored_results(new) for row in r.to_json()] == document["results"]
    samples, total = page(new.path)
    assert total == 12 and {s["outcome"] for s in samples} == {"wrong"}
    kept = ("sample_id", "prompt", "prompt_hash", "completion", "tokens_in", "tokens_out", "latency_s", "attempts")
    answers = {s["sample_id"]: s for s in page(work / old.path)[0]}
    assert all(sample[name] == answers[sample["sample_id"]][name] for sample in samples for name in kept)
    for words in ([], ["--samples"], ["--wrong"]):
        assert _code(["show", new.id, *words]) == 0


def test_the_present_scorer_of_unchanged_questions_gives_the_same_numbers(work):
    old = ask(draws=2, parameters={"temperature": 1})
    new = score_again(old.id).run
    assert new.results == old.results
    assert new.id.partition("-")[2] == "q-again"
    samples = {(s["sample_id"], s["draw"]): s | {"run": ""} for s in page(old.path)[0]}
    assert {(s["sample_id"], s["draw"]): s | {"run": ""} for s in page(new.path)[0]} == samples
    assert len(samples) == 24


def test_a_generated_benchmark_is_scored_again(work):
    old = ask("arithmetic", lambda q: "12", limit=20)
    assert score_again("last").run.results == old.results


def test_a_failed_call_stays_failed_with_its_reason(work, capsys):
    old = ask(answer=lambda q: (400, "too long") if number_in(q) == 3 else apples(q))
    assert old.status == "partial"
    assert _code(["score", old.id, "--scorer", "exact", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "partial" and document["requests"]["resumed"] == 11
    assert document["results"][0]["outcomes"]["failed"] == 1
    (failed,), total = frames.page(RunFolder(Path(document["path"])), {"outcome": ["failed"]}, 10)
    assert (total, failed["sample_id"], failed["completion"]) == (1, "r3", None)
    assert "too long" in failed["explanation"]


def test_an_answer_whose_scoring_raised_is_scored_and_one_whose_scoring_raises_is_failed(work):
    own = work / "mine.py"
    own.write_text(OWN.replace("BODY", 'raise ValueError("not yet")'))
    old = ask("./mine.py")
    assert old.failed == 12
    own.write_text(OWN.replace("BODY", RIGHT))
    mended = score_again(old.id).run
    assert mended.failed == 0 and mended.results[0].estimate.value == 1.0
    own.write_text(OWN.replace("BODY", f'assert sample.id != "r5", "five"\n        {RIGHT}'))
    broken = score_again(mended.id).run
    assert (broken.status, broken.failed) == ("partial", 1)
    (failed,), _ = frames.page(RunFolder(Path(broken.path)), {"outcome": ["failed"]}, 10)
    assert failed["sample_id"] == "r5" and "AssertionError: five" in failed["explanation"]
    assert failed["completion"] == "ANSWER: 35 apples"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda all: [r | {"question": r["question"] + "?"} if r["id"] == "r7" else r for r in all], "q sample r7 is"),
        (lambda all: [r for r in all if r["id"] != "r4"], "q sample r4 is no longer in the data"),
    ],
)
def test_answers_to_questions_that_changed_are_refused_by_name(work, change, found):
    old = ask()
    before = content(work / old.path)
    write(work / "q.jsonl", change(rows()))
    with pytest.raises(UsageError, match=found):
        score_again(old.id)
    assert [path.name for path in (work / "runs").iterdir()] == [old.id]
    assert content(work / old.path) == before


def test_another_right_answer_to_the_same_question_counts_and_is_told(work, capsys):
    old = ask()
    write(work / "q.jsonl", [r | {"answer": "1"} if r["id"] in ("r2", "r3") else r for r in rows()])
    assert _code(["score", old.id]) == 0
    out, err = capsys.readouterr()
    assert "83.3" in out
    assert "2 samples have another right answer" in err


def test_unknown_names_are_refused_with_the_nearest(work):
    old = ask()
    with pytest.raises(UnknownName, match="Nearest: number"):
        score_again(old.id, scorer="nummber")
    with pytest.raises(UnknownName, match="zzzz is no run here"):
        score_again("zzzz")
    assert len(list((work / "runs").iterdir())) == 1


def test_a_run_that_is_being_written_is_refused(work):
    folder = RunFolder(work / ask().path)
    lock = folder.lock()
    with pytest.raises(StoreError, match="still being written"):
        score_again(folder.id)
    lock.release()
    assert score_again(folder.id).run.status == "complete"


def test_a_run_that_was_stopped_is_scored_as_far_as_it_came(work):
    folder = RunFolder(work / ask().path)
    half = folder.journal.read_bytes().splitlines(keepends=True)[:5]
    folder.journal.write_bytes(b"".join(half))
    new = score_again(folder.id).run
    assert new.status == "stopped" and new.results[0].estimate.n == 5


def test_the_answer_that_counts_is_the_one_that_is_scored(work):
    broken = {3}
    with ChatServer(lambda q: (400, "no") if number_in(q) in broken else apples(q)) as server:
        old = sinan.run("q.jsonl", server.model, cache=False)
        broken.clear()
        sinan.run("q.jsonl", server.model, cache=False, resume=old.id)
    assert len(list(journal.read(RunFolder(work / old.path).journal))) == 13
    assert score_again(old.id).run.results[0].estimate.n == 12


def test_a_kill_in_the_middle_leaves_no_run_that_could_be_resumed(work):
    old = ask()
    code = (
        "import os, signal\nfrom sinan.score_again import score_again\n"
        f"score_again({old.id!r}, heard=lambda done, of: done == 5 and os.kill(os.getpid(), signal.SIGKILL))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=work).returncode == -9
    assert len(list((work / "runs").iterdir())) == 2
    assert [path.parent.name for path in (work / "runs").glob("*/run.json")] == [old.id]


def test_what_was_scored_again_is_scored_again_by_the_same_scorer(work):
    old = ask()
    exact = score_again(old.id, scorer="exact")
    again = score_again(exact.run.id)
    assert again.scored_from["scorer"] == "exact" and again.run.results == exact.run.results
    assert score_again(exact.run.id, scorer="number").run.results[0].estimate.value == 1.0
