"""Runs that stop early, as a user meets them: servers on loopback whose answers are known, kill -9, Ctrl-C, faults."""

import json
import signal
from pathlib import Path

import pytest

from tests.in_process import sinan
from tests.server import ChatServer
from tests.stopping.models import N, good
from tests.test_end_to_end import lines, number_in, one_line, right, start, the_run, until


def verdicts(document):
    return [one["verdict"] for one in document["stopping"]["verdicts"]]


@pytest.mark.parametrize(("share", "verdict"), [(0.9, "above"), (0.4, "below")])
def test_a_run_ends_when_it_is_sure_on_which_side_of_a_threshold_it_lies(work, share, verdict):
    with ChatServer(good(share)) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7", "--json")
        asked = sum(server.asked.values())
    document = json.loads(out)
    assert code == 0 and document["status"] == "complete", err
    assert verdicts(document) == [verdict]
    (one,) = document["stopping"]["verdicts"]
    (model,) = one["models"]
    assert one["used"] == model["used"] < 120 and one["questions"] == N
    assert asked == model["asked"] == model["used"] + model["beyond"] <= model["used"] * 4 / 3 + 4
    assert one["log_e"] > 3.6 and len(one["order"]) == 64 and document["stopping"]["guaranteed"]
    (result,) = document["results"]
    assert result["population"] == N and result["n"] == model["used"]
    assert result["ci_method"] == "confidence sequence, betting"
    assert result["ci"][0] <= share <= result["ci"][1]
    stored = json.loads((the_run(work) / "run.json").read_text())
    assert stored["stopping"] == document["stopping"] and stored["rule"]["rules"] == ["acc>0.7"]
    code, out, _ = sinan(work, "show", "last")
    assert f"stopped at {one['used']} of {N}: {verdict} (acc>0.7, sure at 95 %)" in out
    assert "full run of this benchmark" in out


def test_hard_questions_that_take_long_change_neither_verdict_nor_value(work):
    """The trap: looked at as they come, the first answers are the easy ones, and they are right."""
    model, documents = good(0.65), []
    for late in (False, True):
        refused = set()

        def answer(question, late=late, refused=refused):
            text = model(question)
            if late and text == "ANSWER: 1" and number_in(question) % 2 and question not in refused:
                refused.add(question)  # every other hard one, the first time: it is later than all around it
                return 503, "busy"
            return text

        with ChatServer(answer) as server:
            runs = f"runs-{late}"
            code, out, err = sinan(
                work, "run", "q.jsonl", "-m", server.model, "--stop", "ci<0.2", "--json", "--no-cache", "--runs", runs
            )
        assert code == 0, err
        documents.append(json.loads(out))
    one, other = documents
    assert one["stopping"]["verdicts"][0]["used"] == other["stopping"]["verdicts"][0]["used"]
    assert [(r["value"], r["ci"], r["n"]) for r in one["results"]] == [
        (r["value"], r["ci"], r["n"]) for r in other["results"]
    ]


def test_kill_9_and_going_on_give_the_verdict_of_an_undisturbed_run_and_ask_nothing_twice(work):
    rule = ("--stop", "ci<0.15")
    with ChatServer(good(0.8)) as server:
        _, out, _ = sinan(
            work, "run", "q.jsonl", "-m", server.model, *rule, "--json", "--runs", "undisturbed", "--no-cache"
        )
    undisturbed = json.loads(out)
    with ChatServer(good(0.8), hold_after=40) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, *rule, "--no-cache")
        until(lambda: server.held.is_set() and lines(work) == 40)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        code, out, _ = sinan(work, "show", "last", "--json")
        assert json.loads(out)["results"][0]["ci"] is None, "an interval would take no account of when it was killed"
        answered = set(server.answered)
        server.release()
        server.asked.clear()
        code, out, err = sinan(work, "run", "--resume", "last", "--json", "--no-cache")
        assert code == 0, err
        assert not answered & set(server.asked) and set(server.asked.values()) == {1}
    document = json.loads(out)
    for name in ("value", "ci", "n"):
        assert document["results"][0][name] == undisturbed["results"][0][name]
    for name in ("verdict", "used", "order", "log_e"):
        assert document["stopping"]["verdicts"][0][name] == undisturbed["stopping"]["verdicts"][0][name]


def test_a_run_that_was_killed_under_its_rule_and_scored_again_is_neither_compared_nor_ranked(work):
    with ChatServer(good(0.8), hold_after=40) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--stop", "ci<0.15", "--no-cache")
        until(lambda: server.held.is_set() and lines(work) == 40)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        server.release()
    code, out, err = sinan(work, "score", "last", "--json")
    assert code == 0, err
    again = json.loads(out)
    assert again["results"][0]["ci"] is None, "nobody knows why it has the answers that it has"
    with ChatServer(good(0.6)) as other:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", other.model, "--json", "--no-cache")
    assert code == 0, err
    whole = json.loads(out)["run"]
    code, out, err = sinan(work, "compare", again["run"], whole, "--json")
    assert code == 0, err
    (comparison,) = json.loads(out)["comparisons"]
    assert comparison["ci"] is None and comparison["verdict"] == "undecided"
    code, _, err = sinan(work, "rank", again["run"], whole)
    assert "was stopped by a rule, after a part; it is not ranked" in err


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(work):
    with ChatServer(good(0.8), hold_after=30) as server:
        command = ("run", "q.jsonl", "-m", server.model, "--stop", "ci<0.15")
        process = start(work, *command)
        until(lambda: server.held.is_set() and lines(work) == 30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        one_line(err, process.returncode, 130, "interrupted", "--resume")
        assert f"of {N}: undecided (ci<0.15)" in out and "Traceback" not in err
        server.release()
        code, out, err = sinan(work, *command, "--json")
        assert code == 0 and "going on with run" in err
        assert json.loads(out)["requests"]["resumed"] == 30 and verdicts(json.loads(out)) == ["precise"]


def test_a_run_whose_rule_was_met_is_asked_whole_when_it_goes_on(work):
    with ChatServer(good(0.9)) as server:
        _, out, _ = sinan(work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7", "--json")
        before = json.loads(out)
        assert sum(server.asked.values()) < N
        code, out, err = sinan(work, "run", "--resume", "last", "--json")
        assert code == 0, err
        assert len(server.asked) == N and set(server.asked.values()) == {1}
    document = json.loads(out)
    (result,) = document["results"]
    assert "stopping" not in document and "population" not in result
    assert result["n"] == N and result["value"] == 0.9 and result["ci_method"] == "wilson"
    (kept,) = json.loads((the_run(work) / "run.json").read_text())["stopped_before"]
    assert kept["verdicts"] == before["stopping"]["verdicts"], "what was declared and found is not forgotten"


def test_failing_questions_block_nothing_and_are_never_wrong_answers(work):
    def answer(question):
        return (400, "no such thing") if number_in(question) % 10 == 3 else right(question)

    with ChatServer(answer) as server:
        code, out, _ = sinan(work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7", "--json")
    document = json.loads(out)
    (model,) = document["stopping"]["verdicts"][0]["models"]
    assert code == 1 and document["status"] == "partial"
    assert verdicts(document) == ["above"] and model["failed"] > 0 and model["used"] < 150
    assert document["results"][0]["value"] == 1.0 and document["results"][0]["ci"][0] < 0.95
    assert any("calls failed" in note for note in document["stopping"]["verdicts"][0]["notes"])


def test_a_budget_ends_it_before_its_rule_is_met(work):
    with ChatServer(good(0.7)) as server:
        code, out, err = sinan(
            work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7", "--max-tokens-total", "500", "--json"
        )
        assert code == 3, err
        document = json.loads(out)
        assert document["status"] == "stopped" and not document["stopping"]["met"]
        assert verdicts(document) == ["undecided"] and document["results"][0]["ci_method"].startswith("confidence")
        code, out, _ = sinan(work, "run", "--resume", "last", "--json")
        assert code == 0 and json.loads(out)["stopping"]["met"], "and goes on by the same rule"


def test_several_draws_of_a_question_count_as_one(work):
    with ChatServer(lambda q: right(q)) as server:
        code, out, err = sinan(
            work,
            "run",
            "q.jsonl",
            "-m",
            server.model,
            "--stop",
            "acc>0.7",
            "--samples",
            "3",
            "-p",
            "temperature=1",
            "--json",
        )
    document = json.loads(out)
    (model,) = document["stopping"]["verdicts"][0]["models"]
    assert code == 0, err
    assert verdicts(document) == ["above"] and model["full"] == 3 * N
    assert model["asked"] == 3 * model["used"] + model["beyond"] and document["results"][0]["k"] == 3


def test_a_stopped_run_is_answered_from_the_cache_with_the_same_verdict(work):
    with ChatServer(good(0.8)) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7", "--json")
        first = json.loads(sinan(work, *words)[1])
        asked = sum(server.asked.values())
        again = json.loads(sinan(work, *words)[1])
        assert sum(server.asked.values()) - asked <= 40, "but for how far ahead is asked"
    assert first["results"][0]["value"] == again["results"][0]["value"]
    assert first["stopping"]["verdicts"][0]["used"] == again["stopping"]["verdicts"][0]["used"]


def test_a_benchmark_without_a_rule_is_asked_whole_beside_one_that_has_one(work):
    (work / "other.jsonl").write_text((work / "q.jsonl").read_text())
    with ChatServer(good(0.9)) as server:
        _, out, _ = sinan(work, "run", "q.jsonl", "other.jsonl", "-m", server.model, "--stop", "q.jsonl>0.7", "--json")
    stopped, whole = json.loads(out)["results"]
    assert stopped["population"] == N and stopped["n"] < N
    assert "population" not in whole and whole["n"] == N and whole["ci_method"] == "wilson"


def test_what_cannot_be_stopped_early_is_said_before_the_first_request(work):
    with ChatServer(right) as server:
        run = ("run", "q.jsonl", "-m", server.model)
        code, _, err = sinan(work, *run, "--stop", "nothing>0.5")
        one_line(err, code, 2, "nothing", "it has q")
        code, _, err = sinan(work, *run, "--stop", "acc>50")
        one_line(err, code, 2, "between 0 and 1")
        code, _, err = sinan(work, *run, "--stop", "acc>0.5", "--workers", "2")
        one_line(err, code, 2, "--workers")
        assert not server.asked and not Path(work / "runs").exists()


def test_a_comparison_with_a_stopped_run_has_no_interval_until_it_is_asked_whole(work):
    """Its questions are as many as its answers made them: a test for a fixed number would be wrong too often."""
    with ChatServer(good(0.9)) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7", "--name", "part")
        sinan(work, "run", "q.jsonl", "-m", server.model, "--name", "whole", "--no-cache")
        part, whole = sorted(path.name for path in (work / "runs").iterdir() if path.is_dir())
        part, whole = (part, whole) if part.endswith("part") else (whole, part)
        (bare,), (kept,) = (
            json.loads(sinan(work, "compare", part, whole, *more, "--json")[1])["comparisons"]
            for more in ((), ("--anyway",))
        )
        code, _, err = sinan(work, "run", "--resume", f"runs/{part}")
        assert code == 0, err
        (resumed,) = json.loads(sinan(work, "compare", part, whole, "--json")[1])["comparisons"]
    assert any("stopped by a rule" in note and "no interval" in note for note in bare["notes"])
    assert bare["verdict"] == "undecided" and bare["ci"] is bare["p_value"] is bare["adjusted_p"] is None
    assert bare["difference"] == kept["difference"] == 0.0 and bare["tests"] == bare["intervals"] == {}
    assert kept["ci"] and kept["p_value"] == 1.0 and any("no account of when" in note for note in kept["notes"])
    assert resumed["n"] == N and resumed["ci"] and not any("stopped" in note for note in resumed["notes"])


def test_variants_of_a_question_are_one_in_the_order_that_is_stopped(work):
    """All of its variants are asked before it counts, and its number is their mean; so it is with draws."""
    with ChatServer(good(0.9)) as server:
        for count, more in ((3, ("--vary", "prompt")), (2, ("--samples", "2"))):
            how = (*more, "-p", "temperature=0.7", "--no-cache", "--json")
            before = sum(server.asked.values())
            code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7", *how)
            document = json.loads(out)
            assert code == 0, err
            (one,) = document["stopping"]["verdicts"]
            (model,) = one["models"]
            assert one["verdict"] == "above" and one["questions"] == N
            assert model["asked"] == sum(server.asked.values()) - before == count * one["used"] + model["beyond"]
            first = document["results"][0]
            assert first["n"] == one["used"] and first["value"] == pytest.approx(0.9, abs=0.1)
            assert first["value"] * one["used"] == pytest.approx(round(first["value"] * one["used"]))
            if "spread" in first:
                assert any("stopped by a rule" in note for note in first["spread"]["notes"])


def test_a_stopped_run_is_no_part_of_a_leaderboard_and_hides_no_whole_one(work):
    with ChatServer(good(0.9)) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model)
        sinan(work, "run", "q.jsonl", "-m", server.model, "--stop", "acc>0.7")
        code, out, err = sinan(work, "rank", "--json")
    (board,) = json.loads(out)["leaderboards"]
    assert code == 0 and board["standings"][0]["n"] == N
    assert "stopped by a rule" in err
