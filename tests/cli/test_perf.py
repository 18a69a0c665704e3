"""`sinan perf`, as a process of its own."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.streams import DONE, HANG, StreamServer, answer, delta, http, usage

MORE = ("--prompt-tokens", "5", "--max-tokens", "9")


def command(*words):
    return [sys.executable, "-m", "sinan", "perf", *map(str, words)]


def patient(*words):
    """The same on a machine that others use as well: how late its loop wakes up is not what the test is about."""
    program = "import sinan.load_test as t, sys; t.LAG = 60.0; from sinan.cli.main import main; sys.exit(main())"
    words = [sys.executable, "-c", program, "perf", *map(str, words)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


def perf(*words, cwd=None):
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=120, cwd=cwd)


def test_json_is_one_document_with_a_level_for_each(tmp_path):
    with StreamServer(lambda n, body: answer(4, 0.005)) as server:
        done = perf(
            server.model, "--concurrency", "1,3", "--requests", 6, "--json", "--out", "p.json", *MORE, cwd=tmp_path
        )
    assert done.returncode == 0, done.stderr
    test = json.loads(done.stdout)
    assert test == json.loads((tmp_path / "p.json").read_text())
    assert (test["model"], test["status"], test["search"], test["streamed"]) == ("openai/mock", "complete", None, True)
    assert [level["concurrency"] for level in test["levels"]] == [1, 3]
    for level in test["levels"]:
        assert level["requests"] == {"sent": 6, "ok": 6, "failed": 0, "unfinished": 0, "failures": []}
        assert set(level["ttft"]) == {"n", "mean", "p50", "p75", "p90", "p95", "p99", "max"}
        assert 0 < level["ttft"]["p50"] <= level["e2e"]["p50"] <= level["seconds"]
        assert level["output_tokens_per_s"] == pytest.approx(24 / level["seconds"])
        assert level["total_tokens_per_s"] == pytest.approx((24 + 42) / level["seconds"])
    assert test["asked"]["seed"] == 0
    assert done.stderr == ""


def test_tables_show_levels_latencies_targets_and_notes():
    with StreamServer(lambda n, body: answer(gap=0.005)) as server:
        done = perf(server.model, "--rate", "100,200", "--requests", 8, "--target", "e2e_p99<60", *MORE)
    assert done.returncode == 0, done.stderr
    for word in (
        "rate 100",
        "rate 200",
        "8 sent, 8 ok, 0 failed",
        "ttft  first token",
        "kept  e2e_p99<60",
        "open loop",
    ):
        assert word in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_a_search_says_what_it_found(tmp_path):
    def script(number, body):
        return http(429) if server.in_flight > 2 else [0.02, *answer(gap=0.005)]

    with StreamServer(script) as server:
        words = (server.model, "--search", "concurrency", "--requests", 12, "--target", "e2e_p95<30", *MORE)
        done = patient(*words, "--out", tmp_path / "s.json", "--plot", tmp_path / "s.svg")
    assert done.returncode == 0, done.stderr
    assert "The highest concurrency that keeps e2e_p95<30, failed<0.01: 2" in done.stdout
    assert "429 Too Many Requests" in done.stdout
    assert json.loads((tmp_path / "s.json").read_text())["search"] == {
        "over": "concurrency",
        "best": 2,
        "at_end_of_range": False,
        "targets": ["e2e_p95<30", "failed<0.01"],
        "measured": 4,
    }
    assert "time to first token, ms" in (tmp_path / "s.svg").read_text()


def test_a_search_to_the_end_of_its_range_does_not_call_it_the_limit():
    with StreamServer(lambda n, body: [0.02, *answer()]) as server:
        words = ("--search", "concurrency", "--concurrency", "2,4", "--requests", 8, "--target", "e2e_p95<30", *MORE)
        done = patient(server.model, *words)
    assert done.returncode == 0, done.stderr
    assert "failed<0.01: 4, the end of the range: the limit may lie higher   (2 levels measured)" in done.stdout
    assert "a search sends 4 x the level (16 at 4)" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--concurrency", "1,2", "--target", "e2e_p99<0"), 1, "sinan: no level keeps e2e_p99<0\n"),
        (
            ("--search", "concurrency", "--target", "e2e_p99<0"),
            1,
            "sinan: no concurrency was found that keeps e2e_p99<0, failed<0.01\n",
        ),
        (("--concurrency", "1,2", "--target", "e2e_p99<60"), 0, ""),
    ],
)
def test_targets_that_no_level_keeps_end_with_one(words, code, said):
    with StreamServer() as server:
        done = perf(server.model, *words, "--requests", 4, *MORE)
    assert (done.returncode, done.stderr) == (code, said)


def test_a_stream_in_one_piece_has_dashes_and_a_note(tmp_path):
    whole = b"".join([delta(content="a"), delta(content="b"), usage(7, 2), DONE])
    with StreamServer(lambda n, body: [0.01, whole]) as server:
        words = ("--concurrency", "1,2", "--requests", 4, "--plot", tmp_path / "p.svg", *MORE)
        done = perf(server.model, *words)
    assert done.returncode == 0, done.stderr
    assert "each stream came at once" in done.stdout
    (row, _) = [line.split() for line in done.stdout.splitlines() if line.split()[:1] == ["tpot"]]
    assert row == ["tpot", "per", "token", *["-"] * 8]
    svg = (tmp_path / "p.svg").read_text()
    assert "end to end, ms" in svg and "token, ms" not in svg


def test_bundled_models_can_be_measured_too():
    done = perf("needle/xs", "--concurrency", "2", "--requests", 4, "--max-tokens", 4, "--json")
    (level,) = json.loads(done.stdout)["levels"]
    assert (level["requests"]["ok"], level["ttft"], level["itl"]) == (4, None, None)
    assert level["e2e"]["n"] == 4


@pytest.mark.parametrize("status", [401, 404])
def test_an_unusable_server_is_one_line(status):
    with StreamServer(lambda n, body: http(status, {"error": {"message": "no"}})) as server:
        done = perf(server.model, *MORE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("sinan: openai/mock: ") and done.stderr.count("\n") == 1


def test_an_unreachable_server_is_one_line():
    with StreamServer() as server:
        gone = server.model
    done = perf(gone, *MORE)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "connection refused" in done.stderr


def test_nothing_but_failures_ends_with_one():
    with StreamServer(lambda n, body: http(503, {"error": "busy"})) as server:
        done = perf(server.model, "--concurrency", 2, "--requests", 4, *MORE)
    assert done.returncode == 1
    assert "no request succeeded" in done.stdout
    assert done.stderr == "sinan: no request succeeded; the first: 503 Service Unavailable: busy\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_prints_what_was_measured(number):
    with StreamServer(lambda n, body: answer() if n < 9 else [HANG]) as server:
        server.wanted = 10
        process = subprocess.Popen(
            command(server.model, "--concurrency", "2", "--requests", 50, "--json", *MORE),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert server.enough.wait(60)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    test = json.loads(out)
    assert test["status"] == "stopped"
    assert 0 < test["levels"][0]["requests"]["ok"] <= 8
    assert test["levels"][0]["requests"]["unfinished"] >= 1
    assert err == "sinan: interrupted; the numbers are those of what was measured until then\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--concurrency", "1,0"), "--concurrency 1,0: give whole numbers"),
        (("--concurrency", "8,8"), "each once"),
        (("--concurrency", "many"), "give whole numbers"),
        (("--rate", "nan"), "--rate nan: give numbers above 0"),
        (("--rate", "1", "--concurrency", "1"), "two kinds of test"),
        (("--prompt-tokens", "9-3"), "--prompt-tokens 9-3"),
        (("--prompts", "p.txt", "--prompt-tokens", "9"), "--prompt-tokens is for prompts"),
        (("--prompts", "nowhere.txt"), "nowhere.txt is no file"),
        (("--target", "speed>9"), "--target speed>9"),
        (("--search", "rate"), "needs a target"),
        (("-p", "temperature"), "KEY=VALUE"),
        (("-p", "max_tokens=5"), "--max-tokens"),
        (("--plot", "p.pdf"), ".png or .svg"),
        (("--out", "nowhere/p.json"), "nowhere/p.json cannot be written"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_no_request(words, said, tmp_path):
    with StreamServer() as server:
        done = perf(server.model, *words, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr
    assert not server.served


def test_a_server_cannot_write_to_the_terminal():
    with StreamServer(lambda n, body: http(500, {"error": "\x1b[2J\x07gone"})) as server:
        done = perf(server.model, "--concurrency", 1, "--requests", 1, *MORE)
    assert "\x1b" not in done.stdout + done.stderr
    assert "gone" in done.stdout
