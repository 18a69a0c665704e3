"""The whole program as a user meets it: a process, a server on loopback, files; kill -9, Ctrl-C, faults."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sinan.store import journal
from tests.server import ChatServer

KEY = "sk-secret-0123456789abcdef"


def number_in(question):
    return int(question.split("#")[1])


def right(question):
    return f"Let me see.\nANSWER: {number_in(question) * 7}"


@pytest.fixture
def work(tmp_path):
    rows = [{"id": i, "question": f"#{i}# times seven?", "answer": str(i * 7), "group": f"g{i % 2}"} for i in range(60)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "SINAN_"))}
    kept["SINAN_CACHE"] = os.environ["SINAN_CACHE"]
    return kept | {"OPENAI_API_KEY": KEY, "NO_COLOR": "1", "PYTHONPATH": str(Path(__file__).parents[1] / "src")} | more


def start(work, *words, **how):
    return subprocess.Popen(
        [sys.executable, "-m", "sinan", *words],
        cwd=work,
        env=environment(**how.pop("env", {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def sinan(work, *words, **how):
    process = start(work, *words, **how)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def one_line(err, code, expected_code, *words):
    lines = [line for line in err.splitlines() if line.startswith("sinan:")]
    assert code == expected_code, err
    assert len(lines) == 1, err
    for word in words:
        assert word in lines[0], lines[0]


def until(condition):
    tick = threading.Event()
    for _ in range(3000):
        if condition():
            return
        tick.wait(0.01)
    raise AssertionError("it never came to that")


def the_run(work):
    (folder,) = (work / "runs").iterdir()
    return folder


def lines(work):
    return sum(len(list(journal.read(path))) for path in work.glob("runs/*/journal.jsonl"))


def test_run_json_is_as_in_the_contract(work):
    with ChatServer(lambda q: "ANSWER: 1" if number_in(q) % 10 == 0 else right(q)) as server:
        code, out, _ = sinan(work, "run", "q.jsonl", "-m", server.model, "--json")
    document = json.loads(out)
    assert code == 0
    assert set(document) == {"run", "path", "status", "results", "requests", "seconds"}
    assert document["path"] == f"runs/{document['run']}" and document["status"] == "complete"
    (result,) = document["results"]
    assert result["value"] == 0.9 and result["n"] == 60 and result["k"] == 1
    assert result["ci_method"] == "wilson" and result["ci"][0] < 0.9 < result["ci"][1]
    assert result["outcomes"] == {"correct": 54, "wrong": 6, "unparsed": 0, "truncated": 0, "refused": 0, "failed": 0}
    assert [(g["name"], g["n"]) for g in result["groups"]] == [("g0", 30), ("g1", 30)]
    assert (result["tokens_in"], result["tokens_out"], result["cost_usd"]) == (420, 180, None)
    assert document["requests"] == {"sent": 60, "cached": 0, "resumed": 0, "retried": 0}
    assert {p.name for p in the_run(work).iterdir()} >= {"run.json", "journal.jsonl", "samples.parquet", "results.json"}
    assert json.loads((the_run(work) / "results.json").read_text()) == document["results"]


def test_kill_9_loses_nothing_and_asks_nothing_twice(work):
    with ChatServer(right) as server:
        code, out, _ = sinan(work, "run", "q.jsonl", "-m", server.model, "--json", "--runs", "undisturbed")
        undisturbed = json.loads(out)["results"]
    with ChatServer(right, hold_after=25) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "8")
        until(lambda: server.held.is_set() and lines(work) == 25)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        answered = set(server.answered)
        server.release()
        server.asked.clear()
        code, out, err = sinan(work, "run", "--resume", "last", "--json")
        assert code == 0, err
        assert not answered & set(server.asked)
        assert len(server.asked) == 35 and set(server.asked.values()) == {1}
    document = json.loads(out)
    assert document["requests"] == {"sent": 35, "cached": 0, "resumed": 25, "retried": 0}
    assert document["results"] == undisturbed
    code, out, _ = sinan(work, "show", "last", "--samples", "--json", "--rows", "100")
    assert sorted(int(s["sample_id"]) for s in json.loads(out)["samples"]) == list(range(60))


def test_a_run_whose_id_is_known_before_is_begun_and_gone_on_with_in_its_folder(work, monkeypatch):
    import sinan as door
    from sinan.errors import UsageError

    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(work)
    with ChatServer(right) as server:
        how = {"runs": work / "runs", "cache": False, "into": "0123abcd-mine"}
        first = door.run("q.jsonl", server.model, **how)
        assert first.id == "0123abcd-mine" and sum(server.asked.values()) == 60
        again = door.run("q.jsonl", server.model, **how)
        assert again.id == first.id and sum(server.asked.values()) == 60
        with pytest.raises(UsageError, match="no longer the same"):
            door.run("q.jsonl", server.model, limit=5, **how)
    assert [path.name for path in (work / "runs").iterdir()] == ["0123abcd-mine"]


def test_a_killed_run_can_be_shown_as_far_as_it_came(work):
    with ChatServer(right, hold_after=20) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "4")
        until(lambda: server.held.is_set() and lines(work) == 20)
        code, out, _ = sinan(work, "show", "last", "--json")
        assert code == 0 and json.loads(out)["results"][0]["n"] == 20
        process.kill()
        process.communicate()
        code, out, _ = sinan(work, "show", "last", "--samples")
        assert code == 0 and "20 samples" in out


def test_ctrl_c_ends_cleanly_and_can_be_resumed(work):
    with ChatServer(right, hold_after=25) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "8")
        until(lambda: server.held.is_set() and lines(work) == 25)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        one_line(err, process.returncode, 130, "interrupted", "--resume")
        assert "25" in out and "Traceback" not in err
        assert json.loads((the_run(work) / "run.json").read_text())["status"] == "stopped"
        server.release()
        code, out, _ = sinan(work, "run", "q.jsonl", "-m", server.model, "--resume", "last", "--json")
        assert code == 0 and json.loads(out)["requests"]["sent"] == 35


def test_a_second_process_on_the_same_run_is_refused(work):
    with ChatServer(right, hold_after=10) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "4")
        until(lambda: lines(work) == 10)
        code, _, err = sinan(work, "run", "--resume", "last")
        one_line(err, code, 2, "being written by process", str(process.pid))
        server.release()
        process.communicate(timeout=60)
        assert process.returncode == 0


def test_failed_calls_are_outside_n_end_in_1_and_are_asked_again_on_resume(work):
    broken = {3, 4}

    def answer(question):
        return (400, "no such thing") if number_in(question) in broken else right(question)

    with ChatServer(answer) as server:
        code, out, _ = sinan(work, "run", "q.jsonl", "-m", server.model, "--json")
        document = json.loads(out)
        assert code == 1 and document["status"] == "partial"
        assert document["results"][0]["n"] == 58 and document["results"][0]["value"] == 1.0
        assert document["results"][0]["outcomes"]["failed"] == 2
        assert sinan(work, "run", "q.jsonl", "-m", server.model, "--max-failed", "2")[0] == 0
        _, out, _ = sinan(work, "show", document["run"], "--outcome", "failed", "--json")
        assert all("no such thing" in s["explanation"] and s["score"] is None for s in json.loads(out)["samples"])
        broken.clear()
        server.asked.clear()
        code, out, _ = sinan(work, "run", "--resume", document["run"], "--json")
        assert code == 0 and sum(server.asked.values()) == 2
        assert json.loads(out)["results"][0]["outcomes"]["correct"] == 60


def test_a_full_disk_is_one_clear_line_and_loses_nothing(work):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000))

    with ChatServer(right) as server:
        code, _, err = sinan(work, "run", "q.jsonl", "-m", server.model, preexec_fn=small_files)
        one_line(err, code, 2, "cannot write", "journal.jsonl", "--resume")
        kept = lines(work)
        assert 5 < kept < 60
        before = dict(server.answered)
        code, out, _ = sinan(work, "run", "--resume", "last", "--json")
        assert code == 0 and json.loads(out)["requests"]["resumed"] == kept
        assert json.loads(out)["results"][0]["value"] == 1.0
        twice = [q for q, n in server.answered.items() if n > 1 and q in before]
        assert len(twice) <= len(before) - kept


def test_a_wrong_key_stops_at_once_and_shows_nothing_secret(work):
    with ChatServer(lambda q: (401, f"Incorrect API key provided: {KEY}")) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "2")
        one_line(err, code, 2, "OPENAI_API_KEY")
        assert sum(server.asked.values()) <= 2
    assert KEY not in out + err


def test_no_key_is_written_anywhere(work):
    with ChatServer(right) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model)
        assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    for path in the_run(work).iterdir():
        assert KEY.encode() not in path.read_bytes(), path


@pytest.fixture
def killed(work):
    """A run of q.jsonl whose process was killed after ten answers, and the server it asked."""
    with ChatServer(right, hold_after=10) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "4", "--no-cache")
        until(lambda: server.held.is_set() and lines(work) == 10)
        process.kill()
        process.communicate()
        server.release()
        server.asked.clear()
        yield server


def test_the_same_command_again_goes_on_with_a_run_that_was_killed(work, killed):
    code, out, err = sinan(work, "run", "q.jsonl", "-m", killed.model, "--json", "--no-cache")
    assert code == 0 and "going on with run" in err
    assert json.loads(out)["requests"] == {"sent": 50, "cached": 0, "resumed": 10, "retried": 0}
    assert json.loads(out)["path"] == str(the_run(work).relative_to(work))
    code, out, err = sinan(work, "run", "q.jsonl", "-m", killed.model, "--json", "--no-cache")
    assert "going on" not in err and len(list((work / "runs").iterdir())) == 2, "a run that ended is begun anew"


def test_another_command_begins_another_run(work, killed):
    code, _, err = sinan(work, "run", "q.jsonl", "-m", killed.model, "--seed", "1", "--no-cache")
    assert code == 0 and "going on" not in err and len(list((work / "runs").iterdir())) == 2


@pytest.mark.parametrize(("words", "named"), [((), "files: q was"), (("-p", "temperature=1"), "temperature")])
def test_what_changed_is_named_and_never_mixed_with_old_answers(work, killed, words, named):
    old = the_run(work)
    before = (old / "journal.jsonl").read_bytes()
    text = (work / "q.jsonl").read_text()
    if not words:
        (work / "q.jsonl").write_text(text.replace("times seven?", "times 7?", 1))
    which = ("q.jsonl", "-m", killed.model, *words) if words else ()
    code, out, err = sinan(work, "run", *which, "--resume", "last", "--json", "--no-cache")
    assert code == 0 and "asked something else" in err and named in err and "a new run begins" in err
    assert json.loads(out)["requests"]["resumed"] == 0 and json.loads(out)["results"][0]["n"] == 60
    assert (old / "journal.jsonl").read_bytes() == before


def test_the_same_command_names_what_changed_and_begins_a_new_run(work, killed):
    text = (work / "q.jsonl").read_text()
    (work / "q.jsonl").write_text(text.replace("times seven?", "times 7?", 1))
    code, out, err = sinan(work, "run", "q.jsonl", "-m", killed.model, "--json", "--no-cache")
    assert code == 0 and "files: q was" in err and json.loads(out)["requests"]["resumed"] == 0


def test_answers_are_taken_from_the_cache_by_a_later_run_and_not_without_it(work):
    with ChatServer(lambda q: (500, "no") if "#7#" in q else right(q)) as server:
        words = ("run", "q.jsonl", "-m", server.model, "--json")
        code, out, _ = sinan(work, *words)
        assert code == 1
        first = json.loads(out)
        server.answer = right
        server.asked.clear()
        code, out, _ = sinan(work, *words)
        second = json.loads(out)
        assert code == 0 and list(server.asked.values()) == [1], "a failure is never kept"
        assert second["requests"] == {"sent": 1, "cached": 59, "resumed": 0, "retried": 0}
        assert second["results"][0]["tokens_in"] == first["results"][0]["tokens_in"] + 7
        code, out, _ = sinan(work, *words, "--samples", "2")
        assert json.loads(out)["requests"]["cached"] == 60, "a second draw is another answer"
        server.asked.clear()
        code, out, _ = sinan(work, *words, "--no-cache")
        assert sum(server.asked.values()) == 60 and json.loads(out)["requests"]["cached"] == 0


def test_a_question_that_always_breaks_the_server_is_given_up_after_five_times(work):
    with ChatServer(lambda q: (500, "this very one") if "#7#" in q else right(q)) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--json")
        (asked,) = [n for q, n in server.asked.items() if "#7#" in q]
        assert (code, asked) == (1, 5) and json.loads(out)["results"][0]["outcomes"]["failed"] == 1
        assert "says the same after 5 attempts" in err and "this very one" in err


@pytest.mark.parametrize(
    ("limit", "reached"), [("--max-tokens-total", "tokens"), ("--max-cost", "$"), ("--max-time", "seconds")]
)
def test_a_budget_stops_a_run_with_3_and_it_can_go_on(work, limit, reached):
    amount = {"--max-tokens-total": "200", "--max-cost": "0.0002", "--max-time": "0.000001"}[limit]
    with ChatServer(right) as server:
        model = f"{server.model}&price_in=10&price_out=10"
        code, out, err = sinan(work, "run", "q.jsonl", "-m", model, "--json", limit, amount, "--concurrency", "2")
        document = json.loads(out)
        assert (code, document["status"]) == (3, "stopped"), err
        assert "budget" in err and reached in err and "--resume" in err
        cell = document["results"][0]
        assert cell["tokens_in"] + cell["tokens_out"] <= 220 and cell["n"] <= 22
        assert cell["n"] == 0 or cell["cost_usd"] == pytest.approx(cell["n"] * 10 * 10 / 1e6)
        server.asked.clear()
        code, out, _ = sinan(work, "run", "--resume", "last", "--json")
        assert code == 0 and json.loads(out)["results"][0]["n"] == 60 and sum(server.asked.values()) == 60 - cell["n"]


def test_a_limit_on_cost_needs_a_price(work):
    with ChatServer(right) as server:
        code, _, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--max-cost", "1")
        one_line(err, code, 2, "price", "price_in=")
        assert not server.asked and not (work / "runs").exists()


def test_repeated_draws_are_averaged_within_a_sample(work):
    counts = {}

    def answer(question):
        counts[question] = counts.get(question, 0) + 1
        return right(question) if counts[question] <= 2 else "ANSWER: 1"

    with ChatServer(answer) as server:
        code, out, _ = sinan(work, "run", "q.jsonl", "-m", server.model, "--samples", "4", "--json")
    result, *further = json.loads(out)["results"]
    assert all(row["further"] for row in further)
    assert code == 0 and (result["value"], result["n"], result["k"]) == (0.5, 60, 4)
    assert result["outcomes"]["correct"] == 120 and result["outcomes"]["wrong"] == 120
    assert result["ci_method"] != "wilson"


WRONG_COMMANDS = [
    (["run", "gsm9k", "-m", "needle/s"], ["gsm9k", "gsm8k", "sinan hub list"]),
    (["run", "q.jsonl", "-m", "needle/xl"], ["xl", "xs"]),
    (["run", "q.jsonl", "-m", "opnai/x"], ["opnai", "openai"]),
    (["run", "q.jsonl", "-m", "gpt-4"], ["gpt-4", "PROVIDER/NAME"]),
    (["run", "q.jsonl", "-m", "openai/x?api_key=sk-aaa"], ["key"]),
    (["run", "q.jsonl", "-m", "openai/x?base_url=http://127.0.0.1:9/v1"], ["127.0.0.1:9"]),
    (["run", "q.jsonl", "-m", "needle/s", "-m", "needle/s"], ["twice"]),
    (["run", "q.jsonl", "-m", "needle/s", "--protocol", "nope"], ["nope", "default"]),
    (["run", "q.jsonl", "-m", "needle/s", "--shots", "3"], ["worked examples"]),
    (["run", "q.jsonl", "-m", "needle/s", "-p", "temperature=hot"], ["temperature"]),
    (["run", "q.jsonl", "-m", "needle/s", "-n", "0"], ["--limit"]),
    (["run", "q.jsonl", "-m", "needle/s", "--concurrency", "many"], ["--concurrency"]),
    (["run", "absent.jsonl", "-m", "needle/s"], ["absent.jsonl"]),
    (["run", "q.jsonl", "-m", "needle/s", "--runs", "q.jsonl/runs"], ["cannot make a run"]),
    (["run"], ["target"]),
    (["run", "q.jsonl"], ["model"]),
    (["run", "--resume", "last"], ["No run is in runs"]),
    (["show", "zzzz"], ["zzzz"]),
    (["shwo"], ["shwo"]),
    (["run", "gsm8k", "-m", "needle/s", "--scorer", "number"], ["--scorer"]),
]


@pytest.mark.parametrize(("words", "told"), WRONG_COMMANDS, ids=lambda w: " ".join(w) if isinstance(w, list) else "")
def test_what_a_user_gets_wrong_is_one_clear_line_before_anything_runs(work, words, told):
    code, out, err = sinan(work, *words)
    one_line(err, code, 2, *told)
    assert out == "" and not (work / "runs").exists()


def test_without_a_key_the_official_address_is_refused_before_anything_runs(work):
    code, _, err = sinan(work, "run", "q.jsonl", "-m", "openai/gpt-x", env={"OPENAI_API_KEY": ""})
    one_line(err, code, 2, "OPENAI_API_KEY")


def test_hostile_text_from_a_model_reaches_no_terminal_raw(work):
    with ChatServer(lambda q: "\x1b]0;owned\x07\x1b[2J [bold]x[/bold] \x00\x9b ANSWER: 1") as server:
        sinan(work, "run", "q.jsonl", "-m", server.model)
    for words in (["--samples"], ["--id", "3"]):
        code, out, _ = sinan(work, "show", "last", *words)
        assert code == 0 and not {"\x1b", "\x07", "\x00", "\x9b"} & set(out)
        assert "[bold]x[/bold]" in out


def test_a_damaged_run_is_one_clear_line(work):
    with ChatServer(right) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model)
    folder = the_run(work)
    about = json.loads((folder / "run.json").read_text())
    for name, change in (("results.json", [{}]), ("run.json", about | {"spec": {"models": 3}}), ("run.json", {})):
        (folder / name).write_text(json.dumps(change))
        code, _, err = sinan(work, *(["show", "last"] if name == "results.json" else ["run", "--resume", folder.name]))
        one_line(err, code, 2)


def test_a_terminal_without_chinese_is_no_reason_to_fail(work):
    with ChatServer(lambda q: "答案：1") as server:
        env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
        assert sinan(work, "run", "q.jsonl", "-m", server.model, env=env)[0] == 0
        assert sinan(work, "show", "last", "--samples", env=env)[0] == 0


def rows_of(work, *words):
    code, out, _ = sinan(work, "show", "last", "--samples", "--rows", "500", "--json", *words)
    assert code == 0
    return json.loads(out)["samples"]


def test_samples_hold_each_question_once_however_often_a_run_is_resumed(work):
    broken = set(range(0, 60, 3))
    with ChatServer(lambda q: (400, "no") if number_in(q) in broken else right(q)) as server:
        assert sinan(work, "run", "q.jsonl", "-m", server.model)[0] == 1
        broken.clear()
        for _ in range(2):
            assert sinan(work, "run", "--resume", "last")[0] == 0
            samples = rows_of(work)
            assert len(samples) == 60 and {s["outcome"] for s in samples} == {"correct"}
        journal_file = the_run(work) / "journal.jsonl"
        journal_file.write_bytes(journal_file.read_bytes() * 2)
        _, out, _ = sinan(work, "run", "--resume", "last", "--json")
        assert json.loads(out)["results"][0]["n"] == 60 and len(rows_of(work)) == 60


def test_samples_of_a_run_that_goes_on_are_those_of_its_journal(work):
    broken = set(range(0, 60, 3))
    with ChatServer(lambda q: (400, "no") if number_in(q) in broken else right(q)) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model)
        broken.clear()
        server.asked.clear()
        server.hold_after = 8
        process = start(work, "run", "--resume", "last", "--concurrency", "4")
        until(lambda: server.held.is_set() and lines(work) == 68)
        process.kill()
        process.communicate()
    outcomes = [s["outcome"] for s in rows_of(work)]
    assert (outcomes.count("correct"), outcomes.count("failed")) == (48, 12)


@pytest.mark.parametrize(
    "parameter",
    [
        "api_key=sk-abcdefghijkl",
        'extra_headers={"Authorization": "x"}',
        "n=4",
        "stream=true",
        "seed=99999999999999999999",
        "x=99999999999999999999",
    ],
)
def test_parameters_that_cannot_be_meant_are_refused_before_anything_runs(work, parameter):
    code, out, err = sinan(work, "run", "q.jsonl", "-m", "openai/x?base_url=http://127.0.0.1:9/v1", "-p", parameter)
    one_line(err, code, 2)
    assert "abcdefghijkl" not in out + err and not (work / "runs").exists()


def test_a_key_that_the_server_repeats_stays_out_of_the_run(work):
    with ChatServer(lambda q: f"your key is {KEY}. ANSWER: 1") as server:
        assert sinan(work, "run", "q.jsonl", "-m", server.model)[0] == 0
    for path in the_run(work).iterdir():
        assert KEY.encode() not in path.read_bytes(), path


def test_deep_metadata_and_half_a_surrogate_pair_lose_no_answer(work):
    deep = "[" * 600 + "]" * 600
    row = '{"question": "#1# times seven?", "answer": 7, "deep": ' + deep + "}\n"
    (work / "odd.jsonl").write_text(row)
    with ChatServer(lambda q: "\ud83d ANSWER: 7") as server:
        code, out, err = sinan(work, "run", "odd.jsonl", "-m", server.model, "--json")
    assert code == 0, err
    assert json.loads(out)["results"][0]["value"] == 1.0
    assert rows_of(work)[0]["completion"] == "? ANSWER: 7"


def test_options_beside_resume_that_would_change_the_run_are_refused(work):
    with ChatServer(right) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model, "-n", "5")
    code, _, err = sinan(work, "run", "--resume", "last", "-n", "9")
    one_line(err, code, 2, "limit")


def test_a_run_can_go_on_from_another_folder(work):
    with ChatServer(lambda q: (400, "no") if number_in(q) == 3 else right(q)) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model)
        server.answer = right
        (work / "elsewhere").mkdir()
        code, out, err = sinan(work / "elsewhere", "run", "--resume", str(the_run(work)), "--json")
        assert code == 0, err
        assert json.loads(out)["requests"]["sent"] == 1


def test_one_run_that_cannot_be_read_hides_no_other(work):
    with ChatServer(right) as server:
        sinan(work, "run", "q.jsonl", "-m", server.model)
    readable = the_run(work).name
    (work / "runs" / "ffff-new").mkdir()
    (work / "runs" / "ffff-new" / "run.json").write_text('{"format": 99, "created": "9"}')
    code, out, _ = sinan(work, "show", "--list")
    assert code == 0 and {"ffff-new", readable} <= set(out.split())


def test_a_wrong_key_in_mid_run_keeps_what_was_answered_and_says_how_to_go_on(work):
    def answer(question):
        return right(question) if sum(server.asked.values()) <= 20 else (401, "expired")

    with ChatServer(answer) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "1", "--json")
        one_line(err, code, 2, "OPENAI_API_KEY", "--resume")
        document = json.loads(out)
        assert document["status"] == "stopped" and document["results"][0]["n"] == 20


def test_sigterm_ends_cleanly(work):
    with ChatServer(right, hold_after=10) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "4")
        until(lambda: server.held.is_set() and lines(work) == 10)
        process.terminate()
        _, err = process.communicate(timeout=60)
        one_line(err, process.returncode, 130, "--resume")
        assert json.loads((the_run(work) / "run.json").read_text())["status"] == "stopped"


def test_a_server_without_log_likelihoods_is_refused_with_a_way_that_works(work):
    with ChatServer(lambda q: "ANSWER: A") as server:
        (work / "mc.jsonl").write_text('{"question": "x?", "choices": ["a", "b"], "answer": "A"}\n')
        code, _, err = sinan(work, "run", "mc.jsonl", "-m", server.model + "&logprobs=0", "--protocol", "likelihood")
        one_line(err, code, 2, "log-likelihood", "--protocol default")
        code, out, err = sinan(
            work, "run", "mc.jsonl", "q.jsonl", "-m", server.model, "--protocol", "generate", "--json"
        )
        assert code == 0, err
        assert [r["protocol"] for r in json.loads(out)["results"]] == ["default", "default"]


def test_failed_calls_say_why_and_where_to_look(work):
    with ChatServer(lambda q: (400, "too long") if number_in(q) == 3 else right(q)) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model)
    one_line(err, code, 1, "1 failed", "too long")
    assert "--outcome failed" in out


def test_a_run_that_was_stopped_says_of_how_many_its_numbers_are(work, killed):
    code, out, _ = sinan(work, "show", "last")
    assert code == 0 and "killed" in out and "10 of 60 were asked" in out and "--resume" in out
    code, out, _ = sinan(work, "show", "last", "--json")
    assert json.loads(out)["status"] == "killed"
    code, out, err = sinan(work, "run", "--resume", "last", "--no-cache", "--max-tokens-total", "150")
    assert code == 3 and " of 60 were asked" in out
    code, out, _ = sinan(work, "run", "--resume", "last", "--no-cache", "--max-time", "0.000001", "--json")
    assert code == 3 and json.loads(out)["expected"] == 60 and 10 < json.loads(out)["asked"] < 60
    code, _, err = sinan(work, "run", "--resume", "last", "--no-cache", "--max-tokens-total", "50")
    assert err.rstrip().endswith("--max-tokens-total 50"), "the command that goes on keeps the limit"
    code, out, _ = sinan(work, "run", "--resume", "last", "--no-cache", "--json")
    document = json.loads(out)
    assert document["status"] == "complete" and document["results"][0]["n"] == 60


def test_a_run_that_was_scored_again_is_not_gone_on_with_but_its_source_is(work, killed):
    first = the_run(work).name
    code, out, err = sinan(work, "score", "last", "--json")
    assert code == 0, err
    again = json.loads(out)["run"]
    code, _, err = sinan(work, "run", "--resume", again, "--no-cache")
    one_line(err, code, 2, first, "scored again")
    code, out, err = sinan(work, "run", "--resume", "last", "--no-cache", "--json")
    assert code == 0 and json.loads(out)["run"] == first and json.loads(out)["requests"]["resumed"] == 10
    assert "scored_from" in json.loads((work / "runs" / again / "run.json").read_text())


def test_long_answers_do_not_cost_more_than_the_budget_because_short_ones_end_first(work):
    def answer(question):
        return right(question) if number_in(question) % 2 else "word " * 200 + right(question)

    with ChatServer(answer) as server:
        words = ("-m", f"{server.model}&price_in=10&price_out=10", "-p", "max_tokens=16", "--no-cache", "--json")
        code, out, err = sinan(work, "run", "q.jsonl", *words, "--max-cost", "0.002", "--concurrency", "64")
        cell = json.loads(out)["results"][0]
        assert code == 3 and cell["cost_usd"] <= 0.0022, err


def test_one_question_that_is_denied_is_one_failure_and_not_the_end(work):
    with ChatServer(lambda q: (403, "filtered") if "#30#" in q else right(q)) as server:
        code, out, err = sinan(work, "run", "q.jsonl", "-m", server.model, "--json", "--concurrency", "4")
        outcomes = json.loads(out)["results"][0]["outcomes"]
        assert (code, outcomes["failed"], outcomes["correct"]) == (1, 1, 59) and "filtered" in err
    with ChatServer(lambda q: (401, "revoked") if number_in(q) > 20 else right(q)) as server:
        code, out, err = sinan(
            work, "run", "q.jsonl", "-m", server.model, "--json", "--runs", "b", "--concurrency", "1"
        )
        assert code == 2 and "401" in err and sum(server.asked.values()) == 21 + 5


def test_a_file_that_changes_while_it_is_asked_stops_the_run(work):
    more = {"note": "x" * 25_000}  # ten megabytes: too large to be kept in memory
    rows = [{"id": i, "question": f"#{i}# times seven?", "answer": str(i * 7)} | more for i in range(400)]
    (work / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with ChatServer(right, hold_after=20) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "4")
        until(lambda: server.held.is_set() and lines(work) == 20)
        text = (work / "q.jsonl").read_text()
        (work / "q.jsonl").write_text(text.replace("seven?", "7?"))
        server.release()
        _, err = process.communicate(timeout=60)
        one_line(err, process.returncode, 2, "was changed while it was being asked")
        assert not any("7?" in question for question in server.asked if number_in(question) >= 130)


def test_a_small_file_that_changes_while_it_is_asked_is_asked_as_it_was(work):
    with ChatServer(right, hold_after=20) as server:
        process = start(work, "run", "q.jsonl", "-m", server.model, "--concurrency", "4")
        until(lambda: server.held.is_set() and lines(work) == 20)
        (work / "q.jsonl").write_text((work / "q.jsonl").read_text().replace("seven?", "7?"))
        server.release()
        process.communicate(timeout=60)
        assert process.returncode == 0 and len(server.asked) == 60
        assert not any("7?" in question for question in server.asked)


OWN = """
from sinan.catalog.own import from_file
from dataclasses import dataclass, replace
from sinan.types import Score, Outcome
@dataclass(frozen=True)
class Odd:
    def __call__(self, sample, completion):
        {body}
def benchmark():
    made = from_file("q.jsonl")
    protocols = {{"default": replace(made.protocols["default"], scorer=Odd())}}
    return replace(made, id="mine", protocols=protocols)
"""


@pytest.mark.parametrize(
    "body",
    ["return True", "return Score('1', Outcome.CORRECT)", "return Score(float('nan'), Outcome.WRONG)",
     "return Score(None, Outcome.CORRECT)", "raise SystemExit(0)"],
)  # fmt: skip
def test_what_is_no_score_is_a_failure_and_the_paid_answer_is_kept(work, body):
    (work / "mine.py").write_text(OWN.format(body=body))
    with ChatServer(right) as server:
        words = ("run", "./mine.py", "-m", server.model, "--json", "--no-cache", "-n", "8")
        code, out, err = sinan(work, *words)
        cell = json.loads(out)["results"][0]
        assert (code, cell["outcomes"]["failed"], cell["n"], cell["value"]) == (1, 8, 0, None), err
        assert lines(work) == 8 and "scorer" in err


def test_what_own_code_prints_stays_out_of_the_document(work):
    body = "print('hello'); return Score(1.0, Outcome.CORRECT)"
    (work / "mine.py").write_text(OWN.format(body=body))
    with ChatServer(right) as server:
        code, out, err = sinan(work, "run", "./mine.py", "-m", server.model, "--json", "-n", "3")
        assert code == 0 and json.loads(out)["results"][0]["value"] == 1.0 and "hello" in err


def test_a_second_ctrl_c_ends_a_run_whose_loop_is_blocked(work):
    (work / "mine.py").write_text(OWN.format(body="\n        while True: pass"))
    with ChatServer(right) as server:
        process = start(work, "run", "./mine.py", "-m", server.model, "-n", "3")
        until(lambda: sum(server.answered.values()) >= 1)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130


def test_no_call_is_begun_after_the_time_is_over(work):
    with ChatServer(right) as server:
        model = f"{server.model}&rpm=60"
        code, out, err = sinan(work, "run", "q.jsonl", "-m", model, "--json", "--max-time", "1.5", "--no-cache")
        document = json.loads(out)
        assert code == 3 and "of 1.5 seconds" in err
        assert document["seconds"] < 20 and document["results"][0]["n"] == sum(server.asked.values()) < 30
