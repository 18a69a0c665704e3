"""Judges through the whole program: verdicts in results, failures that are no wrong answers, costs that were saved."""

import json
from pathlib import Path

import pytest

from tests.in_process import sinan
from tests.scoring.judges.judge import block, ruling
from tests.server import ChatServer
from tests.test_end_to_end import one_line

ROWS = [
    {"id": str(i), "question": f"Which is #{i}?", "answer": f"bird {i}", "baseline": f"It is bird {i}."}
    for i in range(8)
]


@pytest.fixture
def work(tmp_path):
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    return tmp_path


def number(asked):
    return int(asked.partition("#")[2].partition("?")[0])


def answer(question):
    i = number(question)
    return f"ANSWER: bird {i}" if i < 4 else f"I think of bird {'abcdefgh'[i]}, don't you?"


def run(work, scorer, judge, *more):
    with ChatServer(answer) as model, ChatServer(judge) as server:
        named = ("--judge", f"openai/judge?base_url={server.url}")
        code, out, err = sinan(work, "run", "own.jsonl", "-m", model.model, "--scorer", scorer, *named, "--json", *more)
        return code, json.loads(out) if out else None, err, server


def by_name(document):
    return {row["metric"]: row for row in document["results"]}


def test_a_judge_without_a_verdict_is_a_failure_and_no_wrong_answer(work):
    def judge(asked):
        if number(block(asked, "QUESTION")) == 2:
            return "The answer is correct."
        return ruling(verdict="correct" if number(block(asked, "QUESTION")) < 6 else "not_attempted")(asked)

    code, document, err, _ = run(work, "judge", judge)
    rows = by_name(document)
    assert code == 1, err
    assert (rows["accuracy"]["value"], rows["accuracy"]["n"]) == (5 / 7, 7)
    assert rows["accuracy"]["outcomes"]["failed"] == 1 and rows["accuracy"]["outcomes"]["refused"] == 2
    assert rows["correct_given_attempted"]["value"] == 1.0
    assert rows["accuracy"]["judging"]["failed"] == 1
    code, out, _ = sinan(work, "show", "last", "--samples", "--json")
    assert "gave no verdict: it is not one JSON object" in out


def test_a_cascade_asks_the_judge_about_the_unsure_alone(work):
    numbers = [row | {"answer": row["id"]} for row in ROWS]
    (work / "own.jsonl").write_text("\n".join(map(json.dumps, numbers)))
    code, document, err, server = run(work, "cascade", ruling(verdict="correct"))
    rows = by_name(document)
    assert code == 0, err
    assert rows["accuracy"]["value"] == 1.0
    assert rows["judged"]["value"] == sum(server.asked.values()) / 8 == 0.5


def test_a_pair_is_asked_twice_and_graded_by_its_win_rate(work):
    code, document, err, server = run(work, "judge-pairwise", ruling(verdict="A"))
    rows = by_name(document)
    assert code == 0, err
    assert sum(server.asked.values()) == 16
    assert (rows["win_rate"]["value"], rows["position_inconsistent"]["value"], rows["prefers_first"]["value"]) == (
        0.5,
        1,
        1,
    )


def test_grades_are_no_accuracy(work):
    code, document, err, _ = run(work, "judge-rubric", ruling(quality=7))
    rows = by_name(document)
    assert code == 0, err
    assert rows["score"]["value"] == 7.0 and "accuracy" not in rows


def test_stored_answers_are_judged_by_another_scorer(work):
    with ChatServer(answer) as model:
        assert sinan(work, "run", "own.jsonl", "-m", model.model)[0] == 0
    with ChatServer(ruling(quality=3)) as server:
        named = ("--judge", f"openai/judge?base_url={server.url}")
        code, out, err = sinan(work, "score", "last", "--scorer", "judge-rubric", *named, "--json")
    assert code == 0, err
    assert by_name(json.loads(out))["score"]["value"] == 3.0


def test_recorded_conversations_are_judged_turn_by_turn(tmp_path):
    rows = [{"id": str(i), "turns": ["One?", "Two?"], "answer": "1"} for i in range(3)]
    (tmp_path / "talk.jsonl").write_text("\n".join(map(json.dumps, rows)))
    said = [{"id": str(i), "output": [f"one {i}", f"two {i}"]} for i in range(3)]
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, said)))

    def judge(asked):
        first, second = block(asked, "ANSWER").split("\n\n")
        return ruling(quality=8 if first.startswith("[1]\none") and second.startswith("[2]\ntwo") else 1)(asked)

    with ChatServer(judge) as server:
        more = (
            "--benchmark",
            "talk.jsonl",
            "--scorer",
            "judge-rubric",
            "--judge",
            f"openai/judge?base_url={server.url}",
        )
        code, out, err = sinan(tmp_path, "score", "said.jsonl", *more, "--json")
    assert code == 0, err
    assert by_name(json.loads(out))["score"]["value"] == 8.0


def test_a_model_reads_beside_the_rule_and_both_are_reported(work):
    def judge(asked):
        text = block(asked, "TEXT")
        return ruling(found="yes", answer=text.partition("bird")[1] + text.partition("bird")[2][:2])(asked)

    code, document, err, _ = run(work, "model-extractor", judge)
    rows = by_name(document)
    assert code == 0, err
    assert {"accuracy", "rule", "model", "readings_agree"} == set(rows)
    assert rows["model"]["value"] == rows["rule"]["value"] == 0.5
    code, out, _ = sinan(work, "show", "last", "--id", "0", "--json")
    assert code == 0 and '"model"' in out and "read by openai/judge" in out


def audit(work, out, labels):
    (work / "labels.csv").write_text("id,human\n" + "\n".join(f"{i},{label}" for i, label in labels))
    samples = str(Path(out["path"]) / "samples.parquet")
    code, out, err = sinan(work, "judge", "audit", samples, "--labels", "labels.csv", "--json")
    return code, json.loads(out) if out else None, err


def test_a_run_that_judges_scored_is_audited_with_a_few_labels(work):
    def prefers_the_even(asked):
        mine = "A" if block(asked, "ANSWER A").startswith(("ANSWER", "I think")) else "B"
        other = {"A": "B", "B": "A"}[mine]
        return ruling(verdict=mine if number(block(asked, "QUESTION")) % 2 == 0 else other)(asked)

    _, document, _, _ = run(work, "judge-pairwise", prefers_the_even)
    code, found, err = audit(work, document, [(0, "A"), (1, "A"), (2, "A"), (3, "B")])
    measured = {row["measure"]: row for row in found["judges"][0]["measures"]}
    assert code == 0, err
    assert (found["kind"], found["items"], found["labelled"]) == ("pairwise", 8, 4)
    assert found["judges"][0]["judge"] == "openai/judge"
    assert (measured["accuracy"]["value"], measured["position_consistency"]["value"]) == (0.75, 1.0)
    assert measured["by_judge of openai/mock"]["value"] == 0.5 and "length_bias" in measured
    code, _, err = audit(work, document, [(99, "A")])
    one_line(err, code, 2, "labels.csv", "no item has the id '99'")


def test_grades_and_labels_of_a_run_are_audited(work):
    def graded(asked):
        return ruling(quality=1 + number(block(asked, "QUESTION")))(asked)

    _, document, _, _ = run(work, "judge-rubric", graded)
    code, found, err = audit(work, document, [(i, 1 + i) for i in range(5)])
    measured = {row["measure"]: row for row in found["judges"][0]["measures"]}
    assert code == 0 and found["kind"] == "pointwise", err
    assert (measured["mean_error"]["value"], measured["by_judge"]["n"]) == (0, 8)
    _, document, _, _ = run(work, "judge", ruling(verdict="correct"))
    code, found, err = audit(work, document, [(i, "correct" if i else "incorrect") for i in range(4)])
    measured = {row["measure"]: row for row in found["judges"][0]["measures"]}
    assert code == 0 and measured["accuracy"]["value"] == 0.75, err


def test_two_models_of_a_judged_run_are_compared_by_a_few_labels(work):
    with ChatServer(answer) as model, ChatServer(ruling(verdict="correct")) as judge:
        two = [part for name in ("one", "two") for part in ("-m", f"openai/{name}?base_url={model.url}")]
        named = ("--scorer", "judge", "--judge", f"openai/judge?base_url={judge.url}")
        code, out, err = sinan(work, "run", "own.jsonl", *two, *named, "--json")
    assert code == 0, err
    labels = [f"{i},openai/{name},{'correct' if i % 2 else 'incorrect'}" for name in ("one", "two") for i in range(5)]
    (work / "labels.csv").write_text("\n".join(["id,model,human", *labels]))
    samples = str(Path(json.loads(out)["path"]) / "samples.parquet")
    code, out, err = sinan(work, "judge", "audit", samples, "--labels", "labels.csv", "--json")
    assert code == 0, err
    measured = {row["measure"]: row for row in json.loads(out)["judges"][0]["measures"]}
    assert measured["corrected of openai/one"]["n"] == 5
    assert measured["corrected of openai/one - openai/two"]["value"] == 0


def test_calls_of_a_panel_that_failed_are_counted_all_the_same(work):
    def judge(asked):
        return "A, I think." if number(block(asked, "QUESTION")) % 2 else ruling(verdict="A")(asked)

    code, document, err, server = run(work, "judge-pairwise", judge)
    judging = by_name(document)["win_rate"]["judging"]
    assert code == 1, err
    assert judging["failed"] == 4
    assert judging["calls"] == sum(server.asked.values()) == 4 * 2 + 4 * 4


def test_another_judge_is_the_cause_of_another_verdict(work):
    code, _, err, _ = run(work, "judge", ruling(verdict="correct"))
    assert code == 0, err
    with ChatServer(ruling(verdict="incorrect")) as other:
        named = ("--judge", f"openai/other?base_url={other.url}")
        code, out, err = sinan(work, "score", "last", *named, "--name", "other", "--json")
    assert code == 0, err
    before, after = sorted(path.name for path in (work / "runs").iterdir())
    code, out, err = sinan(work, "compare", before, after, "--samples", "--json")
    assert code == 0, err
    samples = json.loads(out)["comparisons"][0]["differing"]
    assert {tuple(row["causes"]) for row in samples} == {("judge",)}


def test_who_is_judged_whole_is_not_asked_for_a_mark(work):
    with ChatServer(lambda asked: "bird 0") as model, ChatServer(ruling(verdict="tie")) as server:
        named = ("--judge", f"openai/judge?base_url={server.url}")
        code, _, err = sinan(work, "run", "own.jsonl", "-m", model.model, "--scorer", "judge-pairwise", *named)
    assert code == 0, err
    assert set(model.asked) == {row["question"] for row in ROWS}
