"""`sinan show BENCH --prompt` and the options that say what is asked, by the whole program."""

import json

import pytest

from sinan.cli.asking import FIELDS
from sinan.types import RunSpec
from tests.in_process import sinan
from tests.server import ChatServer
from tests.test_end_to_end import one_line, right, work

__all__ = ["work"]

NOBODY = "openai/x?base_url=http://127.0.0.1:9/v1"


def test_the_prompt_of_a_base_model_shows_examples_continuations_and_the_target(work):
    code, out, err = sinan(work, "show", "logic", "--prompt", "-m", "needle/xs", "--shots", "1", "--system", "Think.")
    assert code == 0, err
    for words in ("logic · default · 0 · needle/xs (base)", "--- example 1:", "--- the question", "' unknown'"):
        assert words in out
    assert out.index("Think.") < out.index("--- example 1")
    assert not (work / "runs").exists()


def test_the_prompt_of_a_server_is_the_request_as_json(work):
    asked = ("show", "gone.jsonl", "--prompt", "-m", NOBODY, "-p", "temperature=0.5", "--json")
    code, _, err = sinan(work, *asked)
    one_line(err, code, 2, "gone.jsonl")
    code, out, err = sinan(work, "show", "q.jsonl", *asked[2:])
    assert code == 0, err
    (one,) = json.loads(out)["prompts"]
    body = json.loads(one["text"])
    assert one["request"] == "/chat/completions"
    assert body["temperature"] == 0.5 == one["sampling"]["temperature"]
    assert body["messages"][0]["content"].startswith("#0# times seven?")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "--prompt", "-m", NOBODY), "needs a benchmark"),
        (("show", "logic", "--prompt"), "needs a model"),
        (("show", "logic", "--prompt", "-m", NOBODY, "--id", "nope"), "nope is no sample of logic"),
        (("show", "logic", "--prompt", "-m", NOBODY, "--few-shot", "bm25"), "say how many with --shots"),
        (("show", "last", "--system", "x"), "--system is for --prompt"),
        (("run", "logic", "-m", "needle/xs", "--system", "@nowhere"), "nowhere cannot be read"),
        (("run", "arithmetic", "-m", "needle/xs", "--rotate"), "no options to rotate"),
        (("run", "q.jsonl", "-m", NOBODY, "--prefill", "So"), "takes no beginning of its answer"),
        (("run", "logic", "-m", "needle/xs", "-p", "reasoning_effort=much"), "reasoning_effort"),
    ],
    ids=str,
)
def test_what_cannot_be_is_one_line(work, words, told):
    code, _, err = sinan(work, *words)
    one_line(err, code, 2, told)
    assert not (work / "runs").exists()


def test_every_option_is_a_field_of_a_run():
    assert set(FIELDS) <= set(RunSpec.__dataclass_fields__)


def test_a_system_prompt_of_a_file_is_asked_kept_gone_on_with_and_scored_again(work):
    (work / "system.txt").write_text("Be brief.\n")
    with ChatServer(right) as server:
        asked = ("run", "q.jsonl", "-m", server.model, "--system", "@system.txt", "-n", "6", "--json")
        code, out, err = sinan(work, *asked)
        assert code == 0, err
        (work / "system.txt").unlink()
        code, out, err = sinan(work, "run", "--resume", "last", "--json")
        assert json.loads(out)["requests"]["sent"] == 0
        _, plain, _ = sinan(work, "run", "q.jsonl", "-m", server.model, "-n", "6", "--json", "--name", "plain")
        assert json.loads(plain)["requests"]["sent"] == 6  # another prompt is another answer
        versions = [json.loads(one)["results"][0]["version"] for one in (out, plain)]
        assert versions[0] != versions[1]
        run = json.loads(out)["run"]
    _, stored, _ = sinan(work, "show", run, "--json")
    assert json.loads(stored)["about"]["spec"]["system"] == "Be brief."
    code, again, err = sinan(work, "score", run, "--json")
    assert code == 0, err
    assert json.loads(again)["results"][0]["value"] == 1.0


def test_an_experiment_file_says_how_to_ask(work):
    (work / "exp.toml").write_text(
        'targets = ["logic"]\nmodels = ["needle/xs"]\nlimit = 2\nshots = 2\nfew_shot = "balanced"\nrotate = true\n'
        'system = "S"\nprotocol = "generate"\nprefill = " "\nshots_as = "text"\n'
    )
    code, out, err = sinan(work, "run", "exp.toml", "--json")
    assert code == 0, err
    results = json.loads(out)["results"]
    assert [row["metric"] for row in results] == ["circular", "accuracy"]
    assert (results[0]["n"], sum(results[0]["outcomes"].values())) == (2, 6)
    code, out, _ = sinan(work, "show", "last", "--samples", "--json")
    rows = json.loads(out)["samples"]
    assert {(row["unit"], row["unit_size"], len(row["shots"])) for row in rows} == {("0", 3, 2), ("1", 3, 2)}
    code, out, _ = sinan(work, "show", "last", "--id", "0~1")
    assert "worked examples" in out and "prompt" in out
    code, _, err = sinan(work, "score", "last", "--json")
    assert code == 0, err
    (work / "exp.toml").write_text('targets = ["logic"]\nmodels = ["needle/xs"]\nrotate = "yes"\n')
    code, _, err = sinan(work, "run", "exp.toml")
    one_line(err, code, 2, "rotate = 'yes' is of the wrong kind")


def test_several_draws_report_more_than_their_mean(work):
    with ChatServer(right) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "-n", "5", "--samples", "2", "--json")
        assert code == 0, err
    assert "the draws of a question will be alike" in err
    values = {row["metric"]: row["value"] for row in json.loads(out)["results"]}
    stable = [*(f"G-Pass@2_{share}" for share in (0.25, 0.5, 0.75, 1.0)), "mG-Pass@2"]
    assert values == dict.fromkeys(["accuracy", "avg@2", "majority@2", "pass@1", "pass@2", "pass^2", *stable], 1.0)


def test_thoughts_in_the_text_are_no_answer(work):
    def thinks(question):
        return "<think>ANSWER: 1" if question.startswith("#1#") else f"<think>hm</think>{right(question)}"

    with ChatServer(thinks) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "-n", "10", "--json")
        assert code == 0, err
    outcomes = json.loads(out)["results"][0]["outcomes"]
    assert (outcomes["correct"], outcomes["truncated"]) == (9, 1)
    _, out, _ = sinan(work, "show", "last", "--samples", "--json")
    thoughts = {row["sample_id"]: (row["reasoning"], row["finish_reason"]) for row in json.loads(out)["samples"]}
    assert thoughts["1"] == ("ANSWER: 1", "length") and thoughts["2"] == ("hm", "stop")


def test_a_conversation_is_shown_whole(work):
    (work / "t.jsonl").write_text('{"turns": ["#1# times seven?", "#2# times seven?"]}\n')
    with ChatServer(right) as server:
        code, out, err = sinan(work, "run", "t.jsonl", "-m", server.model)
        assert code == 0, err
    code, out, err = sinan(work, "show", "last", "--id", "0")
    assert code == 0, err
    for words in ("collected", "#2# times seven?", "answer 1", "ANSWER: 7", "ANSWER: 14"):
        assert words in out
    code, out, err = sinan(work, "show", "t.jsonl", "--prompt", "-m", NOBODY)
    assert "further turns\n#2# times seven?" in out
    code, out, err = sinan(work, "run", "t.jsonl", "-m", NOBODY, "--dry-run", "--json")
    assert json.loads(out)["estimate"]["requests"] == 2
