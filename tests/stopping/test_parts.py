"""What a rule leaves behind, and what it meets: judges, variants, experiments, scoring again, estimates beforehand."""

import json

from tests.scoring.judges.judge import block, ruling
from tests.server import ChatServer
from tests.stopping.models import N, good
from tests.test_end_to_end import number_in, one_line, right, sinan


def document(work, *words, code=0):
    got, out, err = sinan(work, *words, "--json")
    assert got == code, err
    return json.loads(out)


def test_the_interval_of_a_stopped_cell_is_about_the_full_run_and_no_option_makes_it_narrower(work):
    with ChatServer(good(0.9)) as server:
        (row,) = document(work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7")["results"]
    assert row["estimand"] == "this benchmark's full run" and row["population"] == N
    (shown,) = document(work, "show", "last", "--population", str(N))["results"]
    assert (shown["ci"], shown["ci_method"]) == (row["ci"], "confidence sequence, betting")


def test_a_stopped_run_that_is_scored_again_has_no_usual_interval_and_is_not_ranked(work):
    with ChatServer(good(0.9)) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7")
    run = document(work, "score", "last")
    (row,) = run["results"]
    assert row["n"] < N and row["ci"] is None and row["stderr"] is None and row["population"] == N
    assert "stopped by a rule" in row["ci_method"]
    code, _, err = sinan(work, "rank", run["run"])
    one_line(err.splitlines()[-1], code, 2, "nothing to rank")
    assert "stopped by a rule" in err


def judged(work, server, judge, *words):
    named = ("--scorer", "judge", "--judge", f"openai/judge?base_url={judge.url}", "--no-cache")
    return ("run", "q.jsonl", "-m", server.model, *named, "--stop", "acc>0.7", *words)


def test_verdicts_of_judges_that_come_late_change_nothing_and_one_that_fails_is_no_wrong_answer(work):
    """The judge is slow where the answer is wrong; what counts is the drawn order all the same."""
    found = []
    for late in (False, True):
        refused = set()

        def judge(asked, late=late, refused=refused):
            wrong = number_in(block(asked, "QUESTION")) * 37 % 100 >= 85
            if late and wrong and asked not in refused and len(refused) < 3:
                refused.add(asked)
                return 503, "busy"
            return ruling(verdict="not_attempted" if wrong else "correct")(asked)

        with ChatServer(lambda question: "I think so.") as server, ChatServer(judge) as bench:
            run = document(work, *judged(work, server, bench, "-n", "200", "--runs", f"runs-{late}"))
            asked = len(bench.asked)
        (one,), first = run["stopping"]["verdicts"], run["results"][0]
        assert one["verdict"] == "above" and asked == one["models"][0]["asked"] < 200
        found.append((one["used"], one["log_e"], first["value"], first["ci"]))
    assert found[0] == found[1]


def test_a_judge_without_a_verdict_leaves_its_question_open(work):
    def judge(asked):
        return "Hm." if number_in(block(asked, "QUESTION")) % 10 == 3 else ruling(verdict="correct")(asked)

    with ChatServer(right) as server, ChatServer(judge) as bench:
        run = document(work, *judged(work, server, bench, "-n", "200"), code=1)
    (model,) = run["stopping"]["verdicts"][0]["models"]
    assert run["results"][0]["value"] == 1.0 and model["failed"] > 0 and model["ci"][0] < 0.95


def test_the_variants_of_a_question_are_one_place_of_the_order(work):
    with ChatServer(good(0.9)) as server:
        run = document(work, "run", "q.jsonl", "-m", server.model, "--vary", "prompt", "--stop", "acc>0.7")
    row, *others = run["results"]
    (model,) = run["stopping"]["verdicts"][0]["models"]
    assert all(other["ci"] is None for other in others), "none of them was made for looking"
    forms = model["full"] // N
    assert forms > 1 and model["asked"] == forms * model["used"] + model["beyond"] < N * forms / 2
    assert row["n"] == model["used"] and any("no account of when" in note for note in row["spread"]["notes"])


def test_an_experiment_may_have_rules(work):
    with ChatServer(good(0.9)) as server:
        (work / "exp.toml").write_text(
            f'targets = ["q.jsonl"]\nmodels = ["{server.model}"]\nstop = ["acc>0.7"]\nalpha = 0.1\n'
        )
        stopping = document(work, "run", "exp.toml")["stopping"]
        assert (stopping["rules"], stopping["alpha"], stopping["met"]) == (["acc>0.7"], 0.1, True)
        assert document(work, "run", "exp.toml", "--stop", "acc>0.5")["stopping"]["rules"] == ["acc>0.5"]


def test_before_it_begins_a_rule_says_the_most_and_the_likely_number_of_questions(work):
    with ChatServer(right) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--dry-run")
        told = document(work, *words, "--stop", "acc>0.7", "--stop", "ci<0.1")
        near, wide = told["estimate"]["rules"]
        assert told["estimate"]["requests"] == near["questions"] == N
        counts = {one["score"]: one["questions"] for one in near["likely"]}
        assert N > counts[0.75] > counts[0.8] > counts[0.9] > 10
        assert [one["score"] for one in wide["likely"]] == [0.5] and 200 < wide["likely"][0]["questions"] < N
        assert any("the most" in note for note in told["notes"])
        assert document(work, *words, "--adaptive", "-n", "40")["estimate"]["requests"] == 40
        code, _, err = sinan(work, *words, "--stop", "nothing>0.5")
        one_line(err, code, 2, "it has q")
        assert not server.asked


def test_a_duel_with_a_model_that_was_asked_before_asks_the_other_alone(work):
    with ChatServer(good(0.5)) as old, ChatServer(good(0.9)) as new:
        known, asked = f"openai/old?base_url={old.url}", f"openai/new?base_url={new.url}"
        sinan(work, "run", "q.jsonl", "-m", known)
        found = document(work, "duel", known, asked, "q.jsonl", "--warm", "--no-cache")
        assert sum(old.asked.values()) == N and sum(new.asked.values()) < N / 4
    assert found["verdict"] == "worse" and found["known"] == {"openai/old": 0.5}
    assert found["requests"]["a"] == 0 < found["requests"]["b"] == found["requests"]["total"]
    assert found["ci"][0] <= -0.4 <= found["ci"][1]
    about = json.loads((work / found["path"] / "run.json").read_text())
    assert about["rule"]["pair"] == ["openai/old", "openai/new"]
